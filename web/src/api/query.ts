import { call } from "./client";
import { Problem } from "./problem";

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

/** `id`: by which it can be cancelled. */
export function runQuery(database: string, sql: string, id: string, signal: AbortSignal): Promise<QueryResult | Held> {
  return call("POST", "/query", { body: { database, sql, id, max_rows: 1000 }, signal });
}

/** What a statement has changed before it was taken back. */
export interface DryRun {
  rows: number;
  /** Each with what is inserted, updated and deleted. */
  tables: string[];
  /** Whether it waits for an approval when it is run. */
  decision: "allow" | "hold";
  /** What stands in its way. */
  next?: string;
}

export function dryRun(database: string, sql: string, signal: AbortSignal): Promise<DryRun> {
  return call("POST", "/query/dry-run", { body: { database, sql }, signal });
}

/** Has the server cancel it; what came of it is its own answer. */
export function cancelQuery(id: string): Promise<unknown> {
  return call("DELETE", `/query/${id}`);
}

/** Whether this says that a statement was cancelled. */
export function isCancelled(error: unknown): boolean {
  return error instanceof Problem && error.body.sqlstate === "57014";
}
