/** A session of a PostgreSQL client, as long as it lasts. */
export interface LiveSession {
  id: number;
  user: string;
  database: string;
  environment: string;
  state: string;
  started: string;
  state_since: string;
  statements: number;
  client: string;
  application: string;
  tls: boolean;
  last_statement: string;
  worker: number;
}
