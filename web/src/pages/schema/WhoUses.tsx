import { useState } from "react";
import { Link } from "wouter";
import { queryString } from "../../api/client";
import { useUsage } from "../../api/schema";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { SelectField } from "../../parts/Field";
import { count } from "../../parts/format";
import { Table } from "../../parts/Table";
import { usageOf, type Usage } from "./usage";

const SPANS = [
  { value: "24h", label: "the last day" },
  { value: "7d", label: "the last 7 days" },
  { value: "30d", label: "the last 30 days" },
];

interface Props {
  database: string;
  /** With its schema. */
  table: string;
  /** "": any. */
  column?: string;
}

/** People, services and agents whose statements read or changed it, by the audit trail. */
export function WhoUses({ database, table, column = "" }: Props) {
  const [since, setSince] = useState("7d");
  const usage = useUsage(database, table, column, since);
  const about = column === "" ? { table } : { column: `${table}.${column}` };
  return (
    <div className="stack-small">
      <SelectField label="Who used it in" quiet value={since} options={SPANS} onValue={setSince} />
      <Await query={usage}>
        {({ counts }) => {
          const rows = usageOf(counts, table);
          if (rows.length === 0) return <p className="faint">Nobody, through the gateway.</p>;
          return (
            <Table<Usage>
              label="Who uses it"
              rows={rows}
              keyOf={(row) => row.user}
              columns={[
                {
                  name: "Who",
                  cell: (row) => (
                    <span className="row">
                      <Link href={`/activity${queryString({ user: row.user, database, since, ...about })}`}>
                        {row.user}
                      </Link>
                      {row.kind !== "human" && <Badge tone="info">{row.kind}</Badge>}
                    </span>
                  ),
                },
                { name: "Read", right: true, cell: (row) => count(row.reads) },
                { name: "Changed", right: true, cell: (row) => count(row.changes) },
                { name: "Last", cell: (row) => <span className="nowrap">{row.last}</span> },
              ]}
            />
          );
        }}
      </Await>
      {column !== "" && <p className="faint">Statements that return it, filter by it or write it.</p>}
    </div>
  );
}
