import { useInfiniteQuery } from "@tanstack/react-query";
import { useCounts } from "./audit";
import { get, queryString } from "./client";
import type { ChangeOfSchema } from "./types/record";

interface Changes {
  records: ChangeOfSchema[];
  next: string | null;
}

/** What became of the tables of a database, or of one: statements that defined, and what no statement explains. */
export function useSchemaChanges(database: string, table: string) {
  return useInfiniteQuery({
    queryKey: ["schema changes", database, table],
    queryFn: ({ signal, pageParam }) =>
      get<Changes>(
        `/audit/history${queryString({ definitions: "true", database, table, limit: 30, cursor: pageParam })}`,
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    // Each reading of the trail is itself on the record.
    refetchOnWindowFocus: false,
  });
}

/** Who has done what with a table, or a column of it, by day. */
export function useUsage(database: string, table: string, column: string, since: string) {
  return useCounts(
    {
      type: "statement",
      decision: "allowed",
      database,
      since,
      ...(column === "" ? { table } : { column: `${table}.${column}` }),
    },
    "user,principal_kind,action",
    { over: "1d", limit: 1000 },
  );
}
