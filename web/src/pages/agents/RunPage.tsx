import { useMutation } from "@tanstack/react-query";
import { MessageSquareText, Wrench } from "lucide-react";
import { Link, useParams } from "wouter";
import { readPrompt, useRun } from "../../api/agents";
import type { Prompt, RunStatement } from "../../api/types/agent";
import { useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge, StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlLine } from "../../parts/code/Sql";
import { bytes, plural, whole } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Plain } from "../../parts/Plain";
import { callsOf } from "./calls";
import { wordsOf } from "./words";
import "./run.css";

function Statement({ statement }: { statement: RunStatement }) {
  const watches = useWatches();
  const columns = [...new Set([...(statement.output_columns ?? []), ...(statement.written_columns ?? [])])];
  return (
    <li className="run-statement">
      <div className="row">
        {watches ? (
          <Link href={`/activity?type=any&record=${statement.id}`}>{statement.id}</Link>
        ) : (
          <span>{statement.id}</span>
        )}
        {statement.decision !== undefined && <StateBadge state={statement.decision} />}
        <span className="soft">{statement.database}</span>
        {statement.rows !== undefined && <span className="soft">{plural(statement.rows, "row")}</span>}
        {statement.classes?.map((name) => (
          <Badge key={name} tone="violet">
            {name.replaceAll("_", " ")}
          </Badge>
        ))}
        {(statement.masked?.length ?? 0) > 0 && <Badge tone="accent">masked</Badge>}
      </div>
      <SqlLine text={statement.text ?? ""} />
      {columns.length > 0 && <span className="faint mono">{columns.join(", ")}</span>}
      {statement.message !== undefined && <span className="soft">{statement.message}</span>}
    </li>
  );
}

function Statements({ list }: { list: readonly RunStatement[] }) {
  return callsOf(list).map((call) => (
    <div key={call.call} className="run-call">
      {call.call !== "" && (
        <div className="row soft">
          <Wrench aria-hidden className="run-icon" />
          <span>
            call <span className="mono">{call.call}</span>
          </span>
        </div>
      )}
      <ul>
        {call.statements.map((statement) => (
          <Statement key={statement.id} statement={statement} />
        ))}
      </ul>
    </div>
  ));
}

/** The words themselves: that they were read goes on the record. */
function Words({ prompt }: { prompt: Prompt }) {
  const read = useMutation({ mutationFn: () => readPrompt(prompt.prompt) });
  if (prompt.erased === true) return <Note title="Its text was erased">Its digest stays.</Note>;
  if (read.isError) return <ProblemNote error={read.error} />;
  if (read.isSuccess) {
    return wordsOf(read.data.text ?? "").map((part, index) => (
      <div key={index} className="stack-small">
        {part.what !== "" && (
          <span className="soft">
            <Plain text={part.what} />
          </span>
        )}
        <pre className="code" tabIndex={0}>
          <Plain text={part.text} />
        </pre>
      </div>
    ));
  }
  return (
    <div>
      <Button small disabled={read.isPending} onClick={() => read.mutate()}>
        <MessageSquareText aria-hidden />
        Read the prompt
      </Button>
    </div>
  );
}

/** A run of an agent: its prompts, the calls of tools that came of them, what these ran. */
export default function RunPage() {
  const { run = "" } = useParams<{ run: string }>();
  const query = useRun(run);
  return (
    <Page
      title={`Run ${run}`}
      about="Prompts, the calls of tools that came of them, and the statements that these ran. The run and its calls are what the agent says; who it is, and the prompts, are proven."
      actions={<Link href="/agents">All runs</Link>}
    >
      <Await query={query}>
        {(data) => (
          <>
            {data.truncated && <Note tone="warn" title="There are more statements: only the first are shown" />}
            {data.prompts.map((prompt, index) => (
              <Panel
                key={prompt.prompt}
                title={
                  <span className="row">
                    Prompt {index + 1}
                    {prompt.model !== undefined && <Badge tone="info">{prompt.model}</Badge>}
                    {prompt.parent !== undefined && (
                      <Badge>of prompt {data.prompts.findIndex((each) => each.prompt === prompt.parent) + 1}</Badge>
                    )}
                  </span>
                }
                actions={
                  <span className="faint">
                    {prompt.user}
                    {prompt.acts_for !== undefined && ` for ${prompt.acts_for}`}, {whole(prompt.time)},{" "}
                    <span className="nowrap">{bytes(prompt.bytes)}</span>
                  </span>
                }
              >
                <div className="stack-small">
                  <Words prompt={prompt} />
                  {prompt.statements.length === 0 ? (
                    <p className="faint">Nothing was run for it.</p>
                  ) : (
                    <Statements list={prompt.statements} />
                  )}
                </div>
              </Panel>
            ))}
            {data.without_prompt.length > 0 && (
              <Panel title="Without a prompt">
                <Statements list={data.without_prompt} />
              </Panel>
            )}
          </>
        )}
      </Await>
    </Page>
  );
}
