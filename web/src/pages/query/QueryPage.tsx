import { PostgreSQL, sql as sqlLanguage } from "@codemirror/lang-sql";
import { Download, Play, Square, SquareTerminal } from "lucide-react";
import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import { Problem } from "../../api/problem";
import { useDatabases, useSchema } from "../../api/databases";
import type { QueryResult } from "../../api/query";
import type { SchemaTable } from "../../api/types/database";
import { useDraft } from "../../app/useDraft";
import { Button } from "../../parts/Button";
import { Editor, type Marked } from "../../parts/code/Editor";
import { download, toCsv } from "../../parts/download";
import { Empty } from "../../parts/Empty";
import { SelectField } from "../../parts/Field";
import { duration, plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { useAddress } from "../../parts/useAddress";
import { Beginnings } from "./Beginnings";
import { MyHistory } from "./MyHistory";
import { placeOfCharacter } from "./place";
import { ResultGrid } from "./ResultGrid";
import { useRun, type Run } from "./useRun";
import "./query.css";

const NO_MARKS: readonly Marked[] = [];
const NO_TABLES: readonly SchemaTable[] = [];

function useMarks(run: Run): readonly Marked[] {
  return useMemo(() => {
    if (run.state !== "failed" || !(run.error instanceof Problem)) return NO_MARKS;
    const { position } = run.error.body;
    if (position === undefined) return NO_MARKS;
    return [{ ...placeOfCharacter(run.text, run.shift + position), message: run.error.title }];
  }, [run]);
}

function Result({ result }: { result: QueryResult }) {
  const save = () =>
    download(
      "result.csv",
      "text/csv",
      toCsv(
        result.columns.map((column) => column.name),
        result.rows,
      ),
    );
  return (
    <Panel
      title={result.columns.length > 0 ? plural(result.rows.length, "row") : result.command}
      flush
      actions={
        result.columns.length > 0 && (
          <Button small onClick={save}>
            <Download aria-hidden />
            CSV
          </Button>
        )
      }
    >
      {result.columns.length > 0 && <ResultGrid result={result} />}
      {result.notices.map((notice, index) => (
        <div className="panel-body" key={index}>
          <Note>{notice}</Note>
        </div>
      ))}
      <div className="result-foot">
        <span>{result.command}</span>
        <span>{duration(result.duration_micros)}</span>
        {result.truncated && <span>There are more rows: only the first are shown</span>}
      </div>
    </Panel>
  );
}

interface AnswerProps {
  run: Run;
  tables: readonly SchemaTable[];
  onUse: (sql: string) => void;
}

function Answer({ run, tables, onUse }: AnswerProps) {
  switch (run.state) {
    case "idle":
      return (
        <Panel>
          <Empty title="Nothing asked yet" icon={SquareTerminal}>
            Write a statement above and run it. It runs as you: what you may not see is masked, and what you ask is on
            the record.
            <Beginnings tables={tables} onUse={onUse} />
          </Empty>
        </Panel>
      );
    case "running":
      return <Note title={run.ending ? "Stopping…" : "Running…"} />;
    case "held":
      return (
        <Note tone="warn" title={`Held: it waits for approval as request ${run.request}`}>
          Once it is approved, run the same statement again.{" "}
          <Link href={`/approvals/${run.request}`}>See the request</Link>
        </Note>
      );
    case "tried":
      return (
        <Note
          tone={run.told.next === undefined ? "good" : "warn"}
          title={`It would change ${plural(run.told.rows, "row")}; it was taken back`}
        >
          {[...run.told.tables, run.told.next ?? ""].join("\n")}
        </Note>
      );
    case "cancelled":
      return (
        <Note tone="warn" title="Stopped">
          The server has cancelled it before its end; what it had begun to change is undone.
        </Note>
      );
    case "left":
      return (
        <Note tone="warn" title="No longer waited for">
          The gateway cancels it, but no answer has told: History says what came of it.
        </Note>
      );
    case "failed":
      return <ProblemNote error={run.error} />;
    case "done":
      return (
        <>
          {run.ending && <Note tone="warn" title="It was over before it could be stopped" />}
          <Result result={run.result} />
        </>
      );
  }
}

/** Asks a database as oneself. */
export default function QueryPage() {
  const databases = useDatabases();
  const [given, change] = useAddress();
  const [text, setText] = useDraft("statement", "");
  const { run, start, stop, leave } = useRun();
  const marks = useMarks(run);
  const database = given.get("database") ?? databases.data?.[0]?.name ?? "";
  const schema = useSchema(database);
  const language = useMemo(() => {
    const tables: Record<string, string[]> = {};
    for (const table of schema.data?.tables ?? []) {
      const columns = table.columns.map((column) => column.name);
      tables[table.schema === "public" ? table.name : `${table.schema}.${table.name}`] = columns;
    }
    return sqlLanguage({ dialect: PostgreSQL, schema: tables, upperCaseKeywords: true });
  }, [schema.data]);
  useEffect(() => () => leave(), []);
  const go = (selected = "", from = 0, forShow = false) => {
    const all = selected.trim() === "";
    const statement = all ? text : selected;
    if (statement.trim() === "" || database === "") return;
    void start(database, statement, text, all ? 0 : [...text.slice(0, from)].length, forShow);
  };
  return (
    <Page
      title="Query"
      about="Ask as yourself, under the rules that hold for you everywhere."
      wide
      actions={
        <MyHistory
          onUse={(sql, its) => {
            setText(sql);
            if (its !== "") change({ database: its });
          }}
        />
      }
    >
      {databases.isError && <ProblemNote error={databases.error} />}
      <div className="query-bar">
        <SelectField
          label="Database"
          quiet
          value={database}
          options={(databases.data ?? []).map((each) => ({
            value: each.name,
            label: each.environment === "" ? each.name : `${each.name} (${each.environment})`,
          }))}
          onValue={(next) => change({ database: next })}
        />
        {run.state === "running" ? (
          <Button onClick={stop}>
            <Square aria-hidden />
            {run.ending ? "Stop waiting" : "Stop"}
          </Button>
        ) : (
          <>
            <Button look="primary" onClick={() => go()} disabled={text.trim() === "" || database === ""}>
              <Play aria-hidden />
              Run
            </Button>
            <Button
              title="What an INSERT, UPDATE, DELETE or MERGE would change"
              onClick={() => go("", 0, true)}
              disabled={text.trim() === "" || database === ""}
            >
              Dry run
            </Button>
          </>
        )}
        <span className="faint">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs all, or what is selected
        </span>
      </div>
      <Editor
        label="SQL"
        value={text}
        onValue={setText}
        onRun={go}
        language={language}
        marks={marks}
        hint="SELECT …"
        minHeight={150}
        maxHeight={360}
      />
      <div aria-live="polite">
        <Answer run={run} tables={schema.data?.tables ?? NO_TABLES} onUse={setText} />
      </div>
    </Page>
  );
}
