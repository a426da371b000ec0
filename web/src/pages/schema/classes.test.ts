import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { KNOWN_CLASSES, matches } from "./classes";

it("knows the classes that the gateway knows", () => {
  const source = readFileSync(new URL("../../../../src/privacy/classes.cc", import.meta.url), "utf8");
  const theirs = [...source.matchAll(/ClassInfo\{Class::\w+,\s*"(\w+)"/g)].map((found) => found[1]);
  expect(theirs.length).toBeGreaterThan(50);
  expect(KNOWN_CLASSES).toEqual(theirs);
});

it("finds by words in any order", () => {
  expect(matches(["customers", "email", "text"], "mail cust")).toBe(true);
  expect(matches(["customers", "email", "text"], "mail order")).toBe(false);
  expect(matches(["customers"], "")).toBe(true);
});
