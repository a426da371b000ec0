export interface GrantReview {
  by: string[];
  due: string;
  reviewed?: string;
  reviewer?: string;
  verdict?: string;
  comment?: string;
  overdue: boolean;
}

/** A role that somebody has for a while. */
export interface Grant {
  number: number;
  state: string;
  holder: string;
  role: string;
  database: string;
  groups: string[];
  lasts: string;
  created: string;
  reason: string;
  break_glass: boolean;
  ticket?: string;
  acts_for?: string;
  request?: number;
  extends?: number;
  from?: string;
  until?: string;
  ended?: string;
  ended_by?: string;
  ended_why?: string;
  last_used?: string;
  review?: GrantReview;
  attention: string;
}

/** Something that somebody holds. */
export interface Holding {
  user: string;
  kind: string;
  disabled: boolean;
  what: string;
  name: string;
  database: string;
  since: string | null;
  until: string | null;
  last_used: string | null;
  detail: string;
  decided: string;
}

export interface NewGrant {
  role: string;
  database: string;
  seconds: number;
  reason: string;
  ticket: string;
  break_glass: boolean;
}
