import { Bot } from "lucide-react";
import { Link } from "wouter";
import { useCounts } from "../../api/audit";
import { useUsers } from "../../api/users";
import type { User } from "../../api/types/user";
import { useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Empty } from "../../parts/Empty";
import { count } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { RecentStatements } from "./RecentStatements";
import { Runs } from "./Runs";

/** Statements of the last week by agent: all, and refused ones. */
function useTallies() {
  const filters = { type: "statement", principal_kind: "agent", since: "7d" };
  const all = useCounts(filters, "user", { limit: 1000 });
  const refused = useCounts({ ...filters, decision: "denied" }, "user", { limit: 1000 });
  const of = (query: typeof all, user: string) => {
    if (query.data === undefined) return query.isError ? "not counted" : "…";
    return count(query.data.counts.find((each) => each.values.user === user)?.records ?? 0);
  };
  return (user: string) => ({ all: of(all, user), refused: of(refused, user) });
}

function For({ agent }: { agent: User }) {
  const people = [...new Set(agent.credentials.flatMap((each) => each.acts_for ?? []))];
  return people.length === 0 ? (
    <span className="faint">itself</span>
  ) : (
    <span className="row">
      {people.map((person) => (
        <Badge key={person} tone="info">
          {person}
        </Badge>
      ))}
    </span>
  );
}

/** Users of kind agent, and how much they ran. */
function AllAgents() {
  const users = useUsers();
  const tally = useTallies();
  return (
    <Panel title="Agents" flush>
      <Await query={users}>
        {(all) => {
          const agents = all.filter((user) => user.kind === "agent");
          return agents.length === 0 ? (
            <Empty title="No agents yet" icon={Bot}>
              Add a user of kind agent in <Link href="/identity">Identity</Link>, and give it a token.
            </Empty>
          ) : (
            <Table
              label="Agents"
              rows={agents}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: "Agent",
                  cell: (row) => (
                    <span className="row">
                      <Link href={`/identity?user=${encodeURIComponent(row.name)}`}>{row.name}</Link>
                      {row.disabled && <Badge tone="bad">disabled</Badge>}
                    </span>
                  ),
                },
                { name: "Acts for", cell: (row) => <For agent={row} /> },
                { name: "Groups", cell: (row) => row.groups.join(", ") },
                {
                  name: "Statements, 7 days",
                  right: true,
                  cell: (row) => (
                    <Link href={`/activity?user=${encodeURIComponent(row.name)}&since=7d`}>{tally(row.name).all}</Link>
                  ),
                },
                { name: "Denied", right: true, cell: (row) => tally(row.name).refused },
                { name: "Last login", cell: (row) => <Time value={row.last_login} /> },
              ]}
            />
          );
        }}
      </Await>
    </Panel>
  );
}

/** Agents, for whom they act, and what they ran: to those who watch all of them, to others their own. */
export default function AgentsPage() {
  const watches = useWatches();
  return (
    <Page
      title="Agents"
      about="AI agents come with a token that may act for a person. They never do more than that person could, and never decide on a request."
    >
      {watches && <AllAgents />}
      <Runs />
      {watches && <RecentStatements />}
    </Page>
  );
}
