import { PostgreSQL } from "@codemirror/lang-sql";
import { classHighlighter, highlightTree } from "@lezer/highlight";

export interface Piece {
  text: string;
  className: string;
}

/** Longer texts are shown without colours. */
const LONGEST = 50_000;

/** A statement cut into pieces that are coloured alike. */
export function piecesOf(sql: string): Piece[] {
  if (sql.length > LONGEST) return [{ text: sql, className: "" }];
  const pieces: Piece[] = [];
  let end = 0;
  highlightTree(PostgreSQL.language.parser.parse(sql), classHighlighter, (from, to, className) => {
    if (from > end) pieces.push({ text: sql.slice(end, from), className: "" });
    pieces.push({ text: sql.slice(from, to), className });
    end = to;
  });
  if (end < sql.length) pieces.push({ text: sql.slice(end), className: "" });
  return pieces;
}
