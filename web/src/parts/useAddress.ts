import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** What the address says behind its "?", and a way to change it that keeps the rest. */
export function useAddress(): [
  URLSearchParams,
  (changes: Record<string, string | null>, options?: { replace: boolean }) => void,
] {
  const [given, setGiven] = useSearchParams();
  const change = useCallback(
    (changes: Record<string, string | null>, options?: { replace: boolean }) =>
      setGiven((before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value === null || value === "") next.delete(name);
          else next.set(name, value);
        }
        return next;
      }, options),
    [setGiven],
  );
  return [given, change];
}
