import { useRef, useState } from "react";

export interface Attempt {
  /** Whether one is under way: nothing is sent twice. */
  busy: boolean;
  error: unknown;
  /** Does it, unless one is under way; true where it was done. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>;
  forget: () => void;
}

/** One attempt at a time, and what went wrong with the last one. */
export function useAttempt(): Attempt {
  const under = useRef(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (under.current) return false;
    under.current = true;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (caught) {
      setError(caught);
      return false;
    } finally {
      under.current = false;
      setBusy(false);
    }
  };
  return { busy, error, attempt, forget: () => setError(null) };
}
