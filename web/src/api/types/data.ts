/** What a column was found to hold. */
export interface ColumnLabel {
  database: string;
  schema: string;
  table: string;
  column: string;
  type: string;
  shape: string;
  class: string;
  category: string;
  strength: string;
  masked: boolean;
  hidden: boolean;
  unproven: boolean;
  confidence: number;
  rows: number;
  values: number;
  evidence: string[];
  corrected_by: string;
}

export interface Correction {
  number: number;
  time: string;
  database: string;
  schema: string;
  table: string;
  column: string;
  class: string;
  author: string;
  comment: string;
}
