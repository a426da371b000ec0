import { expect, it } from "vitest";
import { usageOf } from "./usage";

function counted(user: string, action: string, records: number, day = "2026-11-20", principal_kind = "human") {
  return { time: `${day}T00:00:00Z`, values: { user, principal_kind, action }, records };
}

it("adds up what each has done, the busiest first", () => {
  const counts = [
    counted("alice", "read public.orders", 3, "2026-11-22"),
    counted("alice", "update public.orders", 2, "2026-11-21"),
    counted("robot", "read public.orders", 40, "2026-11-19", "agent"),
    counted("alice", "read public.customers", 90),
    counted("alice", "read", 7),
  ];
  expect(usageOf(counts, "public.orders")).toEqual([
    { user: "robot", kind: "agent", reads: 40, changes: 0, last: "2026-11-19" },
    { user: "alice", kind: "human", reads: 3, changes: 2, last: "2026-11-22" },
  ]);
});

it("takes what copies out for reading, and all else for a change", () => {
  const counts = ["copy_out", "copy_in", "truncate", "alter"].map((action) =>
    counted("alice", `${action} public.t`, 1),
  );
  expect(usageOf(counts, "public.t")).toMatchObject([{ reads: 1, changes: 3 }]);
});
