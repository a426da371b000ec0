import { useQueryClient } from "@tanstack/react-query";
import { useTell } from "./Toasts";

/** Does something, says so, and reads anew what it may have changed. Failures are the caller's to show. */
export function useDeed(...changed: readonly string[]) {
  const client = useQueryClient();
  const tell = useTell();
  return async <T>(deed: Promise<T>, said: string): Promise<T> => {
    try {
      const done = await deed;
      tell.done(said);
      return done;
    } finally {
      await Promise.all(changed.map((key) => client.invalidateQueries({ queryKey: [key] })));
    }
  };
}
