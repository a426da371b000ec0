import { expect, it } from "vitest";
import { changeOf } from "./changeOf";

it("tells the change that a request is for", () => {
  const statement = "-- change 12: Gift wrapping\n-- on orders\nSELECT 1;\n";
  expect(changeOf({ facts: { kind: "change" }, statement })).toBe("12");
  expect(changeOf({ facts: { kind: "statement" }, statement })).toBeUndefined();
  expect(changeOf({ facts: null, statement })).toBeUndefined();
});
