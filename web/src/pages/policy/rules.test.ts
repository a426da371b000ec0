import { expect, it } from "vitest";
import type { PolicyInForce } from "../../api/types/policy";
import { overtaken, rulesWith } from "./rules";

const version = (number: number): PolicyInForce => ({
  name: `stored policy ${number}`,
  version: `v${number}`,
  source: "store",
  number,
  text: `rules: [] # ${number}`,
});

it("keeps what was typed when somebody else saves", () => {
  const draft = { base: version(1), text: "mine" };
  const rules = rulesWith(draft, version(2));
  expect(rules).toEqual(draft);
  expect(overtaken(rules, version(2))).toBe(true);
  expect(overtaken(rules, version(1))).toBe(false);
});

it("goes along with what is in force where nothing was typed", () => {
  expect(rulesWith(null, version(1))).toEqual({ base: version(1), text: version(1).text });
  expect(rulesWith({ base: version(1), text: version(1).text }, version(2)).base.number).toBe(2);
});

it("takes what was saved for what it was made from", () => {
  const rules = rulesWith({ base: version(1), text: version(2).text }, version(2));
  expect(rules).toEqual({ base: version(2), text: version(2).text });
  expect(overtaken(rules, version(2))).toBe(false);
});
