import { useEffect, useState } from "react";
import { DENIED_OF_A_DAY, useAnyStatement, useDeniedOfADay } from "../../api/audit";
import { queryString } from "../../api/client";
import { useOverview } from "../../api/overview";
import type { Overview } from "../../api/types/overview";
import { useHas, useMe, useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { bytes, count, plural, short } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Connected } from "./Connected";
import { Drift } from "./Drift";
import { FirstSteps } from "./FirstSteps";
import { Health } from "./Health";
import { TopBudgets } from "./TopBudgets";
import { MemberOverview } from "./MemberOverview";
import { noHistory, withReading } from "./rates";
import { Slowest } from "./Slowest";
import { Stat } from "./Stat";
import { Traffic, type Line } from "./Traffic";
import "./overview.css";

/** What kinds of things wait, where not all are statements. */
function waitingFor(waiting: Overview["waiting"]): string {
  const { approvals = 0, changes = 0, grants = 0 } = waiting ?? {};
  const others: string[] = [];
  if (changes > 0) others.push(plural(changes, "change"));
  if (grants > 0) others.push(plural(grants, "grant"));
  if (others.length > 0) return `of these ${others.join(", ")}`;
  return approvals > 0 ? "held statements" : "nothing is held";
}

const STATEMENTS: readonly Line[] = [
  { name: "statements", label: "Completed", colour: "--chart-1" },
  { name: "denied", label: "Denied", colour: "--chart-2" },
  { name: "failed", label: "Failed", colour: "--chart-3" },
];
const ROWS: readonly Line[] = [
  { name: "rows", label: "Rows", colour: "--chart-1" },
  { name: "masked", label: "Values masked", colour: "--chart-4" },
];

/** What the page that it leads to shows, counted. */
function Denied() {
  const denied = useDeniedOfADay();
  return (
    <Stat
      label="Denied"
      value={denied.data !== undefined ? short(denied.data.records) : denied.isError ? "?" : "…"}
      note={denied.isError ? "they could not be counted" : "in 24 hours"}
      href={`/activity${queryString(DENIED_OF_A_DAY)}`}
    />
  );
}

function Numbers({ overview }: { overview: Overview }) {
  const { totals, waiting, audit } = overview;
  const unpublished = audit === undefined ? 0 : audit.last_sequence - audit.published_sequence;
  return (
    <div className="stats">
      <Stat
        label="Sessions"
        value={count(totals?.sessions ?? 0)}
        note={`${short(totals?.logins ?? 0)} logins`}
        href="/sessions"
      />
      <Stat
        label="Statements"
        value={short(totals?.statements ?? 0)}
        note="since the start"
        href="/activity?type=statement&since=1h"
      />
      <Denied />
      <Stat
        label="Waiting for people"
        value={count(waiting?.approvals ?? 0)}
        note={waitingFor(waiting)}
        {...((waiting?.approvals ?? 0) > 0 ? { tone: "warn" as const } : {})}
        href="/approvals"
      />
      <Stat
        label="Values masked"
        value={short(totals?.masked_values ?? 0)}
        note={`${bytes(totals?.bytes_to_clients ?? 0)} sent`}
      />
      <Stat
        label="Refused logins"
        value={short(totals?.login_failures ?? 0)}
        note="since the start"
        href="/activity?type=login_failed&since=24h"
      />
      <Stat
        label="Audit records"
        value={short(audit?.last_sequence ?? 0)}
        note={
          audit?.writable === false
            ? "cannot be written"
            : unpublished > 0
              ? `${unpublished} to be signed`
              : "all signed"
        }
        {...(audit?.writable === false ? { tone: "bad" as const } : {})}
        href="/integrity"
      />
    </div>
  );
}

/** Nothing has gone through this gateway since it was started, and nothing ever. */
function useIsNew({ totals }: Overview, admin: boolean): boolean {
  const idle = admin && totals?.statements === 0 && totals.denied === 0;
  return useAnyStatement(idle).data === false && idle;
}

function Everything({ overview }: { overview: Overview }) {
  const fresh = useIsNew(overview, useHas("admin"));
  const [history, setHistory] = useState(noHistory);
  useEffect(() => setHistory((before) => withReading(before, overview)), [overview]);
  return (
    <>
      <Health overview={overview} />
      {fresh && <FirstSteps />}
      <Numbers overview={overview} />
      <TopBudgets />
      <div className="columns-2">
        <Traffic title="Statements a second" rates={history.rates} lines={STATEMENTS} />
        <Traffic title="Rows a second" rates={history.rates} lines={ROWS} />
      </div>
      <div className="columns-2">
        <Connected sessions={overview.sessions ?? []} />
        <Drift drift={overview.drift} />
      </div>
      <Slowest />
    </>
  );
}

/** What is going on right now. */
export default function OverviewPage() {
  const me = useMe();
  const watches = useWatches();
  const overview = useOverview();
  return (
    <Page title="Overview" heading={watches ? "Overview" : `Hello, ${me.user}`}>
      <Await query={overview}>{(data) => (watches ? <Everything overview={data} /> : <MemberOverview />)}</Await>
    </Page>
  );
}
