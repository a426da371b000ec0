import { GitPullRequestArrow, Plus } from "lucide-react";
import { Link, useLocation } from "wouter";
import { useChanges } from "../../api/changes";
import { Await } from "../../parts/Await";
import { Badge, StateBadge } from "../../parts/Badge";
import { buttonClass } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { More } from "../../parts/More";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";

/** Scripts that are approved as a whole and run by the gateway. */
export default function ChangesPage() {
  const changes = useChanges();
  const [, go] = useLocation();
  return (
    <Page
      title="Changes"
      about="Scripts that are looked at once, approved as a whole, and run by the gateway on several databases in order."
      actions={
        <Link href="/changes/new" className={buttonClass("primary")}>
          <Plus aria-hidden />
          Submit a change
        </Link>
      }
    >
      <Panel flush>
        <Await query={changes}>
          {(list) =>
            list.length === 0 ? (
              <Empty title="No changes yet" icon={GitPullRequestArrow}>
                A migration that would be held is best submitted here: those who decide see all of it, with what it
                locks.
              </Empty>
            ) : (
              <Table
                label="Changes"
                rows={list}
                keyOf={(row) => row.number}
                onRow={(row) => go(`/changes/${row.number}`)}
                columns={[
                  { name: "Change", cell: (row) => <Link href={`/changes/${row.number}`}>{row.number}</Link> },
                  { name: "State", cell: (row) => <StateBadge state={row.state} /> },
                  { name: "Title", cell: (row) => row.title },
                  { name: "By", cell: (row) => row.requester },
                  {
                    name: "On",
                    cell: (row) => (
                      <span className="row">
                        {row.targets.map((target) => (
                          <Badge key={target}>{target}</Badge>
                        ))}
                      </span>
                    ),
                  },
                  { name: "Submitted", cell: (row) => <Time value={row.created} /> },
                ]}
              />
            )
          }
        </Await>
        <More of={changes} onMore={() => void changes.fetchNextPage()} />
      </Panel>
    </Page>
  );
}
