import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import { usePages } from "./pages";
import type { Prompt, Run, RunBrief } from "./types/agent";

export function useRuns() {
  return usePages<RunBrief>(["runs"], "/agents/runs?limit=200", 15_000);
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
