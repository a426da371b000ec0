import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { RecordPage } from "./types/record";

/** What one has run oneself. */
export function useMyHistory(enabled: boolean) {
  return useQuery({
    queryKey: ["my history"],
    queryFn: ({ signal }) => get<RecordPage>("/history?limit=100", signal),
    enabled,
    staleTime: 0,
  });
}
