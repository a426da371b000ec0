"""The audit log as evidence: verified, proven, exported, erased, and what tampering looks like."""

import http.client
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time

import psycopg2
import pytest
from harness.gateway import SLUICE, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, extra="audit: { segment_size: 1MiB, origin: sluice.example.com/test }")
    yield running
    running.stop()


def verify(audit, *more):
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit, "-o", "json", *more], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def run(gateway, *texts):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
    connection.close()


def record_of(gateway, text):
    return gateway.wait_for(lambda r: len(r) == 1, "--text", text)[0]


def audit_of(gateway):
    return pathlib.Path(gateway.root, "state/audit")


def test_a_running_log_is_good_and_says_who_asked(gateway):
    run(gateway, "SELECT 'evidence one'")
    time.sleep(1.5)
    code, report = verify(audit_of(gateway))
    assert code == 0 and report["good"] and report["origin"] == "sluice.example.com/test", report
    assert report["records"] == report["size"] > 2
    gateway.cli("audit", "verify")
    expected = {"verified", "searched"}
    records = gateway.wait_for(lambda r: expected <= {e["message"] for e in r}, "--type", "audit_read")
    assert expected <= {e["message"] for e in records}


def test_a_receipt_is_verified_with_the_public_key_alone(gateway, tmp_path):
    run(gateway, "SELECT 'receipt please'")
    record = record_of(gateway, "receipt please")
    receipt = tmp_path / "r.tlog-proof"
    receipt.write_text(gateway.cli("audit", "receipt", str(record["id"])).stdout)
    key = tmp_path / "key.pub"
    key.write_text(gateway.cli("audit", "key").stdout)
    done = subprocess.run([SLUICE, "audit", "verify", "--receipt", receipt, "--public-key", key, "-o", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["text"] == "SELECT 'receipt please'" and shown["user"] == "alice" and shown["verified_by"] == ["sluice.example.com/test"]
    forged = receipt.read_text().replace("\nindex ", "\nindex 1")
    done = subprocess.run([SLUICE, "audit", "verify", "--receipt", "-", "--public-key", key], input=forged, capture_output=True, text=True)
    assert done.returncode != 0 and "not what the log has" in done.stderr


def test_an_export_is_checked_without_sluice(gateway, tmp_path):
    run(gateway, "SELECT 'export me, 1'", "SELECT 'export me, 2'")
    gateway.wait_for(lambda r: len(r) == 2, "--text", "export me")
    folder = tmp_path / "bundle"
    gateway.cli("audit", "export", "--text", "export me", "--proof", str(folder))
    receipts = sorted((folder / "receipts").iterdir())
    assert len(receipts) == 2 and len((folder / "records.jsonl").read_text().splitlines()) == 2
    outsider = [sys.executable, folder / "verify.py", folder / "public-key"]
    done = subprocess.run([*outsider, *receipts], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("holds: {") == 2 and "export me, 2" in done.stdout, done.stdout + done.stderr
    # What it reads in the receipts has the names that it has in the readable file, all of it.
    proven = [json.loads(line.split("holds: ", 1)[1]) for line in done.stdout.splitlines()]
    for readable in map(json.loads, (folder / "records.jsonl").read_text().splitlines()):
        [said] = [each for each in proven if each["record"] == readable["id"]]
        assert not any(name.isdigit() for name in said), said
        renamed = {"id": "record", "time": "time_us", "authenticated": "authenticated_us", "decision": "outcome"}
        for name, value in readable.items():
            same = said.get(renamed.get(name, name))
            assert same == value or name in ("time", "authenticated") or not value or name == "server_us", (name, said)
    bare = subprocess.run([sys.executable, folder / "verify.py"], capture_output=True, text=True)
    assert bare.returncode == 1 and "PUBLIC-KEY-FILE RECEIPT" in bare.stderr and "Traceback" not in bare.stderr
    text = receipts[0].read_text()
    receipts[0].write_text(text.replace(text.split("\n")[4], text.split("\n")[3]))
    done = subprocess.run([*outsider, *receipts], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.count("DOES NOT HOLD") == 1, done.stdout
    again = gateway.cli("audit", "export", "--text", "export me", "--proof", str(folder), check=False)
    assert again.returncode == 4 and "name a new folder" in again.stderr


def test_others_can_fetch_the_log_as_tiles(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=10)
    connection.request("GET", "/tlog/checkpoint")
    checkpoint = connection.getresponse().read().decode()
    origin, size = checkpoint.split("\n")[:2]
    assert origin == "sluice.example.com/test" and int(size) > 0
    width = int(size) % 256
    connection.request("GET", f"/tlog/tile/0/000{'.p/%d' % width if int(size) < 256 else ''}")
    answer = connection.getresponse()
    assert answer.status == 200 and len(answer.read()) == 32 * min(int(size), 256)
    for bad in ("/tlog/log-key.pem", "/tlog/../log-key.pem", "/tlog/tile/0/../../../log-key.pem", "/tlog/rotation", "/tlog/rotation/0", "/tlog/rotation/../log-key.pem"):
        connection.request("GET", bad)
        answer = connection.getresponse()
        assert answer.status == 404 and b"PRIVATE" not in answer.read()


def test_the_key_changes_hands_and_both_are_believed(gateway, tmp_path):
    first = gateway.cli("audit", "key").stdout.strip()
    second = gateway.cli("audit", "key", "--rotate").stdout.strip()
    assert first != second
    run(gateway, "SELECT 'after the rotation'")
    time.sleep(1.5)
    for key in (first, second):
        code, report = verify(audit_of(gateway), "--public-key", key)
        assert code == 0 and report["good"], report
    assert gateway.wait_for(lambda r: len(r) == 1, "--type", "evidence")[0]["message"] == f"key changed from {first} to {second}"
    assert gateway.cli("audit", "key").stdout.strip() == second
    # Outsiders follow from either key, and believe the old one for no more than what it has signed.
    folder = tmp_path / "bundle"
    gateway.cli("audit", "export", "--text", "after the rotation", "--proof", str(folder))
    [receipt] = (folder / "receipts").iterdir()
    (folder / "mine").write_text(first + "\n")
    for key in ("mine", "public-key"):
        done = subprocess.run([sys.executable, folder / "verify.py", folder / key, receipt], capture_output=True, text=True)
        assert done.returncode == 0 and "holds: {" in done.stdout, done.stdout + done.stderr
    note = folder / "rotation/1"
    said = note.read_text()
    size = said.split("\n")[4]
    for changed, why in ((said.replace(f"\n{size}\n", f"\n{int(size) + 1}\n", 1), "is no change of the key"), (None, "is not signed with this key")):
        note.write_text(changed) if changed else note.unlink()
        done = subprocess.run([sys.executable, folder / "verify.py", folder / "mine", receipt], capture_output=True, text=True)
        assert done.returncode == 1 and why in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.fixture
def copy(server, tmp_path):
    """The log of a gateway that has been stopped."""
    gateway = Gateway(server, extra="audit: { segment_size: 1MiB }")
    run(gateway, *(f"SELECT 'evidence {i}'" for i in range(300)))
    gateway.signal(signal.SIGTERM)
    gateway.process.wait(20)
    audit = tmp_path / "audit"
    shutil.copytree(audit_of(gateway), audit)
    gateway.stop()
    return audit


def number_of(audit, statement):
    """Of its record, as its frame says (docs/audit.md), and the segment that it is in."""
    (segment,) = [s for s in (audit / "log").iterdir() if statement.encode() in s.read_bytes()]
    whole, at = segment.read_bytes(), 64
    while True:
        length, _, number = struct.unpack_from("<IIQ", whole, at)
        frame = 32 + length + -length % 8
        if statement.encode() in whole[at:at + frame]:
            return number, segment
        at += frame


def test_Threat57_tampering_is_detected_and_located(copy, tmp_path):
    code, good = verify(copy)
    assert code == 0 and good["good"] and good["uncovered"] == 0
    for statement in ("evidence 7'", "evidence 150'", "evidence 299'"):
        number, segment = number_of(copy, statement)
        whole = segment.read_bytes()
        at = whole.index(statement.encode())
        segment.write_bytes(whole[:at] + b"E" + whole[at + 1:])
        code, report = verify(copy)
        (finding,) = report["findings"]
        assert code == 1 and finding["kind"] == "damaged" and finding["first"] == finding["last"] == number, (number, report)
        assert finding["file"] == str(segment) and 0 <= at - finding["offset"] < 400
        assert verify(copy, "--range", f"1-{number - 1}")[0] == 0, "those before it are good"
        assert verify(copy, "--range", f"{number + 1}-{report['size']}")[0] == 0
        (finding,) = verify(copy, "--range", f"{number}-{number}")[1]["findings"]
        assert finding["first"] == number
        segment.write_bytes(whole)
    segment.write_bytes(whole)
    segment.rename(tmp_path / "hidden")
    code, report = verify(copy)
    assert code == 1 and {f["kind"] for f in report["findings"]} == {"missing"}
    (tmp_path / "hidden").rename(segment)
    assert verify(copy)[0] == 0


def test_Threat57_a_log_that_was_cut_is_not_gone_on_with(server, tmp_path):
    gateway = Gateway(server, extra="audit: { segment_size: 1MiB }")
    run(gateway, *(f"SELECT 'cut {i}'" for i in range(50)))
    time.sleep(1.3)
    gateway.kill9()
    for segment in (audit_of(gateway) / "log").iterdir():
        if b"cut 49'" in segment.read_bytes():
            segment.unlink()
    done = subprocess.run([SLUICE, "serve", "--config", gateway.config], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "is not what was signed" in done.stderr + done.stdout and "audit verify" in done.stderr + done.stdout
    gateway.stop()


def test_erased_records_are_gone_and_their_neighbours_stand(server):
    gateway = Gateway(server, extra="audit: { segment_size: 1MiB }")
    run(gateway, "SELECT 'forget me please'", "SELECT 'keep me'")
    record = record_of(gateway, "forget me please")
    refused = gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "too early", check=False)
    assert refused.returncode == 5 and "still being written" in refused.stderr
    gateway.signal(signal.SIGTERM)
    gateway.process.wait(20)
    gateway.start()
    gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "request 17")
    assert gateway.search("--text", "forget me please") == [] and len(gateway.search("--text", "keep me")) == 1
    for file in (audit_of(gateway) / "log").iterdir():
        assert b"forget me please" not in file.read_bytes()
    time.sleep(1.5)
    code, report = verify(audit_of(gateway))
    assert code == 0 and report["erased"] == 1, report
    deadline = time.time() + 10
    while any(b"forget" in file.read_bytes() for file in audit_of(gateway).glob("index.db*")) and time.time() < deadline:
        time.sleep(0.1)
    assert not any(b"forget" in file.read_bytes() for file in audit_of(gateway).glob("index.db*")), "nor in the index"
    assert len(gateway.search("--words", "keep")) == 1
    gateway.stop()


def proven(gateway, receipt, tmp_path):
    file = tmp_path / "session.tlog-proof"
    file.write_text(receipt)
    key = gateway.cli("audit", "key").stdout.strip()
    done = subprocess.run([SLUICE, "audit", "verify", "--receipt", file, "--public-key", key, "-o", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_session_gets_the_receipt_of_its_last_statement(gateway, tmp_path):
    done = gateway.psql("-At", "-c", "SELECT 'psql asks for its receipt'", "-c", "SHOW sluice.receipt")
    receipt = done.stdout.split("\n", 1)[1]
    assert done.returncode == 0 and receipt.startswith("c2sp.org/tlog-proof@v1\n"), done.stderr
    assert proven(gateway, receipt.removesuffix("\n"), tmp_path)["text"] == "SELECT 'psql asks for its receipt'"
    alone = gateway.psql("-At", "-c", "SHOW sluice.receipt")
    assert alone.returncode == 1 and "there is no receipt to show" in alone.stderr and "Run a statement first" in alone.stderr


def test_a_receipt_comes_in_transactions_pipelines_and_prepared(gateway, tmp_path):
    from harness.wire import SYNC, WireClient, bind, describe, execute, kinds, parse, query
    client = WireClient(gateway.port)
    client.login()

    def value(messages):
        (row,) = [body for kind, body in messages if kind == b"D" and b"tlog-proof" in body]
        return row[6:].decode()

    for number in range(3):
        client.run(query("BEGIN"))
        client.run(query(f"SELECT 'in transaction {number}'"))
        assert proven(gateway, value(client.run(query("SHOW sluice.receipt"))), tmp_path)["text"] == f"SELECT 'in transaction {number}'"
        client.run(query("ROLLBACK"))
    client.run(parse("SHOW sluice.receipt", name="r") + SYNC)
    for number in range(3):
        messages = client.run(parse(f"SELECT 'pipelined {number}'") + bind() + execute() + bind(statement="r") + execute() + SYNC)
        assert proven(gateway, value(messages), tmp_path)["text"] == f"SELECT 'pipelined {number}'"
    client.run(query("BEGIN"))
    client.run(query("SELECT 1/0"))
    assert kinds(client.run(query("SHOW sluice.receipt"))) == "EZ", "as in PostgreSQL, in a failed transaction"
    client.close()


def test_receipts_from_before_and_after_the_key_was_changed(server, tmp_path):
    gateway = Gateway(server, extra="audit: { origin: sluice.example.com/changed }")
    try:
        receipts, keys = [], []
        for i in range(3):
            run(gateway, f"SELECT 'of key {i}'")
            receipts.append(tmp_path / f"{i}.tlog-proof")
            receipts[i].write_text(gateway.cli("audit", "receipt", str(record_of(gateway, f"of key {i}")["id"])).stdout)
            keys.append(gateway.cli("audit", "key").stdout.strip())
            gateway.cli("audit", "key", "--rotate")
        keys.append(gateway.cli("audit", "key").stdout.strip())
        for receipt in receipts:
            # Who has the log can follow from any key to the one of that time.
            for key in keys:
                gateway.cli("audit", "verify", "--receipt", str(receipt), "--log", str(audit_of(gateway)), "--public-key", key)
            gateway.cli("audit", "verify", "--receipt", str(receipt))
        # Who has not is told.
        alone = gateway.cli("audit", "verify", "--receipt", str(receipts[0]), "--public-key", keys[1], check=False)
        assert alone.returncode == 1 and "give the log, too (--log)" in alone.stderr
        # A key that was replaced does not count for what came later, also not as the one that is trusted.
        late = tmp_path / "late"
        late.write_text(gateway.cli("audit", "receipt", "1").stdout)
        forged = tmp_path / "forged"
        text = receipts[0].read_text()
        forged.write_text(text.replace(text.splitlines()[1], late.read_text().splitlines()[1]))
        assert gateway.cli("audit", "verify", "--receipt", str(forged), check=False).returncode == 1
    finally:
        gateway.stop()
