import type { Overview, Totals } from "../../api/types/overview";

/** What happened a second, between two readings of the totals. */
export interface Rate {
  /** Seconds since 1970. */
  time: number;
  statements: number;
  denied: number;
  failed: number;
  rows: number;
  masked: number;
}

/** Ten minutes, at a reading every two seconds. */
const KEPT = 300;

interface Reading {
  time: number;
  totals: Totals;
}

export interface History {
  last: Reading | null;
  rates: readonly Rate[];
}

export const noHistory: History = { last: null, rates: [] };

/** The history with one reading more. Counters that went back are those of a gateway that was started anew. */
export function withReading(history: History, overview: Overview): History {
  if (overview.totals === undefined) return history;
  const reading = { time: Date.parse(overview.time) / 1000, totals: overview.totals };
  const { last } = history;
  if (last === null || reading.totals.statements < last.totals.statements) return { ...history, last: reading };
  const seconds = reading.time - last.time;
  if (!(seconds > 0)) return history;
  const per = (name: keyof Totals) => Math.max(0, reading.totals[name] - last.totals[name]) / seconds;
  const rate = {
    time: reading.time,
    statements: per("statements"),
    denied: per("denied"),
    failed: per("failed"),
    rows: per("rows"),
    masked: per("masked_values"),
  };
  return { last: reading, rates: [...history.rates, rate].slice(-KEPT) };
}
