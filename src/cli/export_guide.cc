#include "cli/export_guide.h"

namespace sluice::cli {

std::string_view export_guide() {
  return R"guide(# How to check these records

You need Python 3 and the `openssl` program. You do not need Sluice, nor to trust whoever gave you this folder: only
the public key, which you should have from elsewhere (a contract, an earlier audit, a witness).

    python3 verify.py public-key receipts/*.tlog-proof

It prints each record and whether it holds, and exits with 0 only if all do.

| file | what it is |
|---|---|
| `records.jsonl` | the records, readable, one a line; says nothing by itself |
| `receipts/N.tlog-proof` | record N with its proof (https://c2sp.org/tlog-proof) |
| `checkpoint` | the signed head of the whole log (https://c2sp.org/tlog-checkpoint) |
| `public-key` | name+id+base64(0x01 || Ed25519 public key), as in https://c2sp.org/signed-note |
| `rotation/N` | the N-th change of the key, if there was any |
| `verify.py` | what is written below, in 170 lines to be read |

What a receipt proves, step by step:

1. The line `extra` is base64 of 16 random bytes (the salt) and the record, a CBOR map (RFC 8949).
2. The log's entry is the byte 0x01 and SHA-256 of both together; its leaf in the tree is SHA-256(0x00 || entry).
3. The lines behind `index` lead from the leaf to the root of the tree (RFC 9162, section 2.1.3.2), which stands in
   base64 in the third line of the checkpoint; the second is the number of records.
4. The last line is an Ed25519 signature of the checkpoint's text.

So the log's owner has signed a list in which this very record has this very number, and can take neither back. Whether the
list has been changed *since* shows when two checkpoints of different times are compared (`sluice audit verify
--checkpoint FILE`): keep this one.

The key may have been changed, and any of the keys leads to the others: `rotation/1`, ... beside this file are notes with the old
key, the new one, and the head of the log at that moment, signed by both. A key counts for checkpoints of up to as many records as
the note says that replaced it, and of no fewer than the one says that brought it: `verify.py` believes no other, for whoever found an
old key could have made it.
)guide";
}

std::string_view export_script() {
  return R"script(#!/usr/bin/env python3
"""Checks receipts of an audit log: verify.py PUBLIC-KEY-FILE RECEIPT..."""
import base64, hashlib, json, os, subprocess, sys, tempfile

# What stands in a record under which number; in records.jsonl by the same name, times and durations readable.
FIELDS = dict(enumerate(
    "- type time_us session user database environment application client authentication groups phase outcome text "
    "text_length text_sha256 kind tables statement_name parameters parameters_sha256 rule sqlstate message rows bytes "
    "duration_us principal_kind attributes rules_matched shadow_rules policy_version masked released actions "
    "output_columns predicate_columns written_columns classes details_cut changed server_us waited_us driver tags "
    "transaction transaction_outcome approval purpose ticket issuer actors prompt seen_shown seen_masked credential "
    "stamp server_transaction acr amr change".split()))
FIELDS |= {63: "grants", 66: "role", 67: "end_user", 68: "run", 69: "tool_call", 70: "tainted", 87: "receipt",
           88: "envelope", 89: "dataset", 90: "model", 95: "planner_cost", 96: "input_tokens", 97: "output_tokens",
           100: "values_shown", 101: "captured", 102: "content", 105: "estimated_rows", 106: "authenticated_us"}
NAMES = {
    "type": dict(enumerate(
        "- gateway_start gateway_stop session_start session_end login_failed statement cancel admin schema_drift "
        "evidence audit_read seen approval grant prompt".split())) | {34: "provenance", 40: "captured"},
    "phase": dict(enumerate("- simple parse execute function_call".split())),
    "outcome": dict(enumerate("- allowed denied skipped lost limited".split())),
    "transaction_outcome": dict(enumerate("open committed rolled_back prepared".split()))}


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def ed25519(public, message, signature):
    """RFC 8032, by openssl."""
    with tempfile.TemporaryDirectory() as folder:
        def put(name, data):
            with open(os.path.join(folder, name), "wb") as out:
                out.write(data)
            return out.name
        der = put("key", bytes.fromhex("302a300506032b6570032100") + public)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", der, "-keyform", "DER", "-rawin",
                               "-in", put("message", message), "-sigfile", put("signature", signature)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return done.returncode == 0


def signed(note, key):
    name, key_id, public = key.split("+", 2)
    public = base64.b64decode(public)
    text, signatures = note.rsplit("\n\n", 1)
    for line in signatures.splitlines():
        dash, signer, raw = line.split(" ")
        raw = base64.b64decode(raw)
        if signer == name and raw[:4].hex() == key_id and public[0] == 1:
            return ed25519(public[1:], (text + "\n").encode(), raw[4:]), text
    return False, text


def spans(trusted, folder):
    """The keys one after the other, each with the fewest and the most records that its checkpoints may cover."""
    keys = []
    for number in range(1, sys.maxsize):
        path = os.path.join(folder, "rotation", str(number))
        if not os.path.exists(path):
            break
        with open(path, newline="") as file:
            note = file.read()
        header, old, new, origin, size = note.split("\n")[:5]
        follows = not keys or (keys[-1][0] == old and int(size) >= keys[-1][1])
        if header != "sluice key rotation v1" or not follows or not all(
                signed(note, key)[0] and key.split("+")[0] == origin for key in (old, new)):
            sys.exit(f"{path} is no change of the key that follows the one before it")
        keys = keys or [[old, 0, None]]
        keys[-1][2] = int(size)
        keys.append([new, int(size), None])
    if keys and trusted not in [key for key, _, _ in keys]:
        sys.exit("the log has never been signed with this key")
    return keys or [[trusted, 0, None]]


def root(leaf, index, size, proof):
    """RFC 9162, section 2.1.3.2; nothing where the proof is not one."""
    if index >= size:
        return None
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            value = sha(b"\x01", sibling, value)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = sha(b"\x01", value, sibling)
        node, last = node >> 1, last >> 1
    return value if last == 0 else None


def cbor(data, at=0):
    """As much of RFC 8949 as records need."""
    kind, info = data[at] >> 5, data[at] & 31
    at += 1
    if kind == 5 and info == 31:
        found = {}
        while data[at] != 0xFF:
            name, at = cbor(data, at)
            found[name], at = cbor(data, at)
        return found, at + 1
    if info >= 24:
        width = 1 << (info - 24)
        info = int.from_bytes(data[at:at + width], "big")
        at += width
    if kind == 0:
        return info, at
    if kind in (2, 3):
        part = data[at:at + info]
        try:
            return part.decode(), at + info
        except UnicodeDecodeError:
            return part.hex(), at + info
    if kind == 4:
        items = []
        for _ in range(info):
            item, at = cbor(data, at)
            items.append(item)
        return items, at
    raise ValueError("not a record")


def check(text, keys):
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    extra = base64.b64decode(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    proof = [base64.b64decode(line) for line in lines[3:]]
    origin, size, tree = note.split("\n")[:3]
    by = [span for span in keys if signed(note, span[0])[0] and origin == span[0].split("+")[0]]
    if not by:
        return None, "the checkpoint is not signed with this key"
    if not any(least <= int(size) and (most is None or int(size) <= most) for _, least, most in by):
        return None, f"a checkpoint of {size} records, for which its key does not count"
    leaf = sha(b"\x00", b"\x01", sha(extra))
    if root(leaf, index, int(size), proof) != base64.b64decode(tree):
        return None, "the record is not in the log"
    record, _ = cbor(extra[16:])
    named = {FIELDS.get(key, str(key)): value for key, value in record.items()}
    for field, names in NAMES.items():
        if field in named:
            named[field] = names.get(named[field], named[field])
    return {"record": index + 1} | named, ""


def main():
    if len(sys.argv) < 3:
        sys.exit(f"{__doc__}\nThe key should be one that you have from elsewhere.")
    with open(sys.argv[1]) as file:
        key = file.read().strip()
    keys = spans(key, os.path.dirname(os.path.abspath(__file__)))
    bad = 0
    for name in sys.argv[2:]:
        try:
            with open(name, newline="") as file:
                record, problem = check(file.read(), keys)
        except (ValueError, IndexError, KeyError) as error:
            record, problem = None, f"malformed: {error}"
        bad += record is None
        print(name, "holds:" if record else "DOES NOT HOLD:", json.dumps(record) if record else problem)
    sys.exit(1 if bad else 0)


main()
)script";
}

}  // namespace sluice::cli
