import { afterEach, expect, it, vi } from "vitest";
import { checkPolicy, faultsIn } from "./policy";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, title: string) {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(JSON.stringify({ title, status }), {
        status,
        headers: { "content-type": "application/problem+json" },
      }),
    ),
  );
}

it("finds the place of each fault", () => {
  expect(faultsIn('policy:2:5: a rule lacks "name"\npolicy:14:1: unknown key "x"\nsomething else')).toEqual([
    { line: 2, column: 5, message: 'a rule lacks "name"' },
    { line: 14, column: 1, message: 'unknown key "x"' },
  ]);
});

it("takes what is wrong with the cases for no fault of the policy", async () => {
  answer(400, "cases:1:8: cases: expected a list with at least one mapping");
  expect(await checkPolicy("rules: []")).toEqual([]);
  answer(400, "policy:1:1: expected a mapping");
  expect(await checkPolicy("x")).toHaveLength(1);
});

it("does not take a failure for a valid policy", async () => {
  answer(403, "only for administrators");
  await expect(checkPolicy("x")).rejects.toThrow("only for administrators");
});

it("takes a refusal that tells no place for a fault all the same", async () => {
  answer(400, "policy: expected a text");
  expect(await checkPolicy("")).toEqual([{ line: 1, column: 1, message: "policy: expected a text" }]);
});
