import { Link } from "wouter";
import { useApprovals } from "../../api/approvals";
import { useDatabases } from "../../api/databases";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge, EnvironmentBadge, StateBadge } from "../../parts/Badge";
import { buttonClass } from "../../parts/Button";
import { SqlCell } from "../../parts/code/Sql";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { TopBudgets } from "./TopBudgets";

function MyDatabases() {
  const databases = useDatabases();
  return (
    <Panel
      title="Databases"
      flush
      actions={
        <Link href="/query" className={buttonClass("primary", true)}>
          Query
        </Link>
      }
    >
      <Await query={databases}>
        {(list) => (
          <Table
            label="Databases"
            rows={list}
            keyOf={(row) => row.name}
            columns={[
              {
                name: "Database",
                cell: (row) => <Link href={`/query?database=${encodeURIComponent(row.name)}`}>{row.name}</Link>,
              },
              { name: "Environment", cell: (row) => <EnvironmentBadge environment={row.environment} /> },
              {
                name: "Masking",
                cell: (row) => <Badge tone={row.masking ? "accent" : "plain"}>{row.masking ? "on" : "off"}</Badge>,
              },
            ]}
          />
        )}
      </Await>
    </Panel>
  );
}

/** What others have asked for, and this person may decide on. */
function WaitsForMe() {
  const { user } = useMe();
  const waiting = useApprovals("waiting");
  const others = waiting.data?.filter((each) => each.requester !== user) ?? [];
  if (others.length === 0) return null;
  return (
    <Panel title="Waiting for your decision" flush actions={<Link href="/approvals">All</Link>}>
      <Table
        label="Waiting for your decision"
        rows={others.slice(0, 8)}
        keyOf={(row) => row.number}
        columns={[
          {
            name: "Request",
            cell: (row) => (
              <Link href={`/approvals/${row.number}`} className={buttonClass("primary", true)}>
                Request {row.number}
              </Link>
            ),
          },
          { name: "Asked by", cell: (row) => row.requester },
          {
            name: "Statement",
            cell: (row) => <SqlCell text={row.statement} />,
          },
          { name: "Asked", cell: (row) => <Time value={row.created} /> },
        ]}
      />
    </Panel>
  );
}

function MyRequests() {
  const { user } = useMe();
  const mine = useApprovals("", user);
  return (
    <Panel title="What you asked for" flush actions={<Link href="/approvals?show=mine">All</Link>}>
      <Await query={mine}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nothing yet">A statement of yours that has to be approved stands here.</Empty>
          ) : (
            <Table
              label="Your requests"
              rows={list.slice(0, 8)}
              keyOf={(row) => row.number}
              columns={[
                { name: "Request", cell: (row) => <Link href={`/approvals/${row.number}`}>{row.number}</Link> },
                { name: "State", cell: (row) => <StateBadge state={row.state} /> },
                {
                  name: "Statement",
                  cell: (row) => <SqlCell text={row.statement} />,
                },
                { name: "Asked", cell: (row) => <Time value={row.created} /> },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}

/** What somebody sees who watches nobody: what is theirs. */
export function MemberOverview() {
  const me = useMe();
  return (
    <>
      <WaitsForMe />
      <div className="columns-2">
        <MyDatabases />
        <Panel title="You">
          <Facts
            rows={[
              ["User", me.user],
              ["Kind", me.kind],
              ["Groups", me.groups.join(", ") || "none"],
              ["Logged in by", me.authentication],
              ["Until", <Time value={me.expires} />],
            ]}
          />
        </Panel>
      </div>
      <TopBudgets />
      <MyRequests />
    </>
  );
}
