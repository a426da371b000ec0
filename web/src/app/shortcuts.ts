import { useEffect, useRef } from "react";
import type { Place } from "./navigation";

/** Keys that are typed into something are nobody's shortcut. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

interface Handlers {
  places: readonly Place[];
  go: (path: string) => void;
  help: () => void;
}

const PATIENCE_MS = 1200;

/** "g a" and the like, "/" for the page's search, "?" for what there is. */
export function useShortcuts(handlers: Handlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    let asked = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent) => {
      // What stands behind a dialog is not acted on.
      if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      const { places, go, help } = latest.current;
      if (performance.now() - asked < PATIENCE_MS) {
        asked = Number.NEGATIVE_INFINITY;
        const place = places.find((each) => each.key === event.key);
        if (place !== undefined) {
          event.preventDefault();
          go(place.path);
        }
        return;
      }
      if (event.key === "g") asked = performance.now();
      else if (event.key === "?") help();
      else if (event.key === "/") {
        const field = document.querySelector<HTMLElement>("[data-page-search]");
        if (field === null) return;
        event.preventDefault();
        field.focus();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
