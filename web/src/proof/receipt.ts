import { fromBase64, joined } from "./base64";
import { parseRecordMap, type CborValue } from "./cbor";
import { leafHash, requireInclusion } from "./merkle";
import { parseKey, parseNote, requireSignature } from "./note";

// A receipt: a proof of c2sp.org/tlog-proof whose extra line is the record's salt and the record. The entry that is
// proven is 0x01 || SHA-256(extra). See docs/audit.md.

const HEADER = "c2sp.org/tlog-proof@v1";
const SALT = 16;

interface Receipt {
  extra: Uint8Array<ArrayBuffer>;
  index: bigint;
  path: Uint8Array<ArrayBuffer>[];
  checkpoint: string;
}

/** What a receipt proves. */
export interface Proven {
  /** The record's number. */
  sequence: number;
  /** What it says, by keys. */
  fields: Map<number, CborValue>;
  origin: string;
  /** How many records the checkpoint covers. */
  size: number;
}

function sizeOf(text: string): bigint {
  if (!/^(0|[1-9]\d*)$/.test(text)) throw new Error(`"${text}" is not a size`);
  return BigInt(text);
}

function hashOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = fromBase64(text);
  if (raw.length !== 32) throw new Error("a hash of the proof is not one");
  return raw;
}

export function parseReceipt(text: string): Receipt {
  const split = text.indexOf("\n\n");
  const [header, extra = "", index = "", ...path] = text.slice(0, Math.max(split, 0)).split("\n");
  if (header !== HEADER) throw new Error("this is not a receipt");
  if (!extra.startsWith("extra ") || !index.startsWith("index ")) throw new Error("the receipt has no record");
  return {
    extra: fromBase64(extra.slice(6)),
    index: sizeOf(index.slice(6)),
    path: path.map(hashOf),
    checkpoint: text.slice(split + 2),
  };
}

/** Checks a receipt with the log's public key alone; an error says what does not hold. */
export async function verifyReceipt(subtle: SubtleCrypto, text: string, publicKey: string): Promise<Proven> {
  const receipt = parseReceipt(text);
  const key = await parseKey(subtle, publicKey);
  const note = parseNote(receipt.checkpoint);
  const [origin = "", size = "", root = ""] = note.text.split("\n");
  if (origin !== key.name) throw new Error(`the checkpoint is of the log ${origin}, the key of ${key.name}`);
  await requireSignature(subtle, note, key);
  const digest = new Uint8Array(await subtle.digest("SHA-256", receipt.extra));
  const leaf = await leafHash(subtle, joined([1], digest));
  await requireInclusion(subtle, leaf, receipt.index, sizeOf(size), receipt.path, hashOf(root));
  return {
    sequence: Number(receipt.index) + 1,
    fields: parseRecordMap(receipt.extra.slice(SALT)),
    origin,
    size: Number(size),
  };
}

/** Whether this browser can check signatures of Ed25519. */
export async function knowsEd25519(subtle: SubtleCrypto | undefined): Promise<boolean> {
  try {
    // Any 32 bytes that are a point: those of the first test of RFC 8032.
    const point = fromBase64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    await subtle?.importKey("raw", point, { name: "Ed25519" }, false, ["verify"]);
    return subtle !== undefined;
  } catch {
    return false;
  }
}
