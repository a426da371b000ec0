import type { BudgetAmount } from "../../api/types/budget";
import { level, part, said, title } from "./amounts";
import "./budgets.css";

/** How much of one amount is used, as a bar and in words. */
export function Meter({ of, amount }: { of: string; amount: BudgetAmount }) {
  const words = `${said(amount.amount, amount.used)} of ${said(amount.amount, amount.most)}`;
  return (
    <div className="meter">
      <div className="meter-words">
        <span>{title(amount.amount)}</span>
        <span className="soft">
          {words}, {said(amount.amount, amount.left)} left
        </span>
      </div>
      <div
        className="meter-track"
        role="meter"
        aria-label={`${title(amount.amount)} of ${of}`}
        aria-valuemin={0}
        aria-valuemax={amount.most}
        aria-valuenow={Math.min(amount.used, amount.most)}
        aria-valuetext={words}
      >
        <div className={`meter-fill meter-${level(amount)}`} style={{ width: `${Math.round(part(amount) * 100)}%` }} />
      </div>
    </div>
  );
}
