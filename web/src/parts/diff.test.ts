import { describe, expect, it } from "vitest";
import { diffLines, hunksOf, toneOf } from "./diff";

const shown = (before: string, after: string) =>
  diffLines(before, after).map((line) => ({ same: " ", added: "+", removed: "-" })[line.kind] + line.text);

describe("diffLines", () => {
  it("finds what came and what went", () => {
    expect(shown("a\nb\nc\nd", "a\nc\nx\nd")).toEqual([" a", "-b", " c", "+x", " d"]);
    expect(shown("a", "b")).toEqual(["-a", "+b"]);
    expect(shown("a\nb", "a\nb")).toEqual([" a", " b"]);
  });

  it("gives both texts back", () => {
    const before = "one\ntwo\nthree\nfour\nfive\nsix";
    const after = "zero\none\nthree\n3\nfive\nsix\nseven";
    const lines = diffLines(before, after);
    const without = (kind: string) => lines.filter((line) => line.kind !== kind).map((line) => line.text);
    expect(without("added").join("\n")).toBe(before);
    expect(without("removed").join("\n")).toBe(after);
  });
});

it("leaves out what is far from any change", () => {
  const before = Array.from({ length: 30 }, (_, n) => `line ${n}`).join("\n");
  const hunks = hunksOf(diffLines(before, before.replace("line 15", "line XV")), 1);
  expect(hunks.map((hunk) => (hunk.kind === "gap" ? hunk.lines : hunk.lines.length))).toEqual([14, 4, 13]);
});

it("knows what a line about a schema tells of", () => {
  expect(toneOf("column public.customers.note added: text")).toBe("added");
  expect(toneOf("- table public.old")).toBe("removed");
  expect(toneOf("column x: int -> bigint")).toBe("same");
});
