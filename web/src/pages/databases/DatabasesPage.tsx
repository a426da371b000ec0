import { Link } from "wouter";
import { removeDatabase, useDatabases } from "../../api/databases";
import type { DatabaseInfo } from "../../api/types/database";
import { Await } from "../../parts/Await";
import { Badge, EnvironmentBadge } from "../../parts/Badge";
import { Confirm } from "../../parts/Confirm";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { useDeed } from "../../parts/useDeed";
import { CheckDatabase } from "./CheckDatabase";
import { DatabaseForm } from "./DatabaseForm";

/** Where it comes from, and what can be done with it there. */
function Origin({ row }: { row: DatabaseInfo }) {
  const deed = useDeed("databases");
  if (row.source !== "store") return <span className="soft">the configuration file</span>;
  return (
    <span className="row">
      <DatabaseForm key={row.changed ?? ""} row={row} />
      <Confirm
        label={
          <>
            Remove<span className="hidden-visually"> {row.name}</span>
          </>
        }
        title={`Remove ${row.name}?`}
        verb="Remove"
        danger
        small
        look="ghost"
        onConfirm={() => deed(removeDatabase(row.name), `${row.name} was removed`)}
      >
        Sessions in it end, at every gateway that shares the store. The database itself stays as it is.
      </Confirm>
    </span>
  );
}

/** The databases behind the gateway, and whether it can log in there. */
export default function DatabasesPage() {
  const databases = useDatabases();
  return (
    <Page
      title="Databases"
      about="They are added here, or named in the configuration file, which the gateway reads again on SIGHUP. Nobody but the gateway holds their passwords."
      actions={<DatabaseForm look="primary" />}
    >
      <Panel flush>
        <Await query={databases}>
          {(list) => (
            <Table
              label="Databases"
              rows={list}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: "Database",
                  cell: (row) => <Link href={`/schema?database=${encodeURIComponent(row.name)}`}>{row.name}</Link>,
                },
                { name: "Environment", cell: (row) => <EnvironmentBadge environment={row.environment} /> },
                {
                  name: "Server",
                  cell: (row) => (
                    <span className="mono soft">
                      {row.host === undefined ? (row.url ?? "") : `${row.host}:${row.port}/${row.server_database}`}
                    </span>
                  ),
                },
                {
                  name: "Masking",
                  cell: (row) => <Badge tone={row.masking ? "accent" : "warn"}>{row.masking ? "on" : "off"}</Badge>,
                },
                {
                  name: "Can the gateway log in?",
                  cell: (row) =>
                    row.problem === undefined || row.source === "file" ? (
                      <span className="stack-small">
                        <CheckDatabase name={row.name} />
                        {row.problem !== undefined && <span className="soft">{row.problem}</span>}
                      </span>
                    ) : (
                      <>
                        <Badge tone="bad" dot>
                          not used
                        </Badge>{" "}
                        <span className="soft">{row.problem}</span>
                      </>
                    ),
                },
                { name: "From", cell: (row) => <Origin row={row} /> },
              ]}
            />
          )}
        </Await>
      </Panel>
    </Page>
  );
}
