"""Somebody else's verifier, made for another log by the same specifications, agrees with ours about receipts: that of the
Sigstore project (signed notes, checkpoints, RFC 6962), from npm."""

import base64
import pathlib
import subprocess

import psycopg2
import pytest
from harness import npm
from harness.gateway import SLUICE, Gateway

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def evidence(server):
    """(public keys of a log before and after a change of the key, receipts by either), of records far apart."""
    gateway = Gateway(server)
    try:
        with psycopg2.connect(gateway.dsn()) as connection, connection.cursor() as cursor:
            for i in range(700):
                cursor.execute(f"SELECT 'somebody else {i}'")
        ids = [1, 2, *(gateway.wait_for(bool, "--text", f"'somebody else {i}'")[0]["id"] for i in (0, 254, 255, 511, 699))]
        before = gateway.cli("audit", "key").stdout.strip()
        old = [gateway.cli("audit", "receipt", str(number)).stdout for number in ids]
        gateway.cli("audit", "key", "--rotate")
        after = gateway.cli("audit", "key").stdout.strip()
        new = [gateway.cli("audit", "receipt", str(number)).stdout for number in ids]
        yield before, old, after, new
    finally:
        assert gateway.stop() == 0


def theirs(folder, key, *receipts):
    modules = npm.packages("sigstore", "@sigstore/verify@3.1.1") / "node_modules"
    files = []
    for number, text in enumerate(receipts):
        files.append(folder / f"receipt-{number}")
        files[-1].write_text(text)
    done = subprocess.run(["node", HERE / "sigstore.cjs", modules, key, *files], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def ours(key, text):
    return subprocess.run([SLUICE, "audit", "verify", "--receipt", "-", "--public-key", key], input=text, capture_output=True, text=True, timeout=60).returncode == 0


def test_both_accept_receipts_by_either_key(evidence, tmp_path):
    before, old, after, new = evidence
    assert theirs(tmp_path, before, *old) == ["good"] * len(old)
    assert theirs(tmp_path, after, *new) == ["good"] * len(new)
    assert all(ours(before, text) for text in old) and all(ours(after, text) for text in new)


def altered(text):
    """(what was done, the text): every kind of lie about a receipt."""
    kind, extra, index, *rest = text.split("\n")
    record = bytearray(base64.b64decode(extra.removeprefix("extra ")))
    record[-1] ^= 1
    yield "the record", "\n".join([kind, "extra " + base64.b64encode(record).decode(), index, *rest])
    yield "the number", "\n".join([kind, extra, f"index {int(index.removeprefix('index ')) ^ 1}", *rest])
    hashes = rest[:rest.index("")]
    other = bytearray(base64.b64decode(hashes[-1]))
    other[0] ^= 0x80
    yield "the path", "\n".join([kind, extra, index, *hashes[:-1], base64.b64encode(other).decode(), *rest[len(hashes):]])
    yield "a hash left out", "\n".join([kind, extra, index, *hashes[:-1], *rest[len(hashes):]])
    head = rest[len(hashes) + 1:]
    size = head[1]
    yield "the size", "\n".join([kind, extra, index, *hashes, "", head[0], str(int(size) + 1), *head[2:]])
    yield "the root", "\n".join([kind, extra, index, *hashes, "", head[0], size, base64.b64encode(bytes(32)).decode(), *head[3:]])


def test_both_reject_what_was_altered(evidence, tmp_path):
    before, old, after, new = evidence
    for what, text in altered(old[-1]):
        assert theirs(tmp_path, before, text) != ["good"], what
        assert not ours(before, text), what
    # By another key than the one that signed.
    assert theirs(tmp_path, after, old[0]) != ["good"] and not ours(after, old[0])
    assert theirs(tmp_path, before, new[0]) != ["good"] and not ours(before, new[0])
