import { expect, it } from "vitest";
import type { Grant } from "../../api/types/grant";
import { isDecidedOn, mayReview } from "./review";

const grant = (state: string, by: string[], reviewed?: string) =>
  ({
    holder: "alice",
    state,
    review: { by, due: "", overdue: false, ...(reviewed === undefined ? {} : { reviewed }) },
  }) as unknown as Grant;
const me = { user: "dan", groups: ["dba"] };

it("offers a review to whom it is asked of, once the role is over", () => {
  expect(mayReview(grant("expired", ["dba"]), me)).toBe(true);
  expect(mayReview(grant("active", ["dba"]), me)).toBe(false);
  expect(mayReview(grant("expired", ["security"]), me)).toBe(false);
  expect(mayReview(grant("expired", ["dba"], "2026-11-27T10:00:00Z"), me)).toBe(false);
  expect(mayReview(grant("returned", ["dba"]), { user: "alice", groups: ["dba"] })).toBe(false);
});

it("offers to decide on what the gateway lets one decide on", () => {
  expect(
    ["group", "credential", "grant", "user", "role"].filter((what) => isDecidedOn({ user: "bob", what }, me)),
  ).toEqual(["group", "credential", "grant"]);
  expect(isDecidedOn({ user: "dan", what: "group" }, me)).toBe(false);
});
