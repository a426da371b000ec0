import { Download } from "lucide-react";
import { useMemo, useState } from "react";
import { useParams } from "wouter";
import { useTranscript } from "../../api/audit";
import { useLiveSessions } from "../../api/sessions";
import type { AuditRecord } from "../../api/types/record";
import { useHas } from "../../app/me";
import { Badge, EnvironmentBadge, StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlLine } from "../../parts/code/Sql";
import { download } from "../../parts/download";
import { Loading } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { clock, duration, plural, whole as wholeTime } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { RecordDrawer } from "../../parts/record/RecordDrawer";
import { useAttempt } from "../../parts/useAttempt";
import { KillSession } from "./KillSession";
import { shareOf, storyOf, told, transcriptText } from "./timeline";
import "./session.css";

interface LineProps {
  records: readonly AuditRecord[];
  from: string;
  until: string;
  onOpen: (record: AuditRecord) => void;
}

function tone(record: AuditRecord): string {
  if (record.decision === "denied" || record.decision === "limited") return "tick tick-bad";
  return record.type === "statement" ? "tick" : "tick tick-other";
}

/** The session as a line from its beginning to its end. The same can be read below. */
function Timeline({ records, from, until, onOpen }: LineProps) {
  return (
    <div className="timeline">
      <div className="timeline-line" aria-hidden>
        {records.map((record) => (
          <i
            key={record.id}
            className={tone(record)}
            style={{ left: `${shareOf(record.time, from, until) * 100}%` }}
            title={`${clock(record.time)} ${record.text ?? record.type}`}
            onClick={() => onOpen(record)}
          />
        ))}
      </div>
      <div className="timeline-ends faint">
        <span>{clock(from)}</span>
        <span>{clock(until)}</span>
      </div>
    </div>
  );
}

function Step({ record, onOpen }: { record: AuditRecord; onOpen: (record: AuditRecord) => void }) {
  const refused = record.decision === "denied" || record.decision === "limited";
  return (
    <li className="step">
      <button
        type="button"
        className="step-time"
        aria-label={`${clock(record.time)}, record ${record.id}`}
        onClick={() => onOpen(record)}
      >
        {clock(record.time)}
      </button>
      <div className="grow">
        {record.text !== undefined ? <SqlLine text={record.text} /> : <span>{record.type.replaceAll("_", " ")}</span>}
        {record.message !== undefined && <div className={refused ? "step-bad" : "faint"}>{record.message}</div>}
      </div>
      {record.decision !== undefined && <StateBadge state={record.decision} />}
      {record.rows !== undefined && <span className="step-number">{plural(record.rows, "row")}</span>}
      {record.duration_us !== undefined && <span className="step-number">{duration(record.duration_us)}</span>}
    </li>
  );
}

/** One session from its login to its end. */
export default function SessionPage() {
  const { id = "" } = useParams<{ id: string }>();
  const transcript = useTranscript(id);
  const live = useLiveSessions().data?.find((session) => String(session.id) === id);
  const admin = useHas("admin");
  const [open, setOpen] = useState<AuditRecord | null>(null);
  const records = useMemo(() => transcript.data?.pages.flatMap((page) => page.records) ?? [], [transcript.data]);
  const story = useMemo(() => storyOf(records), [records]);
  const whole = !transcript.hasNextPage;
  const { busy, error, attempt } = useAttempt();
  const save = () =>
    attempt(async () => {
      let pages = transcript.data?.pages ?? [];
      for (let more = transcript.hasNextPage; more;) {
        const read = await transcript.fetchNextPage({ throwOnError: true });
        pages = read.data?.pages ?? pages;
        more = read.hasNextPage;
      }
      download(`session-${id}.txt`, "text/plain", transcriptText(pages.flatMap((page) => page.records)));
    });
  const until = story.ended ?? records.at(-1)?.time ?? story.started;
  return (
    <Page
      title={`Session ${id}`}
      heading={
        <span className="row">
          Session {id}
          {live !== undefined && <StateBadge state={live.state} />}
        </span>
      }
      actions={
        <>
          <Button disabled={records.length === 0 || busy || transcript.isFetching} onClick={() => void save()}>
            <Download aria-hidden />
            {busy ? "Reading…" : "Transcript"}
          </Button>
          {admin && live !== undefined && <KillSession id={live.id} user={live.user} />}
        </>
      }
    >
      {transcript.isError && <ProblemNote error={transcript.error} />}
      {error !== null && <ProblemNote error={error} />}
      {transcript.isPending && <Loading />}
      {!whole && (
        <Note tone="warn" title={`Only the first ${plural(records.length, "record")} of the session were read`}>
          What happened after {wholeTime(records.at(-1)?.time ?? "")} is not here yet: go on below.
        </Note>
      )}
      {records.length > 0 && (
        <>
          <div className="columns-2">
            <Panel title="Who">
              <Facts
                rows={[
                  ["User", story.user],
                  ["Database", story.database],
                  ["Environment", story.environment && <EnvironmentBadge environment={story.environment} />],
                  ["Address", story.client],
                  ["Application", story.application],
                  ["Authentication", story.authentication],
                ]}
              />
            </Panel>
            <Panel title="What">
              <Facts
                rows={[
                  ["Began", wholeTime(story.started)],
                  [
                    "Ended",
                    story.ended !== null ? (
                      wholeTime(story.ended)
                    ) : whole ? (
                      <Badge tone="good">not yet</Badge>
                    ) : (
                      <span className="faint">not read yet</span>
                    ),
                  ],
                  ["Statements", told(story.statements, whole)],
                  ["Refused", told(story.refused, whole)],
                  ["Rows", told(story.rows, whole)],
                  ["Values masked", told(story.masked, whole)],
                ]}
              />
            </Panel>
          </div>
          <Timeline records={records} from={story.started} until={until} onOpen={setOpen} />
          <Panel title="Transcript" flush>
            <ol>
              {records.map((record) => (
                <Step key={record.id} record={record} onOpen={setOpen} />
              ))}
            </ol>
            {transcript.hasNextPage && (
              <div className="panel-body">
                <Button disabled={transcript.isFetching} onClick={() => void transcript.fetchNextPage()}>
                  Go on
                </Button>
              </div>
            )}
          </Panel>
        </>
      )}
      <RecordDrawer id={open?.id ?? null} known={open ?? undefined} onClose={() => setOpen(null)} />
    </Page>
  );
}
