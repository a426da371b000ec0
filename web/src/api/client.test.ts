import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { call, get, getPage, post, queryString, setCsrfToken, whenSessionIsLost } from "./client";
import { asProblem, Problem } from "./problem";

interface Sent {
  url: string;
  init: RequestInit;
}

let sent: Sent[] = [];

function answerWith(status: number, body: string, type = "application/json") {
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push({ url, init });
    return Promise.resolve(new Response(body, { status, headers: { "content-type": type } }));
  });
}

function headersOf(index: number): Record<string, string> {
  return sent[index]?.init.headers as Record<string, string>;
}

beforeEach(() => {
  sent = [];
  setCsrfToken("token-1");
});
afterEach(() => vi.unstubAllGlobals());

describe("getPage", () => {
  function linkTo(link: string) {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(new Response("[1, 2]", { headers: { "content-type": "application/json", link } })),
    );
  }

  it("tells where the next page is", async () => {
    linkTo('</api/v1/changes?limit=2&before=5>; rel="next"');
    expect(await getPage<number>("/changes?limit=2")).toEqual({ rows: [1, 2], next: "/changes?limit=2&before=5" });
  });

  it("ends where nothing follows, and follows nobody elsewhere", async () => {
    answerWith(200, "[]");
    expect((await getPage("/changes")).next).toBeUndefined();
    linkTo('<https://elsewhere.example/api/v1/changes?before=5>; rel="next"');
    expect((await getPage("/changes")).next).toBeUndefined();
  });
});

describe("call", () => {
  it("sends the CSRF token with everything but GET", async () => {
    answerWith(200, "{}");
    await get("/overview");
    await post("/query", { sql: "SELECT 1" });
    await call("DELETE", "/sessions/3");
    expect(headersOf(0)).not.toHaveProperty("X-CSRF-Token");
    expect(headersOf(1)).toHaveProperty("X-CSRF-Token", "token-1");
    expect(headersOf(2)).toHaveProperty("X-CSRF-Token", "token-1");
    expect(sent[1]?.url).toBe("/api/v1/query");
    expect(sent[1]?.init.body).toBe('{"sql":"SELECT 1"}');
  });

  it("throws the gateway's own words", async () => {
    answerWith(
      403,
      '{"title":"denied by rule x","detail":"ask the DBAs","hint":"read instead"}',
      "application/problem+json",
    );
    const problem = await get("/overview").catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 403, title: "denied by rule x", detail: "ask the DBAs" });
    expect((problem as Problem).body.hint).toBe("read instead");
  });

  it("tells of an answer that is no problem without showing its markup", async () => {
    answerWith(502, "<html>Bad gateway</html>", "text/html");
    const problem = (await get("/overview").catch((error: unknown) => error)) as Problem;
    expect(problem.title).toContain("502");
    expect(problem.detail).toBe("");
  });

  it("notices a lost session, but takes a wrong password for what it is", async () => {
    const lost = vi.fn();
    whenSessionIsLost(lost);
    answerWith(401, '{"title":"who asks is not known"}');
    await call("POST", "/session", { body: {}, mayBeUnknown: true }).catch(() => {});
    expect(lost).not.toHaveBeenCalled();
    await get("/overview").catch(() => {});
    expect(lost).toHaveBeenCalledOnce();
  });

  it("takes an empty answer for nothing", async () => {
    answerWith(200, "");
    expect(await call("DELETE", "/session")).toBeUndefined();
  });
});

describe("queryString", () => {
  it("leaves out what is not there, and encodes what is", () => {
    expect(queryString({})).toBe("");
    expect(queryString({ user: "a&b", limit: 0, since: "", until: undefined })).toBe("?user=a%26b&limit=0");
  });
});

it("says what can be done where no answer came", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const problem = await get("/overview").catch(asProblem);
  expect(problem).toMatchObject({ status: 0, title: "The gateway cannot be reached" });
  // A fault of the page itself is told as what it is.
  expect(asProblem(new TypeError("x is undefined"))).toMatchObject({
    title: "This page could not go on",
    detail: "x is undefined",
  });
});
