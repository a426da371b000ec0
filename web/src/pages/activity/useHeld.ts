import { useState } from "react";
import type { AuditRecord } from "../../api/types/record";

/** Records that came since `held` was shown. */
export function freshOf(records: readonly AuditRecord[], held: readonly AuditRecord[]): number {
  const last = held[0]?.id ?? 0;
  return records.filter((record) => record.id > last).length;
}

export interface Held {
  shown: AuditRecord[];
  /** How many have come and are not shown yet. */
  fresh: number;
  hold: (held: boolean) => void;
}

/** Rows that stand still while somebody looks at them. */
export function useHeld(records: AuditRecord[]): Held {
  const [held, setHeld] = useState<AuditRecord[] | null>(null);
  // Followed anew, or with other filters, it begins anew.
  const stands = held !== null && records.length > 0;
  return {
    shown: stands ? held : records,
    fresh: stands ? freshOf(records, held) : 0,
    hold: (on) => setHeld((before) => (on ? (before ?? records) : null)),
  };
}
