import { expect, it } from "vitest";
import type { AuditRecord } from "../../api/types/record";
import { freshOf } from "./useHeld";

const records = (...ids: number[]) => ids.map((id): AuditRecord => ({ id, time: "", type: "statement" }));

it("counts what came since rows stand still", () => {
  expect(freshOf(records(9, 8, 7, 6), records(7, 6))).toBe(2);
  expect(freshOf(records(7, 6), records(7, 6))).toBe(0);
  expect(freshOf(records(7), [])).toBe(1);
});
