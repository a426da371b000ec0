import { expect, it } from "vitest";
import { bitsOf, codeOf, hasUnseen } from "./unseen";

const shown = (text: string) => bitsOf(text).map((bit) => (bit.unseen ? `[${bit.text}]` : bit.text));

it("shows what turns the direction of a text, and what is not seen", () => {
  expect(shown("DROP TABLE t /*\u202e } \u2066IF EXISTS old\u2069 */").join("")).toBe(
    "DROP TABLE t /*[\\u202e] } [\\u2066]IF EXISTS old[\\u2069] */",
  );
  expect(shown("a\u200bb\ufeff")).toEqual(["a", "[\\u200b]", "b", "[\\ufeff]"]);
  expect(shown("\u0000\u001b[2J")).toEqual(["[\\u0000]", "[\\u001b]", "[2J"]);
  expect(codeOf("\u{e0041}")).toBe("\\u{e0041}");
});

it("shows spaces that are letters to PostgreSQL", () => {
  expect(shown("DELETE FROM t a\u00a0WHERE\u00a0id_is_5").join("")).toBe(
    "DELETE FROM t a[\\u00a0]WHERE[\\u00a0]id_is_5",
  );
});

it("leaves alone what anybody can see", () => {
  const plain = "SELECT 'Zoë', '日本', 'שלום', '🌊'\n\tFROM t;\r\n";
  expect(hasUnseen(plain)).toBe(false);
  expect(shown(plain)).toEqual([plain]);
  expect(shown("")).toEqual([]);
  // Asked twice, the answer is the same.
  expect([hasUnseen("\u202e"), hasUnseen("\u202e")]).toEqual([true, true]);
});
