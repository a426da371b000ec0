"""Two verifiers, ours and one from the public specifications alone (outsider.py), say the same of every log."""

import base64
import hashlib
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import outsider
import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from harness.gateway import SLUICE, Gateway
from harness.wire import SYNC, WireClient, bind, execute, parse

ORIGIN = "sluice.example.com/outsider"
WIDTH = outsider.WIDTH
ENTRY = 2 + 33  # Bytes of an entry in a bundle, with its length.


def statements(gateway, *texts):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
    connection.close()


def many(gateway, count):
    """So many records, quickly: executions in one pipeline."""
    client = WireClient(gateway.port, timeout=60)
    client.login()
    client.run(parse("SELECT 1", name="one") + SYNC)
    for _ in range(0, count, 1000):
        client.run((bind("one") + execute()) * 1000 + SYNC)
    client.close()


class Evidence:
    """What an outsider was given: the folder of a closed log, its key, checkpoints from along the way, receipts."""

    def __init__(self, server, folder):
        gateway = Gateway(server, extra=f"audit: {{ segment_size: 1MiB, origin: {ORIGIN} }}")
        self.audit = pathlib.Path(gateway.root, "state/audit")
        self.kept = []
        try:
            statements(gateway, *(f"SELECT 'first {i}'" for i in range(200)))
            self.keep()
            gateway.kill9()
            gateway.start()
            statements(gateway, *(f"SELECT 'second {i}'" for i in range(300)))
            self.keep()
            gateway.signal(signal.SIGTERM)
            gateway.process.wait(20)
            gateway.start()
            statements(gateway, *(f"SELECT 'third {i}'" for i in range(150)))
            self.keep()
            self.key = gateway.cli("audit", "key").stdout.strip()
            wanted = [gateway.wait_for(bool, "--text", f"'{text}'")[0]["id"] for text in ("first 0", "first 199", "second 150", "third 149")]
            self.receipts = [gateway.cli("audit", "receipt", str(record)).stdout for record in [1, *wanted]]
            self.over_http = self.ask_outsider(folder, f"http://127.0.0.1:{gateway.http}/tlog/")
            gateway.signal(signal.SIGTERM)
            gateway.process.wait(20)
            shutil.copytree(self.audit, folder / "audit")
            self.audit = folder / "audit"
            self.keep()
        finally:
            gateway.stop()

    def ask_outsider(self, folder, log):
        """What outsider.py says of a log, with all that was kept, as somebody would run it."""
        (folder / "key").write_text(self.key + "\n")
        arguments = [log, folder / "key"]
        for option, texts in (("--kept", self.kept), ("--receipt", [r.encode() for r in self.receipts])):
            for number, text in enumerate(texts):
                file = folder / f"{option}-{number}"
                file.write_bytes(text)
                arguments += [option, file]
        for index in (0, 255, 256, 511, 512, 600):
            arguments += ["--index", str(index)]
        return subprocess.run([sys.executable, outsider.__file__, *arguments], capture_output=True, text=True, timeout=60)

    def keep(self):
        """The checkpoint, once it is another than the last one kept and has been the newest for a while."""
        deadline, seen, since = time.time() + 30, b"", time.time()
        while time.time() < deadline and (time.time() - since < 1.5 or seen in (b"", *self.kept[-1:])):
            checkpoint = (self.audit / "tlog/checkpoint").read_bytes()
            if checkpoint != seen:
                seen, since = checkpoint, time.time()
            time.sleep(0.1)
        self.kept.append(seen)


@pytest.fixture(scope="module")
def evidence(server, tmp_path_factory):
    return Evidence(server, tmp_path_factory.mktemp("evidence"))


def outside(audit, key, *kept):
    """None, or why an outsider rejects a log."""
    try:
        log = outsider.Log(audit / "tlog", [outsider.Key(key)])
        log.check_tiles()
        log.check_changes()
        for data in kept:
            log.check_kept(data)
    except outsider.Rejected as reason:
        return str(reason)
    return None


def ours(audit, key, *kept):
    """None, or why `sluice audit verify` rejects it."""
    more = []
    for number, data in enumerate(kept):
        file = audit / f"kept-{number}"
        file.write_bytes(data)
        more += ["--checkpoint", file]
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit, "--public-key", key, *more], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 3), done
    return (done.stdout + done.stderr or "?") if done.returncode else None


def receipt_outside(text, key):
    try:
        return outsider.Receipt(text.encode(), [outsider.Key(key)]), None
    except outsider.Rejected as reason:
        return None, str(reason)


def receipt_ours(text, key):
    done = subprocess.run([SLUICE, "audit", "verify", "--receipt", "-", "--public-key", key], input=text, capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr or "?") if done.returncode else None


# The outsider itself.

class Memory(outsider.Log):
    """A tree made here, with its tiles."""

    def __init__(self, size):
        self.size, self.tiles = size, {}
        self.leaves = hashes = [hashlib.sha256(b"%d" % i).digest() for i in range(size)]
        level = 0
        while hashes:
            self.tiles.update({(level, i // WIDTH): hashes[i:i + WIDTH] for i in range(0, len(hashes), WIDTH)})
            hashes = [outsider.tree_hash(hashes[i:i + WIDTH]) for i in range(0, len(hashes) - WIDTH + 1, WIDTH)]
            level += 1


def plain_tree_hash(leaves):
    """MTH as RFC 6962 words it."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return outsider.node_hash(plain_tree_hash(leaves[:k]), plain_tree_hash(leaves[k:]))


@pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257, 511, 512, 700, 65536, 65537, 66000])
def test_the_outsider_proves_what_the_rfc_says(size):
    tree = Memory(size)
    root = plain_tree_hash(tree.leaves)
    assert outsider.tree_hash(tree.leaves) == tree.range(0, size) == root
    some = range(size) if size < 20 else [0, 1, size // 2, size - 2, size - 1]
    for index in some:
        path = tree.inclusion(index)
        outsider.check_inclusion(tree.leaves[index], index, size, path, root)
        for wrong in ([root] + path, path + [root], path[1:], [root] + path[1:]):
            if wrong != path:
                with pytest.raises(outsider.Rejected):
                    outsider.check_inclusion(tree.leaves[index], index, size, wrong, root)
        first, proof = index + 1, tree.consistency(index + 1)
        first_root = plain_tree_hash(tree.leaves[:first])
        outsider.check_consistency(first, first_root, size, root, proof)
        for wrong in ([root] + proof, proof + [root], proof[1:], proof[:-1]):
            if wrong != proof:
                with pytest.raises(outsider.Rejected):
                    outsider.check_consistency(first, first_root, size, root, wrong)
        with pytest.raises(outsider.Rejected):
            outsider.check_consistency(first, tree.leaves[0] if first > 1 else root, size, root if first > 1 else tree.leaves[-1] + b"x", proof)


def test_the_outsider_names_tiles_as_the_specification_does():
    assert outsider.tile_path(0, 1234067, 256) == "tile/0/x001/x234/067"
    assert outsider.tile_path("entries", 0, 8) == "tile/entries/000.p/8"
    assert [Memory(70000).width(level, index) for level, index in ((0, 272), (0, 273), (1, 0), (1, 1), (2, 0))] == [256, 112, 256, 17, 1]


class Signer:
    """A key of somebody's, for what is signed wrongly and for witnesses."""

    def __init__(self, name, kind=outsider.SIGNATURE, private=None):
        self.name, self.kind, self.private = name, kind, private or Ed25519PrivateKey.generate()
        public = bytes([kind]) + self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}"

    def line(self, text, key_id=None):
        made = self.private.sign(text)
        if self.kind == outsider.COSIGNATURE:
            made = (1700000000).to_bytes(8, "big") + self.private.sign(b"cosignature/v1\ntime 1700000000\n" + text)
        return f"\u2014 {self.name} {base64.b64encode((key_id or self.id) + made).decode()}\n".encode()


def note_text(checkpoint):
    return checkpoint[:checkpoint.index(b"\n\n") + 1]


def test_the_outsider_checks_cosignatures(evidence):
    witness = Signer("witness.example.com/w1", outsider.COSIGNATURE)
    keys = [outsider.Key(evidence.key), outsider.Key(witness.vkey)]
    checkpoint = evidence.kept[-1]
    cosigned = checkpoint + witness.line(note_text(checkpoint))
    assert [k.name for k in outsider.Checkpoint(cosigned, keys).signed_by] == [ORIGIN, witness.name]
    for wrong in (checkpoint + witness.line(b"another\n"), note_text(checkpoint) + b"\n" + witness.line(note_text(checkpoint))):
        with pytest.raises(outsider.Rejected):
            outsider.Checkpoint(wrong, keys)


# Both, on what is good.

def test_both_accept_a_log_over_restarts_and_what_was_kept_of_it(evidence):
    key, kept = evidence.key, evidence.kept
    log = outsider.Log(evidence.audit / "tlog", [outsider.Key(key)])
    assert log.size > 600 and len({outsider.Checkpoint(k, log.keys).size for k in kept}) == 4
    assert outside(evidence.audit, key, *kept) is None and ours(evidence.audit, key, *kept) is None
    for index in range(log.size):
        entry = log.check_entry(index)
        assert entry == outsider.LOST or (len(entry) == 33 and entry[0] == 1)


def test_the_outsider_accepts_the_log_over_http_while_it_runs(evidence):
    assert evidence.over_http.returncode == 0 and evidence.over_http.stdout.startswith(f"holds: {ORIGIN}, 6"), evidence.over_http


def test_both_accept_the_receipts(evidence):
    for text, said in zip(evidence.receipts, (b"command line", b"'first 0'", b"'first 199'", b"'second 150'", b"'third 149'")):
        receipt, reason = receipt_outside(text, evidence.key)
        assert reason is None and said in receipt.record
        assert receipt_ours(text, evidence.key) is None
        log = outsider.Log(evidence.audit / "tlog", [outsider.Key(evidence.key)])
        assert log.check_entry(receipt.index) == receipt.entry


# Both, where the log's key was changed.

class Changed:
    """The folder of a closed log whose key was changed, both keys, and the first one as whoever stole it has it."""

    def __init__(self, server, folder):
        gateway = Gateway(server, extra=f"audit: {{ origin: {ORIGIN} }}")
        try:
            self.first = gateway.cli("audit", "key").stdout.strip()
            stolen = pathlib.Path(gateway.root, "state/audit/log-key.pem").read_bytes()
            statements(gateway, *(f"SELECT 'before {i}'" for i in range(50)))
            self.second = gateway.cli("audit", "key", "--rotate").stdout.strip()
            statements(gateway, *(f"SELECT 'after {i}'" for i in range(50)))
            gateway.signal(signal.SIGTERM)
            gateway.process.wait(20)
            self.audit = pathlib.Path(shutil.copytree(pathlib.Path(gateway.root, "state/audit"), folder / "audit"))
        finally:
            gateway.stop()
        self.thief = Signer(ORIGIN, private=load_pem_private_key(stolen, None))


@pytest.fixture(scope="module")
def changed(server, tmp_path_factory):
    return Changed(server, tmp_path_factory.mktemp("changed"))


def test_both_follow_a_change_of_the_key_from_either(changed):
    assert changed.first != changed.second and changed.thief.vkey == changed.first
    for key in (changed.first, changed.second):
        assert outside(changed.audit, key) is None and ours(changed.audit, key) is None
    stranger = Signer(ORIGIN).vkey
    assert outside(changed.audit, stranger) and ours(changed.audit, stranger)


@pytest.mark.parametrize("change", ["signed with the old key", "a bit of the note", "the new key has not signed the note", "the note is gone"])
def test_both_hold_a_key_to_its_span(changed, tmp_path, change):
    audit = shutil.copytree(changed.audit, tmp_path / "audit")
    note = audit / "tlog/rotation/1"
    if change == "signed with the old key":
        resign(audit / "tlog", changed.thief)
    elif change == "a bit of the note":
        flip(note, note.read_bytes().index(b"\n\n") - 4)
    elif change == "the new key has not signed the note":
        edit(note, lambda d: b"\n".join(d.split(b"\n")[:-2]) + b"\n")
    else:
        note.unlink()
    assert outside(audit, changed.first) and ours(audit, changed.first)


# Both, on tampering. Each takes the folder of a copy, and changes it.

def flip(path, at, bit=0):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def partial(tlog, level, index, size=None):
    """The file of the partial tile that belongs to the checkpoint."""
    size = size or int((tlog / "checkpoint").read_text().split("\n")[1])
    width = (size >> 8 * (0 if level == "entries" else level)) - 256 * index
    return tlog / outsider.tile_path(level, index, width)


def resign(tlog, signer, change=lambda text: text):
    text = change(note_text((tlog / "checkpoint").read_bytes()))
    (tlog / "checkpoint").write_bytes(text + b"\n" + signer.line(text))


def edit(path, change):
    path.write_bytes(change(path.read_bytes()))


def swap(data, a, b, size):
    """Two ranges of so many bytes change places."""
    data = bytearray(data)
    data[a:a + size], data[b:b + size] = data[b:b + size], data[a:a + size]
    return bytes(data)


def swap_files(a, b):
    first, second = a.read_bytes(), b.read_bytes()
    a.write_bytes(second)
    b.write_bytes(first)


def rewrite_entry(tlog):
    """Another record in place of one, and every tile above made to fit; only the signed root does not."""
    bundle, leaves, nodes = tlog / "tile/entries/000", tlog / "tile/0/000", partial(tlog, 1, 0)
    edit(bundle, lambda d: d[:ENTRY] + b"\0!\1" + hashlib.sha256(b"another").digest() + d[2 * ENTRY:])
    edit(leaves, lambda d: d[:32] + outsider.leaf_hash(bundle.read_bytes()[ENTRY + 2:2 * ENTRY]) + d[64:])
    whole = leaves.read_bytes()
    edit(nodes, lambda d: outsider.tree_hash([whole[i:i + 32] for i in range(0, 8192, 32)]) + d[32:])


def forge(tlog):
    """The same, and signed by somebody else in the log's name."""
    rewrite_entry(tlog)
    log = object.__new__(outsider.Log)
    log.read, log.tiles = outsider.read_folder(tlog), {}
    log.size = int((tlog / "checkpoint").read_text().split("\n")[1])
    root = base64.b64encode(log.range(0, log.size))
    resign(tlog, Signer(ORIGIN), lambda text: b"\n".join([*text.split(b"\n")[:2], root, b""]))


def cut_back(tlog):
    """An old checkpoint put back, and all that came after it removed."""
    old = (tlog / "old").read_bytes()
    (tlog / "checkpoint").write_bytes(old)
    size = int(old.split(b"\n")[1])
    bundle, leaves = tlog / "tile/entries/000", tlog / "tile/0/000"
    if size < 256 and not partial(tlog, 0, 0).exists():
        partial(tlog, 0, 0).parent.mkdir(parents=True, exist_ok=True)
        partial(tlog, "entries", 0).parent.mkdir(parents=True, exist_ok=True)
        partial(tlog, 0, 0).write_bytes(leaves.read_bytes()[:32 * size])
        partial(tlog, "entries", 0).write_bytes(bundle.read_bytes()[:ENTRY * size])
    for later in ("tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001"):
        (tlog / later).unlink()


TAMPERING = {
    "a bit of the origin": lambda t: flip(t / "checkpoint", 3),
    "the size": lambda t: edit(t / "checkpoint", lambda d: d.replace(b"\n6", b"\n7", 1)),
    "a bit of the root": lambda t: flip(t / "checkpoint", len(ORIGIN) + 8),
    "a bit of the signature": lambda t: flip(t / "checkpoint", -20),
    "the signature is gone": lambda t: edit(t / "checkpoint", lambda d: note_text(d) + b"\n"),
    "a line is added": lambda t: edit(t / "checkpoint", lambda d: note_text(d) + b"more\n" + d[len(note_text(d)):]),
    "the checkpoint is empty": lambda t: (t / "checkpoint").write_bytes(b""),
    "the checkpoint is gone": lambda t: (t / "checkpoint").unlink(),
    "the checkpoint is another's": lambda t: resign(t, Signer("elsewhere.example.com")),
    "the checkpoint is signed with another key": lambda t: resign(t, Signer(ORIGIN)),
    "a bit of level 0": lambda t: flip(t / "tile/0/000", 1234),
    "the last bit of level 0": lambda t: flip(partial(t, 0, 2), -1, 7),
    "a bit of level 1": lambda t: flip(partial(t, 1, 0), 40),
    "a bit of a bundle": lambda t: flip(t / "tile/entries/001", 2000),
    "the last bit of the last bundle": lambda t: flip(partial(t, "entries", 2), -1, 7),
    "the length of an entry": lambda t: flip(t / "tile/entries/000", ENTRY + 1),
    "two entries change places": lambda t: edit(t / "tile/entries/000", lambda d: swap(d, ENTRY, 10 * ENTRY, ENTRY)),
    "two entries and their hashes change places": lambda t: (edit(t / "tile/entries/000", lambda d: swap(d, ENTRY, 10 * ENTRY, ENTRY)), edit(t / "tile/0/000", lambda d: swap(d, 32, 320, 32))),
    "two tiles change places": lambda t: swap_files(t / "tile/0/000", t / "tile/0/001"),
    "two bundles change places": lambda t: swap_files(t / "tile/entries/000", t / "tile/entries/001"),
    "an entry is rewritten, and every tile": rewrite_entry,
    "an entry is rewritten, every tile, and the checkpoint": forge,
    "a tile is cut": lambda t: edit(t / "tile/0/001", lambda d: d[:-32]),
    "a tile is longer": lambda t: edit(t / "tile/0/001", lambda d: d + bytes(32)),
    "a bundle is cut": lambda t: edit(t / "tile/entries/001", lambda d: d[:-ENTRY]),
    "a bundle is longer": lambda t: edit(t / "tile/entries/001", lambda d: d + d[:ENTRY]),
    "a bundle ends within an entry": lambda t: edit(partial(t, "entries", 2), lambda d: d[:-1]),
    "a tile is gone": lambda t: (t / "tile/0/000").unlink(),
    "the partial tile is gone": lambda t: partial(t, 0, 2).unlink(),
    "the partial tile of level 1 is gone": lambda t: partial(t, 1, 0).unlink(),
    "a bundle is gone": lambda t: (t / "tile/entries/000").unlink(),
    "the partial bundle is gone": lambda t: partial(t, "entries", 2).unlink(),
    "the tree is cut, with its old checkpoint put back": cut_back,
}




@pytest.mark.parametrize("what", TAMPERING)
def test_Threat57_both_reject(evidence, tmp_path, what):
    audit = tmp_path / "audit"
    shutil.copytree(evidence.audit, audit)
    (audit / "tlog/old").write_bytes(evidence.kept[0])
    TAMPERING[what](audit / "tlog")
    theirs, our = outside(audit, evidence.key, evidence.kept[-1]), ours(audit, evidence.key, evidence.kept[-1])
    print(f"{what}: the outsider: {theirs}; ours: {our}")
    assert theirs and our


RECEIPT_TAMPERING = {
    "a bit of the salt": lambda line: edit_line(line, 1, lambda e: e[:8] + ("A" if e[8] != "A" else "B") + e[9:]),
    "a bit of the record": lambda line: edit_line(line, 1, lambda e: e[:60] + ("A" if e[60] != "A" else "B") + e[61:]),
    "another index": lambda line: edit_line(line, 2, lambda e: f"index {int(e[6:]) + 1}"),
    "an index beyond the tree": lambda line: edit_line(line, 2, lambda e: "index 100000"),
    "an index with zeroes": lambda line: edit_line(line, 2, lambda e: e.replace("index ", "index 0")),
    "a hash": lambda line: edit_line(line, 4, lambda e: ("A" if e[0] != "A" else "B") + e[1:]),
    "two hashes change places": lambda line: [*line[:3], line[4], line[3], *line[5:]],
    "a hash is gone": lambda line: [*line[:3], *line[4:]],
    "the last hash is gone": lambda line: [*line[:line.index("") - 1], *line[line.index(""):]],
    "a hash more": lambda line: [*line[:3], line[3], *line[3:]],
    "a hash at the end": lambda line: [*line[:line.index("")], line[3], *line[line.index(""):]],
    "the extra is gone": lambda line: [line[0], *line[2:]],
    "another kind of proof": lambda line: edit_line(line, 0, lambda e: "c2sp.org/tlog-proof@v2"),
    "the size": lambda line: edit_line(line, line.index("") + 2, lambda e: str(int(e) + 1)),
    "the root": lambda line: edit_line(line, line.index("") + 3, lambda e: ("A" if e[0] != "A" else "B") + e[1:]),
    "the signature": lambda line: edit_line(line, -2, lambda e: e[:-20] + ("A" if e[-20] != "A" else "B") + e[-19:]),
}


def edit_line(lines, at, change):
    lines = list(lines)
    lines[at] = change(lines[at])
    return lines


@pytest.mark.parametrize("what", RECEIPT_TAMPERING)
def test_Threat57_both_reject_a_receipt(evidence, what):
    for text in evidence.receipts[1:4]:
        forged = "\n".join(RECEIPT_TAMPERING[what](text.split("\n")))
        assert forged != text
        theirs, our = receipt_outside(forged, evidence.key)[1], receipt_ours(forged, evidence.key)
        print(f"{what}: the outsider: {theirs}; ours: {our}")
        assert theirs and our


# More signature lines: made from the text, somebody else, somebody with the log's name and the log's key ID; and whether
# signed-note lets them pass.
MORE_SIGNATURES = {
    "a witness": (lambda text, other, namesake, known: other.line(text), True),
    "an unknown key of the log's name": (lambda text, other, namesake, known: namesake.line(text), True),
    "the log's key ID under another name": (lambda text, other, namesake, known: other.line(text, known), True),
    "sixteen signatures": (lambda text, other, namesake, known: b"".join(Signer(f"w{i}.example.com").line(text) for i in range(15)), True),
    "a wrong signature by the log's own key": (lambda text, other, namesake, known: namesake.line(text, known), False),
    "no signature line": (lambda text, other, namesake, known: b"something else\n", False),
    "no base 64": (lambda text, other, namesake, known: "\u2014 w.example.com ????\n".encode(), False),
    "no end of line": (lambda text, other, namesake, known: other.line(text)[:-1], False),
}


@pytest.mark.parametrize("what", MORE_SIGNATURES)
def test_both_treat_other_signatures_as_specified(evidence, tmp_path, what):
    make, passes = MORE_SIGNATURES[what]
    line = make(note_text(evidence.kept[-1]), Signer("witness.example.com/w1", outsider.COSIGNATURE), Signer(ORIGIN), bytes.fromhex(evidence.key.split("+")[1]))
    audit = tmp_path / "audit"
    shutil.copytree(evidence.audit, audit)
    edit(audit / "tlog/checkpoint", lambda d: d + line)
    theirs, our = outside(audit, evidence.key), ours(audit, evidence.key)
    print(f"{what}: the outsider: {theirs}; ours: {our}")
    assert (theirs is None, our is None) == (passes, passes)


def test_both_read_three_levels(server, tmp_path):
    gateway = Gateway(server, extra=f"audit: {{ segment_size: 16MiB, origin: {ORIGIN} }}")
    try:
        many(gateway, 66000)
        gateway.signal(signal.SIGTERM)
        gateway.process.wait(30)
        audit, key = pathlib.Path(gateway.root, "state/audit"), gateway.cli("audit", "key").stdout.strip()
        log = outsider.Log(audit / "tlog", [outsider.Key(key)])
        assert log.size > 66000
        assert outside(audit, key) is None and ours(audit, key) is None
        choose = random.Random(1)
        for index in [0, 65535, 65536, log.size - 1, *(choose.randrange(log.size) for _ in range(50))]:
            log.check_entry(index)
        for tile in ("tile/2/000.p/1", "tile/1/000", f"tile/1/001.p/{(log.size >> 8) - 256}"):
            flip(audit / "tlog" / tile, 5)
            theirs, our = outside(audit, key), ours(audit, key)
            flip(audit / "tlog" / tile, 5)
            assert theirs and our, f"{tile}: the outsider: {theirs}; ours: {our}"
    finally:
        gateway.stop()
