import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { replayPolicy } from "../../api/policy";
import type { Replay as Report } from "../../api/types/policy";
import { StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlLine } from "../../parts/code/Sql";
import { SelectField } from "../../parts/Field";
import { count, plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { sinceMicros, SPANS } from "./spans";

function Answer({ report }: { report: Report }) {
  return (
    <div className="stack-small" aria-live="polite">
      <Note
        tone={report.newly_refused + report.newly_limited > 0 ? "warn" : "good"}
        title={`${plural(report.newly_refused, "statement")} newly refused, ${count(report.newly_limited)} newly limited, ${count(report.newly_allowed)} newly allowed`}
      >
        {[
          `${count(report.unchanged)} of ${count(report.statements)} as they were`,
          ...report.not_judged_why.map((some) => `${count(some.statements)} not judged: ${some.why}`),
        ].join("; ")}
      </Note>
      <ul>
        {report.changes.map((change, index) => (
          <li key={index} className="rule">
            <span className="row">
              <strong>{change.user}</strong>
              <StateBadge state={change.was} />
              <span aria-label="becomes">→</span>
              <StateBadge state={change.would_be} />
              <span className="faint">{plural(change.statements, "statement")}</span>
              <Link href={`/activity?record=${change.first_record}`}>record {change.first_record}</Link>
            </span>
            <SqlLine text={change.example} />
            <span className="soft">
              {change.message !== "" ? change.message : `${change.old_rule} → ${change.new_rule}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the rules as written would have said to what really happened. */
export function Replay({ policy, changed }: { policy: string; changed: boolean }) {
  const [seconds, setSeconds] = useState("86400");
  const run = useMutation({
    mutationFn: () => replayPolicy(policy, sinceMicros(seconds)),
  });
  return (
    <Panel title="What would have changed">
      <div className="stack-small">
        <div className="row">
          <SelectField label="Traffic of" quiet value={seconds} options={SPANS} onValue={setSeconds} />
          <Button look="primary" onClick={() => run.mutate()} disabled={run.isPending}>
            {run.isPending ? "Replaying…" : "Replay"}
          </Button>
        </div>
        {!changed && (
          <p className="faint">The rules are as in force: what differs is what was decided under older ones.</p>
        )}
        {run.isError && <ProblemNote error={run.error} />}
        {run.isSuccess && <Answer report={run.data} />}
      </div>
    </Panel>
  );
}
