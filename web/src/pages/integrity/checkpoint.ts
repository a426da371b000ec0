import { readLogKey } from "../../api/audit";
import { problemOf } from "../../api/problem";
import { parseKey, parseNote, requireSignature } from "../../proof/note";

export interface SignedHead {
  origin: string;
  size: number;
  root: string;
  /** Names of all who have signed it: the log, and witnesses. */
  signers: string[];
  /** The note itself, to be kept elsewhere. */
  note: string;
}

/** The published head, as anybody gets it. */
export async function readCheckpoint(): Promise<string> {
  const response = await fetch("/tlog/checkpoint", { cache: "no-store" });
  const text = await response.text();
  if (!response.ok) throw problemOf(response.status, response.headers.get("content-type") ?? "", text);
  return text;
}

/** Reads the head, and refuses one that the log's key has not signed. */
export async function readSignedHead(): Promise<SignedHead> {
  const { subtle } = globalThis.crypto;
  const [text, publicKey] = await Promise.all([readCheckpoint(), readLogKey()]);
  const note = parseNote(text);
  await requireSignature(subtle, note, await parseKey(subtle, publicKey));
  const [origin = "", size = "", root = ""] = note.text.split("\n");
  return { origin, size: Number(size), root, signers: note.signatures.map((each) => each.name), note: text };
}
