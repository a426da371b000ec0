import { call } from "./client";

export interface QueryResult {
  columns: { name: string; type: string }[];
  rows: (string | number | boolean | null | object)[][];
  truncated: boolean;
  command: string;
  notices: string[];
  duration_micros: number;
}

export interface Held {
  waiting_for_approval: number;
}

export function isHeld(answer: QueryResult | Held): answer is Held {
  return "waiting_for_approval" in answer;
}

export function runQuery(database: string, sql: string, signal: AbortSignal): Promise<QueryResult | Held> {
  return call("POST", "/query", { body: { database, sql, max_rows: 1000 }, signal });
}
