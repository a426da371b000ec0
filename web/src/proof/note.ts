import { equal, fromBase64, joined } from "./base64";

// Signed notes (c2sp.org/signed-note) with Ed25519 keys.

const DASH = "\u2014 ";
const ED25519 = 1;
const utf8 = new TextEncoder();

export interface Key {
  name: string;
  id: Uint8Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Note {
  text: string;
  signatures: { name: string; id: Uint8Array<ArrayBuffer>; bytes: Uint8Array<ArrayBuffer> }[];
}

async function sha256(subtle: SubtleCrypto, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

/** "name+id+base64", as `sluice audit key` prints it. */
export async function parseKey(subtle: SubtleCrypto, text: string): Promise<Key> {
  const [name = "", id = "", ...rest] = text.trim().split("+");
  const raw = fromBase64(rest.join("+"));
  if (name === "" || raw.length !== 33 || raw[0] !== ED25519) throw new Error("this is not the public key of a log");
  const digest = await sha256(subtle, joined(utf8.encode(`${name}\n`), raw));
  const own = digest.slice(0, 4);
  const hex = [...own].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== id.toLowerCase()) throw new Error("the id of the public key is another's");
  return { name, id: own, bytes: raw.slice(1) };
}

export function parseNote(text: string): Note {
  const split = text.lastIndexOf("\n\n");
  if (split < 0 || !text.endsWith("\n")) throw new Error("the checkpoint is no signed note");
  const lines = text.slice(split + 2, -1).split("\n");
  const signatures = lines.map((line) => {
    const space = line.lastIndexOf(" ");
    if (!line.startsWith(DASH) || space <= DASH.length) throw new Error("a line of the checkpoint is no signature");
    const raw = fromBase64(line.slice(space + 1));
    if (raw.length < 5) throw new Error("a signature is too short");
    return { name: line.slice(DASH.length, space), id: raw.slice(0, 4), bytes: raw.slice(4) };
  });
  return { text: text.slice(0, split + 1), signatures };
}

/** Refuses a note that `key` has not signed. Throws where the browser knows no Ed25519. */
export async function requireSignature(subtle: SubtleCrypto, note: Note, key: Key): Promise<void> {
  const own = note.signatures.filter((each) => each.name === key.name && equal(each.id, key.id));
  if (own.length === 0) throw new Error(`the checkpoint is not signed by ${key.name}`);
  const imported = await subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
  for (const signature of own) {
    const good = await subtle.verify({ name: "Ed25519" }, imported, signature.bytes, utf8.encode(note.text));
    if (!good) throw new Error(`the signature of ${key.name} does not fit the checkpoint`);
  }
}
