"""The audit log under faults: killed at random moments, its files torn and altered, its disk full at a random byte.

SLUICE_KILLS=200 makes the first a long run; SLUICE_SEED repeats a run's random choices.
"""

import collections
import itertools
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import threading
import time

import psycopg2
import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

KILLS = int(os.environ.get("SLUICE_KILLS", "8"))
SEED = int(os.environ.get("SLUICE_SEED", random.SystemRandom().randrange(1 << 32)))
QUICK = 2.0  # Seconds a start after a crash may take.


def verify(audit, *more):
    """The exit code and the report of `sluice audit verify`."""
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit, "-o", "json", *more], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


class Load:
    """Clients that send statements, each with a marker of its own, and remember whose completion they saw."""

    def __init__(self, gateway, name):
        self.acknowledged = []
        self.sent = []
        kinds = (self.simple, self.simple, self.extended, self.driver)
        self.threads = [threading.Thread(target=self.work, args=(kind, gateway, f"{name}-{n}-")) for n, kind in enumerate(kinds)]
        for thread in self.threads:
            thread.start()

    def work(self, kind, gateway, prefix):
        try:
            run = kind(gateway)
            for n in range(1_000_000):
                marker = f"{prefix}{n}."
                self.sent.append(marker)
                run(f"SELECT '{marker}'")
                self.acknowledged.append(marker)
        except (OSError, EOFError, psycopg2.Error):
            pass

    def simple(self, gateway):
        client = WireClient(gateway.port)
        client.login()
        return lambda text: complete(client.run(query(text)))

    def extended(self, gateway):
        client = WireClient(gateway.port)
        client.login()
        return lambda text: complete(client.run(parse(text) + bind() + execute() + SYNC))

    def driver(self, gateway):
        connection = psycopg2.connect(gateway.dsn())
        connection.autocommit = True
        return connection.cursor().execute

    def join(self):
        for thread in self.threads:
            thread.join()


def complete(messages):
    if not any(kind == b"C" for kind, _ in messages):
        raise EOFError(messages)


def missing_and_doubled(gateway, load, prefix):
    """Markers that were acknowledged and are not on the record, and those that are there more than once."""
    recorded = collections.Counter(record["text"].split("'")[1] for record in gateway.search("--text", f"SELECT '{prefix}"))
    assert set(recorded) <= set(load.sent)
    return [m for m in load.acknowledged if not recorded[m]], [m for m, n in recorded.items() if n > 1]


@pytest.mark.parametrize("durability", ["process", "disk"])
def test_Threat57_killed_at_random_moments(server, durability):
    choose = random.Random(f"{SEED} {durability}")
    gateway = Gateway(server, environment="development", extra=f"audit: {{ durability: {durability}, segment_size: 1MiB }}")
    loads, starts = [], []

    def check(kill):
        missing, doubled = missing_and_doubled(gateway, loads[kill], f"kill{kill}-")
        assert not missing, f"seed {SEED}, kill {kill}: of {len(loads[kill].acknowledged)} acknowledged, {len(missing)} are not on the record: {missing[:5]}"
        assert not doubled, f"seed {SEED}, kill {kill}: on the record twice: {doubled[:5]}"

    try:
        for kill in range(KILLS):
            loads.append(Load(gateway, f"kill{kill}"))
            time.sleep(choose.uniform(0.05, 0.8))
            gateway.kill9()
            loads[-1].join()
            started = time.monotonic()
            gateway.start()
            starts.append(time.monotonic() - started)
            check(kill)
            code, report = verify(gateway.root / "state/audit")
            assert code == 0 and report["good"], f"seed {SEED}, kill {kill}: {report}"
        for kill in choose.sample(range(KILLS), 5):  # Later crashes took nothing away.
            check(kill)
        acknowledged, sent = sum(len(load.acknowledged) for load in loads), sum(len(load.sent) for load in loads)
        print(f"{durability}: {KILLS} kills, {acknowledged} acknowledged, {sent - acknowledged} in flight; "
              f"ready after {sorted(starts)[KILLS // 2]:.2f} s (median), {max(starts):.2f} s (slowest), {sum(s > QUICK for s in starts)} slow")
        assert acknowledged > KILLS * 10
        # The median: on a machine that is busy with other things a start waits for its turn as everything does.
        assert sorted(starts)[KILLS // 2] <= QUICK, f"seed {SEED}: {sorted(starts)}"
    finally:
        gateway.stop()


@pytest.mark.parametrize("there", [b"", bytes(1 << 20)], ids=["empty", "zeroes"])
def test_Threat57_killed_while_a_segment_is_made(server, there):
    gateway = Gateway(server, environment="development", extra="audit: { segment_size: 1MiB }")
    audit = gateway.root / "state/audit"
    try:
        gateway.psql("-c", "SELECT 'before'")
        gateway.kill9()
        (audit / "log/00000000000000000064-0.seg").write_bytes(there)
        gateway.start()
        gateway.psql("-c", "SELECT 'behind'")
        assert len(gateway.search("--text", "SELECT 'be")) == 2
        code, report = verify(audit)
        assert code == 0, report
    finally:
        gateway.stop()


def test_Threat57_an_erasure_is_on_the_record_when_the_gateway_has_stopped(server):
    gateway = Gateway(server, environment="development", extra="audit: { segment_size: 1MiB }")
    try:
        gateway.psql("-c", "SELECT 'to erase'")
        ClosedLog.close(gateway)
        gateway.start()
        record = gateway.search("--text", "to erase")[0]["id"]
        gateway.cli("audit", "erase", "--records", str(record), "--reason", "asked to")
        ClosedLog.close(gateway)
        code, report = verify(gateway.root / "state/audit")
        assert code == 0, report
    finally:
        gateway.stop()


# Torn and altered files.

HEADER, FRAME = 64, 32  # Bytes of a segment's header, and of a frame before its payload: length, checksum, sequence, salt.


class ClosedLog:
    """The log of a gateway that was killed once, stopped in order, and has an erased record."""

    def __init__(self, server, folder):
        gateway = Gateway(server, extra="audit: { segment_size: 1MiB }")
        self.audit, self.key = folder / "audit", gateway.cli("audit", "key").stdout.strip()
        try:
            for part in range(3):
                load = Load(gateway, f"part{part}")
                while len(load.acknowledged) < 250:
                    time.sleep(0.01)
                gateway.kill9() if part == 1 else self.close(gateway)
                load.join()
                gateway.start()
            erased = gateway.search("--text", "'part0-0-7.'")[0]["id"]
            gateway.cli("audit", "erase", "--records", str(erased), "--reason", "to have one")
            gateway.wait_for(lambda records: len(records) == 1, "--type", "evidence")
            self.close(gateway)
            shutil.copytree(gateway.root / "state/audit", self.audit)
        finally:
            gateway.stop()
        self.segments = sorted((self.audit / "log").iterdir())
        size = int((self.audit / "tlog/checkpoint").read_text().split("\n")[1])
        everything = [file for file in (self.audit / "tlog").rglob("*") if file.is_file()]
        # Partial tiles of earlier checkpoints stay; those of this one are as wide as it says.
        self.stale = [f for f in everything if f.parent.suffix == ".p" and int(f.name) != self.width(f.parent, size)]
        self.tiles = sorted(set(everything) - set(self.stale))

    @staticmethod
    def close(gateway):
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0

    @staticmethod
    def width(folder, size):
        """What a partial tile in this folder has in a tree of this size."""
        level = folder.parent.name
        return (size >> 8 * (0 if level == "entries" else int(level))) - 256 * int(folder.stem)

    def verify(self):
        done = subprocess.run([SLUICE, "audit", "verify", "--log", self.audit, "--public-key", self.key], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1, 2, 3), done
        return done.returncode == 0, done.stdout + done.stderr


def length_at(data, at):
    """Of a frame's payload; its highest bit says that the record is erased."""
    return struct.unpack_from("<I", data, at)[0] & 0x7FFFFFFF


def frames(data):
    """Where each frame of a segment begins and ends."""
    found, at = [], HEADER
    while at + FRAME <= len(data) and (length := length_at(data, at)):
        found.append((at, at + (FRAME + length + 7) // 8 * 8))
        at = found[-1][1]
    return found


def content(data):
    """All of a segment, but for zeros that fill its last frame up to a multiple of 8 bytes."""
    return data.rstrip(b"\0")


def flip(data, choose, is_segment):
    at = choose.randrange(HEADER if is_segment and choose.random() < 0.2 else len(data))
    return data[:at] + bytes([data[at] ^ 1 << choose.randrange(8)]) + data[at + 1:]


def zero(data, choose, _):
    at, length = choose.randrange(len(data)), choose.choice((1, 8, 32, 64, 4096))
    return data[:at] + bytes(len(data[at:at + length])) + data[at + length:]


def cut(data, choose, _):
    return data[:choose.randrange(len(data))]


def append(data, choose, is_segment):
    """Bytes behind the end: some that are none of it, or a record that is there already."""
    if is_segment and choose.random() < 0.5:
        begin, end = choose.choice(frames(data))
        return data + data[begin:end]
    return data + bytes(choose.choice((0, 8, 64))) + choose.randbytes(choose.randrange(1, 200))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def crc_entry(entry):
    for _ in range(8):
        entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)
    return entry


CRC = [crc_entry(n) for n in range(256)]


def put(data, begin, said):
    """Another salt and payload of the same length in a frame, with the checksum that fits."""
    checked = data[begin:begin + 4] + data[begin + 8:begin + 16] + said
    return data[:begin + 4] + struct.pack("<I", crc32c(checked)) + data[begin + 8:begin + 16] + said + data[begin + 16 + len(said):]


def rewrite(data, choose, is_segment):
    """A bit of a record changes, by somebody who knows about checksums."""
    if not is_segment:
        return flip(data, choose, False)
    begin, _ = choose.choice(frames(data))
    length = length_at(data, begin)
    return put(data, begin, flip(data[begin + 16:begin + FRAME + length], choose, False))


def swap(data, choose, is_segment):
    """Two records, hashes or entries of one size change places; of records, also the checksums are made to fit."""
    if not is_segment:
        size = 35 if len(data) % 35 == 0 else 32
        a, b = (choose.randrange(len(data) // size) * size for _ in range(2))
        changed = bytearray(data)
        changed[a:a + size], changed[b:b + size] = data[b:b + size], data[a:a + size]
        return bytes(changed)
    by_length = collections.defaultdict(list)
    for begin, _ in frames(data):
        length = length_at(data, begin)
        by_length[length].append((begin, data[begin + 16:begin + FRAME + length]))
    places = choose.choice(list(by_length.values()))
    (a, first), (b, second) = choose.choice(places), choose.choice(places)
    return put(put(data, a, second), b, first)


@pytest.fixture(scope="module")
def closed_log(server, tmp_path_factory):
    return ClosedLog(server, tmp_path_factory.mktemp("closed"))


@pytest.mark.parametrize("alter", [flip, zero, cut, append, rewrite, swap])
def test_Threat57_every_altered_byte_is_found(closed_log, alter):
    choose = random.Random(f"{SEED} {alter.__name__}")
    good, report = closed_log.verify()
    assert good and len(closed_log.segments) >= 4, report
    passed, unused = [], 0
    for _ in range(50):
        while True:
            file = choose.choice(closed_log.segments if choose.random() < 0.6 else closed_log.tiles)
            is_segment = file in closed_log.segments
            whole = file.read_bytes()
            changed = alter(whole, choose, is_segment)
            if changed != whole:
                break
        file.write_bytes(changed)
        good, report = closed_log.verify()
        file.write_bytes(whole)
        if good and is_segment and content(changed) == content(whole):
            unused += 1
        elif good:
            first = next(i for i, (a, b) in enumerate(itertools.zip_longest(whole, changed)) if a != b)
            passed.append(f"{file.relative_to(closed_log.audit)} from byte {first} of {len(whole)}")
    print(f"{alter.__name__}: {50 - len(passed) - unused} found, {unused} that change no record")
    assert not passed, f"seed {SEED}: not found: {passed}"
    assert closed_log.verify()[0]


def segment_of(number, like):
    """A segment that says that it is being written, with one record of this number that is none of the gateway's."""
    begin, end = frames(like)[-1]
    payload = like[begin + FRAME:begin + FRAME + length_at(like, begin)]
    head = like[:12] + struct.pack("<I", 77) + like[16:24] + struct.pack("<Q", number)
    header = head + bytes(28) + struct.pack("<I", crc32c(head))
    said = struct.pack("<I", len(payload)) + struct.pack("<Q", number) + os.urandom(16) + payload
    frame = said[:4] + struct.pack("<I", crc32c(said)) + said[4:]
    return header + frame + bytes(4096)


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_Threat57_a_record_that_is_added_while_the_gateway_is_down(server, end):
    """After a stop it is found. After a crash what no checkpoint covers is the crash's: docs/audit.md says so."""
    gateway = Gateway(server, environment="development", extra="audit: { segment_size: 1MiB }")
    audit = gateway.root / "state/audit"
    try:
        gateway.psql("-c", "SELECT 'genuine'")
        gateway.wait_for(lambda records: len(records) == 1, "--text", "genuine")
        ClosedLog.close(gateway) if end == "stopped" else gateway.kill9()
        size = int((audit / "tlog/checkpoint").read_text().split("\n")[1])
        segments = sorted((audit / "log").glob("*.seg"))
        like = max((file.read_bytes() for file in segments), key=lambda data: len(frames(data)))
        number = size + 1 if end == "stopped" else size + 50
        added = audit / f"log/{number:020}-77.seg"
        added.write_bytes(segment_of(number, like))
        if end == "killed":
            gateway.start()
            assert gateway.wait_for(lambda records: records, "--type", "evidence")
            assert verify(audit)[0] == 0
            return
        code, report = verify(audit)
        assert code == 1 and [(f["kind"], f["first"], f["file"]) for f in report["findings"]] == [("forged", number, str(added))], report
        with pytest.raises(RuntimeError, match=f"it was closed with {size} records, and record {number} stands in {added.name}"):
            gateway.start()
        assert "sluice audit verify" in gateway.log.read_text()
        added.unlink()
        gateway.start()
        gateway.psql("-c", "SELECT 'and on it goes'")
        assert verify(audit)[0] == 0
    finally:
        gateway.stop()


def test_Threat57_nothing_hides_where_a_record_was_erased(closed_log):
    tried = 0
    for file in closed_log.segments:
        whole = file.read_bytes()
        for begin, _ in frames(whole):
            if struct.unpack_from("<I", whole, begin)[0] == length_at(whole, begin):
                continue
            said = bytearray(whole[begin + 16:begin + FRAME + length_at(whole, begin)])
            assert not any(said)
            for at in (0, 16, len(said) - 1):
                file.write_bytes(put(whole, begin, bytes(said[:at]) + b"x" + bytes(said[at + 1:])))
                assert not closed_log.verify()[0], at
                tried += 1
            file.write_bytes(whole)
    assert tried == 3 and closed_log.verify()[0]


def test_Threat57_tiles_of_earlier_checkpoints_are_checked(closed_log):
    assert closed_log.stale and closed_log.verify()[0]
    for file in closed_log.stale:
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        good, _ = closed_log.verify()
        file.write_bytes(whole)
        assert not good, file


# A full disk.

class SmallDisk:
    """A file system of its own, filled up to the page. Needs root."""

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.folder.mkdir()
        self.filler = self.folder / "filler"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", self.folder], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"root, but may not mount: {done.stderr.strip()}")

    def fill(self, gateway, room):
        size = 0
        with open(self.filler, "wb") as file:
            for step in (1 << 18, 4096):  # The gateway writes meanwhile: what is free is found by taking it.
                while True:
                    try:
                        os.posix_fallocate(file.fileno(), size, step)
                        size += step
                    except OSError:
                        break
            file.truncate(max(0, size - room))

    def empty(self, gateway):
        self.filler.unlink()

    def remove(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


class FileLimit:
    """No file may grow beyond a byte: what everybody can do to a process."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self, gateway, room):
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    def empty(self, gateway):
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def remove(self):
        pass


def ask(client, text):
    """The SQLSTATEs a statement is answered with, none where it completes; or also that the session has ended."""
    codes = []
    client.send(query(text))
    try:
        while True:
            kind, body = client.read_message()
            if kind == b"E":
                codes.append(error_fields(body)["C"])
            elif kind == b"Z":
                return codes
    except EOFError:
        return [*codes, "ended"]


def write_until_refused(client, choose, name, answered):
    """Sends statements of random length until one is refused, and some more; returns what the refused were answered with."""
    refused = []
    for n in range(300):
        marker = f"{name}-{n}."
        codes = ask(client, f"INSERT INTO full_disk VALUES ('{marker}') /* {'x' * choose.randrange(1, 16000)} */")
        if codes:
            refused += codes
        else:
            answered.append(marker)
        if len(refused) >= 6 or "ended" in codes:
            break
    return refused


def goes_on(client, marker):
    """Whether a statement is taken again, within a few seconds."""
    deadline = time.time() + 5
    while time.time() < deadline:
        if not ask(client, f"INSERT INTO full_disk VALUES ('{marker}')"):
            return True
        time.sleep(0.1)
    return False


class GatewayOn(Gateway):
    """A gateway whose state is in a place that can be filled."""

    def __init__(self, server, place):
        super().__init__(server, environment="development", extra="audit: { segment_size: 1MiB }", start=False)
        text = self.config.read_text()
        self.config.write_text(text.replace(f"state: {self.root}/state", f"state: {place.folder}/state"))
        self.cli("user", "add", "alice", "--password-stdin", input=PASSWORD + "\n")
        self.start()

    def client(self):
        client = WireClient(self.port)
        assert client.login()[-1][0] == b"Z"
        return client


@pytest.mark.parametrize("disk", [SmallDisk, FileLimit])
def test_Threat57_full_at_a_random_byte(server, tmp_path, disk):
    if disk is SmallDisk and os.getuid() != 0:
        pytest.skip("needs root, for a small tmpfs")
    choose = random.Random(f"{SEED} {disk.__name__}")
    server.sql("DROP TABLE IF EXISTS full_disk; CREATE TABLE full_disk (marker text)", "orders")
    place = disk(tmp_path)
    answered = []
    gateway = GatewayOn(server, place)
    try:
        for round in range(4):
            clients = [gateway.client() for _ in range(4)]
            place.fill(gateway, choose.randrange(1 << 20))
            refused = [code for number, client in enumerate(clients) for code in write_until_refused(client, choose, f"full{round}-{number}", answered)]
            time.sleep(0.2)
            assert gateway.process.poll() is None
            assert refused and set(refused) <= {"58030", "ended"}, f"seed {SEED}, round {round}: {refused}"
            place.empty(gateway)
            for number in range(2):
                assert goes_on(gateway.client(), f"room{round}-{number}."), f"seed {SEED}, round {round}: refused where there is room"
                answered.append(f"room{round}-{number}.")
        time.sleep(1.5)
        check_recorded(server, gateway, answered)
        code, report = verify(place.folder / "state/audit")
        assert code == 0, f"seed {SEED}: {report}"
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0
        code, report = verify(place.folder / "state/audit")
        assert code == 0 and report["uncovered"] == 0, f"seed {SEED}: {report}"
        gateway.start()
        check_recorded(server, gateway, answered)
    finally:
        gateway.stop()
        place.remove()


def test_Threat57_full_while_many_statements_run(server, tmp_path):
    if os.getuid() != 0:
        pytest.skip("needs root, for a small tmpfs")
    server.sql("DROP TABLE IF EXISTS full_disk; CREATE TABLE full_disk (marker text)", "orders")
    place = SmallDisk(tmp_path)
    answered = []
    gateway = GatewayOn(server, place)

    def work(client, name):
        for n in range(200):
            marker = f"{name}-{n}."
            if ask(client, f"INSERT INTO full_disk SELECT '{marker}' FROM pg_sleep(0.05) /* {'x' * 15000} */"):
                return
            answered.append(marker)

    try:
        clients = [gateway.client() for _ in range(24)]
        for client in clients:
            assert not ask(client, "SELECT 1")
        place.fill(gateway, 0)
        threads = [threading.Thread(target=work, args=(client, f"many-{number}")) for number, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        place.empty(gateway)
        assert goes_on(gateway.client(), "room-0.")
        check_recorded(server, gateway, answered)
    finally:
        gateway.stop()
        place.remove()


def check_recorded(server, gateway, answered):
    """Nothing is in the table that is not on the record, and nothing was answered that is not."""
    found = json.loads(gateway.cli("audit", "search", "-o", "json", "--limit", "100000", "--table", "full_disk").stdout)
    recorded = {record["text"].split("'")[1] for record in found if record["decision"] == "allowed"}
    assert set(answered) <= recorded, sorted(set(answered) - recorded)[:5]
    done = set(server.sql("SELECT marker FROM full_disk", "orders"))
    assert set(answered) <= done and done <= recorded, sorted(done - recorded)[:5]
