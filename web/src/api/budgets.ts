import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { Budget } from "./types/budget";

export function useBudgets() {
  return useQuery({
    queryKey: ["budgets"],
    queryFn: ({ signal }) => get<Budget[]>("/agents/budgets", signal),
    refetchInterval: 5_000,
  });
}
