import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { useLabels } from "../../api/data";
import type { ColumnLabel } from "../../api/types/data";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { download, toCsv } from "../../parts/download";
import { Empty } from "../../parts/Empty";
import { plural } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { SearchField } from "../../parts/SearchField";
import { Table } from "../../parts/Table";
import { ClassBadge } from "./ClassBadge";
import { matches } from "./classes";
import { ColumnDrawer } from "./ColumnDrawer";

function save(rows: readonly ColumnLabel[]) {
  const names = [
    "schema",
    "table",
    "column",
    "type",
    "class",
    "category",
    "masked",
    "confidence",
    "corrected_by",
  ] as const;
  download(
    "sensitive.csv",
    "text/csv",
    toCsv(
      names,
      rows.map((row) => names.map((name) => row[name])),
    ),
  );
}

/** All that was found to be sensitive in a database. */
export function Sensitive({ database }: { database: string }) {
  const labels = useLabels(database, false);
  const [words, setWords] = useState("");
  const [open, setOpen] = useState<ColumnLabel | null>(null);
  return (
    <div className="stack">
      <div className="row">
        <SearchField label="Search what is sensitive" value={words} onValue={setWords} />
        {labels.data !== undefined && <Button onClick={() => save(labels.data ?? [])}>CSV</Button>}
      </div>
      <Await query={labels}>
        {(all) => {
          const rows = all.filter((row) =>
            matches([row.schema, row.table, row.column, row.class, row.category], words),
          );
          return (
            <Panel title={plural(rows.length, "column")} flush>
              {rows.length === 0 ? (
                <Empty title={all.length === 0 ? "Nothing sensitive was found" : "None of them"} icon={ShieldCheck}>
                  {all.length === 0
                    ? "Columns are judged by their names, types and samples. Say in Tables what one holds, where you know better."
                    : "No sensitive column has these words."}
                </Empty>
              ) : (
                <Table
                  label="Sensitive columns"
                  rows={rows}
                  keyOf={(row) => `${row.schema}.${row.table}.${row.column}`}
                  onRow={setOpen}
                  columns={[
                    {
                      name: "Column",
                      cell: (row) => (
                        <Button look="ghost" small onClick={() => setOpen(row)}>
                          <span className="mono">
                            {row.schema === "public" ? "" : `${row.schema}.`}
                            {row.table}.{row.column}
                          </span>
                        </Button>
                      ),
                    },
                    {
                      name: "Holds",
                      cell: (row) => <ClassBadge name={row.class || "free_text"} category={row.category} />,
                    },
                    { name: "How sure", right: true, cell: (row) => `${Math.round(row.confidence * 100)} %` },
                    {
                      name: "Masked",
                      cell: (row) =>
                        row.masked ? <Badge tone="accent">masked</Badge> : <span className="faint">no</span>,
                    },
                    {
                      name: "Evidence",
                      cell: (row) => (
                        <span className="soft">
                          {row.corrected_by === ""
                            ? row.evidence.slice(0, 2).join("; ")
                            : `corrected by ${row.corrected_by}`}
                        </span>
                      ),
                    },
                  ]}
                />
              )}
            </Panel>
          );
        }}
      </Await>
      <ColumnDrawer
        name={open === null ? null : { database, schema: open.schema, table: open.table, column: open.column }}
        onClose={() => setOpen(null)}
      />
    </div>
  );
}
