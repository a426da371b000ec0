import { expect, it } from "vitest";
import { piecesOf } from "./highlight";

it("colours a statement and loses none of it", () => {
  const sql = "SELECT 'x', 12 FROM orders -- why";
  const pieces = piecesOf(sql);
  expect(pieces.map((piece) => piece.text).join("")).toBe(sql);
  const of = (text: string) => pieces.find((piece) => piece.text === text)?.className ?? "";
  expect(of("SELECT")).toContain("tok-keyword");
  expect(of("'x'")).toContain("tok-string");
  expect(of("-- why")).toContain("tok-comment");
});
