import { expect, it } from "vitest";
import type { AuditRecord } from "../../api/types/record";
import { shareOf, storyOf, told, transcriptText } from "./timeline";

const at = (second: number) => new Date(Date.UTC(2026, 10, 27, 10, 0, second)).toISOString();
const records: AuditRecord[] = [
  { id: 1, time: at(0), type: "session_start", user: "alice", database: "orders", client: "10.0.0.1:5" },
  { id: 2, time: at(5), type: "statement", decision: "allowed", text: "SELECT 1", rows: 3, values_masked: 2 },
  { id: 3, time: at(6), type: "statement", decision: "skipped", text: "SELECT 1", rows: 9 },
  { id: 4, time: at(8), type: "statement", decision: "denied", text: "DROP TABLE x", message: "denied" },
  { id: 5, time: at(10), type: "session_end" },
];

it("tells a session from its records, and counts each statement once", () => {
  expect(storyOf(records)).toMatchObject({
    user: "alice",
    started: at(0),
    ended: at(10),
    statements: 2,
    refused: 1,
    rows: 3,
    masked: 2,
  });
  expect(storyOf([]).ended).toBeNull();
});

it("places records in time", () => {
  expect(shareOf(at(5), at(0), at(10))).toBe(0.5);
  expect(shareOf(at(5), at(5), at(5))).toBe(0);
});

it("writes a transcript down", () => {
  expect(transcriptText(records).split("\n\n")[3]).toBe(`${at(8)}  4  statement  denied\nDROP TABLE x\ndenied`);
});

it("says how much it is", () => {
  expect(transcriptText(records)).toMatch(/\n5 records: the whole session\n$/);
  expect(transcriptText(records.slice(0, 2))).toMatch(/\n2 records: the session had not ended\n$/);
  expect([told(1234, true), told(1234, false)]).toEqual(["1,234", "at least 1,234"]);
});
