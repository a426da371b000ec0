import { expect, it } from "vitest";
import { isAsked } from "./may";

const needs = [
  {
    rule: "r",
    stages: [
      {
        by: ["dba"],
        people: 1,
        on_call: [{ days: [], from: "", to: "", zone: "", by: ["night"] }],
        escalate: [{ after_seconds: 60, to: ["chiefs"] }],
      },
    ],
  },
];

it("asks those who are named now, on call, or later", () => {
  expect(["dba", "night", "chiefs"].every((group) => isAsked(needs, [group]))).toBe(true);
  expect(isAsked(needs, ["security"])).toBe(false);
  expect(isAsked([], ["dba"])).toBe(false);
});
