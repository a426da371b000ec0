import { Link } from "wouter";
import { useBudgets } from "../../api/budgets";
import { Panel } from "../../parts/Panel";
import { nearlySpent } from "../budgets/amounts";
import { BudgetTable } from "../budgets/BudgetTable";

/** Budgets of which little is left; nothing where there are none. */
export function LowBudgets() {
  const low = nearlySpent(useBudgets().data ?? []);
  if (low.length === 0) return null;
  return (
    <Panel title="Budgets nearly spent" flush actions={<Link href="/budgets">All budgets</Link>}>
      <BudgetTable label="Budgets nearly spent" list={low.slice(0, 5)} />
    </Panel>
  );
}
