import type { AuditRecord } from "../../api/types/record";
import { count, plural } from "../../parts/format";

/** What a session was, from what is on the record of it. */
export interface Story {
  user: string;
  database: string;
  environment: string;
  client: string;
  application: string;
  authentication: string;
  started: string;
  ended: string | null;
  statements: number;
  refused: number;
  rows: number;
  masked: number;
}

export function storyOf(records: readonly AuditRecord[]): Story {
  const first = records[0];
  const end = records.find((record) => record.type === "session_end");
  const ran = records.filter((record) => record.type === "statement" && record.decision !== "skipped");
  const sum = (value: (record: AuditRecord) => number | undefined) =>
    ran.reduce((total, record) => total + (value(record) ?? 0), 0);
  return {
    user: first?.user ?? "",
    database: first?.database ?? "",
    environment: first?.environment ?? "",
    client: first?.client ?? "",
    application: first?.application ?? "",
    authentication: first?.authentication ?? "",
    started: first?.time ?? "",
    ended: end?.time ?? null,
    statements: ran.length,
    refused: ran.filter((record) => record.decision === "denied" || record.decision === "limited").length,
    rows: sum((record) => record.rows),
    masked: sum((record) => record.values_masked),
  };
}

/** Where a record lies between the beginning and the end, from 0 to 1. */
export function shareOf(time: string, from: string, until: string): number {
  const start = Date.parse(from);
  const span = Date.parse(until) - start;
  return span > 0 ? Math.min(1, Math.max(0, (Date.parse(time) - start) / span)) : 0;
}

/** A number of the session, of which perhaps not all was read. */
export function told(value: number, whole: boolean): string {
  return whole ? count(value) : `at least ${count(value)}`;
}

/** The transcript as a text that can be kept; it says how much it is. */
export function transcriptText(records: readonly AuditRecord[]): string {
  const last = storyOf(records).ended === null ? "the session had not ended" : "the whole session";
  const parts = records
    .map((record) => {
      const head = [
        record.time,
        record.id,
        record.type,
        record.decision,
        record.rows === undefined ? "" : `${record.rows} rows`,
      ];
      return [head.filter((each) => each !== undefined && each !== "").join("  "), record.text, record.message]
        .filter((line) => line !== undefined && line !== "")
        .join("\n");
    })
    .join("\n\n");
  return `${parts}\n\n${plural(records.length, "record")}: ${last}\n`;
}
