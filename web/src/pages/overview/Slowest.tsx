import { Link } from "wouter";
import { useSlowest } from "../../api/audit";
import { Await } from "../../parts/Await";
import { SqlCell } from "../../parts/code/Sql";
import { Empty } from "../../parts/Empty";
import { duration } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";

/** What took longest in the last hour. */
export function Slowest() {
  const slowest = useSlowest();
  return (
    <Panel
      title="Slowest statements of the last hour"
      flush
      actions={<Link href="/activity?type=statement&since=1h&order=duration">All</Link>}
    >
      <Await query={slowest}>
        {({ records }) =>
          records.length === 0 ? (
            <Empty title="No statement in the last hour">What takes longest stands here.</Empty>
          ) : (
            <Table
              label="Slowest statements"
              rows={records}
              keyOf={(row) => row.id}
              columns={[
                {
                  name: "Took",
                  right: true,
                  cell: (row) => (
                    <Link href={`/activity?since=1h&order=duration&record=${row.id}`} className="nowrap">
                      {duration(row.duration_us ?? 0)}
                    </Link>
                  ),
                },
                { name: "User", cell: (row) => row.user },
                {
                  name: "Statement",
                  cell: (row) => <SqlCell text={row.text ?? ""} />,
                },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}
