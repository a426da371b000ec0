import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call, get, getText, post, queryString } from "./client";
import type { AuditRecord, Counts, RecordPage, SavedSearch, Sighting } from "./types/record";

/** Filters by name, as the query string has them. */
export type Filters = Record<string, string>;

const PAGE = 200;

export function useRecords(filters: Filters, order: string) {
  return useInfiniteQuery({
    queryKey: ["records", filters, order],
    queryFn: ({ signal, pageParam }) =>
      get<RecordPage>(`/audit/records${queryString({ ...filters, order, limit: PAGE, cursor: pageParam })}`, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    // Each reading of the trail is itself on the record, and rows do not move under somebody's eyes.
    refetchOnWindowFocus: false,
  });
}

/** A page of records, once. */
export function readRecords(filters: Filters, order: string, limit: number, cursor = ""): Promise<RecordPage> {
  return get<RecordPage>(`/audit/records${queryString({ ...filters, order, limit, cursor })}`);
}

/** Not before they are `wanted`: what is counted waits for what is read. */
export function useCounts(
  filters: Filters,
  by: string,
  options: { over?: string; limit?: number } = {},
  wanted = true,
) {
  return useQuery({
    queryKey: ["counts", filters, by, options],
    queryFn: ({ signal }) => get<Counts>(`/audit/counts${queryString({ ...filters, by, ...options })}`, signal),
    enabled: wanted,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
  });
}

export function useRecord(id: number | null) {
  return useQuery({
    queryKey: ["record", id],
    queryFn: ({ signal }) => get<AuditRecord>(`/audit/records/${id}`, signal),
    enabled: id !== null,
    staleTime: Infinity,
  });
}

export function useSlowest() {
  return useQuery({
    queryKey: ["slowest"],
    queryFn: ({ signal }) => get<RecordPage>("/audit/records?type=statement&order=duration&since=1h&limit=8", signal),
    // Each reading of the trail is itself on the record: not too often, and not where nobody looks.
    refetchInterval: 60_000,
  });
}

export const DENIED_OF_A_DAY: Filters = { decision: "denied", since: "24h" };

export function useDeniedOfADay() {
  return useQuery({
    queryKey: ["denied of a day"],
    queryFn: ({ signal }) =>
      get<Counts>(`/audit/counts${queryString({ ...DENIED_OF_A_DAY, by: "decision", limit: 1 })}`, signal),
    refetchInterval: 60_000,
  });
}

/** Whether a statement is on the record; asked once, as the answer goes on the record too. */
export function useAnyStatement(enabled: boolean) {
  return useQuery({
    queryKey: ["any statement"],
    queryFn: async () => (await readRecords({ type: "statement" }, "oldest", 1)).records.length > 0,
    enabled,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export function useSearches() {
  return useQuery({ queryKey: ["searches"], queryFn: ({ signal }) => get<SavedSearch[]>("/audit/searches", signal) });
}

export function saveSearch(name: string, query: string): Promise<unknown> {
  return call("PUT", `/audit/searches/${encodeURIComponent(name)}`, { body: { query } });
}

export function removeSearch(name: string): Promise<unknown> {
  return call("DELETE", `/audit/searches/${encodeURIComponent(name)}`);
}

export function useTranscript(session: string) {
  return useInfiniteQuery({
    queryKey: ["transcript", session],
    queryFn: ({ signal, pageParam }) =>
      get<RecordPage>(`/audit/transcripts/${session}${queryString({ limit: 500, cursor: pageParam })}`, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

export interface WhoSaw {
  value: string;
  masked_too: boolean;
  since?: string;
}

export interface Sightings {
  records: Sighting[];
  /** Whether there are older ones. */
  truncated: boolean;
}

/** As many as are asked for at once. */
export const MOST_SIGHTINGS = 1000;

export function whoSaw(asked: WhoSaw): Promise<Sightings> {
  return post("/audit/who-saw", { ...asked, limit: MOST_SIGHTINGS });
}

export function readReceipt(id: number): Promise<string> {
  return getText(`/audit/receipts/${id}`);
}

export async function readLogKey(): Promise<string> {
  return (await get<{ key: string }>("/audit/key")).key;
}
