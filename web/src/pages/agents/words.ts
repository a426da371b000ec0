export interface Words {
  /** What they are; nothing for all of a prompt. */
  what: string;
  text: string;
}

type Members = Record<string, unknown>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of objects whose members are texts of these names; nothing for any other. */
function listed(value: unknown, names: string[]): Record<string, string>[] | undefined {
  if (value === undefined) return [];
  const fits = (each: unknown) =>
    isObject(each) && Object.entries(each).every(([name, of]) => names.includes(name) && typeof of === "string");
  return Array.isArray(value) && value.every(fits) ? (value as Record<string, string>[]) : undefined;
}

/** What is not for people stands below the words. */
const thought = ({ text, ...rest }: Record<string, string>) =>
  [text, ...Object.entries(rest).map(([name, of]) => `${name} ${of}`)].join("\n").trim();

/** What a model has answered, part by part; nothing where any of it would be left out. */
function answer({ text, thoughts, tool_calls, refusal = "", ...rest }: Members): Words[] | undefined {
  const thought_of = listed(thoughts, ["id", "text", "signature", "encrypted"]);
  const calls = listed(tool_calls, ["id", "name", "arguments"]);
  if (typeof text !== "string" || typeof refusal !== "string" || !thought_of || !calls) return undefined;
  return [
    ...thought_of.map((each) => ({ what: "Thought", text: thought(each) })),
    { what: "Said", text },
    { what: "Refused", text: refusal },
    ...calls.map((each) => ({
      what: `Calls ${each.name ?? ""} (${each.id ?? ""})`,
      text: each.arguments || "with nothing",
    })),
    {
      what: "",
      text: Object.entries(rest)
        .map(([name, of]) => `${name} ${JSON.stringify(of)}`)
        .join(", "),
    },
  ].filter((each) => each.text !== "");
}

/** A prompt as it is read: what models were asked and answered in their parts, all else as it is. */
export function wordsOf(text: string): Words[] {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return answer(value) ?? [{ what: "", text: JSON.stringify(value, null, 2) }];
  } catch {
    // Words of somebody.
  }
  return [{ what: "", text }];
}
