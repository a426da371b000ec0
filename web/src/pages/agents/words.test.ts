import { expect, test } from "vitest";
import { wordsOf } from "./words";

test("what is no JSON stays as it is", () => {
  for (const text of ["What became of order seven?", "", "[1]", "7", '"x"', '{"a"'])
    expect(wordsOf(text)).toEqual([{ what: "", text }]);
});

test("a question has a line for each member", () => {
  expect(wordsOf('{"messages":[{"role":"user"}]}')).toEqual([
    { what: "", text: '{\n  "messages": [\n    {\n      "role": "user"\n    }\n  ]\n}' },
  ]);
});

test("an answer is shown by its parts", () => {
  const answer = {
    text: "I look it up.",
    tool_calls: [{ id: "toolu_01", name: "query", arguments: '{"sql":"SELECT 1"}' }],
    stop: "tool_use",
    input_tokens: 10,
    thoughts: [{ text: "They have a status.", signature: "c2ln" }, { encrypted: "eA" }],
  };
  expect(wordsOf(JSON.stringify(answer))).toEqual([
    { what: "Thought", text: "They have a status.\nsignature c2ln" },
    { what: "Thought", text: "encrypted eA" },
    { what: "Said", text: "I look it up." },
    { what: "Calls query (toolu_01)", text: '{"sql":"SELECT 1"}' },
    { what: "", text: 'stop "tool_use", input_tokens 10' },
  ]);
});

test("nothing of a prompt hides in a part that is not shown", () => {
  for (const hidden of [
    { text: "x", thoughts: ["words"] },
    { text: "x", thoughts: "words" },
    { text: "x", thoughts: [{ text: "x", more: "words" }] },
    { text: "x", thoughts: [{ text: { more: "words" } }] },
    { text: "x", thoughts: [{ signature: "words" }] },
    { text: "x", tool_calls: [{ more: "words" }] },
    { text: "x", tool_calls: [{ id: "words" }] },
    { text: "x", refusal: ["words"] },
    { text: "x", words: 7 },
    { text: ["words"] },
  ]) {
    const shown = wordsOf(JSON.stringify(hidden));
    expect(shown.some((part) => `${part.what} ${part.text}`.includes("words"))).toBe(true);
  }
});
