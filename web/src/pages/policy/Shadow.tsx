import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { shadowPolicy } from "../../api/policy";
import type { ShadowReport, ShadowRule } from "../../api/types/policy";
import { StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlLine } from "../../parts/code/Sql";
import { SelectField } from "../../parts/Field";
import { count, plural, whole } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { sinceMicros, SPANS } from "./spans";

function Rule({ rule }: { rule: ShadowRule }) {
  const others = rule.users - rule.by_user.length;
  return (
    <li className="rule">
      <span className="row">
        <strong>{rule.rule}</strong>
        <StateBadge state={rule.effect} />
        <span>
          {rule.effect === "allow"
            ? `${plural(rule.statements, "statement")} matched`
            : `${plural(rule.would_be_stopped, "statement")} that ran would not have, of ${count(rule.statements)} matched`}
        </span>
      </span>
      <span className="soft">
        {rule.by_user.map((one) => `${one.user} ${count(one.statements)}`).join(", ")}
        {others > 0 && ` and ${count(others)} more`}
      </span>
      {rule.samples.map((sample) => (
        <span key={sample.record} className="stack-small">
          <SqlLine text={sample.text} />
          <span className="row">
            <span className="faint">
              {sample.user} in {sample.database}, {whole(sample.time)}
            </span>
            <Link href={`/activity?record=${sample.record}`}>record {sample.record}</Link>
          </span>
        </span>
      ))}
    </li>
  );
}

function Answer({ report }: { report: ShadowReport }) {
  const stopped = report.rules.reduce((sum, rule) => sum + rule.would_be_stopped, 0);
  return (
    <div className="stack-small" aria-live="polite">
      <Note
        tone={stopped > 0 ? "warn" : "good"}
        title={
          report.rules.length === 0
            ? "No rule on trial has matched anything"
            : `${plural(report.rules.length, "rule")} on trial`
        }
      >
        {plural(report.statements, "recorded statement")} looked at
        {!report.complete && ", the newest: there are more"}.
      </Note>
      <ul>
        {report.rules.map((rule) => (
          <Rule key={`${rule.rule} ${rule.effect}`} rule={rule} />
        ))}
      </ul>
    </div>
  );
}

/** What rules on trial, in force with `mode: shadow`, would have done to what really happened. */
export function Shadow() {
  const [seconds, setSeconds] = useState("86400");
  const run = useMutation({ mutationFn: () => shadowPolicy(sinceMicros(seconds)) });
  return (
    <Panel title="What rules on trial would have done">
      <div className="stack-small">
        <div className="row">
          <SelectField label="Statements of" quiet value={seconds} options={SPANS} onValue={setSeconds} />
          <Button look="primary" onClick={() => run.mutate()} disabled={run.isPending}>
            {run.isPending ? "Looking…" : "Look"}
          </Button>
        </div>
        <p className="faint">
          Of rules in force with <code>mode: shadow</code>: what they matched stands on each record.
        </p>
        {run.isError && <ProblemNote error={run.error} />}
        {run.isSuccess && <Answer report={run.data} />}
      </div>
    </Panel>
  );
}
