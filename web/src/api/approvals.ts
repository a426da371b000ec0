import { useQuery } from "@tanstack/react-query";
import { get, post, queryString } from "./client";
import { usePages } from "./pages";
import type { Approval, ApprovalBrief, Delegation, UndoEntry } from "./types/approval";

const POLL_MS = 10_000;

export function useApprovals(state: string, requester = "") {
  return usePages<ApprovalBrief>(
    ["approvals", state, requester],
    `/approvals${queryString({ state, requester, limit: 200 })}`,
    POLL_MS,
  );
}

/** How many requests wait, of those one may see. */
export function useWaiting(): number {
  return useApprovals("waiting").data?.length ?? 0;
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
  return post("/approvals/delegations", body);
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

export function undo(request: number, skipConflicts: boolean): Promise<Undone> {
  return post(`/undo/${request}`, { skip_conflicts: skipConflicts });
}
