import { useCorrections } from "../../api/data";
import { Await } from "../../parts/Await";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { ClassBadge } from "./ClassBadge";

/** Who has said that the gateway was mistaken, and why. */
export function Corrections() {
  const corrections = useCorrections();
  return (
    <Panel flush>
      <Await query={corrections}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nobody has corrected anything">
              What the gateway thinks of a column is corrected there: choose it in Tables.
            </Empty>
          ) : (
            <Table
              label="Corrections"
              rows={list.toReversed()}
              keyOf={(row) => row.number}
              columns={[
                { name: "When", cell: (row) => <Time value={row.time} /> },
                { name: "Database", cell: (row) => row.database },
                {
                  name: "Column",
                  cell: (row) => <span className="mono">{`${row.schema}.${row.table}.${row.column}`}</span>,
                },
                {
                  name: "Holds",
                  cell: (row) => (row.class === "auto" ? "what is found" : <ClassBadge name={row.class} category="" />),
                },
                { name: "By", cell: (row) => row.author },
                { name: "Why", cell: (row) => row.comment },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}
