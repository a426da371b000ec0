export type Per = "agent" | "run" | "human";

export interface BudgetAmount {
  amount: string;
  used: number;
  most: number;
  left: number;
}

/** What one payer may use in a span of time, and what is left of it. */
export interface Budget {
  budget: string;
  per: Per;
  of: string;
  /** Never, where it is absent. */
  renewed?: string;
  ask?: string;
  amounts: BudgetAmount[];
}
