/** What the gateway answers when it does not do what was asked (RFC 9457). */
export interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  sqlstate?: string;
  hint?: string;
  position?: number;
}

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly body: ProblemBody;

  constructor(status: number, body: ProblemBody) {
    const title = body.title ?? `The gateway answered with status ${status}`;
    super(title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = body.detail ?? "";
    this.body = body;
  }
}

/** The problem in an answer; whatever stands before the gateway may answer with something that is none. */
export function problemOf(status: number, type: string, text: string): Problem {
  if (type.includes("json")) {
    try {
      const body: unknown = JSON.parse(text);
      if (typeof body === "object" && body !== null) return new Problem(status, body as ProblemBody);
    } catch {
      // Told below as what it is.
    }
  }
  return new Problem(status, {
    title: `The gateway answered with status ${status}`,
    detail: text.length > 0 && text.length < 300 && !text.includes("<") ? text : "",
  });
}

/** No answer came. */
export function unreachable(): Problem {
  return new Problem(0, {
    title: "The gateway cannot be reached",
    detail: "Is it running, and are you still connected?",
  });
}

export function isStopped(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Any failure as one that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStopped(error)) return new Problem(0, { title: "Stopped" });
  return new Problem(0, {
    title: "This page could not go on",
    detail: error instanceof Error ? error.message : String(error),
  });
}
