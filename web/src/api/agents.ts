import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { Prompt, Run, RunBrief } from "./types/agent";

/** As many as are told of at once. */
export const MOST_RUNS = 200;

export function useRuns() {
  return useQuery({
    queryKey: ["runs"],
    queryFn: ({ signal }) => get<RunBrief[]>(`/agents/runs?limit=${MOST_RUNS}`, signal),
    refetchInterval: 15_000,
  });
}

/** Each reading is on the record: it is not read anew by itself. */
export function useRun(run: string) {
  return useQuery({
    queryKey: ["run", run],
    queryFn: ({ signal }) => get<Run>(`/agents/runs/${encodeURIComponent(run)}`, signal),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export function readPrompt(id: string): Promise<Prompt> {
  return get<Prompt>(`/agents/prompts/${encodeURIComponent(id)}`);
}
