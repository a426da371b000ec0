import { describe, expect, it } from "vitest";
import { chipsOf, filtersOf, secondsOf, spanText, stepOf } from "./filters";

const given = (text: string) => new URLSearchParams(text);

describe("filtersOf", () => {
  it("asks for statements unless told otherwise", () => {
    expect(filtersOf(given("user=alice&record=7&order=rows"))).toEqual({ user: "alice", type: "statement" });
    expect(filtersOf(given("type=any"))).toEqual({});
    expect(filtersOf(given("type=schema_drift"))).toEqual({ type: "schema_drift" });
    expect(filtersOf(given("session=7"))).toEqual({ session: "7" });
  });

  it("takes no more than the gateway knows", () => {
    expect(filtersOf(given("type=any&nonsense=1&user="))).toEqual({});
  });
});

it("shows as chips what has no control of its own", () => {
  expect(chipsOf(given("user=alice&since=1h&type=any&words=x&table=orders"))).toEqual([
    ["user", "alice"],
    ["table", "orders"],
  ]);
});

describe("histogram", () => {
  it("has a fitting step", () => {
    expect([stepOf("15m", ""), stepOf("1h", ""), stepOf("24h", ""), stepOf("30d", "")]).toEqual([15, 60, 1800, 43_200]);
    expect(stepOf("2026-11-27T10:00:00Z", "2026-11-27T10:01:00Z")).toBe(1);
  });

  it("says it as the gateway reads it", () => {
    expect([15, 60, 1800, 43_200, 86_400].map(spanText)).toEqual(["15s", "1m", "30m", "12h", "1d"]);
    expect([secondsOf("15m"), secondsOf("2d"), secondsOf("yesterday")]).toEqual([900, 172_800, null]);
  });
});
