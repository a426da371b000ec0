import type { Budget, BudgetAmount } from "../../api/types/budget";
import { bytes, count, duration } from "../../parts/format";

/** Less than this part left is little. */
const LITTLE = 0.2;

/** A number of what a budget counts, as people say it. */
export function said(amount: string, value: number): string {
  if (amount === "bytes") return bytes(value);
  if (amount === "duration") return duration(value * 1000);
  return count(value);
}

export function title(amount: string): string {
  return amount.replaceAll("_", " ");
}

/** How much is used, from 0 to 1. */
export function part(amount: BudgetAmount): number {
  return amount.most === 0 ? 1 : Math.min(1, amount.used / amount.most);
}

export type Level = "good" | "warn" | "bad";

export function level(amount: BudgetAmount): Level {
  if (amount.left === 0) return "bad";
  return amount.left < amount.most * LITTLE ? "warn" : "good";
}

function fullest(budget: Budget): number {
  return Math.max(0, ...budget.amounts.map(part));
}

/** Those that have least left first. */
export function byUse(list: readonly Budget[]): Budget[] {
  return [...list].sort((a, b) => fullest(b) - fullest(a) || a.of.localeCompare(b.of));
}

/** "helper run one" is a run of helper's. */
export function whose(budget: Budget): { user: string; run?: string } {
  const at = budget.per === "run" ? budget.of.indexOf(" run ") : -1;
  return at < 0 ? { user: budget.of } : { user: budget.of.slice(0, at), run: budget.of.slice(at + 5) };
}
