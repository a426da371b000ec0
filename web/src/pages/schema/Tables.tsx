import { EyeOff, Table2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { queryString } from "../../api/client";
import { useSchema } from "../../api/databases";
import type { DatabaseSchema, SchemaColumn, SchemaTable } from "../../api/types/database";
import { useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Drawer } from "../../parts/Dialogs";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { SearchField } from "../../parts/SearchField";
import { Table } from "../../parts/Table";
import { useAddress } from "../../parts/useAddress";
import { ClassBadge } from "./ClassBadge";
import { matches } from "./classes";
import { ColumnDrawer } from "./ColumnDrawer";
import { WhoUses } from "./WhoUses";

function nameOf(table: SchemaTable): string {
  return `${table.schema}.${table.name}`;
}

function found(schema: DatabaseSchema, words: string): SchemaTable[] {
  return schema.tables.filter((table) => {
    const columns = table.columns.flatMap((column) => [column.name, column.class ?? ""]);
    return matches([nameOf(table), ...columns], words);
  });
}

function Tree({
  tables,
  chosen,
  onChoose,
}: {
  tables: readonly SchemaTable[];
  chosen: string;
  onChoose: (name: string) => void;
}) {
  return (
    <ul className="tree" aria-label="Tables">
      {tables.map((table) => {
        const name = nameOf(table);
        const masked = table.columns.filter((column) => column.masked === true).length;
        return (
          <li key={name}>
            <button
              type="button"
              className="tree-item"
              aria-current={name === chosen ? "true" : undefined}
              onClick={() => onChoose(name)}
            >
              <Table2 aria-hidden />
              <span className="grow">{table.schema === "public" ? table.name : name}</span>
              {masked > 0 && <Badge tone="accent">{masked} masked</Badge>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Who uses a table, and what became of it; for those who watch. */
function Past({ database, table }: { database: string; table: string }) {
  const [open, setOpen] = useState(false);
  return (
    <span className="row">
      <Button small onClick={() => setOpen(true)}>
        Who uses it
      </Button>
      <Link href={`/schema${queryString({ database, show: "drift", table })}`}>Changes</Link>
      <Drawer open={open} onClose={() => setOpen(false)} title={`Who uses ${table}`}>
        {open && <WhoUses database={database} table={table} />}
      </Drawer>
    </span>
  );
}

interface ColumnsProps {
  database: string;
  table: SchemaTable;
  onOpen: (column: string) => void;
}

function Columns({ database, table, onOpen }: ColumnsProps) {
  const watches = useWatches();
  return (
    <Panel
      actions={watches && <Past database={database} table={nameOf(table)} />}
      title={
        <span className="row">
          <span className="mono">{nameOf(table)}</span>
          <Badge>{table.kind}</Badge>
        </span>
      }
      flush
    >
      <Table<SchemaColumn>
        label="Columns"
        rows={table.columns}
        keyOf={(row) => row.name}
        onRow={(row) => onOpen(row.name)}
        columns={[
          {
            name: "Column",
            cell: (row) => (
              <Button look="ghost" small onClick={() => onOpen(row.name)}>
                <span className="mono">{row.name}</span>
              </Button>
            ),
          },
          { name: "Type", cell: (row) => <span className="mono soft">{row.type}</span> },
          { name: "Holds", cell: (row) => <ClassBadge name={row.class ?? ""} category={row.category ?? ""} /> },
          {
            name: "Shown to most",
            cell: (row) =>
              row.masked === true ? (
                <Badge tone="accent">
                  <EyeOff aria-hidden />
                  masked
                </Badge>
              ) : (
                <span className="faint nowrap">as it is</span>
              ),
          },
          {
            name: "How sure",
            right: true,
            cell: (row) =>
              row.category === undefined || row.confidence === undefined ? "" : `${Math.round(row.confidence * 100)} %`,
          },
          { name: "Null", cell: (row) => <span className="faint nowrap">{row.nullable ? "" : "not null"}</span> },
        ]}
      />
    </Panel>
  );
}

/** Tables to the left, columns of the chosen one to the right. */
export function Tables({ database }: { database: string }) {
  const schema = useSchema(database);
  const [given, change] = useAddress();
  const [words, setWords] = useState("");
  return (
    <div className="stack">
      <div className="row">
        <SearchField label="Search tables, columns and classes" value={words} onValue={setWords} />
      </div>
      <Await query={schema}>
        {(data) => {
          const tables = found(data, words);
          const chosen = tables.find((table) => nameOf(table) === given.get("table")) ?? tables[0];
          if (chosen === undefined) {
            return (
              <Panel>
                <Empty title="No table" icon={Table2}>
                  {words === ""
                    ? "This database has none that the gateway's account sees."
                    : "None of that name or class."}
                </Empty>
              </Panel>
            );
          }
          const column = given.get("column");
          return (
            <div className="schema">
              <Tree
                tables={tables}
                chosen={nameOf(chosen)}
                onChoose={(name) => change({ table: name, column: null })}
              />
              <Columns
                database={database}
                table={chosen}
                onOpen={(name) => change({ table: nameOf(chosen), column: name })}
              />
              <ColumnDrawer
                name={column === null ? null : { database, schema: chosen.schema, table: chosen.name, column }}
                onClose={() => change({ column: null })}
              />
            </div>
          );
        }}
      </Await>
    </div>
  );
}
