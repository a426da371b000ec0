/** A record of the audit trail, as `sluice audit show` has it. What does not apply is not there. */
export interface AuditRecord {
  id: number;
  time: string;
  type: string;
  session?: number;
  user?: string;
  database?: string;
  environment?: string;
  application?: string;
  client?: string;
  authentication?: string;
  groups?: string[];
  principal_kind?: string;
  attributes?: string[];
  driver?: string;
  issuer?: string;
  actors?: string[];
  acr?: string;
  amr?: string[];
  credential?: string;
  role?: string;
  end_user?: string;
  grants?: string[];
  run?: string;
  prompt?: string;
  tool_call?: string;
  /** Whether the session had read texts that anybody may have written. */
  tainted?: boolean;
  purpose?: string;
  ticket?: string;
  transaction?: number;
  transaction_outcome?: string;
  stamp?: number;
  server_transaction?: number;
  phase?: string;
  decision?: string;
  kind?: string;
  text?: string;
  text_length?: number;
  text_sha256?: string;
  tables?: string[];
  actions?: string[];
  output_columns?: string[];
  predicate_columns?: string[];
  written_columns?: string[];
  classes?: string[];
  details_cut?: string[];
  tags?: string[];
  statement_name?: string;
  parameters?: (string | null)[];
  rule?: string;
  rules_matched?: string[];
  shadow_rules?: string[];
  policy_version?: string;
  approval?: string;
  change?: string;
  masked?: string[];
  released?: string[];
  values_shown?: number;
  captured?: string;
  values_masked?: number;
  sqlstate?: string;
  rows?: number;
  bytes?: number;
  changed?: string[];
  duration_us?: number;
  server_us?: number;
  waited_us?: number;
  message?: string;
}

/** A statement that changed what is there, what undid it, or what changed past the gateway. */
export interface ChangeOfSchema extends AuditRecord {
  /** Of its transaction. */
  outcome?: string;
  undone_by?: string;
}

export interface RecordPage {
  records: AuditRecord[];
  next: string | null;
  damaged?: string[];
}

export interface Counted {
  time?: string;
  values: Record<string, string>;
  records: number;
}

export interface Counts {
  records: number;
  counts: Counted[];
}

export interface SavedSearch {
  name: string;
  query: string;
  author: string;
  time: string;
}

/** Who has received a value. */
export interface Sighting extends AuditRecord {
  seen: "shown" | "masked";
  certain: boolean;
  /** Of a telephone number that was written in another way than it was asked for: how. */
  spelled?: string;
  through: string;
}
