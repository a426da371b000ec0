import { Link } from "wouter";
import type { SessionCount } from "../../api/types/overview";
import { StateBadge } from "../../parts/Badge";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";

/** Who is connected, where, doing what. */
export function Connected({ sessions }: { sessions: readonly SessionCount[] }) {
  return (
    <Panel title="Connected now" flush actions={<Link href="/sessions">All sessions</Link>}>
      {sessions.length === 0 ? (
        <Empty title="Nobody is connected">Sessions of PostgreSQL clients stand here while they last.</Empty>
      ) : (
        <Table
          label="Connected now"
          rows={sessions}
          keyOf={(row) => `${row.user} ${row.database} ${row.state}`}
          columns={[
            {
              name: "User",
              cell: (row) => <Link href={`/activity?user=${encodeURIComponent(row.user)}`}>{row.user}</Link>,
            },
            { name: "Database", cell: (row) => row.database },
            { name: "State", cell: (row) => <StateBadge state={row.state} /> },
            { name: "Sessions", right: true, cell: (row) => row.count },
          ]}
        />
      )}
    </Panel>
  );
}
