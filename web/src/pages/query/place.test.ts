import { expect, it } from "vitest";
import { placeOfCharacter } from "./place";

it("finds line and column of a position", () => {
  expect(placeOfCharacter("SELECT x", 8)).toEqual({ line: 1, column: 8 });
  expect(placeOfCharacter("SELECT\n  nix", 10)).toEqual({ line: 2, column: 3 });
});

it("counts characters, not code units", () => {
  expect(placeOfCharacter("SELECT '🌊', nix", 13)).toEqual({ line: 1, column: 13 });
});
