import type { Sighting } from "../../api/types/record";

export interface Person {
  user: string;
  shown: number;
  masked: number;
  first: string;
  last: string;
}

/** Sightings by those who had them: who saw most as it is comes first. */
export function peopleOf(sightings: readonly Sighting[]): Person[] {
  const people = new Map<string, Person>();
  for (const each of sightings) {
    const user = each.user ?? "";
    const person = people.get(user) ?? { user, shown: 0, masked: 0, first: each.time, last: each.time };
    if (each.seen === "shown") person.shown += 1;
    else person.masked += 1;
    if (each.time < person.first) person.first = each.time;
    if (each.time > person.last) person.last = each.time;
    people.set(user, person);
  }
  return [...people.values()].sort((a, b) => b.shown - a.shown || b.masked - a.masked || a.user.localeCompare(b.user));
}
