import { useSyncExternalStore } from "react";

export type Appearance = "system" | "light" | "dark";

const KEY = "sluice.appearance";
const listeners = new Set<() => void>();
const system = window.matchMedia("(prefers-color-scheme: dark)");

function read(): Appearance {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

let chosen = read();

function apply(): void {
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset.theme;
  else root.dataset.theme = chosen;
  for (const listener of listeners) listener();
}

/** Before anything is drawn, so that nothing flashes. */
export function startAppearance(): void {
  apply();
  system.addEventListener("change", apply);
}

export function setAppearance(next: Appearance): void {
  chosen = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It holds for this visit.
  }
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useAppearance(): { chosen: Appearance; dark: boolean } {
  const now = useSyncExternalStore(subscribe, () => `${chosen} ${system.matches}`);
  const [name, systemDark] = now.split(" ");
  return { chosen: name as Appearance, dark: name === "dark" || (name === "system" && systemDark === "true") };
}
