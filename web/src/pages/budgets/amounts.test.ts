import { describe, expect, it } from "vitest";
import type { Budget } from "../../api/types/budget";
import { byUse, level, part, said, whose } from "./amounts";

function budget(of: string, used: number, most = 100): Budget {
  return { budget: "b", per: "agent", of, amounts: [{ amount: "rows", used, most, left: Math.max(0, most - used) }] };
}

describe("amounts of budgets", () => {
  it("are said in their own units", () => {
    expect(said("bytes", 2048)).toBe("2.0 kB");
    expect(said("duration", 1500)).toBe("1.5 s");
    expect(said("planner_cost", 12345)).toBe("12,345");
  });
  it("are never more than full", () => {
    expect(part({ amount: "rows", used: 7, most: 5, left: 0 })).toBe(1);
    expect(part({ amount: "rows", used: 1, most: 4, left: 3 })).toBe(0.25);
  });
  it("warn before the end", () => {
    expect([10, 81, 100].map((used) => level(budget("a", used).amounts[0]!))).toEqual(["good", "warn", "bad"]);
  });
  it("come with the fullest first", () => {
    const list = [budget("a", 10), budget("b", 90), budget("c", 100)];
    expect(byUse(list).map((each) => each.of)).toEqual(["c", "b", "a"]);
  });
  it("tell a run from its user", () => {
    expect(whose({ ...budget("helper run one run two", 1), per: "run" })).toEqual({
      user: "helper",
      run: "one run two",
    });
    expect(whose(budget("a run b", 1))).toEqual({ user: "a run b" });
  });
});
