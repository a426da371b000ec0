export interface Vote {
  time: string;
  voter: string;
  verdict: string;
  comment: string;
  authentication: string;
  on_behalf?: string;
  max_rows?: number;
}

export interface Stage {
  by: string[];
  people: number;
  on_call?: { days: string[]; from: string; to: string; zone: string; by: string[] }[];
  escalate?: { after_seconds: number; to: string[] }[];
}

export interface Need {
  rule: string;
  stages: Stage[];
}

export interface DoneAction {
  do: string;
  object?: string;
  object_kind?: string;
  without_where?: boolean;
  cascade?: boolean;
  lock?: string;
}

export interface TouchedTable {
  name: string;
  bytes: number;
  rows: number | null;
  dependents: string[];
}

export interface LintFinding {
  rule: string;
  severity: string;
  message: string;
  safer: string;
}

export interface ApprovalFacts {
  why?: string;
  /** By tags of the statement's comment: the requester's own word. */
  reason?: string;
  ticket?: string;
  kind?: string;
  actions?: DoneAction[];
  tables?: TouchedTable[];
  lint?: LintFinding[];
  schema_diff?: string[];
  breaks?: string[];
  estimated_rows?: number;
  parameters?: (string | null)[];
  dry_run?: { why_not?: string; rows?: number; tables?: string[] };
  /** Of a change: each step on each database. */
  steps?: ChangeStepFacts[];
  /** Of the request for a grant and whatever else comes: shown as it is. */
  [other: string]: unknown;
}

export interface ChangeStepFacts {
  [name: string]: unknown;
  facts?: ApprovalFacts;
}

export interface SimilarRequest {
  number: number;
  state: string;
  created: string;
  requester: string;
  database: string;
  statement: string;
  in_common: string[];
}

export interface ApprovalBrief {
  number: number;
  state: string;
  created: string;
  expires: string;
  requester: string;
  kind: string;
  database: string;
  environment: string;
  rules: string[];
  statement: string;
  missing: string[];
  automatic: boolean;
  max_rows?: number;
  reason?: string;
  used?: string;
}

export interface Approval extends ApprovalBrief {
  facts: ApprovalFacts | null;
  formatted?: string;
  similar: SimilarRequest[];
  needs: Need[];
  votes: Vote[];
  evidence: string[];
  session: number;
  policy: string;
  schema: string;
  session_settings: string;
  digest: string;
  /** How the requester logged in, where the gateway tells. */
  authentication?: string;
  issuer?: string;
  amr?: string[];
  groups?: string[];
  client?: string;
  application?: string;
  actors?: string[];
  end_user?: string;
}

export interface UndoEntry {
  request: number;
  requester: string;
  database: string;
  kept: string;
  created: string;
  until: string;
  state: string;
  undone_by?: string;
  undone?: boolean;
  conflicts?: { table: string; key: string; rows: number; why: string }[];
  conflicts_in_all?: number;
}

export interface Delegation {
  number: number;
  from: string;
  to: string;
  begin: string;
  until: string;
  reason: string;
}
