import { afterEach, expect, it, vi } from "vitest";
import { post, whenSessionIsInDoubt } from "./client";
import { draftOf, forgetDrafts, keepDraft } from "./drafts";
import { endSession } from "./session";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: object) {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json" } }),
    ),
  );
}

it("does not take a session for ended that may not be", async () => {
  answer(500, { title: "the store cannot be written" });
  await expect(endSession()).rejects.toThrow("the store cannot be written");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(endSession()).rejects.toThrow("The gateway cannot be reached");
});

it("takes one for ended that is, or that nobody knows", async () => {
  answer(200, { logged_out: true });
  await endSession();
  answer(401, { title: "nobody is logged in" });
  await endSession();
});

it("asks who is logged in where the token is another session's", async () => {
  const doubt = vi.fn();
  whenSessionIsInDoubt(doubt);
  answer(403, { title: "only for administrators" });
  await post("/users").catch(() => {});
  expect(doubt).not.toHaveBeenCalled();
  answer(403, { title: "this did not come from a page of the gateway", detail: "X-CSRF-Token is the csrf of …" });
  await post("/users").catch(() => {});
  expect(doubt).toHaveBeenCalledOnce();
});

it("keeps drafts until they are forgotten", () => {
  keepDraft("alice policy", "rules");
  expect(draftOf("alice policy")).toBe("rules");
  expect(draftOf("bob policy")).toBeUndefined();
  forgetDrafts();
  expect(draftOf("alice policy")).toBeUndefined();
});
