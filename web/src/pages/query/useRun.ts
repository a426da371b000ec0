import { useRef, useState } from "react";
import { isHeld, runQuery, type QueryResult } from "../../api/query";

export type Run =
  | { state: "idle" }
  | { state: "running"; since: number }
  | { state: "done"; result: QueryResult }
  | { state: "held"; request: number }
  | { state: "failed"; error: unknown; sql: string };

/** One statement at a time; another start stops the one before. */
export function useRun() {
  const [run, setRun] = useState<Run>({ state: "idle" });
  const under = useRef<AbortController | null>(null);
  const start = async (database: string, sql: string) => {
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
      if (under.current === control) setRun({ state: "failed", error, sql });
    }
  };
  const stop = () => under.current?.abort();
  return { run, start, stop };
}
