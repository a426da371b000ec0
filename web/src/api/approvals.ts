import { useQuery } from "@tanstack/react-query";
import { get, post, queryString } from "./client";
import { postOnce } from "./once";
import { usePages } from "./pages";
import { Problem } from "./problem";
import type { Approval, ApprovalBrief, Delegation, UndoEntry } from "./types/approval";

const POLL_MS = 10_000;

export function useApprovals(state: string, requester = "") {
  return usePages<ApprovalBrief>(
    ["approvals", state, requester],
    `/approvals${queryString({ state, requester, limit: 200 })}`,
    POLL_MS,
  );
}

/** How many requests wait, of those one may see: "200+" where there are more than were read. */
export function useWaiting(): string {
  const waiting = useApprovals("waiting");
  return `${waiting.data?.length ?? 0}${waiting.hasNextPage ? "+" : ""}`;
}

export function useApproval(number: number) {
  return useQuery({
    queryKey: ["approval", number],
    queryFn: ({ signal }) => get<Approval>(`/approvals/${number}`, signal),
    refetchInterval: POLL_MS,
  });
}

export type ApprovalDeed = "approve" | "reject" | "comment" | "withdraw";

export interface VoteBody {
  comment?: string;
  max_rows?: number;
  for?: string;
}

export function actOnApproval(number: number, deed: ApprovalDeed, body: VoteBody): Promise<Approval> {
  return post(`/approvals/${number}/${deed}`, body);
}

export function useDelegations() {
  return useQuery({
    queryKey: ["delegations"],
    queryFn: ({ signal }) => get<Delegation[]>("/approvals/delegations", signal),
  });
}

export function delegate(body: { to: string; until: string; reason: string }): Promise<Delegation> {
  return postOnce("/approvals/delegations", body);
}

export function endDelegation(number: number): Promise<unknown> {
  return post(`/approvals/delegations/${number}/end`);
}

interface Undone {
  request: number;
  entries: UndoEntry[];
}

export function previewUndo(request: number): Promise<Undone> {
  return get(`/undo/${request}`);
}

/** Takes it back. The gateway answers 200 also where it left something as it is: that is a failure here. */
export async function undo(request: number, skipConflicts: boolean): Promise<Undone> {
  const done = await post<Undone>(`/undo/${request}`, { skip_conflicts: skipConflicts });
  if (done.entries.length > 0 && done.entries.every((entry) => entry.undone === true)) return done;
  const some = done.entries.some((entry) => entry.undone === true);
  throw new Problem(409, {
    title: some ? "Not all of it was taken back" : "Nothing was taken back",
    detail: "Rows have changed since. Look at them below; they can be left as they are, and the others be put back.",
  });
}
