import type { AuditRecord } from "./record";

export interface SessionCount {
  user: string;
  database: string;
  state: string;
  count: number;
}

/** Counted since the gateway started. */
export interface Totals {
  connections: number;
  sessions: number;
  logins: number;
  login_failures: number;
  statements: number;
  denied: number;
  failed: number;
  rows: number;
  bytes_to_clients: number;
  masked_values: number;
}

export interface Waiting {
  approvals: number;
  changes: number;
  grants: number;
}

export interface AuditState {
  writable: boolean;
  last_sequence: number;
  published_sequence: number;
  /** That are not in the search index yet, and how long the first of them has waited, at most. */
  index_lag_records: number;
  index_lag_seconds: number;
  free_bytes: number;
  low_on_disk: boolean;
}

/** Members are told of what waits alone. */
export interface Overview {
  time: string;
  sessions?: SessionCount[];
  totals?: Totals;
  waiting?: Waiting;
  audit?: AuditState;
  drift?: AuditRecord[];
  problems?: Record<string, string>;
  warnings?: Record<string, string>;
}
