import { describe, expect, it } from "vitest";
import type { Overview } from "../../api/types/overview";
import { noHistory, withReading } from "./rates";

function reading(second: number, statements: number, denied = 0): Overview {
  return {
    time: new Date(1_800_000_000_000 + second * 1000).toISOString(),
    totals: {
      connections: 0,
      sessions: 0,
      logins: 0,
      login_failures: 0,
      statements,
      denied,
      failed: 0,
      rows: statements * 10,
      bytes_to_clients: 0,
      masked_values: 0,
    },
  };
}

describe("rates", () => {
  it("are differences of two readings, a second", () => {
    const first = withReading(noHistory, reading(0, 100));
    expect(first.rates).toEqual([]);
    const second = withReading(first, reading(2, 150, 4));
    expect(second.rates).toMatchObject([{ statements: 25, denied: 2, rows: 250 }]);
  });

  it("begin anew when the gateway was started anew", () => {
    const before = withReading(withReading(noHistory, reading(0, 100)), reading(2, 110));
    const restarted = withReading(before, reading(4, 3));
    expect(restarted.rates).toHaveLength(1);
    expect(withReading(restarted, reading(6, 5)).rates.at(-1)).toMatchObject({ statements: 1 });
  });

  it("take a reading that is told twice once", () => {
    const history = withReading(withReading(noHistory, reading(0, 1)), reading(2, 3));
    expect(withReading(history, reading(2, 3))).toBe(history);
  });
});
