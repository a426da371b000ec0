import { useRef, useState } from "react";
import { newKey } from "../../api/once";
import { cancelQuery, dryRun, isCancelled, isHeld, runQuery, type DryRun, type QueryResult } from "../../api/query";

export type Run =
  | { state: "idle" }
  /** `ending`: the server was asked to cancel it. */
  | { state: "running"; ending: boolean }
  | { state: "done"; result: QueryResult; ending: boolean }
  | { state: "held"; request: number }
  | { state: "tried"; told: DryRun }
  | { state: "cancelled" }
  /** Nobody waits for it any more; what came of it is not known here. */
  | { state: "left" }
  /** `shift`: how many characters of `text` stand before what was run. */
  | { state: "failed"; error: unknown; text: string; shift: number };

interface Under {
  id: string;
  control: AbortController;
  ending: boolean;
}

/** One statement at a time; another start, or leaving, cancels the one before: its connection closes. */
export function useRun() {
  const [run, setRun] = useState<Run>({ state: "idle" });
  const under = useRef<Under | null>(null);
  const leave = () => under.current?.control.abort();
  const start = async (database: string, sql: string, text = sql, shift = 0, forShow = false) => {
    leave();
    const mine: Under = { id: newKey(), control: new AbortController(), ending: false };
    under.current = mine;
    setRun({ state: "running", ending: false });
    const tell = (next: Run) => {
      if (under.current === mine) setRun(next);
    };
    try {
      if (forShow) return tell({ state: "tried", told: await dryRun(database, sql, mine.control.signal) });
      const answer = await runQuery(database, sql, mine.id, mine.control.signal);
      tell(
        isHeld(answer)
          ? { state: "held", request: answer.waiting_for_approval }
          : { state: "done", result: answer, ending: mine.ending },
      );
    } catch (error) {
      if (mine.control.signal.aborted) tell({ state: "left" });
      else tell(mine.ending && isCancelled(error) ? { state: "cancelled" } : { state: "failed", error, text, shift });
    }
  };
  /** Has the server cancel it; asked once more, or where the gateway knows of none, waits no longer. */
  const stop = () => {
    const mine = under.current;
    if (mine === null) return;
    if (mine.ending) return leave();
    mine.ending = true;
    setRun({ state: "running", ending: true });
    cancelQuery(mine.id).catch(() => mine.control.abort());
  };
  return { run, start, stop, leave };
}
