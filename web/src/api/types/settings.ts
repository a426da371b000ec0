export interface Settings {
  version: string;
  reactor: string;
  file: string;
  config_text: string;
  listen: { postgres: number; http?: number };
  shared_store: boolean;
  api_url: string;
}

/** Where records go besides the log. */
export interface StreamState {
  name: string;
  working: boolean;
  /** Number of the record up to which all is done. */
  position: number;
  [other: string]: unknown;
}
