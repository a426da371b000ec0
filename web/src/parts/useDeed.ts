import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTell } from "./Toasts";

/** How long a page has to be drawn as what was read anew makes it. */
const DRAWN_MS = 300;

/**
 * Does something, says so, and reads anew what it may have changed. Failures are the caller's to show; what was read
 * anew may take the caller away, and then they are told beside the page.
 */
export function useDeed(...changed: readonly string[]) {
  const client = useQueryClient();
  const tell = useTell();
  const there = useRef(true);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  return async <T>(deed: Promise<T>, said: string): Promise<T> => {
    const readAnew = () => Promise.all(changed.map((key) => client.invalidateQueries({ queryKey: [key] })));
    try {
      const done = await deed;
      tell.done(said);
      await readAnew();
      return done;
    } catch (error) {
      void readAnew().finally(() =>
        window.setTimeout(() => {
          if (!there.current) tell.failed(error);
        }, DRAWN_MS),
      );
      throw error;
    }
  };
}
