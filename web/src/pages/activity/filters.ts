import type { Filters } from "../../api/audit";

/** What the address may say that is a filter of the audit trail. */
export const FILTERS = [
  "user",
  "group",
  "principal_kind",
  "actor",
  "session",
  "run",
  "prompt",
  "database",
  "environment",
  "application",
  "address",
  "table",
  "column",
  "class",
  "action",
  "kind",
  "decision",
  "rule",
  "approval",
  "change",
  "ticket",
  "purpose",
  "type",
  "text",
  "words",
  "min_duration",
  "max_duration",
  "min_rows",
  "max_rows",
  "min_subjects",
  "since",
  "until",
  "day",
  "saved",
] as const;

/** Of the fields that records are sorted by those that are looked for; the API has all. */
export const ORDERS = [
  { value: "newest", label: "Newest first" },
  { value: "oldest", label: "Oldest first" },
  { value: "duration", label: "Longest first" },
  { value: "rows", label: "Most rows first" },
  { value: "user", label: "By user" },
  { value: "application", label: "By application" },
  { value: "address", label: "By address" },
  { value: "database", label: "By database" },
  { value: "table", label: "By table" },
  { value: "kind", label: "By kind of statement" },
  { value: "decision", label: "By decision" },
  { value: "rule", label: "By rule" },
  { value: "ticket", label: "By ticket" },
  { value: "session", label: "By session" },
] as const;

export const RANGES = [
  { value: "15m", label: "15 minutes" },
  { value: "1h", label: "1 hour" },
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "", label: "All time" },
] as const;

/** Statements, unless the address says otherwise: the trail also holds that somebody has read it. */
export const EVERYTHING = "any";

/** The filters of an address, as the gateway has them. */
export function filtersOf(given: URLSearchParams): Filters {
  const out: Filters = {};
  for (const name of FILTERS) {
    const value = given.get(name);
    if (value !== null && value !== "") out[name] = value;
  }
  if (out.type === EVERYTHING) delete out.type;
  else if (out.type === undefined && out.session === undefined && out.saved === undefined) out.type = "statement";
  return out;
}

/** Filters as one reads them above the table: what has a control of its own is not among them. */
export function chipsOf(given: URLSearchParams): [string, string][] {
  const hidden = new Set(["type", "since", "until", "words"]);
  return FILTERS.flatMap((name): [string, string][] => {
    const value = given.get(name);
    return value === null || value === "" || hidden.has(name) ? [] : [[name, value]];
  });
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of "15m"; nothing where it is a time instead. */
export function secondsOf(span: string): number | null {
  const found = /^(\d+)([smhdw])$/.exec(span);
  const unit = UNITS[found?.[2] ?? ""];
  return found === null || unit === undefined ? null : Number(found[1]) * unit;
}

/** From when to when, in seconds since 1970, a search reaches; nothing where it has no beginning. */
export function reachOf(since: string, until: string, now = Date.now()): [number, number] | undefined {
  const ago = secondsOf(since);
  const from = ago !== null ? now / 1000 - ago : Date.parse(since) / 1000;
  const end = until === "" ? now / 1000 : Date.parse(until) / 1000;
  return Number.isNaN(from) || Number.isNaN(end) || end <= from ? undefined : [from, end];
}

const STEPS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800];

/** How long a bar of the histogram is, so that there are at most sixty or so. */
export function stepOf(since: string, until: string, now = Date.now()): number {
  const reach = reachOf(since, until, now);
  const span = reach === undefined ? 30 * 86_400 : reach[1] - reach[0];
  return STEPS.find((step) => span / step <= 70) ?? 604_800;
}

export function spanText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
