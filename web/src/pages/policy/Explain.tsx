import { PostgreSQL, sql as sqlLanguage } from "@codemirror/lang-sql";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useDatabases } from "../../api/databases";
import { explain, type ExplainBody } from "../../api/policy";
import type { ExplainedMasking, Explanation, RuleTrace } from "../../api/types/policy";
import { useMe } from "../../app/me";
import { Badge, StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Editor } from "../../parts/code/Editor";
import { Facts } from "../../parts/Facts";
import { Check, SelectField, TextField } from "../../parts/Field";
import { count } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";

const LANGUAGE = sqlLanguage({ dialect: PostgreSQL });

function Rule({ rule }: { rule: RuleTrace }) {
  return (
    <li className={rule.matched ? "rule rule-matched" : "rule"}>
      <span className="row">
        <span className="mono">{rule.rule}</span>
        <StateBadge state={rule.effect} />
        {rule.shadow === true && <Badge>on trial</Badge>}
        {rule.matched && <Badge tone="accent">matched</Badge>}
      </span>
      <span className="soft">{rule.why.join("; ")}</span>
    </li>
  );
}

/** How each column that is returned is shown. */
function shownHow(masking: ExplainedMasking | undefined): string {
  const columns = (masking?.columns ?? []).map((each) => {
    const why = [each.class, each.method, each.rule === undefined ? undefined : `rule ${each.rule}`];
    const told = why.filter((word) => word !== undefined).join(", ");
    return `${each.column} ${each.masked ? "masked" : "as it is"}${told === "" ? "" : ` (${told})`}`;
  });
  return [...columns, ...(masking?.other_columns_masked === true ? ["others masked"] : [])].join("; ");
}

function Answer({ explanation }: { explanation: Explanation }) {
  const [all, setAll] = useState(false);
  const { decision, estimate, facts, masking, rules } = explanation;
  const limits = Object.entries(decision.limits ?? {}).map(
    ([name, limit]) => `${name.replaceAll("_", " ")}: at most ${count(limit.most)} (${limit.rule})`,
  );
  const shown = all ? rules : rules.filter((rule) => rule.matched);
  return (
    <div className="stack-small" aria-live="polite">
      <Note
        tone={decision.effect === "allow" ? "good" : decision.effect === "hold" ? "warn" : "bad"}
        title={`${decision.effect}, by ${decision.rule}`}
      >
        {[decision.message, decision.hint].filter((each) => each !== undefined && each !== "").join("\n")}
      </Note>
      {masking?.refused !== undefined && (
        <Note tone="bad" title="refused, by masked-columns">
          {`${masking.refused.message}\n${masking.refused.hint}`}
        </Note>
      )}
      <Facts
        rows={[
          ["Statement", facts.kind],
          ["Not understood", facts.not_understood],
          [
            "Does",
            facts.actions
              .map((action) => `${action.do} ${action.objects.map((object) => object.name).join(", ")}`.trim())
              .join("; "),
          ],
          ["Reads", facts.columns.map((column) => column.column).join(", ")],
          ["Calls", facts.functions.map((each) => each.name).join(", ")],
          ["Limits", limits.join("; ")],
          ["Planner expects", estimate?.rows === undefined ? estimate?.why_not : `${count(estimate.rows)} rows`],
          ["Shown", shownHow(masking)],
          [
            "In conditions",
            masking?.conditions
              .map(
                (each) => each.refused ?? `${each.column}: ${each.may === "none" ? "never" : "only compared with ="}`,
              )
              .join("; "),
          ],
          ["Not classified yet", masking?.not_classified?.join(", ")],
        ]}
      />
      <div className="row">
        <h3 className="grow">Rules</h3>
        <Check label="Those that did not match too" checked={all} onValue={setAll} />
      </div>
      <ul>
        {shown.map((rule) => (
          <Rule key={rule.rule} rule={rule} />
        ))}
      </ul>
    </div>
  );
}

/** What would be decided on a statement, and why; nothing runs. */
export function Explain({ policy }: { policy: string | undefined }) {
  const me = useMe();
  const databases = useDatabases();
  const [user, setUser] = useState(me.user);
  const [database, setDatabase] = useState("");
  const [sql, setSql] = useState("");
  const asked = useMutation({ mutationFn: (body: ExplainBody) => explain(body) });
  const where = database === "" ? (databases.data?.[0]?.name ?? "") : database;
  const ask = () => {
    if (sql.trim() === "" || where === "") return;
    asked.mutate({ user, database: where, sql, ...(policy === undefined ? {} : { policy }) });
  };
  return (
    <Panel title={policy === undefined ? "Under the rules in force" : "Under the rules as written here"}>
      <div className="stack-small">
        <div className="columns-2">
          <TextField label="As" value={user} onValue={setUser} />
          <SelectField
            label="In"
            value={where}
            options={(databases.data ?? []).map((each) => each.name)}
            onValue={setDatabase}
          />
        </div>
        <Editor
          label="Statement"
          value={sql}
          onValue={setSql}
          onRun={ask}
          language={LANGUAGE}
          hint="DELETE FROM payments"
          minHeight={80}
          maxHeight={240}
        />
        <div>
          <Button look="primary" onClick={ask} disabled={sql.trim() === "" || asked.isPending}>
            Explain
          </Button>
        </div>
        {asked.isError && <ProblemNote error={asked.error} />}
        {asked.isSuccess && <Answer explanation={asked.data} />}
      </div>
    </Panel>
  );
}
