import { PostgreSQL, sql as sqlLanguage } from "@codemirror/lang-sql";
import { useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { submitChange } from "../../api/changes";
import { useDatabases } from "../../api/databases";
import { lintScript } from "../../api/policy";
import type { LintRow } from "../../api/types/policy";
import { Badge, EnvironmentBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Editor } from "../../parts/code/Editor";
import { Check, TextArea, TextField } from "../../parts/Field";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { useDeed } from "../../parts/useDeed";

const LANGUAGE = sqlLanguage({ dialect: PostgreSQL });

function Findings({ list }: { list: readonly LintRow[] }) {
  if (list.length === 0) return <Note tone="good" title="Lint has nothing to say against it" />;
  return list.map((finding, index) => (
    <Note
      key={index}
      tone={finding.severity === "advice" ? "plain" : "warn"}
      title={`Line ${finding.line}: ${finding.message}`}
    >
      <span className="row">
        <Badge>{finding.severity}</Badge>
        {finding.lock !== "" && <Badge tone="warn">lock {finding.lock}</Badge>}
        {finding.rewrites && <Badge tone="bad">rewrites the table</Badge>}
      </span>
      {finding.why}
      {finding.safer !== "" && `\nSafer: ${finding.safer}`}
    </Note>
  ));
}

/** Submits a script; the gateway judges each statement of it first. */
export default function NewChangePage() {
  const databases = useDatabases();
  const deed = useDeed("changes", "approvals");
  const [, go] = useLocation();
  const [title, setTitle] = useState("");
  const [reason, setReason] = useState("");
  const [ticket, setTicket] = useState("");
  const [targets, setTargets] = useState<string[]>([]);
  const [script, setScript] = useState("");
  const [rollback, setRollback] = useState("");
  const [lock, setLock] = useState("5s");
  const [statement, setStatement] = useState("10m");
  const [findings, setFindings] = useState<LintRow[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      const change = await deed(
        submitChange({
          title,
          reason,
          ticket,
          targets,
          script,
          rollback,
          lock_timeout: lock,
          statement_timeout: statement,
        }),
        "Submitted",
      );
      go(`/changes/${change.number}`);
    });
  };
  const lint = () =>
    void attempt(async () => setFindings(await lintScript(targets[0] ?? databases.data?.[0]?.name ?? "", script)));
  return (
    <Page title="Submit a change">
      <form className="stack" onSubmit={submit}>
        <Panel title="What and why">
          <div className="stack-small">
            <TextField label="Title" value={title} onValue={setTitle} required />
            <TextArea label="Reason" value={reason} onValue={setReason} rows={2} required />
            <div className="columns-2">
              <TextField label="Ticket (optional)" value={ticket} onValue={setTicket} placeholder="OPS-12" />
              <div className="columns-2">
                <TextField label="Lock time-out" value={lock} onValue={setLock} />
                <TextField label="Statement time-out" value={statement} onValue={setStatement} />
              </div>
            </div>
          </div>
        </Panel>
        <Panel title="Where, in this order">
          <div className="row">
            {(databases.data ?? []).map((database) => {
              const place = targets.indexOf(database.name);
              return (
                <Check
                  key={database.name}
                  checked={place >= 0}
                  onValue={(on) =>
                    setTargets(on ? [...targets, database.name] : targets.filter((each) => each !== database.name))
                  }
                  label={
                    <span className="row">
                      {place >= 0 ? `${place + 1}. ${database.name}` : database.name}
                      <EnvironmentBadge environment={database.environment} />
                    </span>
                  }
                />
              );
            })}
          </div>
        </Panel>
        <Panel
          title="Script"
          actions={
            <Button small onClick={lint} disabled={busy || script.trim() === ""}>
              Lint
            </Button>
          }
        >
          <div className="stack-small">
            <Editor label="Script" value={script} onValue={setScript} language={LANGUAGE} minHeight={160} />
            {findings !== null && <Findings list={findings} />}
          </div>
        </Panel>
        <Panel title="Rollback script (optional)">
          <Editor label="Rollback script" value={rollback} onValue={setRollback} language={LANGUAGE} minHeight={90} />
        </Panel>
        {error !== null && <ProblemNote error={error} />}
        <div>
          <Button
            look="primary"
            type="submit"
            disabled={busy || targets.length === 0 || [title, reason, script].some((text) => text.trim() === "")}
          >
            Submit
          </Button>
        </div>
      </form>
    </Page>
  );
}
