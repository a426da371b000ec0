import { call } from "./client";
import { Problem } from "./problem";

/** Requests of which nobody knows whether they came through, with the keys that they were sent with. */
const unanswered = new Map<string, string>();

/** A name that nothing else has. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isAnswer(error: unknown): boolean {
  return (
    error instanceof Problem && error.status > 0 && !(error.status === 409 && error.title.includes("still under way"))
  );
}

/**
 * POST of what must not be done twice. Where no answer came and the same is sent again, it goes with the same
 * Idempotency-Key: the gateway gives the first answer, if there was one.
 */
export async function postOnce<T>(path: string, body: unknown): Promise<T> {
  const what = `${path}\n${JSON.stringify(body)}`;
  const key = unanswered.get(what) ?? newKey();
  unanswered.set(what, key);
  try {
    const answer = await call<T>("POST", path, { body, key });
    unanswered.delete(what);
    return answer;
  } catch (error) {
    if (isAnswer(error)) unanswered.delete(what);
    throw error;
  }
}
