import { useQuery } from "@tanstack/react-query";
import { call, get, post } from "./client";
import type { ColumnLabel, Correction } from "./types/data";

export interface ColumnName {
  database: string;
  schema: string;
  table: string;
  column: string;
}

/** What was found to be sensitive; everything that was looked at with `all`. */
export function useLabels(database: string, all: boolean) {
  return useQuery({
    queryKey: ["labels", database, all],
    queryFn: () => post<ColumnLabel[]>("/data/list", { database, all }),
    staleTime: 30_000,
    retry: false,
  });
}

export function useColumn(name: ColumnName) {
  return useQuery({
    queryKey: ["column", name],
    queryFn: async () => (await post<ColumnLabel[]>("/data/explain", name))[0] ?? null,
    retry: false,
  });
}

/** "none" says that it is not sensitive, "auto" leaves it to the gateway again. */
export function correctColumn(name: ColumnName, cls: string, comment: string): Promise<unknown> {
  return call("PUT", "/data/column", { body: { ...name, class: cls, comment } });
}

export function useCorrections() {
  return useQuery({
    queryKey: ["corrections"],
    queryFn: ({ signal }) => get<Correction[]>("/data/history", signal),
  });
}
