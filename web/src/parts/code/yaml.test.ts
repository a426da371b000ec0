import { classHighlighter, highlightTree } from "@lezer/highlight";
import { expect, it } from "vitest";
import { yaml } from "./yaml";

it("colours a policy", () => {
  const text = `# why\nrules:\n  - { name: few-rows, limit: { rows: 100 }, note: "a # b" }\n`;
  const found = new Map<string, string>();
  highlightTree(yaml.parser.parse(text), classHighlighter, (from, to, className) => {
    found.set(text.slice(from, to), className);
  });
  expect(found.get("# why")).toContain("tok-comment");
  expect(found.get("name")).toContain("tok-propertyName");
  expect(found.get("100")).toContain("tok-number");
  expect(found.get('"a # b"')).toContain("tok-string");
  expect(found.has("few-rows")).toBe(false);
});
