import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";
import type { DatabaseInfo, DatabaseSchema } from "./types/database";

export function useDatabases() {
  return useQuery({
    queryKey: ["databases"],
    queryFn: ({ signal }) => get<DatabaseInfo[]>("/databases", signal),
    staleTime: 30_000,
  });
}

export function checkDatabase(name: string): Promise<{ database: string; server: string }> {
  return post(`/databases/${encodeURIComponent(name)}/check`);
}

export function useSchema(database: string) {
  return useQuery({
    queryKey: ["schema", database],
    queryFn: ({ signal }) => get<DatabaseSchema>(`/databases/${encodeURIComponent(database)}/schema`, signal),
    enabled: database !== "",
    staleTime: 30_000,
  });
}
