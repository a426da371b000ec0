import { Radio } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useLiveSessions } from "../../api/sessions";
import type { LiveSession } from "../../api/types/live";
import { useHas } from "../../app/me";
import { Await } from "../../parts/Await";
import { StateBadge } from "../../parts/Badge";
import { SqlCell } from "../../parts/code/Sql";
import { Empty } from "../../parts/Empty";
import { count } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { SearchField } from "../../parts/SearchField";
import { Table, type Column } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { KillSession } from "./KillSession";
import "./session.css";

function matches(session: LiveSession, words: string): boolean {
  const all = [
    session.user,
    session.database,
    session.state,
    session.client,
    session.application,
    session.last_statement,
  ];
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.some((text) => text.toLowerCase().includes(word)));
}

/** Who is connected, one by one. */
export default function SessionsPage() {
  const sessions = useLiveSessions();
  const admin = useHas("admin");
  const [words, setWords] = useState("");
  const columns: Column<LiveSession>[] = [
    { name: "Session", cell: (row) => <Link href={`/sessions/${row.id}`}>{row.id}</Link> },
    { name: "User", cell: (row) => row.user },
    { name: "Database", cell: (row) => row.database },
    { name: "State", cell: (row) => <StateBadge state={row.state} /> },
    { name: "For", cell: (row) => <Time value={row.state_since} /> },
    {
      name: "Last statement",
      cell: (row) => <SqlCell text={row.last_statement} />,
    },
    { name: "Statements", right: true, cell: (row) => count(row.statements) },
    {
      name: "From",
      cell: (row) => (
        <>
          <div className="nowrap">{row.client}</div>
          <div className="faint">
            {row.application !== "" && `${row.application}, `}
            <span className="nowrap">{row.tls ? "TLS" : "no TLS"}</span>
          </div>
        </>
      ),
    },
  ];
  if (admin) columns.push({ name: "End", cell: (row) => <KillSession id={row.id} user={row.user} small /> });
  return (
    <Page title="Sessions" about="Clients that are connected now. Those of before are found in Activity." wide>
      <div className="row">
        <SearchField label="Search sessions" value={words} onValue={setWords} />
      </div>
      <div className="sessions">
        <Panel flush>
          <Await query={sessions}>
            {(list) => {
              const found = list.filter((session) => matches(session, words));
              return found.length === 0 ? (
                <Empty title={list.length === 0 ? "Nobody is connected" : "None of them"} icon={Radio}>
                  {list.length === 0
                    ? "Whoever connects with psql, a driver or Query stands here while they are connected."
                    : "No session has these words."}
                </Empty>
              ) : (
                <Table label="Sessions" rows={found} keyOf={(row) => row.id} columns={columns} />
              );
            }}
          </Await>
        </Panel>
      </div>
    </Page>
  );
}
