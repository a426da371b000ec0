import { webcrypto } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KEY, RECEIPT } from "./example";
import { leafHash, nodeHash, requireInclusion } from "./merkle";
import { knowsEd25519, verifyReceipt } from "./receipt";

const subtle = webcrypto.subtle as unknown as SubtleCrypto;

function replaced(line: RegExp, change: (found: string) => string): string {
  const found = line.exec(RECEIPT)?.[0];
  if (found === undefined) throw new Error("the example has no such line");
  return RECEIPT.replace(found, change(found));
}

/** With one character of base 64 in its middle exchanged. */
function bent(text: string): string {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + (text[middle] === "A" ? "B" : "A") + text.slice(middle + 1);
}

describe("verifyReceipt", () => {
  it("says what a receipt of a gateway proves", async () => {
    expect(await verifyReceipt(subtle, RECEIPT, KEY)).toMatchObject({
      sequence: 14,
      size: expect.any(Number),
    });
  });

  it("refuses another record", async () => {
    await expect(verifyReceipt(subtle, replaced(/^extra .+$/m, bent), KEY)).rejects.toThrow("not what the log has");
  });

  it("refuses another number", async () => {
    await expect(
      verifyReceipt(
        subtle,
        replaced(/^index 13$/m, () => "index 12"),
        KEY,
      ),
    ).rejects.toThrow("not what the log has");
  });

  it("refuses a proof that leaves something out", async () => {
    const lines = RECEIPT.split("\n");
    lines.splice(3, 1);
    await expect(verifyReceipt(subtle, lines.join("\n"), KEY)).rejects.toThrow("too short");
  });

  it("refuses a forged checkpoint", async () => {
    const root = /^\d+\n(.{44})\n\n\u2014/m;
    const other = RECEIPT.replace(root, (found, hash: string) => found.replace(hash, bent(hash)));
    expect(other).not.toBe(RECEIPT);
    await expect(verifyReceipt(subtle, other, KEY)).rejects.toThrow("does not fit the checkpoint");
  });

  it("refuses what another key has signed", async () => {
    const other = "other.example+00000000+" + KEY.split("+").slice(2).join("+");
    await expect(verifyReceipt(subtle, RECEIPT, other)).rejects.toThrow("another's");
  });

  it("refuses what is no receipt", async () => {
    await expect(verifyReceipt(subtle, "", KEY)).rejects.toThrow("not a receipt");
    await expect(verifyReceipt(subtle, "<html>", KEY)).rejects.toThrow("not a receipt");
  });
});

describe("requireInclusion", () => {
  it("holds for each leaf of each small tree, and for no other", async () => {
    const leaves = await Promise.all(Array.from({ length: 9 }, (_, n) => leafHash(subtle, Uint8Array.of(n))));
    const rootOf = async (list: typeof leaves): Promise<Uint8Array<ArrayBuffer>> => {
      const [first] = list;
      if (list.length === 1 && first !== undefined) return first;
      const split = 2 ** (Math.ceil(Math.log2(list.length)) - 1);
      return nodeHash(subtle, await rootOf(list.slice(0, split)), await rootOf(list.slice(split)));
    };
    const pathOf = async (index: number, list: typeof leaves): Promise<typeof leaves> => {
      if (list.length === 1) return [];
      const split = 2 ** (Math.ceil(Math.log2(list.length)) - 1);
      return index < split
        ? [...(await pathOf(index, list.slice(0, split))), await rootOf(list.slice(split))]
        : [...(await pathOf(index - split, list.slice(split))), await rootOf(list.slice(0, split))];
    };
    for (let size = 1; size <= leaves.length; size += 1) {
      const tree = leaves.slice(0, size);
      const root = await rootOf(tree);
      for (const [index, leaf] of tree.entries()) {
        const path = await pathOf(index, tree);
        await requireInclusion(subtle, leaf, BigInt(index), BigInt(size), path, root);
        const other = leaves[(index + 1) % leaves.length];
        if (other === undefined) throw new Error("unreachable");
        await expect(requireInclusion(subtle, other, BigInt(index), BigInt(size), path, root)).rejects.toThrow();
      }
    }
  });
});

it("finds out whether Ed25519 is known", async () => {
  expect(await knowsEd25519(subtle)).toBe(true);
  expect(await knowsEd25519(undefined)).toBe(false);
});
