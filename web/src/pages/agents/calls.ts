import type { RunStatement } from "../../api/types/agent";

export interface Call {
  /** Of a tool; nothing where the client named none. */
  call: string;
  statements: RunStatement[];
}

/** Statements by the tool's call that they were run for, in the order of their first. */
export function callsOf(statements: readonly RunStatement[]): Call[] {
  const calls = new Map<string, Call>();
  for (const statement of statements) {
    const name = statement.tool_call ?? "";
    const call = calls.get(name) ?? { call: name, statements: [] };
    call.statements.push(statement);
    calls.set(name, call);
  }
  return [...calls.values()];
}
