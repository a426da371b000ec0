import { Radio, SlidersHorizontal, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useRecords } from "../../api/audit";
import type { AuditRecord } from "../../api/types/record";
import { Button } from "../../parts/Button";
import { Empty, Loading } from "../../parts/Empty";
import { SelectField } from "../../parts/Field";
import { count, plural } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { RecordDrawer } from "../../parts/record/RecordDrawer";
import { SearchField } from "../../parts/SearchField";
import { useAddress } from "../../parts/useAddress";
import { Export } from "./Export";
import { Facets } from "./Facets";
import { chipsOf, EVERYTHING, filtersOf, FILTERS, ORDERS, RANGES } from "./filters";
import { Histogram } from "./Histogram";
import { RecordList } from "./RecordList";
import { SavedSearches } from "./SavedSearches";
import { useHeld } from "./useHeld";
import { useTail } from "./useTail";
import "./activity.css";

const TYPES = [
  { value: "", label: "Statements" },
  { value: EVERYTHING, label: "Everything" },
  { value: "session_start", label: "Logins" },
  { value: "login_failed", label: "Refused logins" },
  { value: "approval", label: "Approvals" },
  { value: "grant", label: "Grants" },
  { value: "admin", label: "Administration" },
  { value: "schema_drift", label: "Schema drift" },
  { value: "audit_read", label: "Readings of the trail" },
];

/** A page holds its records oldest first, also where the newest page comes first. */
function inOrder(pages: readonly { records: AuditRecord[] }[], order: string): AuditRecord[] {
  return pages.flatMap((page) => (order === "newest" ? page.records.toReversed() : page.records));
}

/** Looks for something once typing has stopped. */
function useWords(given: string, apply: (words: string) => void) {
  const [words, setWords] = useState(given);
  useEffect(() => setWords(given), [given]);
  useEffect(() => {
    if (words === given) return;
    const timer = window.setTimeout(() => apply(words), 500);
    return () => window.clearTimeout(timer);
  }, [words, given, apply]);
  return [words, setWords] as const;
}

/** The audit trail, to be searched. */
export default function ActivityPage() {
  const [given, change] = useAddress();
  const address = given.toString();
  const filters = useMemo(() => filtersOf(new URLSearchParams(address)), [address]);
  const asked = given.get("order") ?? "newest";
  const order = ORDERS.find((each) => each.value === asked)?.value ?? "newest";
  const live = given.get("live") === "1";
  const [showFacets, setShowFacets] = useState(false);
  const records = useRecords(filters, order);
  // Rows are what people came for: what is only counted does not go before them.
  const read = (records.isSuccess && !records.isPlaceholderData) || records.isError;
  const tail = useTail(filters, live);
  const found = useMemo(() => inOrder(records.data?.pages ?? [], order), [records.data, order]);
  const list = useRef<HTMLDivElement>(null);
  const held = useHeld(tail.records);
  const shown = live ? held.shown : found;
  const chosen = given.has("record") ? Number(given.get("record")) : null;
  const setWordsInAddress = useCallback((text: string) => change({ words: text }), [change]);
  const [words, setWords] = useWords(given.get("words") ?? "", setWordsInAddress);
  const more = useCallback(() => {
    // What was refused is refused again: it is asked for anew by hand.
    if (!records.isFetching && !records.isFetchNextPageError) void records.fetchNextPage();
  }, [records]);
  const since = given.get("since") ?? "";
  const ranges = RANGES.some((range) => range.value === since)
    ? RANGES
    : [...RANGES, { value: since, label: "Chosen span" }];
  const type = given.get("type") ?? "";
  const types = TYPES.some((each) => each.value === type) ? TYPES : [...TYPES, { value: type, label: type }];
  const chips = chipsOf(given);
  return (
    <Page
      title="Activity"
      wide
      actions={
        <>
          <Button
            aria-pressed={live}
            look={live ? "primary" : "plain"}
            onClick={() => change({ live: live ? null : "1" })}
          >
            <Radio aria-hidden />
            {live ? "Live" : "Follow"}
          </Button>
          <SavedSearches
            filters={filters}
            onUse={(query) => {
              const cleared = Object.fromEntries(FILTERS.map((name) => [name, null]));
              change({ ...cleared, type: EVERYTHING, ...Object.fromEntries(new URLSearchParams(query)) });
            }}
          />
          <Export filters={filters} />
        </>
      }
    >
      <div className="row">
        <SearchField
          label="Words of the statement"
          placeholder="Words, in any order; ord* begins one"
          value={words}
          onValue={setWords}
          onEnter={() => setWordsInAddress(words)}
        />
        <SelectField label="What" quiet value={type} options={types} onValue={(value) => change({ type: value })} />
        <SelectField
          label="Time"
          quiet
          value={since}
          options={ranges}
          onValue={(value) => change({ since: value, until: null })}
        />
        <SelectField
          label="Order"
          quiet
          value={order}
          options={[...ORDERS]}
          onValue={(value) => change({ order: value === "newest" ? null : value })}
        />
        <span className="only-small">
          <Button aria-expanded={showFacets} onClick={() => setShowFacets(!showFacets)}>
            <SlidersHorizontal aria-hidden />
            Narrow down
          </Button>
        </span>
      </div>
      {chips.length > 0 && (
        <div className="row">
          {chips.map(([name, value]) => (
            <span key={name} className="chip">
              <span className="faint">{name}</span> {value}
              <button type="button" aria-label={`Remove ${name} ${value}`} onClick={() => change({ [name]: null })}>
                <X aria-hidden />
              </button>
            </span>
          ))}
          <Button look="ghost" small onClick={() => change(Object.fromEntries(chips.map(([name]) => [name, null])))}>
            Clear
          </Button>
        </div>
      )}
      {!live && <Histogram filters={filters} wanted={read} onRange={(from, until) => change({ since: from, until })} />}
      <div className={showFacets ? "activity activity-facets" : "activity"}>
        <Facets filters={filters} wanted={read} onChoose={(name, value) => change({ [name]: value })} />
        <div
          className={!live && records.isPlaceholderData ? "panel activity-list activity-stale" : "panel activity-list"}
          aria-busy={!live && records.isPlaceholderData}
        >
          {!live && records.isError && <ProblemNote error={records.error} />}
          {!live && records.isPending && <Loading />}
          {live && tail.records.length === 0 && (
            <Empty
              title={tail.state === "broken" || tail.state === "over" ? "The connection was lost" : "Following"}
              icon={Radio}
            >
              {tail.state === "broken"
                ? "The browser tries again by itself."
                : tail.state === "live" || tail.state === "connecting"
                  ? "What happens from now on stands here."
                  : "Follow again to go on."}
            </Empty>
          )}
          {!live && records.isSuccess && found.length === 0 && (
            <Empty title="Nothing was found">Widen the time, or take a filter away.</Empty>
          )}
          {live && tail.state === "over" && tail.records.length > 0 && (
            <p role="status" className="activity-over">
              The connection was lost: what happened since is not here. Follow again to go on.
            </p>
          )}
          {live && held.fresh > 0 && (
            <button type="button" className="activity-fresh" onClick={() => list.current?.scrollTo({ top: 0 })}>
              {count(held.fresh)} new
            </button>
          )}
          {shown.length > 0 && (
            <RecordList
              records={shown}
              chosen={chosen}
              more={!live && records.hasNextPage}
              onMore={more}
              scroll={list}
              onHold={held.hold}
              onOpen={(record) => change({ record: String(record.id) })}
            />
          )}
          {!live && records.isFetchNextPageError && (
            <div className="more">
              <Button onClick={() => void records.fetchNextPage()}>Try again</Button>
            </div>
          )}
          <div className="result-foot" aria-live="polite">
            {live
              ? `${plural(tail.records.length, "record")} since ${tail.state === "live" ? "you follow" : "then"}`
              : `${plural(found.length, "record")} loaded${records.hasNextPage ? ", more below" : ""}`}
          </div>
        </div>
      </div>
      <RecordDrawer
        id={chosen}
        known={shown.find((record) => record.id === chosen)}
        onClose={() => change({ record: null }, { replace: true })}
      />
    </Page>
  );
}
