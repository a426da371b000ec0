import { useState } from "react";
import { Link, useParams } from "wouter";
import { actOnChange, useChange, type ChangeDeed } from "../../api/changes";
import type { Change, ChangeStep } from "../../api/types/change";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { StateBadge } from "../../parts/Badge";
import { Sql } from "../../parts/code/Sql";
import { Confirm } from "../../parts/Confirm";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { duration, whole } from "../../parts/format";
import { Note } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Segments } from "../../parts/Segments";
import { Table } from "../../parts/Table";
import { useDeed } from "../../parts/useDeed";

function Steps({ steps }: { steps: readonly ChangeStep[] }) {
  return (
    <Panel title="Steps" flush>
      {steps.length === 0 ? (
        <Empty title="It has not run yet">Each step stands here as it runs, on each database.</Empty>
      ) : (
        <Table
          label="Steps"
          rows={steps}
          keyOf={(_, index) => index}
          columns={[
            { name: "Database", cell: (row) => row.database },
            { name: "Part", cell: (row) => row.part },
            { name: "Step", right: true, cell: (row) => row.step },
            { name: "State", cell: (row) => <StateBadge state={row.state} /> },
            {
              name: "Took",
              right: true,
              cell: (row) => (row.duration_us === undefined ? "" : duration(row.duration_us)),
            },
            { name: "Message", cell: (row) => row.message },
          ]}
        />
      )}
    </Panel>
  );
}

function Scripts({ change }: { change: Change }) {
  const [which, setWhich] = useState<"script" | "rollback">("script");
  return (
    <Panel
      title="Script"
      actions={
        <Segments
          label="Which script"
          value={which}
          onValue={setWhich}
          options={[
            { value: "script", label: "Forward" },
            { value: "rollback", label: "Rollback" },
          ]}
        />
      }
    >
      {change[which] === "" ? <p className="soft">It has none.</p> : <Sql text={change[which]} />}
    </Panel>
  );
}

const DEEDS: readonly { deed: ChangeDeed; label: string; about: string; danger: boolean }[] = [
  {
    deed: "run",
    label: "Run",
    about: "Its steps run now, on each database in turn, in your name. An approval is used up by one run.",
    danger: false,
  },
  {
    deed: "rollback",
    label: "Roll back",
    about: "Its rollback script runs, once, on each database that it ran on.",
    danger: true,
  },
  { deed: "cancel", label: "Cancel", about: "It will not run, or is stopped where it is.", danger: true },
];

const MAY: Record<string, readonly ChangeDeed[]> = {
  waiting: ["cancel"],
  approved: ["run", "cancel"],
  ready: ["run", "cancel"],
  running: ["cancel"],
  done: ["rollback"],
  failed: ["rollback"],
};

function Deeds({ change }: { change: Change }) {
  const deed = useDeed("change", "changes", "approvals");
  const me = useMe();
  // Whoever submitted it runs it and gives it up, nobody else.
  if (change.requester !== me.user) return null;
  const may = MAY[change.state] ?? ["run", "rollback", "cancel"];
  return DEEDS.filter((each) => may.includes(each.deed))
    .filter((each) => each.deed !== "rollback" || change.rollback !== "")
    .map((each) => (
      <Confirm
        key={each.deed}
        label={each.label}
        look={each.deed === "run" ? "primary" : "plain"}
        title={`${each.label} change ${change.number}?`}
        verb={each.label}
        danger={each.danger}
        onConfirm={() => deed(actOnChange(change.number, each.deed), `${each.label}: under way`)}
      >
        {each.about}
      </Confirm>
    ));
}

/** One change: its scripts, what it waits for, how it went. */
export default function ChangePage() {
  const { number = "" } = useParams<{ number: string }>();
  const query = useChange(Number(number));
  const state = query.data?.state;
  return (
    <Page
      title={`Change ${number}`}
      heading={
        <span className="row">
          Change {number}
          {state !== undefined && <StateBadge state={state} />}
        </span>
      }
      about={query.data?.title}
      actions={query.data !== undefined && <Deeds change={query.data} />}
    >
      <Await query={query}>
        {(change) => (
          <>
            {change.problem !== "" && (
              <Note tone={change.state === "failed" ? "bad" : "plain"} title="What the gateway says">
                {change.problem}
              </Note>
            )}
            {change.missing !== undefined && change.missing.length > 0 && (
              <Note tone="warn" title="It waits for people">
                {change.missing.join("\n")}
              </Note>
            )}
            <div className="columns-2">
              <Scripts change={change} />
              <Panel title="About">
                <Facts
                  rows={[
                    ["Reason", change.reason],
                    ["Ticket", change.ticket],
                    ["Submitted by", change.requester],
                    ["Submitted", whole(change.created)],
                    ["Expires", change.expires && whole(change.expires)],
                    ["On", change.targets.join(", then ")],
                    [
                      "Request",
                      change.request > 0 && <Link href={`/approvals/${change.request}`}>{change.request}</Link>,
                    ],
                    ["Lock time-out", change.lock_timeout],
                    ["Statement time-out", change.statement_timeout],
                    ["Began", change.started && whole(change.started)],
                    ["Ended", change.ended && whole(change.ended)],
                  ]}
                />
              </Panel>
            </div>
            <Steps steps={change.steps} />
          </>
        )}
      </Await>
    </Page>
  );
}
