import { expect, it } from "vitest";
import { bytes, duration, moment, oneLine, relative, short, whole } from "./format";

it("shortens numbers", () => {
  expect([0, 12.34, 9999, 12_345, 2_500_000, 123_456_789].map(short)).toEqual([
    "0",
    "12.3",
    "9,999",
    "12.3k",
    "2.5M",
    "123M",
  ]);
});

it("says how long something took", () => {
  expect([12, 2_400, 35_000, 4_200_000, 95_000_000, 7_500_000_000].map(duration)).toEqual([
    "12 µs",
    "2.4 ms",
    "35 ms",
    "4.2 s",
    "1 min 35 s",
    "2 h 5 min",
  ]);
});

it("says how large something is", () => {
  expect([0, 999, 1500, 10_000_000, 5e9].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "10 MB", "5.0 GB"]);
});

it("says how long ago, and how long until", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  expect(relative("2026-11-27T11:58:00Z", now)).toBe("2 min ago");
  expect(relative("2026-11-29T12:00:00Z", now)).toBe("in 2 d");
  expect(relative("2026-11-27T11:59:58Z", now)).toBe("now");
  expect(relative("nonsense", now)).toBe("nonsense");
});

it("puts a statement into one line", () => {
  expect(oneLine(" SELECT\n\t1 ")).toBe("SELECT 1");
});

it("tells a time so that it can be told from others", () => {
  const now = new Date("2026-11-27T12:00:00");
  expect(moment("2026-11-27T11:58:00", now)).toBe("11:58:00");
  expect(moment("2026-11-02T11:58:00", now)).toBe("02 Nov 11:58:00");
  expect(moment("2024-11-02T11:58:00", now)).toBe("02 Nov 2024 11:58:00");
  expect(whole("2026-11-27T11:58:00")).toMatch(/^27 Nov 2026, 11:58:00 (UTC|GMT|[A-Z])/);
});
