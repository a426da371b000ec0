import { equal, joined } from "./base64";

// The Merkle tree of RFC 6962, section 2.1, over SHA-256.

type Hash = Uint8Array<ArrayBuffer>;

async function digest(subtle: SubtleCrypto, bytes: Uint8Array<ArrayBuffer>): Promise<Hash> {
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

export function leafHash(subtle: SubtleCrypto, entry: Uint8Array): Promise<Hash> {
  return digest(subtle, joined([0], entry));
}

export function nodeHash(subtle: SubtleCrypto, left: Uint8Array, right: Uint8Array): Promise<Hash> {
  return digest(subtle, joined([1], left, right));
}

/** Refuses a proof that does not lead from the leaf to the root (RFC 9162, section 2.1.3.2). */
export async function requireInclusion(
  subtle: SubtleCrypto,
  leaf: Hash,
  index: bigint,
  size: bigint,
  path: readonly Hash[],
  root: Hash,
): Promise<void> {
  if (index >= size) throw new Error(`the proof is of entry ${index} in a tree of ${size}`);
  let fn = index;
  let sn = size - 1n;
  let hash = leaf;
  for (const sibling of path) {
    if (sn === 0n) throw new Error("the inclusion proof is too long");
    if ((fn & 1n) === 1n || fn === sn) {
      hash = await nodeHash(subtle, sibling, hash);
      while (fn !== 0n && (fn & 1n) === 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = await nodeHash(subtle, hash, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw new Error("the inclusion proof is too short");
  if (!equal(hash, root)) throw new Error("the record is not what the log has under this number");
}
