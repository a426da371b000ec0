export interface Credential {
  id: string;
  kind: string;
  databases: string[];
  scopes: string[];
  created: string;
  expires: string;
  last_used: string | null;
  authenticated_by: string;
  label: string;
  acts_for?: string;
}

export interface User {
  name: string;
  kind: string;
  groups: string[];
  attributes: Record<string, string>;
  disabled: boolean;
  password: boolean;
  one_time_codes: boolean;
  /** The directory or provider that keeps this user; nothing where it is kept here. */
  kept_by: string;
  created: string;
  last_login: string | null;
  valid_until: string | null;
  credentials: Credential[];
}

export interface NewUser {
  name: string;
  kind: string;
  groups: string[];
  password?: string;
}

export interface NewToken {
  /** How long it is good: "90d". */
  for: string;
  scopes: string[];
  databases: string[];
  acts_for?: string;
}

/** The secret is shown this once. */
export interface IssuedToken {
  id: string;
  secret: string;
  expires: string;
}
