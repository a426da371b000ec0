import { Link } from "wouter";
import { useRecords } from "../../api/audit";
import type { AuditRecord } from "../../api/types/record";
import { StateBadge } from "../../parts/Badge";
import { SqlCell } from "../../parts/code/Sql";
import { Empty, Loading } from "../../parts/Empty";
import { moment } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";

function newest(pages: readonly { records: AuditRecord[] }[]): AuditRecord[] {
  return (pages[0]?.records ?? []).toReversed().slice(0, 30);
}

/** What agents ran last. */
export function RecentStatements() {
  const records = useRecords({ type: "statement", principal_kind: "agent" }, "newest");
  const list = newest(records.data?.pages ?? []);
  return (
    <Panel
      title="What they ran last"
      flush
      actions={<Link href="/activity?principal_kind=agent&since=7d">All of it</Link>}
    >
      {records.isError && <ProblemNote error={records.error} />}
      {records.isPending && <Loading />}
      {records.isSuccess && list.length === 0 && (
        <Empty title="Nothing yet">What agents run through the gateway stands here.</Empty>
      )}
      {list.length > 0 && (
        <Table
          label="Statements of agents"
          rows={list}
          keyOf={(row) => row.id}
          columns={[
            {
              name: "Time",
              cell: (row) => (
                <Link className="nowrap" href={`/activity?principal_kind=agent&since=7d&record=${row.id}`}>
                  {moment(row.time)}
                </Link>
              ),
            },
            { name: "Agent", cell: (row) => row.user },
            { name: "For", cell: (row) => row.actors?.filter((actor) => actor !== row.user).join(", ") },
            { name: "Outcome", cell: (row) => row.decision && <StateBadge state={row.decision} /> },
            {
              name: "Statement",
              cell: (row) => <SqlCell text={row.text ?? ""} />,
            },
          ]}
        />
      )}
    </Panel>
  );
}
