import { expect, test } from "vitest";
import { firstLook } from "./firstLook";

test("a table is asked for by a name that PostgreSQL takes as it is", () => {
  expect(firstLook("public", "orders")).toBe("SELECT * FROM orders LIMIT 20");
  expect(firstLook("sales", "Order lines")).toBe('SELECT * FROM sales."Order lines" LIMIT 20');
  expect(firstLook("public", "user")).toBe('SELECT * FROM "user" LIMIT 20');
  expect(firstLook("public", 'a"; DROP TABLE b')).toBe('SELECT * FROM "a""; DROP TABLE b" LIMIT 20');
});
