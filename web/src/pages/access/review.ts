import type { Grant, Holding } from "../../api/types/grant";

/** Whether somebody is asked to look at what was done under a broken glass: once it is over, and it is not theirs. */
export function mayReview(grant: Grant, me: { user: string; groups: readonly string[] }): boolean {
  const { review } = grant;
  if (review === undefined || review.reviewed !== undefined || grant.holder === me.user) return false;
  return grant.state !== "active" && grant.state !== "waiting" && review.by.some((group) => me.groups.includes(group));
}

const DECIDED_ON = ["group", "credential", "grant"];

/** Users themselves and roles are decided on in other places, and nobody decides on their own. */
export function isDecidedOn(holding: Pick<Holding, "user" | "what">, me: { user: string }): boolean {
  return DECIDED_ON.includes(holding.what) && holding.user !== me.user;
}
