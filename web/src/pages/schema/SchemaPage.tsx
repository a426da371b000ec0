import { useDatabases } from "../../api/databases";
import { useWatches } from "../../app/me";
import { SelectField } from "../../parts/Field";
import { ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useAddress } from "../../parts/useAddress";
import { Corrections } from "./Corrections";
import { SchemaChanges } from "./SchemaChanges";
import { Sensitive } from "./Sensitive";
import { Tables } from "./Tables";
import "./schema.css";

const TABS = ["tables", "sensitive", "drift", "corrections"] as const;

/** What databases hold, and what of it is sensitive. */
export default function SchemaPage() {
  const databases = useDatabases();
  const watches = useWatches();
  const [given, change] = useAddress();
  const database = given.get("database") ?? databases.data?.[0]?.name ?? "";
  const tab = TABS.find((each) => each === given.get("show")) ?? "tables";
  return (
    <Page
      title="Schema"
      about="What databases hold, what of it is sensitive, and how the gateway knows."
      wide
      actions={
        <SelectField
          label="Database"
          quiet
          value={database}
          options={(databases.data ?? []).map((each) => each.name)}
          onValue={(next) => change({ database: next, table: null, column: null })}
        />
      }
    >
      {databases.isError && <ProblemNote error={databases.error} />}
      {database !== "" && (
        <Tabs
          label="Schema"
          value={tab}
          onValue={(value) => change({ show: value === "tables" ? null : value, table: null, column: null })}
          tabs={[
            { id: "tables", label: "Tables", content: <Tables key={database} database={database} /> },
            { id: "sensitive", label: "What is sensitive", content: <Sensitive database={database} /> },
            ...(watches
              ? [
                  {
                    id: "drift",
                    label: "Changes",
                    content: (
                      <SchemaChanges
                        key={database}
                        database={database}
                        table={given.get("table") ?? ""}
                        onAll={() => change({ table: null })}
                      />
                    ),
                  },
                ]
              : []),
            { id: "corrections", label: "Corrections", content: <Corrections /> },
          ]}
        />
      )}
    </Page>
  );
}
