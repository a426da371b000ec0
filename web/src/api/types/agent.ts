import type { AuditRecord } from "./record";

/** What an agent did for one conversation. */
export interface RunBrief {
  run: string;
  user: string;
  first: string;
  last: string;
  prompts: number;
  acts_for?: string;
}

export interface Prompt {
  prompt: string;
  run: string;
  user: string;
  time: string;
  bytes: number;
  sha256: string;
  acts_for?: string;
  model?: string;
  tool_call?: string;
  /** The prompt that this one came of. */
  parent?: string;
  erased?: boolean;
  /** Only where it was asked for by itself. */
  text?: string;
}

export interface RunStatement extends Omit<AuditRecord, "type"> {
  tool_call?: string;
}

export interface Run {
  run: string;
  prompts: (Prompt & { statements: RunStatement[] })[];
  without_prompt: RunStatement[];
  truncated: boolean;
}
