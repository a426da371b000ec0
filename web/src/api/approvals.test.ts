import { afterEach, expect, it, vi } from "vitest";
import { undo } from "./approvals";

afterEach(() => vi.unstubAllGlobals());

function answer(...undone: boolean[]) {
  const entries = undone.map((each) => ({ request: 1, undone: each, conflicts_in_all: each ? 0 : 1 }));
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ request: 1, entries }))));
}

it("takes what was left as it is for a failure, though the gateway answers 200", async () => {
  answer(false);
  await expect(undo(1, false)).rejects.toMatchObject({ status: 409, title: "Nothing was taken back" });
  answer(true, false);
  await expect(undo(1, false)).rejects.toMatchObject({ status: 409, title: "Not all of it was taken back" });
  answer();
  await expect(undo(1, false)).rejects.toThrow("Nothing was taken back");
});

it("says so where all of it was taken back", async () => {
  answer(true, true);
  expect((await undo(1, true)).entries).toHaveLength(2);
});
