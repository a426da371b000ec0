import type { ReactNode } from "react";
import { Link } from "wouter";
import type { AuditRecord } from "../../api/types/record";
import { Badge, EnvironmentBadge, StateBadge } from "../Badge";
import { Sql } from "../code/Sql";
import { Facts } from "../Facts";
import { bytes, count, duration, whole } from "../format";
import { Note } from "../Note";
import { Plain } from "../Plain";
import { Proof } from "./Proof";

function list(values: readonly string[] | undefined, tone: "plain" | "accent" | "violet" = "plain"): ReactNode {
  if (values === undefined || values.length === 0) return undefined;
  return (
    <span className="row">
      {values.map((value) => (
        <Badge key={value} tone={tone} title={value}>
          {value}
        </Badge>
      ))}
    </span>
  );
}

function filtered(name: string, value: string | undefined): ReactNode {
  if (value === undefined) return undefined;
  return <Link href={`/activity?${new URLSearchParams({ [name]: value, since: "24h" }).toString()}`}>{value}</Link>;
}

/** "12 by erin for dora" begins with the request's number. */
function approval(value: string | undefined): ReactNode {
  const number = /^\d+/.exec(value ?? "")?.[0];
  return number === undefined ? value : <Link href={`/approvals/${number}`}>{value}</Link>;
}

function Who({ record }: { record: AuditRecord }) {
  return (
    <Facts
      rows={[
        ["Time", whole(record.time)],
        ["User", filtered("user", record.user)],
        ["For", record.end_user],
        ["Acting for", record.actors?.join(" for ")],
        ["Kind", record.principal_kind],
        ["Groups", list(record.groups)],
        ["Grants", list(record.grants)],
        [
          "Authentication",
          [record.authentication, record.issuer, record.acr, record.amr?.join(" + ")].filter(Boolean).join(", "),
        ],
        ["Run", record.run && <Link href={`/agents/runs/${encodeURIComponent(record.run)}`}>{record.run}</Link>],
        ["Prompt", record.prompt && <code className="digest">{record.prompt}</code>],
        ["Call of a tool", record.tool_call],
        ["Role at the server", record.role],
        ["Purpose", filtered("purpose", record.purpose)],
        ["Has read what others wrote", record.tainted === true ? "yes" : undefined],
        ["Credential", record.credential],
        ["Application", record.application],
        ["Driver", record.driver],
        ["Address", record.client],
        ["Session", record.session && <Link href={`/sessions/${record.session}`}>{record.session}</Link>],
        ["Attributes", list(record.attributes)],
      ]}
    />
  );
}

function Ran({ record }: { record: AuditRecord }) {
  return (
    <Facts
      rows={[
        ["Database", record.database],
        ["Environment", record.environment && <EnvironmentBadge environment={record.environment} />],
        ["Decided by", filtered("rule", record.rule)],
        ["Rules matched", list(record.rules_matched)],
        ["Rules on trial", list(record.shadow_rules)],
        ["Policy", record.policy_version && <code>{record.policy_version}</code>],
        ["Approval", approval(record.approval)],
        ["Change", record.change],
        ["Ticket", filtered("ticket", record.ticket)],
        ["Rows", record.rows === undefined ? undefined : count(record.rows)],
        ["Changed", list(record.changed)],
        ["Sent", record.bytes === undefined ? undefined : bytes(record.bytes)],
        [
          "Took",
          record.duration_us === undefined
            ? undefined
            : `${duration(record.duration_us)} (server ${duration(record.server_us ?? 0)}, waited ${duration(record.waited_us ?? 0)})`,
        ],
        ["Transaction", [record.transaction, record.transaction_outcome].filter(Boolean).join(", ")],
        ["SQLSTATE", record.sqlstate && <code>{record.sqlstate}</code>],
      ]}
    />
  );
}

function Touched({ record }: { record: AuditRecord }) {
  const rows = [
    ["Does", list(record.actions)],
    ["Classes", list(record.classes, "violet")],
    ["Returns", list(record.output_columns)],
    ["Filters by", list(record.predicate_columns)],
    ["Writes", list(record.written_columns)],
    ["Masked", list(record.masked, "accent")],
    ["Shown", list(record.released)],
    ["Values masked", record.values_masked === undefined ? undefined : count(record.values_masked)],
    ["Values shown", record.values_shown === undefined ? undefined : count(record.values_shown)],
    ["Result kept", record.captured],
    ["Tags", list(record.tags)],
    ["Cut", list(record.details_cut)],
  ] as const;
  if (rows.every(([, value]) => value === undefined)) return null;
  return (
    <section className="stack-small">
      <h3>What it touched</h3>
      <Facts rows={rows} />
    </section>
  );
}

/** All that is on the record about one thing that happened. */
export function RecordDetails({ record }: { record: AuditRecord }) {
  const refused = record.decision === "denied" || record.sqlstate !== undefined;
  return (
    <>
      <div className="row">
        <Badge>{record.type}</Badge>
        {record.decision !== undefined && <StateBadge state={record.decision} />}
        {record.kind !== undefined && <Badge>{record.kind}</Badge>}
      </div>
      {record.text !== undefined && <Sql text={record.text} />}
      {record.text_length !== undefined && (
        <p className="faint">The text has {count(record.text_length)} bytes, of which these are the first.</p>
      )}
      {record.text_sha256 !== undefined && (
        <Facts
          rows={[
            [
              "SHA-256 of it all",
              <code key="sha" className="digest">
                {record.text_sha256}
              </code>,
            ],
          ]}
        />
      )}
      {record.message !== undefined && <Note tone={refused ? "bad" : "plain"}>{record.message}</Note>}
      {record.parameters !== undefined && (
        <section className="stack-small">
          <h3>Parameters</h3>
          <Facts
            rows={record.parameters.map((value, index) => [
              `$${index + 1}`,
              <code key={index}>
                <Plain text={value ?? "null"} />
              </code>,
            ])}
          />
        </section>
      )}
      <section className="stack-small">
        <h3>Who</h3>
        <Who record={record} />
      </section>
      {record.type === "statement" && (
        <section className="stack-small">
          <h3>What happened</h3>
          <Ran record={record} />
        </section>
      )}
      {record.type !== "statement" && record.database !== undefined && <Facts rows={[["Database", record.database]]} />}
      <Touched record={record} />
      <Proof record={record} />
    </>
  );
}
