import { expect, it } from "vitest";
import type { Sighting } from "../../api/types/record";
import { peopleOf } from "./people";

const seen = (id: number, user: string, how: "shown" | "masked"): Sighting => ({
  id,
  time: `2026-11-27T10:00:0${id}Z`,
  type: "statement",
  user,
  seen: how,
  certain: true,
  through: "",
});

it("gathers sightings by who had them, the most telling first", () => {
  const people = peopleOf([seen(1, "alice", "masked"), seen(2, "dora", "shown"), seen(3, "alice", "masked")]);
  expect(people).toEqual([
    { user: "dora", shown: 1, masked: 0, first: "2026-11-27T10:00:02Z", last: "2026-11-27T10:00:02Z" },
    { user: "alice", shown: 0, masked: 2, first: "2026-11-27T10:00:01Z", last: "2026-11-27T10:00:03Z" },
  ]);
});
