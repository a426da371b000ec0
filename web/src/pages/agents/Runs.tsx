import { Workflow } from "lucide-react";
import { Link, useLocation } from "wouter";
import { useRuns } from "../../api/agents";
import { Await } from "../../parts/Await";
import { Empty } from "../../parts/Empty";
import { More } from "../../parts/More";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";

export function pathOf(run: string): string {
  return `/agents/runs/${encodeURIComponent(run)}`;
}

/** Runs of agents that have registered prompts, of those one may see. */
export function Runs() {
  const runs = useRuns();
  const [, go] = useLocation();
  return (
    <Panel title="Runs" flush>
      <Await query={runs}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No runs yet" icon={Workflow}>
              Once an agent says for which run and prompt it works, what it did for each stands here. docs/agents.md has
              how: over MCP, in a comment, or by SET sluice.run.
            </Empty>
          ) : (
            <Table
              label="Runs"
              rows={list}
              keyOf={(row) => `${row.user} ${row.run}`}
              onRow={(row) => go(pathOf(row.run))}
              columns={[
                {
                  name: "Run",
                  cell: (row) => (
                    <Link className="mono" href={pathOf(row.run)}>
                      {row.run}
                    </Link>
                  ),
                },
                { name: "Agent", cell: (row) => row.user },
                { name: "For", cell: (row) => row.acts_for ?? <span className="faint">itself</span> },
                { name: "Prompts", right: true, cell: (row) => row.prompts },
                { name: "Began", cell: (row) => <Time value={row.first} /> },
                { name: "Last", cell: (row) => <Time value={row.last} /> },
              ]}
            />
          )
        }
      </Await>
      <More of={runs} onMore={() => void runs.fetchNextPage()} />
    </Panel>
  );
}
