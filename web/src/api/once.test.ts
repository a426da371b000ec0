import { webcrypto } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { postOnce } from "./once";

const keys: string[] = [];
// Browsers have it; Node.js 18 does not.
beforeEach(() => {
  vi.stubGlobal("crypto", webcrypto);
});
afterEach(() => {
  vi.unstubAllGlobals();
  keys.length = 0;
});

function answer(...answers: (Response | null)[]) {
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    keys.push((init.headers as Record<string, string>)["Idempotency-Key"] ?? "");
    const next = answers.shift() ?? null;
    return next === null ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve(next);
  });
}

const problem = (status: number, title: string) =>
  new Response(JSON.stringify({ title }), { status, headers: { "content-type": "application/problem+json" } });

it("sends again with the same key what may have come through", async () => {
  answer(null, problem(409, "the same request is still under way"), new Response('{"id": "t1"}'));
  await expect(postOnce("/users/a/tokens", { for: "1h" })).rejects.toThrow();
  await expect(postOnce("/users/a/tokens", { for: "1h" })).rejects.toThrow("still under way");
  expect(await postOnce("/users/a/tokens", { for: "1h" })).toEqual({ id: "t1" });
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).toBe(keys[0]);
});

it("takes a new key once there was an answer, and for anything else", async () => {
  answer(new Response("{}"), new Response("{}"), problem(409, "there is one already"), new Response("{}"), null, null);
  await postOnce("/users", { name: "a" });
  await postOnce("/users", { name: "a" });
  await postOnce("/users", { name: "b" }).catch(() => {});
  await postOnce("/users", { name: "b" });
  await postOnce("/users", { name: "c" }).catch(() => {});
  await postOnce("/users", { name: "d" }).catch(() => {});
  expect(new Set(keys).size).toBe(6);
});
