// Providers' own SDKs, told nothing of the gateway but its address and a credential. Reads one question a line as JSON
// {sdk, base, key, body, headers} and writes what came as one line of JSON.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.cwd() + "/package.json");
const OpenAI = require("openai").default ?? require("openai");
const Anthropic = require("@anthropic-ai/sdk").default ?? require("@anthropic-ai/sdk");

// Any call of a client by its name: "responses.create".
async function called(client, call, body, options, args = [body, "options"]) {
  const path = call.split(".");
  const method = path.pop();
  const part = path.reduce((found, name) => found[name], client);
  const answer = await part[method](
    ...args.map((each) => (each === "options" ? options : each)),
  );
  if (!body?.stream) return { answer };
  const events = [];
  for await (const event of answer) events.push(event);
  return { events };
}

async function ask({ sdk, base, key, body, headers, call, args }) {
  const options = { headers: headers ?? {} };
  if (call) {
    const known = { baseURL: sdk === "anthropic" ? base : base + "/v1", apiKey: key, maxRetries: 0 };
    return called(sdk === "anthropic" ? new Anthropic(known) : new OpenAI(known), call, body, options, args);
  }
  if (sdk === "anthropic") {
    const client = new Anthropic({ baseURL: base, apiKey: key, maxRetries: 0 });
    if (!body.stream) {
      const { data, response } = await client.messages.create(body, options).withResponse();
      return { answer: data, run: response.headers.get("sluice-run"), prompt: response.headers.get("sluice-prompt") };
    }
    const { stream: _, ...rest } = body;
    const stream = client.messages.stream(rest, options);
    const pieces = [];
    stream.on("text", (text) => pieces.push([Date.now(), text]));
    const answer = await stream.finalMessage();
    return { answer, pieces };
  }
  const client = new OpenAI({ baseURL: base + "/v1", apiKey: key, maxRetries: 0 });
  if (!body.stream) {
    const { data, response } = await client.chat.completions.create(body, options).withResponse();
    return { answer: data, run: response.headers.get("sluice-run"), prompt: response.headers.get("sluice-prompt") };
  }
  const { data, response } = await client.chat.completions.create(body, options).withResponse();
  const pieces = [];
  let text = "";
  for await (const chunk of data) {
    const words = chunk.choices[0]?.delta?.content ?? "";
    pieces.push([Date.now(), words]);
    text += words;
  }
  return { text, pieces, run: response.headers.get("sluice-run"), prompt: response.headers.get("sluice-prompt") };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    console.log(JSON.stringify(await ask(asked)));
  } catch (error) {
    console.log(JSON.stringify({ status: error.status ?? 0, error: String(error.message ?? error) }));
  }
}
