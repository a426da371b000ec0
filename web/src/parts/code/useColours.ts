import { useSyncExternalStore } from "react";
import type { Piece } from "./highlight";

type Cut = (sql: string) => Piece[];

let cut: Cut | null = null;
let asked = false;
const waiting = new Set<() => void>();

/** What knows SQL is a quarter of the console: it comes behind what people have asked for. */
function fetchCut(): void {
  if (asked) return;
  asked = true;
  void import("./highlight").then(
    (found) => {
      cut = found.piecesOf;
      for (const tell of waiting) tell();
    },
    () => {
      asked = false;
    },
  );
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell);
  fetchCut();
  return () => waiting.delete(tell);
}

const now = () => cut;

/** Cuts statements into pieces that are coloured alike; null until it is known how. */
export function useColours(): Cut | null {
  return useSyncExternalStore(subscribe, now, now);
}
