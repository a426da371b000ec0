import { Link } from "wouter";
import type { Budget } from "../../api/types/budget";
import { useWatches } from "../../app/me";
import { Badge } from "../../parts/Badge";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { whose } from "./amounts";
import { Meter } from "./Meter";

function Whose({ budget }: { budget: Budget }) {
  const watches = useWatches();
  const { user, run } = whose(budget);
  return (
    <span className="row">
      {watches ? (
        <Link href={`/activity?user=${encodeURIComponent(user)}&since=24h`}>{user}</Link>
      ) : (
        <span>{user}</span>
      )}
      <Badge tone={budget.per === "human" ? "info" : "plain"}>{budget.per}</Badge>
      {run === "" && <span className="faint">without a run</span>}
      {run !== undefined && run !== "" && (
        <Link className="mono" href={`/agents/runs/${encodeURIComponent(run)}`}>
          {run}
        </Link>
      )}
    </span>
  );
}

/** Whose budgets, what is used of them, and until when. */
export function BudgetTable({ label, list }: { label: string; list: readonly Budget[] }) {
  return (
    <Table
      label={label}
      rows={list}
      keyOf={(row) => `${row.budget} ${row.per} ${row.of}`}
      columns={[
        { name: "Of", cell: (row) => <Whose budget={row} /> },
        { name: "Budget", cell: (row) => row.budget },
        {
          name: "Used",
          cell: (row) =>
            row.amounts.map((amount) => <Meter key={amount.amount} of={`${row.budget}, ${row.of}`} amount={amount} />),
        },
        {
          name: "Renewed",
          cell: (row) =>
            row.renewed === undefined ? (
              <span className="faint">not within the run</span>
            ) : (
              <Time value={row.renewed} />
            ),
        },
        { name: "Ask", cell: (row) => row.ask },
      ]}
    />
  );
}
