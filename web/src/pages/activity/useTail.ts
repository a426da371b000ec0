import { useEffect, useState } from "react";
import type { Filters } from "../../api/audit";
import { queryString, urlOf } from "../../api/client";
import type { AuditRecord } from "../../api/types/record";

const KEPT = 500;

export interface Tail {
  /** The newest first. */
  records: AuditRecord[];
  /** "over": the browser does not try again. */
  state: "off" | "connecting" | "live" | "broken" | "over";
}

/** Records as they are written, while `on`. */
export function useTail(filters: Filters, on: boolean): Tail {
  const [tail, setTail] = useState<Tail>({ records: [], state: "off" });
  const asked = JSON.stringify(filters);
  useEffect(() => {
    if (!on) {
      setTail({ records: [], state: "off" });
      return;
    }
    setTail({ records: [], state: "connecting" });
    const { since: _since, until: _until, ...rest } = JSON.parse(asked) as Filters;
    const source = new EventSource(urlOf(`/audit/tail${queryString(rest)}`));
    // Many may come at once; they are drawn together.
    let come: AuditRecord[] = [];
    let timer = 0;
    const draw = () => {
      timer = 0;
      const fresh = come.reverse();
      come = [];
      setTail((before) => {
        // After a connection was lost some are told again.
        const known = new Set(before.records.map((record) => record.id));
        const records = [...fresh.filter((record) => !known.has(record.id)), ...before.records];
        return { records: records.slice(0, KEPT), state: "live" };
      });
    };
    source.onopen = () => setTail((before) => ({ ...before, state: "live" }));
    source.onerror = () =>
      setTail((before) => ({ ...before, state: source.readyState === EventSource.CLOSED ? "over" : "broken" }));
    source.onmessage = (event: MessageEvent<string>) => {
      // Browsers draw nothing in tabs that nobody looks at: no more is kept than is shown.
      if (come.length >= 2 * KEPT) come.splice(0, KEPT);
      come.push(JSON.parse(event.data) as AuditRecord);
      if (timer === 0) timer = window.setTimeout(draw, 150);
    };
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [asked, on]);
  return tail;
}
