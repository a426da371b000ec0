import { Link } from "wouter";
import { useBudgets } from "../../api/budgets";
import { Panel } from "../../parts/Panel";
import { byUse } from "../budgets/amounts";
import { BudgetTable } from "../budgets/BudgetTable";

/** What of the agents' budgets is used, the fullest first; nothing where none has been used. */
export function TopBudgets() {
  const top = byUse(useBudgets().data ?? []).slice(0, 5);
  if (top.length === 0) return null;
  return (
    <Panel title="Agents' budgets" flush actions={<Link href="/budgets">All budgets</Link>}>
      <BudgetTable label="Agents' budgets" list={top} />
    </Panel>
  );
}
