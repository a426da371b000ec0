import { expect, it } from "vitest";
import { mayOpen, placeOf, placesFor } from "./navigation";

it("shows members only what is theirs", () => {
  expect(placesFor(["member"]).map((place) => place.path)).toEqual([
    "/",
    "/query",
    "/agents",
    "/budgets",
    "/approvals",
    "/changes",
    "/access",
  ]);
});

it("lets auditors look and only admins administer", () => {
  const auditor = placesFor(["auditor", "member"]).map((place) => place.name);
  expect(auditor).toContain("Activity");
  expect(auditor).not.toContain("Settings");
  expect(placesFor(["admin"]).map((place) => place.name)).toContain("Settings");
});

it("knows which place an address belongs to", () => {
  expect(placeOf("/")?.name).toBe("Overview");
  expect(placeOf("/approvals/12")?.name).toBe("Approvals");
  expect(placeOf("/approvalsx")).toBeUndefined();
  const approver = placesFor(["approver"]).map((place) => place.name);
  expect(approver).toContain("Policy");
  expect(approver).not.toContain("Activity");
  const settings = placeOf("/settings");
  expect(settings !== undefined && mayOpen(settings, ["approver"])).toBe(false);
});

it("gives no key twice", () => {
  const keys = placesFor(["admin"]).flatMap((place) => place.key ?? []);
  expect(new Set(keys).size).toBe(keys.length);
});
