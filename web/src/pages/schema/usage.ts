import type { Counted } from "../../api/types/record";

/** What somebody has done with a table. */
export interface Usage {
  user: string;
  kind: string;
  reads: number;
  changes: number;
  /** The last day on which they did, as 2026-11-24. */
  last: string;
}

const READS = ["read", "copy_out"];

/** By person, the busiest first, from counts by user, principal_kind and action: "update public.orders". */
export function usageOf(counts: readonly Counted[], table: string): Usage[] {
  const all = new Map<string, Usage>();
  for (const { time, values, records } of counts) {
    const [action = "", target = ""] = (values.action ?? "").split(" ", 2);
    if (target !== table) continue;
    const user = values.user ?? "";
    const one = all.get(user) ?? { user, kind: values.principal_kind ?? "", reads: 0, changes: 0, last: "" };
    one[READS.includes(action) ? "reads" : "changes"] += records;
    const day = (time ?? "").slice(0, 10);
    if (day > one.last) one.last = day;
    all.set(user, one);
  }
  return [...all.values()].sort((a, b) => b.reads + b.changes - (a.reads + a.changes));
}
