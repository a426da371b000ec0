export type Role = "admin" | "auditor" | "approver" | "member";

/** Who is logged in to the console. */
export interface Session {
  user: string;
  kind: string;
  roles: Role[];
  groups: string[];
  csrf: string;
  expires: string;
  authentication: string;
  version: string;
}

export interface PasswordLogin {
  user: string;
  password: string;
  totp?: string;
}

export interface CredentialLogin {
  credential: string;
}
