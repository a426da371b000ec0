import { expect, it } from "vitest";
import { barsOf } from "./histogram";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 27, 10, minute)).toISOString();
const count = (minute: number, decision: string, records: number) => ({
  time: at(minute),
  values: { decision },
  records,
});

it("lays the decisions of each span upon each other, with gaps where nothing was", () => {
  const counts = [count(0, "allowed", 5), count(0, "denied", 2), count(0, "", 1), count(2, "limited", 3)];
  const bars = barsOf({ records: 11, counts }, 60);
  expect(bars.times).toHaveLength(3);
  expect(bars.refused).toEqual([2, 0, 3]);
  expect(bars.allowed).toEqual([7, 0, 3]);
  expect(bars.other).toEqual([8, 0, 3]);
});

it("is nothing where there is nothing, and never too much", () => {
  expect(barsOf({ records: 0, counts: [] }, 60).times).toEqual([]);
  const counts = [count(0, "allowed", 1), count(60 * 24 * 60, "allowed", 1)];
  const bars = barsOf({ records: 2, counts }, 60);
  expect(bars.times.length).toBeLessThanOrEqual(502);
  expect(bars.allowed.reduce((sum, each) => sum + each, 0)).toBe(2);
});
