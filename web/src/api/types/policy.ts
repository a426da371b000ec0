export interface PolicyInForce {
  name: string;
  version: string;
  source: string;
  number?: number;
  text: string;
  /** Groups of whom somebody else approves what is saved. */
  approve_by?: string[];
}

export interface PolicyVersion {
  number: number;
  version: string;
  time: string;
  author: string;
  comment: string;
}

export interface PolicyVersionText extends PolicyVersion {
  name: string;
  text: string;
}

export interface RuleTrace {
  rule: string;
  effect: string;
  matched: boolean;
  why: string[];
  shadow?: boolean;
}

export interface PolicyDecision {
  effect: string;
  rule: string;
  policy: string;
  matched: string[];
  shadow?: string[];
  limits?: Record<string, { most: number; rule: string }>;
  sqlstate?: string;
  message?: string;
  detail?: string;
  hint?: string;
}

export interface ExplainedFacts {
  kind: string;
  not_understood?: string;
  actions: { do: string; objects: { name: string; unknown?: boolean; reached?: boolean }[]; without_where?: boolean }[];
  output: { name: string; from: { column: string }[]; unknown?: boolean }[];
  columns: { column: string; used_in: string[] }[];
  functions: { name: string; risk?: string }[];
}

export interface ExplainedMasking {
  columns: { column: string; masked: boolean; from?: string; class?: string; method?: string; rule?: string }[];
  conditions: { column: string; may: string; rule: string; refused?: string }[];
  other_columns_masked?: boolean;
  not_classified?: string[];
  refused?: { message: string; hint: string };
}

export interface Explanation {
  facts: ExplainedFacts;
  decision: PolicyDecision;
  /** Where a rule asks for it. */
  estimate?: { rows?: number; why_not?: string };
  /** Where the database is masked. */
  masking?: ExplainedMasking;
  rules: RuleTrace[];
}

export interface ReplayChange {
  user: string;
  was: string;
  would_be: string;
  old_rule: string;
  new_rule: string;
  statements: number;
  texts: number;
  first_record: number;
  example: string;
  message: string;
  /** That would be passed. */
  limit?: string;
  most?: number;
  got?: number;
}

export interface Replay {
  statements: number;
  unchanged: number;
  /** Of the unchanged ones: refused by the gateway itself, whatever the policy says. */
  by_gateway: number;
  not_judged: number;
  not_judged_why: { why: string; statements: number }[];
  newly_refused: number;
  newly_limited: number;
  newly_allowed: number;
  changes: ReplayChange[];
}

/** What a rule on trial has matched. */
export interface ShadowRule {
  rule: string;
  effect: "allow" | "hold" | "deny";
  statements: number;
  /** Of those: what ran, and the rule denies or holds. */
  would_be_stopped: number;
  users: number;
  /** Those of most statements. */
  by_user: { user: string; statements: number }[];
  samples: { record: number; time: string; user: string; database: string; text: string }[];
}

export interface ShadowReport {
  /** Looked at. */
  statements: number;
  complete: boolean;
  rules: ShadowRule[];
}

export interface LintRow {
  rule: string;
  severity: string;
  statement: number;
  line: number;
  message: string;
  lock: string;
  rewrites: boolean;
  scans: boolean;
  table: string;
  rows: number | null;
  bytes: number | null;
  dependents: string[];
  why: string;
  safer: string;
}
