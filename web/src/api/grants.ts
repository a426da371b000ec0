import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, post, queryString } from "./client";
import { postOnce } from "./once";
import type { Grant, Holding, NewGrant } from "./types/grant";

/** The most that the gateway tells of at once. */
export const MOST_GRANTS = 10_000;

export function useGrants(limit: number, holder = "") {
  return useQuery({
    queryKey: ["grants", limit, holder],
    queryFn: ({ signal }) => get<Grant[]>(`/grants${queryString({ limit, holder })}`, signal),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });
}

/** Who reviews access is for the policy to say: everybody else is refused. */
export function useHoldings() {
  return useQuery({
    queryKey: ["holdings"],
    queryFn: ({ signal }) => get<Holding[]>("/access", signal),
    retry: false,
    staleTime: 30_000,
  });
}

export function askForGrant(grant: NewGrant): Promise<Grant> {
  return postOnce("/grants", grant);
}

export function giveBackGrant(number: number, comment: string): Promise<Grant> {
  return post(`/grants/${number}/return`, { comment });
}

export function revokeGrant(number: number, comment: string): Promise<Grant> {
  return post(`/grants/${number}/revoke`, { comment });
}

export function reviewGrant(number: number, verdict: "ok" | "concern", comment: string): Promise<Grant> {
  return post(`/grants/${number}/review`, { verdict, comment });
}

export function decideHolding(holding: Holding, decision: "keep" | "revoke", comment: string): Promise<unknown> {
  const { user, what, name } = holding;
  return post("/access", { decision, user, what, name, comment });
}
