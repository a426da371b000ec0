import type { Counts } from "../../api/types/record";

export interface Bars {
  times: number[];
  allowed: number[];
  refused: number[];
  other: number[];
}

/** Counts by decision and time as bars that lie upon each other: each is drawn over the taller one before. */
export function barsOf(counts: Counts, step: number, span?: readonly [number, number]): Bars {
  const spans = new Map<number, { allowed: number; refused: number; other: number }>();
  for (const each of counts.counts) {
    const time = Math.floor(Date.parse(each.time ?? "") / 1000);
    if (Number.isNaN(time)) continue;
    const span = spans.get(time) ?? { allowed: 0, refused: 0, other: 0 };
    const decision = each.values.decision ?? "";
    if (decision === "allowed") span.allowed += each.records;
    else if (decision === "denied" || decision === "limited") span.refused += each.records;
    else span.other += each.records;
    spans.set(time, span);
  }
  const known = [...spans.keys()].sort((a, b) => a - b);
  const out: Bars = { times: [], allowed: [], refused: [], other: [] };
  const from = known[0];
  const last = Math.max(known.at(-1) ?? 0, span === undefined ? 0 : Math.floor(span[1] / step) * step);
  if (from === undefined) return out;
  const first = Math.min(from, span === undefined ? from : Math.floor(span[0] / step) * step);
  const most = 500;
  const stride = Math.max(step, Math.ceil((last - first) / most / step) * step);
  for (let time = first; time <= last; time += stride) {
    let allowed = 0;
    let refused = 0;
    let other = 0;
    for (let inner = time; inner < time + stride; inner += step) {
      const span = spans.get(inner);
      allowed += span?.allowed ?? 0;
      refused += span?.refused ?? 0;
      other += span?.other ?? 0;
    }
    out.times.push(time);
    out.refused.push(refused);
    out.allowed.push(refused + allowed);
    out.other.push(refused + allowed + other);
  }
  return out;
}
