// Checks receipts with the verifier of the Sigstore project, which npm uses for its packages and which knows nothing of us:
//   node sigstore.cjs NODE_MODULES PUBLIC-KEY RECEIPT…
// What is ours here only takes the files apart (C2SP tlog-proof, signed-note). Prints for each receipt "good", or why not.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const [modules, keyText, ...receipts] = process.argv.slice(2);
const verifier = path.join(modules, "@sigstore/verify/dist/tlog");
const { verifyCheckpoint } = require(path.join(verifier, "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(verifier, "merkle.js"));

const [, name, hint, material] = /^(\S+)\+([0-9a-f]{8})\+(\S+)$/.exec(keyText.trim());
const raw = Buffer.from(material, "base64");
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]);
const log = {
  baseURL: name,
  logID: Buffer.from(hint, "hex"),
  publicKey: crypto.createPublicKey({ key: spki, format: "der", type: "spki" }),
};

function check(text) {
  const end = text.indexOf("\n\n");
  const [kind, extra, index, ...hashes] = text.slice(0, end).split("\n");
  if (kind !== "c2sp.org/tlog-proof@v1") return "another kind of file";
  const record = Buffer.from(extra.replace(/^extra /, ""), "base64");
  const entry = {
    inclusionProof: {
      logIndex: index.replace(/^index /, ""),
      hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: text.slice(end + 2) },
    },
    canonicalizedBody: Buffer.concat([Buffer.of(1), crypto.createHash("sha256").update(record).digest()]),
  };
  try {
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
    return "good";
  } catch (error) {
    return error.message;
  }
}

for (const file of receipts) console.log(check(fs.readFileSync(file, "utf8")));
