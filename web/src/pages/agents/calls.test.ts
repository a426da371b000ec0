import { expect, it } from "vitest";
import { callsOf } from "./calls";

it("gathers statements by the call that they were run for", () => {
  const statement = (id: number, call?: string) => ({
    id,
    time: "",
    ...(call === undefined ? {} : { tool_call: call }),
  });
  const calls = callsOf([statement(1, "a"), statement(2), statement(3, "a"), statement(4, "b")]);
  expect(calls.map((each) => [each.call, each.statements.map((one) => one.id)])).toEqual([
    ["a", [1, 3]],
    ["", [2]],
    ["b", [4]],
  ]);
});
