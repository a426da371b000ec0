import { useQuery } from "@tanstack/react-query";
import { call, get } from "./client";
import type { LiveSession } from "./types/live";

export function useLiveSessions() {
  return useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => get<LiveSession[]>("/sessions", signal),
    refetchInterval: 3_000,
  });
}

export function killSession(id: number): Promise<unknown> {
  return call("DELETE", `/sessions/${id}`);
}
