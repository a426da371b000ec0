import { Wallet } from "lucide-react";
import { useBudgets } from "../../api/budgets";
import type { Per } from "../../api/types/budget";
import { useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Segments } from "../../parts/Segments";
import { useAddress } from "../../parts/useAddress";
import { byUse } from "./amounts";
import { BudgetTable } from "./BudgetTable";

const SHOWN: readonly { value: Per | "all"; label: string }[] = [
  { value: "all", label: "All" },
  { value: "agent", label: "Agents" },
  { value: "run", label: "Runs" },
  { value: "human", label: "People" },
];

/** What agents, their runs and the people whom they act for have used of their budgets. */
export default function BudgetsPage() {
  const budgets = useBudgets();
  const watches = useWatches();
  const [address, change] = useAddress();
  const per = SHOWN.find((each) => each.value === address.get("per"))?.value ?? "all";
  return (
    <Page
      title="Budgets"
      about="What may be used in a span of time, by the policy in force: by an agent, by one run, by all agents of a person."
      actions={
        <Segments
          label="Whose budgets"
          value={per}
          options={SHOWN}
          onValue={(value) => change({ per: value === "all" ? null : value })}
        />
      }
    >
      <Panel title={watches ? "In this span" : "Yours, in this span"} flush>
        <Await query={budgets}>
          {(list) => {
            const shown = byUse(list.filter((budget) => per === "all" || budget.per === per));
            return shown.length === 0 ? (
              <Empty title="Nothing used" icon={Wallet}>
                Budgets stand in the policy; each is here from the first statement that it counts.
              </Empty>
            ) : (
              <BudgetTable label="Budgets" list={shown} />
            );
          }}
        </Await>
      </Panel>
    </Page>
  );
}
