import { isStopped, problemOf, unreachable } from "./problem";

const BASE = "/api/v1";

let csrf = "";
let onLost: () => void = () => {};
let onDoubt: () => void = () => {};

/** What every request that changes something carries from now on. */
export function setCsrfToken(token: string): void {
  csrf = token;
}

/** Called once the gateway no longer knows who we are. */
export function whenSessionIsLost(listener: () => void): void {
  onLost = listener;
}

/** Called where the gateway takes the token for another session's: another tab may have logged in anew. */
export function whenSessionIsInDoubt(listener: () => void): void {
  onDoubt = listener;
}

export interface Options {
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Whether a 401 tells of this very request (a wrong password), not of a lost session. */
  mayBeUnknown?: boolean;
  /** Idempotency-Key: the same request with the same key is done once. */
  key?: string;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw isStopped(error) ? error : unreachable();
  }
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (options.key !== undefined) headers["Idempotency-Key"] = options.key;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const response = await reach(BASE + path, {
    method,
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: options.signal ?? null,
    credentials: "same-origin",
  });
  if (response.ok) return response;
  if (response.status === 401 && options.mayBeUnknown !== true) onLost();
  const problem = problemOf(response.status, response.headers.get("content-type") ?? "", await response.text());
  if (problem.status === 403 && `${problem.title} ${problem.detail}`.includes("X-CSRF-Token")) onDoubt();
  throw problem;
}

/** The one way to the gateway: JSON in, JSON out; anything else than success is thrown as a Problem. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  return (text.length > 0 ? JSON.parse(text) : undefined) as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>("GET", path, { signal });
}

/** One page of a list by numbers, and where the next one is. */
export interface Page<T> {
  rows: T[];
  next: string | undefined;
}

/** The address of the next page is in Link (RFC 8288): there may be more behind a page that is not full. */
export async function getPage<T>(path: string, signal?: AbortSignal): Promise<Page<T>> {
  const response = await send("GET", path, { signal });
  const next = /<([^>]*)>; *rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  return {
    rows: (await response.json()) as T[],
    next: next?.startsWith(`${BASE}/`) === true ? next.slice(BASE.length) : undefined,
  };
}

export async function getText(path: string): Promise<string> {
  return (await send("GET", path, {})).text();
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return call<T>("POST", path, { body });
}

/** Where a browser follows events; EventSource sends no headers of ours, and needs none. */
export function urlOf(path: string): string {
  return BASE + path;
}

/** "?a=1&b=2" of what is there; nothing of nothing. */
export function queryString(given: Record<string, string | number | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== "") out.set(name, String(value));
  }
  const text = out.toString();
  return text === "" ? "" : `?${text}`;
}
