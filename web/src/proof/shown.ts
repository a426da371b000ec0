import type { AuditRecord } from "../api/types/record";
import type { CborValue } from "./cbor";
import { printable } from "./utf8";

// Whether the record that is proven is the one that is shown. Keys of records are never given to another field:
// src/audit/record_view.h; names of numbers: src/audit/event.h.

const TYPES: Record<string, string> = {
  1: "gateway_start",
  2: "gateway_stop",
  3: "session_start",
  4: "session_end",
  5: "login_failed",
  6: "statement",
  7: "cancel",
  8: "admin",
  9: "schema_drift",
  10: "evidence",
  11: "audit_read",
  12: "seen",
  13: "approval",
  14: "grant",
  15: "prompt",
  34: "provenance",
  40: "captured",
};
const OUTCOMES: Record<string, string> = { 1: "allowed", 2: "denied", 3: "skipped", 4: "lost", 5: "limited" };

const TYPE = 1;
const TIME = 2;
const OUTCOME = 12;

type Name = keyof AuditRecord;

/** What every record is shown with, where it has it. */
const TEXTS: readonly [Name, number][] = [
  ["user", 4],
  ["database", 5],
  ["environment", 6],
  ["application", 7],
  ["client", 8],
  ["authentication", 9],
  ["issuer", 50],
  ["credential", 55],
  ["role", 66],
  ["end_user", 67],
  ["run", 68],
  ["prompt", 52],
  ["message", 23],
];
const LISTS: readonly [Name, number][] = [
  ["groups", 10],
  ["actors", 51],
  ["grants", 63],
];
const NUMBERS: readonly [Name, number][] = [["session", 3]];

/** And what statements are shown with. */
const OF_STATEMENTS = {
  texts: [
    ["text", 13],
    ["kind", 16],
    ["rule", 21],
    ["policy_version", 31],
    ["approval", 47],
    ["change", 60],
    ["ticket", 49],
    ["sqlstate", 22],
  ],
  lists: [
    ["tables", 17],
    ["classes", 38],
    ["masked", 32],
    ["released", 33],
  ],
  numbers: [
    ["rows", 24],
    ["bytes", 25],
    ["duration_us", 26],
  ],
} as const satisfies Record<string, readonly (readonly [Name, number])[]>;

/** In words, for whoever reads that it was proven. */
export const COMPARED =
  "who, where, when, how they came, the text, what was decided by which rule, what it read, rows and masking";

function textOf(value: CborValue | undefined): string {
  if (value instanceof Uint8Array) return printable(value);
  return typeof value === "string" ? value : "";
}

function listOf(value: CborValue | undefined): string {
  return Array.isArray(value) ? JSON.stringify(value.map(textOf)) : "[]";
}

function numberOf(value: CborValue | undefined): number {
  return typeof value === "bigint" ? Number(value) : 0;
}

/** Microseconds since 1970 as the gateway writes times. */
export function timeOf(micros: bigint): string {
  const whole = new Date(Number(micros / 1000n)).toISOString();
  return whole.replace(/\d{3}Z$/, `${String(micros % 1_000_000n).padStart(6, "0")}Z`);
}

/** What is shown and is not what the record says; nothing where all of it is. */
export function differenceOf(fields: Map<number, CborValue>, shown: AuditRecord): string | null {
  const wrong = (name: string, proven: string) => `the proven ${name.replaceAll("_", " ")} is ${proven}`;
  const time = fields.get(TIME);
  if (typeof time !== "bigint") return "the proven record has no time";
  if (timeOf(time) !== shown.time) return wrong("time", timeOf(time));
  const type = TYPES[numberOf(fields.get(TYPE))] ?? "one that this page does not know";
  if (type !== shown.type) return wrong("type", type);
  const statement = type === "statement";
  const outcome = statement ? OUTCOMES[numberOf(fields.get(OUTCOME))] : undefined;
  if (outcome !== shown.decision) return wrong("decision", outcome ?? "another");
  for (const [name, key] of [...TEXTS, ...(statement ? OF_STATEMENTS.texts : [])]) {
    const proven = textOf(fields.get(key));
    if (proven !== (shown[name] ?? "")) return wrong(name, `"${proven}"`);
  }
  for (const [name, key] of [...NUMBERS, ...(statement ? OF_STATEMENTS.numbers : [])]) {
    const proven = numberOf(fields.get(key));
    if (proven !== (shown[name] ?? 0)) return wrong(name, String(proven));
  }
  for (const [name, key] of [...LISTS, ...(statement ? OF_STATEMENTS.lists : [])]) {
    const proven = listOf(fields.get(key));
    if (proven !== JSON.stringify(shown[name] ?? [])) return wrong(name, proven);
  }
  return null;
}
