import { useRef, useState } from "react";
import { isHeld, runQuery, type QueryResult } from "../../api/query";

export type Run =
  | { state: "idle" }
  | { state: "running"; since: number }
  | { state: "done"; result: QueryResult }
  | { state: "held"; request: number }
  /** Nobody waits for it any more; the gateway may be at it still. */
  | { state: "stopped" }
  /** `shift`: how many characters of `text` stand before what was run. */
  | { state: "failed"; error: unknown; text: string; shift: number };

/** One statement at a time; another start waits no longer for the one before. */
export function useRun() {
  const [run, setRun] = useState<Run>({ state: "idle" });
  const under = useRef<AbortController | null>(null);
  const start = async (database: string, sql: string, text = sql, shift = 0) => {
    under.current?.abort();
    const control = new AbortController();
    under.current = control;
    setRun({ state: "running", since: Date.now() });
    try {
      const answer = await runQuery(database, sql, control.signal);
      if (under.current !== control) return;
      setRun(
        isHeld(answer) ? { state: "held", request: answer.waiting_for_approval } : { state: "done", result: answer },
      );
    } catch (error) {
      if (under.current !== control) return;
      setRun(control.signal.aborted ? { state: "stopped" } : { state: "failed", error, text, shift });
    }
  };
  const stop = () => under.current?.abort();
  return { run, start, stop };
}
