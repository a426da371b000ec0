export interface DatabaseInfo {
  name: string;
  environment: string;
  masking: boolean;
  /** Where it is; for who may look into everything. */
  host?: string;
  port?: number;
  server_database?: string;
  /** The gateway's own role there. */
  user?: string;
  stamp_writes?: boolean;
  pool_size?: number;
  /** "store": an admin has added it; the file's are changed in the file. */
  source?: "file" | "store";
  url?: string;
  authority?: string;
  changed_by?: string;
  changed?: string;
  /** Why it is not used. */
  problem?: string;
}

export interface WantedDatabase {
  environment: string;
  url: string;
  user: string;
  password?: string;
  authority?: string;
  masking: boolean;
  stamp_writes?: boolean;
  pool_size?: number;
  check_only: boolean;
}

/** What the server said of itself when the gateway logged in. */
export interface DatabaseTrial {
  server: string;
  warnings: string[];
}

export interface SchemaColumn {
  name: string;
  type: string;
  nullable: boolean;
  /** What it was found to hold; nothing where it was not looked at. */
  class?: string;
  category?: string;
  confidence?: number;
  masked?: boolean;
}

export interface SchemaTable {
  schema: string;
  name: string;
  kind: string;
  columns: SchemaColumn[];
}

export interface DatabaseSchema {
  database: string;
  tables: SchemaTable[];
  truncated: boolean;
}
