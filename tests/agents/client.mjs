// The official SDK's client, driven line by line: {"method": "listTools" | "callTool" | …, "params": {…}} in, answers out.
// Usage: node client.mjs http URL TOKEN | node client.mjs stdio COMMAND ARGS…; its packages are in the working folder.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const packages = createRequire(process.cwd() + "/");
const load = (name) => import(pathToFileURL(packages.resolve(`@modelcontextprotocol/sdk/${name}`)));
const { Client } = await load("client/index.js");
const [kind, ...rest] = process.argv.slice(2);

let transport;
if (kind === "http") {
  const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");
  transport = new StreamableHTTPClientTransport(new URL(rest[0]), {
    requestInit: { headers: { Authorization: `Bearer ${rest[1]}` } },
  });
} else {
  const { StdioClientTransport } = await load("client/stdio.js");
  transport = new StdioClientTransport({ command: rest[0], args: rest.slice(1), env: process.env });
}
const client = new Client({ name: "test", version: "1.0" });
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
try {
  await client.connect(transport);
  say({ server: client.getServerVersion(), instructions: client.getInstructions(), capabilities: client.getServerCapabilities() });
} catch (error) {
  say({ failed: String(error), code: error.code });
  process.exit(1);
}
// A call that its client gives up after so many milliseconds: the SDK tells the server so.
const givenUp = async ({ after, ...params }) => {
  try {
    return await client.callTool(params, undefined, { signal: AbortSignal.timeout(after) });
  } catch (error) {
    return { givenUp: String(error) };
  }
};
// A call whose progress is told; `patience` of its client begins anew each time.
const followed = async ({ patience = 60000, ...params }) => {
  const progress = [];
  const answer = await client.callTool(params, undefined, {
    onprogress: (told) => progress.push(told),
    timeout: patience,
    resetTimeoutOnProgress: true,
  });
  return { answer, progress };
};
const own = { givenUp, followed };
for await (const line of createInterface({ input: process.stdin })) {
  const { method, params } = JSON.parse(line);
  try {
    say(await (method in own ? own[method](params) : client[method](params)));
  } catch (error) {
    say({ failed: String(error), code: error.code });
  }
}
await client.close();
