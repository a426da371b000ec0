import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";
import { postOnce } from "./once";
import { usePages } from "./pages";
import type { Change, ChangeBrief, NewChange } from "./types/change";

export function useChanges() {
  return usePages<ChangeBrief>(["changes"], "/changes?limit=200", 10_000);
}

export function useChange(number: number) {
  return useQuery({
    queryKey: ["change", number],
    queryFn: ({ signal }) => get<Change>(`/changes/${number}`, signal),
    refetchInterval: (query) => (query.state.data?.state === "running" ? 1_000 : 5_000),
  });
}

export function submitChange(change: NewChange): Promise<Change> {
  return postOnce("/changes", change);
}

export type ChangeDeed = "run" | "rollback" | "cancel";

export function actOnChange(number: number, deed: ChangeDeed): Promise<Change> {
  return post(`/changes/${number}/${deed}`);
}
