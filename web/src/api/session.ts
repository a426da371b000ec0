import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { call, get, setCsrfToken } from "./client";
import { forgetDrafts } from "./drafts";
import { Problem } from "./problem";
import type { CredentialLogin, PasswordLogin, Session } from "./types/session";

export const sessionKey = ["session"];

/** Who we are; nobody where the gateway does not know. */
export async function readSession(): Promise<Session | null> {
  try {
    const session = await call<Session>("GET", "/session", { mayBeUnknown: true });
    setCsrfToken(session.csrf);
    return session;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** What was asked as somebody is nobody else's. The session itself stays: the gate watches it. */
function forgetAll(client: QueryClient): void {
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] });
}

/** Who was in last, in this page: they find again what they typed, nobody else does. */
let last: string | null = null;

function comesIn(client: QueryClient, user: string): void {
  if (last !== null && last !== user) {
    forgetAll(client);
    forgetDrafts();
  }
  last = user;
}

export function useSession() {
  const client = useQueryClient();
  return useQuery({
    queryKey: sessionKey,
    queryFn: async () => {
      const session = await readSession();
      // Somebody may have logged in as another in another tab.
      if (session !== null) comesIn(client, session.user);
      return session;
    },
    staleTime: 60_000,
    refetchInterval: 300_000,
  });
}

export function useLogin() {
  const client = useQueryClient();
  return async (given: PasswordLogin | CredentialLogin): Promise<void> => {
    const session = await call<Session>("POST", "/session", { body: given, mayBeUnknown: true });
    setCsrfToken(session.csrf);
    forgetAll(client);
    comesIn(client, session.user);
    client.setQueryData(sessionKey, session);
  };
}

/** Ends the session. Where it may not have ended, nothing looks as if it had. */
export function useLogout() {
  const client = useQueryClient();
  return async (): Promise<void> => {
    await endSession();
    setCsrfToken("");
    forgetDrafts();
    client.setQueryData(sessionKey, null);
    forgetAll(client);
  };
}

/** Throws unless the gateway says that it is over, or that it does not know of it. */
export async function endSession(): Promise<void> {
  try {
    await call("DELETE", "/session", { mayBeUnknown: true });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
}

interface Issuers {
  issuers?: (string | { name: string })[];
}

/** Names of the identity providers that people can come from. */
export async function readIssuers(): Promise<string[]> {
  const answer = await get<Issuers | (string | { name: string })[]>("/login/issuers");
  const list = Array.isArray(answer) ? answer : (answer.issuers ?? []);
  return list.map((each) => (typeof each === "string" ? each : each.name));
}

/** Where to send the browser to log in at an identity provider. */
export async function startOidc(issuer: string): Promise<string> {
  return (await call<{ url: string }>("POST", "/session/oidc", { body: { issuer }, mayBeUnknown: true })).url;
}
