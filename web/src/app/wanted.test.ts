import { expect, test } from "vitest";
import { keepWanted, takeWanted } from "./wanted";

function storage() {
  const all = new Map<string, string>();
  return {
    getItem: (key: string) => all.get(key) ?? null,
    setItem: (key: string, value: string) => void all.set(key, value),
    removeItem: (key: string) => void all.delete(key),
  };
}

test("a page is gone back to once", () => {
  const kept = storage();
  keepWanted(kept, "/approvals/7?tab=facts", 1000);
  expect(takeWanted(kept, 2000)).toBe("/approvals/7?tab=facts");
  expect(takeWanted(kept, 2000)).toBeNull();
});

test("not after long, and not to the login", () => {
  const kept = storage();
  keepWanted(kept, "/approvals/7", 1000);
  expect(takeWanted(kept, 601_001)).toBeNull();
  keepWanted(kept, "/approvals/7", 1000);
  keepWanted(kept, "/login?error=x", 1000);
  expect(takeWanted(kept, 1001)).toBeNull();
});

test("only to pages of the console", () => {
  const kept = storage();
  for (const place of ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", ""]) {
    keepWanted(kept, place, 1000);
    expect(takeWanted(kept, 1001)).toBeNull();
  }
  kept.setItem("sluice.wanted", "{");
  expect(takeWanted(kept, 1001)).toBeNull();
});
