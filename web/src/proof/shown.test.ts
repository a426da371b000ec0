import { webcrypto } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../api/types/record";
import { KEY, RECEIPT } from "./example";
import { verifyReceipt } from "./receipt";
import { differenceOf, timeOf } from "./shown";
import { printable } from "./utf8";

const { fields } = await verifyReceipt(webcrypto.subtle as unknown as SubtleCrypto, RECEIPT, KEY);

/** As the gateway shows the record of the example. */
const SHOWN: AuditRecord = {
  id: 14,
  time: timeOf(fields.get(2) as bigint),
  type: "statement",
  session: 3,
  user: "alice",
  database: "orders",
  environment: "production",
  application: "psql",
  client: "127.0.0.1:38286",
  authentication: "scram-sha-256",
  groups: ["engineering"],
  decision: "denied",
  kind: "SELECT",
  text: "SELECT upper(email) FROM customers WHERE email LIKE '%a%'",
  tables: ["public.customers"],
  classes: ["email"],
  rule: "masked-columns",
  sqlstate: "42501",
  rows: 0,
  bytes: 0,
  duration_us: 0,
  message: "column public.customers.email is masked for you and can only be compared with = in conditions",
};

describe("differenceOf", () => {
  it("finds none in what is shown as it is on the record", () => {
    expect(differenceOf(fields, SHOWN)).toBeNull();
  });

  it.each([
    ["decision", { decision: "allowed" }],
    ["time", { time: "2026-11-27T10:00:00.000000Z" }],
    ["type", { type: "admin" }],
    ["user", { user: "bob" }],
    ["database", { database: "payroll" }],
    ["session", { session: 4 }],
    ["client", { client: "10.0.0.1:5" }],
    ["text", { text: "SELECT 1" }],
    ["rule", { rule: "another" }],
    ["message", { message: "" }],
    ["rows", { rows: 7 }],
    ["masked", { masked: ["public.customers.email"] }],
    ["groups", { groups: [] }],
    ["tables", { tables: undefined }],
    // What is left out is empty.
    ["sqlstate", { sqlstate: undefined }],
  ])("refutes another %s", (name, change) => {
    const why = differenceOf(fields, { ...SHOWN, ...change } as AuditRecord);
    expect(why).toContain(`the proven ${name} is`);
  });

  it("refutes a statement of which a character was replaced by one that stands for none", () => {
    expect(differenceOf(fields, { ...SHOWN, text: "\ufffd".repeat(40) })).toContain("the proven text is");
  });
});

it("writes times as the gateway does, to the microsecond", () => {
  expect(timeOf(1_700_000_000_000_007n)).toBe("2023-11-14T22:13:20.000007Z");
});

it("shows what is no UTF-8 as the gateway does", () => {
  expect(printable(Uint8Array.of(0x61, 0xff, 0x7a))).toBe("a\\xffz");
  expect(printable(Uint8Array.of(0xe2, 0x82))).toBe("\\xe2\\x82");
  expect(printable(Uint8Array.of(0xc0, 0x80, 0xed, 0xa0, 0x80))).toBe("\\xc0\\x80\\xed\\xa0\\x80");
  // A mark of byte order is a character as any other.
  expect(printable(new TextEncoder().encode("\ufeffSELECT '\u{1f30a}'"))).toBe("\ufeffSELECT '\u{1f30a}'");
});
