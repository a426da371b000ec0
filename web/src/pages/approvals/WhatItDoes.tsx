import type { ApprovalFacts, ChangeStepFacts } from "../../api/types/approval";
import { Badge, type Tone } from "../../parts/Badge";
import { Sql } from "../../parts/code/Sql";
import { Lines } from "../../parts/Diff";
import { Facts } from "../../parts/Facts";
import { bytes, count } from "../../parts/format";
import { Note } from "../../parts/Note";
import { Plain } from "../../parts/Plain";
import { Table } from "../../parts/Table";

const SEVERITY: Record<string, Tone> = { danger: "bad", error: "bad", warning: "warn", advice: "info" };

function Actions({ facts }: { facts: ApprovalFacts }) {
  const actions = facts.actions ?? [];
  if (actions.length === 0) return null;
  return (
    <ul className="stack-small">
      {actions.map((action, index) => (
        <li key={index} className="row">
          <Badge tone="accent">{action.do}</Badge>
          <span className="mono">
            <Plain text={action.object ?? ""} />
          </span>
          {action.object_kind !== undefined && <span className="faint">{action.object_kind}</span>}
          {action.without_where === true && <Badge tone="bad">without WHERE</Badge>}
          {action.cascade === true && <Badge tone="bad">cascades</Badge>}
          {action.lock !== undefined && <Badge tone="warn">lock {action.lock}</Badge>}
        </li>
      ))}
    </ul>
  );
}

function Tables({ facts }: { facts: ApprovalFacts }) {
  const tables = facts.tables ?? [];
  if (tables.length === 0) return null;
  return (
    <Table
      label="Tables"
      rows={tables}
      keyOf={(row) => row.name}
      columns={[
        {
          name: "Table",
          cell: (row) => (
            <span className="mono">
              <Plain text={row.name} />
            </span>
          ),
        },
        { name: "Rows, about", right: true, cell: (row) => (row.rows === null ? "unknown" : count(row.rows)) },
        { name: "Size", right: true, cell: (row) => bytes(row.bytes) },
        { name: "What hangs on it", cell: (row) => row.dependents.join(", ") || "nothing" },
      ]}
    />
  );
}

function Lint({ facts }: { facts: ApprovalFacts }) {
  const findings = facts.lint ?? [];
  return findings.map((finding, index) => (
    <Note key={index} tone={finding.severity === "advice" ? "plain" : "warn"} title={finding.message}>
      <div className="row">
        {finding.severity !== "warning" && (
          <Badge tone={SEVERITY[finding.severity] ?? "warn"}>{finding.severity}</Badge>
        )}
        <span className="faint">{finding.rule}</span>
      </div>
      {finding.safer !== "" && `Safer: ${finding.safer}`}
    </Note>
  ));
}

function DryRun({ facts }: { facts: ApprovalFacts }) {
  const run = facts.dry_run;
  if (run === undefined) return null;
  if (run.why_not !== undefined) return <Note title="It was not tried out">{run.why_not}</Note>;
  return (
    <Note tone="plain" title={`Tried out and rolled back: it changed ${count(run.rows ?? 0)} rows`}>
      {run.tables?.join(", ")}
    </Note>
  );
}

function Step({ step }: { step: ChangeStepFacts }) {
  const text = (name: string) =>
    typeof step[name] === "string" || typeof step[name] === "number" ? String(step[name]) : "";
  return (
    <li className="stack-small">
      <div className="row">
        <Badge>{`${text("part")} ${text("step")}`}</Badge>
        <strong>{text("database")}</strong>
        <span className="faint">{text("judged")}</span>
      </div>
      <Sql text={text("statement")} />
      {step.facts !== undefined && step.facts !== null && <WhatItDoes facts={step.facts} />}
    </li>
  );
}

function plain(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Named values that have no layout of their own. */
function About({ given }: { given: unknown }) {
  if (typeof given !== "object" || given === null) return null;
  const rows = Object.entries(given).map(([name, value]) => [name.replaceAll("_", " "), plain(value)] as const);
  return <Facts rows={rows.filter(([, value]) => value !== "")} />;
}

/** What a statement, a change or a grant would do, as far as the gateway knows beforehand. */
export function WhatItDoes({ facts }: { facts: ApprovalFacts }) {
  return (
    <div className="stack">
      {facts.why !== undefined && <p className="soft">{facts.why}</p>}
      {(facts.reason ?? facts.ticket) !== undefined && (
        <About given={{ reason: facts.reason ?? "", ticket: facts.ticket ?? "" }} />
      )}
      <About given={facts.grant} />
      <About given={facts.change} />
      <Actions facts={facts} />
      <DryRun facts={facts} />
      {facts.estimated_rows !== undefined && (
        <p className="soft">The planner expects about {count(Math.round(facts.estimated_rows))} rows.</p>
      )}
      <Tables facts={facts} />
      {facts.schema_diff !== undefined && (
        <section className="stack-small">
          <h3>What changes in the schema</h3>
          <Lines lines={facts.schema_diff} />
        </section>
      )}
      {facts.breaks !== undefined && (
        <Note tone="warn" title="Older clients may stop working">
          {facts.breaks.join("\n")}
        </Note>
      )}
      <Lint facts={facts} />
      {facts.parameters !== undefined && (
        <section className="stack-small">
          <h3>Parameters</h3>
          <Facts
            rows={facts.parameters.map((value, index) => [
              `$${index + 1}`,
              <code key={index}>
                <Plain text={value ?? "null"} />
              </code>,
            ])}
          />
        </section>
      )}
      {facts.steps !== undefined && (
        <ol className="stack">
          {facts.steps.map((step, index) => (
            <Step key={index} step={step} />
          ))}
        </ol>
      )}
    </div>
  );
}
