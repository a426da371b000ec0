import { useQuery } from "@tanstack/react-query";
import { call, get, post } from "./client";
import type { DatabaseInfo, DatabaseSchema, DatabaseTrial, WantedDatabase } from "./types/database";

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

export function addDatabase(wanted: WantedDatabase & { name: string }): Promise<DatabaseTrial> {
  return post("/databases", wanted);
}

export function changeDatabase(name: string, wanted: WantedDatabase): Promise<DatabaseTrial> {
  return call("PUT", `/databases/${encodeURIComponent(name)}`, { body: wanted });
}

export function removeDatabase(name: string): Promise<unknown> {
  return call("DELETE", `/databases/${encodeURIComponent(name)}`);
}

export function useSchema(database: string) {
  return useQuery({
    queryKey: ["schema", database],
    queryFn: ({ signal }) => get<DatabaseSchema>(`/databases/${encodeURIComponent(database)}/schema`, signal),
    enabled: database !== "",
    staleTime: 30_000,
  });
}
