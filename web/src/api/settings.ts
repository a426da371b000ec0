import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";
import type { Settings, StreamState } from "./types/settings";

export function useSettings() {
  return useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => get<Settings>("/settings", signal) });
}

export function useStreams() {
  return useQuery({
    queryKey: ["streams"],
    queryFn: ({ signal }) => get<StreamState[]>("/streams", signal),
    refetchInterval: 10_000,
  });
}

export interface Verification {
  good: boolean;
  origin: string;
  size: number;
  root: string;
  records: number;
  erased: number;
  lost: number;
  uncovered: number;
  findings: { kind: string; first?: number; last?: number; file?: string; offset?: number; text: string }[];
}

export function verifyLog(): Promise<Verification> {
  return post("/audit/verification");
}
