import { useQuery } from "@tanstack/react-query";
import { call, get, post } from "./client";
import { Problem } from "./problem";
import type {
  Explanation,
  LintRow,
  PolicyInForce,
  PolicyVersion,
  PolicyVersionText,
  Replay,
  ShadowReport,
} from "./types/policy";

export function usePolicy() {
  return useQuery({ queryKey: ["policy"], queryFn: ({ signal }) => get<PolicyInForce>("/policy", signal) });
}

export function usePolicyVersions() {
  return useQuery({
    queryKey: ["policy versions"],
    queryFn: ({ signal }) => get<PolicyVersion[]>("/policy/versions", signal),
  });
}

export function usePolicyVersion(number: number) {
  return useQuery({
    queryKey: ["policy version", number],
    queryFn: ({ signal }) => get<PolicyVersionText>(`/policy/versions/${number}`, signal),
    enabled: number > 0,
    staleTime: Infinity,
  });
}

/** `expected` is the number of the version that this one was made from: somebody else's is not written over. */
export function savePolicy(text: string, comment: string, expected: number): Promise<PolicyInForce> {
  return call("PUT", "/policy", { body: { text, comment, expected, file: FILE } });
}

export interface ExplainBody {
  user: string;
  database: string;
  sql: string;
  policy?: string;
}

export function explain(body: ExplainBody): Promise<Explanation> {
  return post("/policy/explain", { ...body, file: FILE });
}

export function replayPolicy(policy: string, sinceMicros: number): Promise<Replay> {
  return post("/policy/replay", { policy, file: FILE, since: sinceMicros, limit: 100_000 });
}

/** What rules with `mode: shadow` would have done to what was recorded. */
export function shadowPolicy(sinceMicros: number): Promise<ShadowReport> {
  return post("/policy/shadow", { since: sinceMicros, limit: 100_000 });
}

/** As what the gateway names the policy in what it says is wrong with it. */
export const FILE = "policy";

export interface PolicyFault {
  line: number;
  column: number;
  message: string;
}

/** "policy:3:5: …" for each fault, one a line. */
export function faultsIn(text: string): PolicyFault[] {
  return text.split("\n").flatMap((line): PolicyFault[] => {
    const found = /^policy:(\d+):(\d+): (.*)$/.exec(line.trim());
    return found === null ? [] : [{ line: Number(found[1]), column: Number(found[2]), message: found[3] ?? "" }];
  });
}

/** What is wrong with a policy; it is run against no cases. */
export async function checkPolicy(policy: string): Promise<PolicyFault[]> {
  try {
    await post("/policy/test", { policy, file: FILE, cases: "cases: []\n", cases_file: "cases" });
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 400) throw error;
    const said = `${error.title}\n${error.detail}`;
    const faults = faultsIn(said);
    // It is run against no cases, which the gateway finds fault with where there is none in the policy.
    if (faults.length > 0 || /^cases:\d/m.test(said)) return faults;
    return [{ line: 1, column: 1, message: error.title }];
  }
}

export function lintScript(database: string, sql: string): Promise<LintRow[]> {
  return post("/lint", { database, sql });
}
