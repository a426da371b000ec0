export interface ChangeBrief {
  number: number;
  state: string;
  created: string;
  requester: string;
  title: string;
  targets: string[];
  /** The request that it waits for; 0 where nobody has to be asked. */
  request: number;
  problem: string;
  expires?: string;
  missing?: string[];
}

export interface ChangeStep {
  part: string;
  database: string;
  step: number;
  state: string;
  started: string;
  ended?: string;
  duration_us?: number;
  message: string;
}

export interface Change extends ChangeBrief {
  reason: string;
  ticket: string;
  lock_timeout: string;
  statement_timeout: string;
  script: string;
  rollback: string;
  started?: string;
  ended?: string;
  steps: ChangeStep[];
}

export interface NewChange {
  title: string;
  reason: string;
  ticket: string;
  targets: string[];
  script: string;
  rollback: string;
  lock_timeout: string;
  statement_timeout: string;
}
