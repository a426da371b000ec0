import { Inbox } from "lucide-react";
import { Link, useLocation } from "wouter";
import { useApprovals } from "../../api/approvals";
import type { ApprovalBrief } from "../../api/types/approval";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge, EnvironmentBadge, StateBadge } from "../../parts/Badge";
import { SqlCell } from "../../parts/code/Sql";
import { Empty } from "../../parts/Empty";
import { More } from "../../parts/More";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Segments } from "../../parts/Segments";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useAddress } from "../../parts/useAddress";
import { Delegations } from "./Delegations";

type Show = "waiting" | "mine" | "history";

const SHOWS: readonly { value: Show; label: string }[] = [
  { value: "waiting", label: "Waiting" },
  { value: "mine", label: "Asked by me" },
  { value: "history", label: "History" },
];

const NOTHING: Record<Show, { title: string; about: string }> = {
  waiting: { title: "Nothing waits", about: "What a rule holds until people have looked at it stands here." },
  mine: { title: "You have asked for nothing", about: "A statement of yours that has to be approved stands here." },
  history: { title: "Nothing was asked for yet", about: "Requests that were decided on stand here." },
};

function Requests({ list }: { list: readonly ApprovalBrief[] }) {
  const [, go] = useLocation();
  return (
    <Table
      label="Requests"
      rows={list}
      keyOf={(row) => row.number}
      onRow={(row) => go(`/approvals/${row.number}`)}
      columns={[
        { name: "Request", cell: (row) => <Link href={`/approvals/${row.number}`}>{row.number}</Link> },
        { name: "State", cell: (row) => <StateBadge state={row.state} /> },
        {
          name: "Asked by",
          cell: (row) => (
            <span className="row">
              {row.requester}
              {row.kind !== "human" && <Badge tone="info">{row.kind}</Badge>}
            </span>
          ),
        },
        {
          name: "Database",
          cell: (row) => (
            <span className="row">
              {row.database}
              <EnvironmentBadge environment={row.environment} />
            </span>
          ),
        },
        {
          name: "Statement",
          cell: (row) => <SqlCell text={row.statement} />,
        },
        { name: "Asked", cell: (row) => <Time value={row.created} /> },
        {
          name: "Missing",
          cell: (row) =>
            row.automatic ? (
              <Badge tone="info">automatic</Badge>
            ) : (
              <span className="soft">{row.missing.join("; ")}</span>
            ),
        },
      ]}
    />
  );
}

/** What waits for people, and what they have decided. */
export default function ApprovalsPage() {
  const me = useMe();
  const [given, change] = useAddress();
  const asked = given.get("show");
  const show = SHOWS.find((each) => each.value === asked)?.value ?? "waiting";
  const requests = useApprovals(show === "waiting" ? "waiting" : "", show === "mine" ? me.user : "");
  return (
    <Page
      title="Approvals"
      about="Statements that wait at the gateway. You see what you asked for, and what you are asked to decide on."
      actions={<Delegations />}
      wide
    >
      <div>
        <Segments
          label="Which requests"
          value={show}
          options={SHOWS}
          onValue={(value) => change({ show: value === "waiting" ? null : value })}
        />
      </div>
      <Panel flush>
        <Await query={requests}>
          {(all) => {
            const list = show === "history" ? all.filter((each) => each.state !== "waiting") : all;
            return list.length === 0 ? (
              <Empty title={NOTHING[show].title} icon={Inbox}>
                {NOTHING[show].about}
              </Empty>
            ) : (
              <Requests list={list} />
            );
          }}
        </Await>
        <More of={requests} onMore={() => void requests.fetchNextPage()} />
      </Panel>
    </Page>
  );
}
