import { useState } from "react";
import { Link, useParams } from "wouter";
import { useApproval } from "../../api/approvals";
import { usePolicy } from "../../api/policy";
import type { Approval, SimilarRequest } from "../../api/types/approval";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { StateBadge } from "../../parts/Badge";
import { Sql, SqlCell } from "../../parts/code/Sql";
import { Diff } from "../../parts/Diff";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Plain, UnseenNote } from "../../parts/Plain";
import { Segments } from "../../parts/Segments";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { Decide } from "./Decide";
import { Next } from "./Next";
import { Requester } from "./Requester";
import { Undo } from "./Undo";
import { Votes } from "./Votes";
import { WhatItDoes } from "./WhatItDoes";
import "./approval.css";

function Statement({ approval }: { approval: Approval }) {
  const [how, setHow] = useState<"laid out" | "sent">("laid out");
  const { formatted } = approval;
  return (
    <Panel
      title="Statement"
      actions={
        formatted !== undefined && (
          <Segments
            label="How to show it"
            value={how}
            onValue={setHow}
            options={[
              { value: "laid out", label: "Laid out" },
              { value: "sent", label: "As it was sent" },
            ]}
          />
        )
      }
    >
      <Sql text={how === "laid out" ? (formatted ?? approval.statement) : approval.statement} />
    </Panel>
  );
}

/** Rules that somebody wants to have, beside those in force where one may see them. */
function Rules({ text }: { text: string }) {
  const policy = usePolicy();
  return (
    <Panel title="Policy">
      {policy.data === undefined ? (
        <pre className="code" tabIndex={0}>
          <Plain text={text} />
        </pre>
      ) : (
        <Diff before={policy.data.text} after={text} />
      )}
    </Panel>
  );
}

function Similar({ list }: { list: readonly SimilarRequest[] }) {
  return (
    <Panel title="What was alike" flush>
      {list.length === 0 ? (
        <Empty title="Nothing like it was asked for" />
      ) : (
        <Table
          label="Similar requests"
          rows={list}
          keyOf={(row) => row.number}
          columns={[
            { name: "Request", cell: (row) => <Link href={`/approvals/${row.number}`}>{row.number}</Link> },
            { name: "State", cell: (row) => <StateBadge state={row.state} /> },
            { name: "By", cell: (row) => row.requester },
            { name: "Database", cell: (row) => row.database },
            { name: "When", cell: (row) => <Time value={row.created} /> },
            {
              name: "Statement",
              cell: (row) => <SqlCell text={row.statement} />,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Exactly({ approval }: { approval: Approval }) {
  return (
    <Panel title="What an approval is for">
      <div className="stack-small">
        <p className="soft">One run of exactly this, in exactly this session's way. Any difference asks anew.</p>
        <Facts
          rows={[
            [
              "Settings",
              <span className="mono" key="s">
                {approval.session_settings}
              </span>,
            ],
            ["Schema", <code key="schema">{approval.schema}</code>],
            ["Policy", <code key="policy">{approval.policy}</code>],
            [
              "Digest",
              approval.digest !== "" && (
                <code className="digest" key="digest">
                  {approval.digest}
                </code>
              ),
            ],
          ]}
        />
      </div>
    </Panel>
  );
}

/** All that whoever asks has written, whichever part of it is looked at. */
function textsOf({ statement, facts }: Approval): string[] {
  const steps = facts?.steps?.map((step) => (typeof step.statement === "string" ? step.statement : "")) ?? [];
  return [
    statement,
    ...steps,
    facts?.reason ?? "",
    facts?.ticket ?? "",
    ...(facts?.parameters?.map((value) => value ?? "") ?? []),
  ];
}

/** One request, with everything that a decision needs. */
export default function ApprovalPage() {
  const { number = "" } = useParams<{ number: string }>();
  const request = useApproval(Number(number));
  const state = request.data?.state;
  const me = useMe();
  return (
    <Page
      title={`Request ${number}`}
      heading={
        <span className="row">
          Request {number}
          {state !== undefined && <StateBadge state={state} />}
        </span>
      }
      actions={state === "used" && <Undo request={Number(number)} />}
    >
      <Await query={request}>
        {(approval) => (
          <div className="approval">
            <div className="stack">
              {approval.state === "approved" && approval.requester === me.user && <Next approval={approval} />}
              <UnseenNote texts={textsOf(approval)} />
              {approval.facts?.kind === "policy" ? (
                <Rules text={approval.statement} />
              ) : (
                <Statement approval={approval} />
              )}
              {approval.facts !== null && (
                <Panel title="What it does">
                  <WhatItDoes facts={approval.facts} />
                </Panel>
              )}
              <Similar list={approval.similar} />
            </div>
            <div className="stack">
              {(approval.state === "waiting" || approval.state === "approved") && <Decide approval={approval} />}
              <Votes approval={approval} />
              <Requester approval={approval} />
              <Exactly approval={approval} />
            </div>
          </div>
        )}
      </Await>
    </Page>
  );
}
