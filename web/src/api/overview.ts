import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { Overview } from "./types/overview";

/** How often the totals are read, and so how fine the charts are. */
export const POLL_MS = 2000;

export function useOverview() {
  return useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => get<Overview>("/overview", signal),
    refetchInterval: POLL_MS,
    refetchIntervalInBackground: true,
  });
}
