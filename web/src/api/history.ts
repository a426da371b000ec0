import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { RecordPage } from "./types/record";

/** As much as is told of at once. */
export const MOST_HISTORY = 100;

/** What one has run oneself. */
export function useMyHistory(enabled: boolean) {
  return useQuery({
    queryKey: ["my history"],
    queryFn: ({ signal }) => get<RecordPage>(`/history?limit=${MOST_HISTORY}`, signal),
    enabled,
    staleTime: 0,
  });
}
