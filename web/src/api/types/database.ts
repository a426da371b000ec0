export interface DatabaseInfo {
  name: string;
  environment: string;
  masking: boolean;
  /** Where it is; for who may look into everything. */
  host?: string;
  port?: number;
  server_database?: string;
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
