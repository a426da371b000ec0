/** Where somebody wanted to go who is at their identity provider's meanwhile: that sends them back to "/". */
const KEY = "sluice.wanted";
/** As long as a login there may take. */
const LASTS_MS = 600_000;

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Keeps a path with its query, for this tab. */
export function keepWanted(storage: Kept, place: string, now: number): void {
  if (place.startsWith("/login")) storage.removeItem(KEY);
  else storage.setItem(KEY, JSON.stringify({ place, until: now + LASTS_MS }));
}

/** What was kept, once; null for nothing, what is too old, and whatever is no path of the console. */
export function takeWanted(storage: Kept, now: number): string | null {
  const text = storage.getItem(KEY);
  storage.removeItem(KEY);
  if (text === null) return null;
  try {
    const { place, until } = JSON.parse(text) as { place?: unknown; until?: unknown };
    const path = typeof place === "string" && /^\/(?![/\\])/.test(place);
    return path && typeof until === "number" && now < until ? place : null;
  } catch {
    return null;
  }
}
