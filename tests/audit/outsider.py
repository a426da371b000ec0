#!/usr/bin/env python3
"""Checks a transparency log as an outsider would: from the public specifications and the log's public key alone.

    outsider.py LOG VKEY [--kept CHECKPOINT]... [--receipt FILE]... [--index N]...

LOG is a folder or an http(s) prefix that holds `checkpoint` and `tile/…`; VKEY a key such as `log.example+1234abcd+AZ…`,
or a file of keys, one a line. Where the log's key was changed (`rotation/1`, …), any of its keys leads to the others. Exit code 0: all holds. 1: something does not; the first thing found is printed.

Written from c2sp.org/tlog-tiles, /tlog-checkpoint, /signed-note, /tlog-cosignature and /tlog-proof, RFC 6962 section 2.1
(hashes) and RFC 9162 sections 2.1.3.2 and 2.1.4.2 (checking of proofs). It shares nothing with Sluice's own verifier, and
knows two things about Sluice: the entry of a record is 0x01 and the SHA-256 of what a receipt has as `extra`; and what a
change of the log's key looks like (docs/audit.md).
"""

import argparse
import base64
import binascii
import gzip
import hashlib
import pathlib
import sys
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256  # Hashes in a full tile.
SIGNATURE, COSIGNATURE = 1, 4  # Types of Ed25519 signatures in notes.
LOST = b"\2"  # The whole entry of a record that was lost.


class Rejected(Exception):
    """What does not hold."""


def require(holds, what):
    if not holds:
        raise Rejected(what)


def decode64(text, what):
    """Base 64 in its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(f"{what} is not base 64") from None
    require(base64.b64encode(data).decode() == text, f"{what} is not canonical base 64")
    return data


def decimal(text, what):
    require(text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"), f"{what} is not a number: {text!r}")
    return int(text)


# Hashes: RFC 6962, 2.1.

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size):
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def tree_hash(hashes):
    """MTH over leaves, or nodes of one level, that are hashed already."""
    if not hashes:
        return hashlib.sha256().digest()
    while len(hashes) > 1:  # Pairing from the left and carrying the odd one up is the same tree as splitting at a power of two.
        paired = [node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2])]
        hashes = paired + hashes[len(paired) * 2:]
    return hashes[0]


# Proofs: RFC 9162, 2.1.3.2 and 2.1.4.2.

def check_inclusion(leaf, index, size, path, root):
    require(index < size, f"index {index} is not in a tree of {size}")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        require(sn != 0, "the inclusion proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the inclusion proof is too short")
    require(r == root, f"entry {index} is not in the tree")


def check_consistency(first, first_root, second, second_root, path):
    require(first <= second, f"the tree has shrunk from {first} to {second}")
    if first == second or first == 0:
        require(not path, "a consistency proof where none is due")
        require(first_root == (second_root if first else tree_hash([])), f"two trees of {first} with different roots")
        return
    path = list(path)
    require(path, "the consistency proof is empty")
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        require(sn != 0, "the consistency proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the consistency proof is too short")
    require(fr == first_root and sr == second_root, f"the tree of {second} is not the tree of {first} continued")


# Notes and checkpoints.

class Key:
    """A vkey: name+ID+base64(type || public key)."""

    def __init__(self, vkey):
        name, key_id, encoded = (vkey.strip().split("+", 2) + ["", ""])[:3]
        require(name and key_id and encoded, f"not a key: {vkey!r}")
        material = decode64(encoded, "the key")
        require(len(material) == 33 and material[0] in (SIGNATURE, COSIGNATURE), "not an Ed25519 key")
        self.vkey = vkey.strip()
        self.name, self.type, self.public = name, material[0], Ed25519PublicKey.from_public_bytes(material[1:])
        self.id = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
        require(self.id.hex() == key_id.lower(), f"the key's ID is {self.id.hex()}, not {key_id}")

    def check(self, text, signature):
        if self.type == COSIGNATURE:
            require(len(signature) == 72, "a cosignature of the wrong length")
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            require(time < 1 << 63, "a cosignature from an impossible time")
            text = b"cosignature/v1\ntime %d\n" % time + text
        try:
            self.public.verify(signature, text)
        except InvalidSignature:
            raise Rejected(f"a signature by {self.name} does not fit") from None


def open_note(data, keys):
    """The text of a note and the keys that signed it, at least one of them a log's."""
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise Rejected("the note is not UTF-8") from None
    require(all(c == "\n" or c >= " " for c in whole), "the note holds control characters")
    at = whole.rfind("\n\n")
    require(at >= 0 and whole.endswith("\n"), "not a signed note")
    text, lines = whole[:at + 1].encode(), whole[at + 2:].split("\n")[:-1]
    require(lines, "the note is not signed")
    signed_by = []
    for line in lines:
        dash, name, encoded = (line.split(" ") + ["", ""])[:3]
        require(dash == "\u2014" and name and encoded and line.count(" ") == 2 and "+" not in name, f"not a signature line: {line!r}")
        signature = decode64(encoded, "a signature")
        require(len(signature) > 4, "a signature is too short")
        for key in keys:
            if (key.name, key.id) == (name, signature[:4]):
                key.check(text, signature[4:])
                signed_by.append(key)
    require(any(key.type == SIGNATURE for key in signed_by), "not signed by a known key of the log")
    return text.decode(), signed_by


class Checkpoint:
    """Signed by one of the keys. Each of the log's own counts for the span of sizes that it has in `spans`, if it is there."""

    def __init__(self, data, keys, spans=None):
        text, self.signed_by = open_note(data, keys)
        self.read(text.split("\n")[:-1])
        require(any(k.name == self.origin for k in self.signed_by), "signed by another log than the origin says")
        for key in self.signed_by:
            first, last = (spans or {}).get(key.vkey, (0, None))
            require(first <= self.size and (last is None or self.size <= last), f"a key of records {first} to {last} has signed {self.size}")

    def read(self, lines):
        require(len(lines) >= 3 and all(lines), "not a checkpoint")
        self.origin, self.size, self.root = lines[0], decimal(lines[1], "the tree size"), decode64(lines[2], "the root")
        require(len(self.root) == 32, "the root is not a SHA-256")


class Rotation(Checkpoint):
    """A change of the log's key, signed by the old and the new one, over the tree as it was then."""

    def __init__(self, data):
        lines = data.decode(errors="replace").split("\n")
        require(lines[0] == "sluice key rotation v1" and len(lines) > 3, "not a change of the key")
        self.old, self.new = Key(lines[1]), Key(lines[2])
        text, self.signed_by = open_note(data, [self.old, self.new])
        self.read(text.split("\n")[3:-1])
        for key in (self.old, self.new):
            require(key.type == SIGNATURE and key.name == self.origin, "a key of another log, or none that signs")
            require(key in self.signed_by, "a change of the key that one of the two has not signed")


# Tiles.

def tile_path(level, index, width):
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(parts)}" + (f".p/{width}" if width < WIDTH else "")


def read_folder(folder):
    def read(path):
        try:
            return pathlib.Path(folder, path).read_bytes()
        except OSError:
            return None
    return read


def read_http(prefix):
    def read(path):
        request = urllib.request.Request(f"{prefix.rstrip('/')}/{path}", headers={"Accept-Encoding": "gzip, identity"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body = answer.read()
                return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
        except (urllib.error.URLError, OSError):
            return None
    return read


class Log:
    """The tree of a checkpoint, read through tiles. Tiles count once what hangs on them has been checked against the root."""

    def __init__(self, location, keys):
        self.read = read_http(location) if str(location).startswith(("http://", "https://")) else read_folder(location)
        self.keys, self.spans, self.changes = keys, {}, []
        self.follow_keys()
        data = self.read("checkpoint")
        require(data is not None, "there is no checkpoint")
        self.checkpoint = Checkpoint(data, self.keys, self.spans)
        self.size = self.checkpoint.size
        self.tiles = {}

    def follow_keys(self):
        """The keys that the log has had, and for which sizes of the tree each counts."""
        while (data := self.read(f"rotation/{len(self.changes) + 1}")) is not None:
            change, before = Rotation(data), self.changes[-1:]
            require(not before or before[0].new.vkey == change.old.vkey, "a change of the key that does not follow the one before")
            first = before[0].size if before else 0
            require(first <= change.size, "a change of the key over a smaller tree than the one before")
            self.spans[change.old.vkey] = first, change.size
            require(change.new.vkey not in self.spans, "a key of the log has come back")
            self.spans[change.new.vkey] = change.size, None
            self.changes.append(change)
        if not self.changes:
            return
        trusted = {key.vkey for key in self.keys if key.type == SIGNATURE}
        require(trusted & set(self.spans), "the log has never been signed with a known key")
        self.keys = [k for k in self.keys if k.type != SIGNATURE] + [self.changes[0].old] + [change.new for change in self.changes]

    def check_changes(self):
        """That the tree is the one over which its keys were changed."""
        for change in self.changes:
            self.check_head(change)

    def width(self, level, index):
        """How many hashes of a tile the tree of this size has."""
        return max(0, min(WIDTH, (self.size >> 8 * level) - index * WIDTH))

    def fetch(self, level, index, width):
        """A partial tile may be gone when the full one is there."""
        data = self.read(tile_path(level, index, width))
        if data is None and width < WIDTH:
            data = self.read(tile_path(level, index, WIDTH))
            require(data is not None, f"{tile_path(level, index, width)} is missing")
            return data, False
        require(data is not None, f"{tile_path(level, index, width)} is missing")
        return data, True

    def tile(self, level, index):
        if (level, index) not in self.tiles:
            width = self.width(level, index)
            require(width, f"{tile_path(level, index, WIDTH)} is beyond the tree")
            data, exact = self.fetch(level, index, width)
            require(len(data) == 32 * (width if exact else WIDTH), f"{tile_path(level, index, width)} has the wrong length")
            self.tiles[level, index] = [data[i:i + 32] for i in range(0, 32 * width, 32)]
        return self.tiles[level, index]

    def entries(self, index):
        width = self.width(0, index)
        path = tile_path("entries", index, width)
        data, exact = self.fetch("entries", index, width)
        entries, at = [], 0
        while at < len(data):
            length = int.from_bytes(data[at:at + 2], "big")
            require(at + 2 + length <= len(data), f"{path} is cut off")
            entries.append(data[at + 2:at + 2 + length])
            at += 2 + length
        require(len(entries) == (width if exact else WIDTH), f"{path} has {len(entries)} entries")
        return entries[:width]

    def subtree(self, height, index):
        """The hash of the complete subtree over leaves index·2^height and on."""
        level, rest = divmod(height, 8)
        first = index << rest
        tile = self.tile(level, first // WIDTH)
        return tree_hash(tile[first % WIDTH:first % WIDTH + (1 << rest)])

    def range(self, begin, end):
        """MTH(D[begin:end]) for the ranges that proofs are made of."""
        if begin == end:
            return tree_hash([])
        size = end - begin
        if size & (size - 1) == 0:
            return self.subtree(size.bit_length() - 1, begin // size)
        middle = begin + split(size)
        return node_hash(self.range(begin, middle), self.range(middle, end))

    def inclusion(self, index):
        """PATH(index, D): RFC 6962, 2.1.1."""
        begin, end, path = 0, self.size, []
        while end - begin > 1:
            middle = begin + split(end - begin)
            if index < middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(begin, middle))
                begin = middle
        return path[::-1]

    def consistency(self, first):
        """PROOF(first, D): RFC 6962, 2.1.2."""
        if first in (0, self.size):
            return []
        begin, end, path, whole = 0, self.size, [], True
        while first != end:
            middle = begin + split(end - begin)
            if first <= middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(begin, middle))
                begin, whole = middle, False
        return ([] if whole else [self.range(begin, end)]) + path[::-1]

    def check_tiles(self):
        """Every entry, every tile of every level, the root."""
        leaves = []
        for index in range((self.size + WIDTH - 1) // WIDTH):
            hashes = [leaf_hash(entry) for entry in self.entries(index)]
            require(hashes == self.tile(0, index), f"{tile_path(0, index, len(hashes))} is not what its entries hash to")
            leaves += hashes
        level = 0
        while self.size >> 8 * (level + 1):
            for i in range(self.size >> 8 * (level + 1)):
                stands = self.tile(level + 1, i // WIDTH)[i % WIDTH]
                require(tree_hash(self.tile(level, i)) == stands, f"hash {i} of level {level + 1} is not that of the tile below")
            level += 1
        require(tree_hash(leaves) == self.checkpoint.root, "the entries are not those that were signed")
        require(self.range(0, self.size) == self.checkpoint.root, "the tiles are not those that were signed")

    def check_entry(self, index):
        """One entry by its proof alone; returns it."""
        require(index < self.size, f"there is no entry {index}")
        entry = self.entries(index // WIDTH)[index % WIDTH]
        check_inclusion(leaf_hash(entry), index, self.size, self.inclusion(index), self.checkpoint.root)
        return entry

    def check_kept(self, data):
        """That a checkpoint kept from earlier is of this log."""
        self.check_head(Checkpoint(data, self.keys, self.spans))

    def check_head(self, kept):
        require(kept.origin == self.checkpoint.origin, "the kept checkpoint is of another log")
        require(kept.size <= self.size, f"the log has shrunk from {kept.size} to {self.size}")
        check_consistency(kept.size, kept.root, self.size, self.checkpoint.root, self.consistency(kept.size))


class Receipt:
    """A tlog-proof of one record."""

    def __init__(self, data, keys, spans=None):
        head, _, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode().split("\n")
        except UnicodeDecodeError:
            raise Rejected("the receipt is not UTF-8") from None
        require(lines[0] == "c2sp.org/tlog-proof@v1" and len(lines) >= 3, "not a tlog-proof")
        require(lines[1].startswith("extra "), "the receipt does not hold the record")
        require(lines[2].startswith("index "), "the receipt has no index")
        self.extra = decode64(lines[1][6:], "extra")
        self.index = decimal(lines[2][6:], "the index")
        self.path = [decode64(line, "a hash") for line in lines[3:]]
        require(all(len(h) == 32 for h in self.path), "a hash is not a SHA-256")
        self.checkpoint = Checkpoint(checkpoint, keys, spans)
        require(len(self.extra) > 16, "the receipt does not hold the record")
        self.entry = b"\1" + hashlib.sha256(self.extra).digest()
        check_inclusion(leaf_hash(self.entry), self.index, self.checkpoint.size, self.path, self.checkpoint.root)

    @property
    def record(self):
        """CBOR; the salt before it is only there to be hashed."""
        return self.extra[16:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("log")
    parser.add_argument("key", nargs="+")
    parser.add_argument("--kept", action="append", default=[], help="a checkpoint from earlier")
    parser.add_argument("--receipt", action="append", default=[])
    parser.add_argument("--index", action="append", default=[], type=int)
    options = parser.parse_args()
    try:
        vkeys = [line for key in options.key for line in (pathlib.Path(key).read_text().split() if pathlib.Path(key).is_file() else [key])]
        keys = [Key(vkey) for vkey in vkeys]
        log = Log(options.log, keys)
        log.check_tiles()
        log.check_changes()
        for index in options.index:
            log.check_entry(index)
        for kept in options.kept:
            log.check_kept(pathlib.Path(kept).read_bytes())
        for file in options.receipt:
            data = pathlib.Path(file).read_bytes()
            receipt = Receipt(data, log.keys, log.spans)
            log.check_kept(data.partition(b"\n\n")[2])
            require(log.check_entry(receipt.index) == receipt.entry, f"the log holds something else than {file}")
    except Rejected as reason:
        print(f"rejected: {reason}")
        return 1
    print(f"holds: {log.checkpoint.origin}, {log.size} entries, root {log.checkpoint.root.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
