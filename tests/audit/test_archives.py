"""Complete segments become archives that stay searchable and provable; retention rules and legal holds over the running gateway."""

import json
import pathlib
import re
import signal
import sqlite3
import struct
import subprocess
import time
import urllib.request

import psycopg2
import pytest
from harness.clock import MachineClock
from harness.gateway import SLUICE, Gateway

EXTRA = """audit:
  segment_size: 1MiB
  archive: { after: 0s }
  retention:
    - { name: reads, action: read, keep: 30d }
"""


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, extra=EXTRA)
    fill(running, 6000)
    assert wait_for(lambda: len(archives(running)) >= 2)
    yield running
    assert running.stop() == 0


def fill(gateway, count):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for i in range(count):
            cursor.execute(f"SELECT 'needle {i:05}', '{'x' * 400}'")
    connection.close()


def wait_for(condition, seconds=60):
    deadline = time.time() + seconds
    while not condition() and time.time() < deadline:
        time.sleep(0.1)
    return condition()


def log_of(gateway):
    return pathlib.Path(gateway.root, "state/audit/log")


def archives(gateway):
    return sorted(log_of(gateway).glob("*.seg.zst"))


def verify(audit, *more):
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit, "-o", "json", *more], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_what_is_archived_is_smaller_and_gone_as_a_segment(gateway):
    for archive in archives(gateway):
        assert wait_for(lambda archive=archive: not archive.with_suffix("").exists()), "once it stands there, the segment goes"
        assert archive.stat().st_size < (1 << 20) / 4


def test_it_is_searched_shown_and_proven(gateway, tmp_path):
    (record,) = gateway.wait_for(lambda r: len(r) == 1, "--text", "needle 00017")
    assert "needle 00017" in json.loads(gateway.cli("audit", "show", str(record["id"]), "-o", "json").stdout)["text"]
    assert gateway.wait_for(lambda r: len(r) == 1, "--words", "00017")[0]["id"] == record["id"]
    receipt = tmp_path / "receipt"
    receipt.write_text(gateway.cli("audit", "receipt", str(record["id"])).stdout)
    gateway.cli("audit", "verify", "--receipt", str(receipt))
    code, report = verify(log_of(gateway).parent)
    assert code == 0 and report["good"] and report["records"] > 6000, report


def test_the_index_is_made_anew_from_archives(gateway):
    gateway.signal(15)
    assert gateway.process.wait(60) == 0
    for file in log_of(gateway).parent.glob("index.db*"):
        file.unlink()
    gateway.start()
    assert gateway.wait_for(lambda r: len(r) == 1, "--words", "00018")


def test_the_index_is_not_behind_for_long(gateway):
    gateway.search("--text", "a search is a record")
    lag = [f"sluice_audit_index_lag_{unit}" for unit in ("records", "seconds")]
    assert all(metric(gateway, name) >= 0 for name in lag)
    assert wait_for(lambda: [metric(gateway, name) for name in lag] == [0, 0])


def test_what_is_erased_from_an_archive_is_gone(gateway):
    (record,) = gateway.wait_for(lambda r: len(r) == 1, "--text", "needle 00023")
    gateway.cli("audit", "hold", "add", "case", "--reason", "inquiry", "--user", "alice")
    refused = gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "wish", check=False)
    assert refused.returncode != 0 and 'legal hold "case"' in refused.stderr
    assert gateway.search("--text", "needle 00023")
    told = gateway.wait_for(lambda r: any("refused to erase" in e["message"] for e in r), "--type", "evidence")
    assert any(e["message"].endswith("; asked for: wish") for e in told), told
    assert not any(e["message"].startswith("erased: ") for e in told), "nothing was erased"
    gateway.cli("audit", "hold", "release", "case", "--reason", "closed")
    gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "wish")
    assert gateway.wait_for(lambda r: not r, "--text", "needle 00023") == []
    for archive in archives(gateway):
        plain = subprocess.run(["zstd", "-q", "-d", "-c", archive], capture_output=True, check=True).stdout
        assert b"needle 00023" not in plain
    # As soon as a checkpoint covers the record that tells of it.
    wait_for(lambda: verify(log_of(gateway).parent)[0] == 0)
    code, report = verify(log_of(gateway).parent)
    assert code == 0 and report["erased"] == 1, report
    told = gateway.wait_for(lambda r: len(r) >= 2, "--type", "admin", "--since", "1h")
    assert any("legal hold" in e["message"] for e in told)


def frames_of(archive):
    """(number, offset, length) of its records."""
    plain = subprocess.run(["zstd", "-q", "-d", "-c", archive], capture_output=True, check=True).stdout
    at = 64
    while at + 32 <= len(plain):
        length, _, number = struct.unpack_from("<IIQ", plain, at)
        if length == 0:
            return
        yield number, at, length & 0x7fffffff
        at += (32 + (length & 0x7fffffff) + 7) // 8 * 8


def metric(gateway, name):
    found = re.search(rf"^{name} (\S+)", get(gateway, "/metrics"), re.MULTILINE)
    return float(found[1]) if found else None


def get(gateway, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}{path}", timeout=10) as answer:
        return answer.read().decode()


def test_Threat106_an_archive_that_cannot_be_read_stops_no_start_and_no_erasing_is_forgotten(gateway, tmp_path):
    (record,) = gateway.search("--text", "needle 00031")
    archive, offset, length = next((a, offset, length) for a in archives(gateway) for number, offset, length in frames_of(a) if number == record["id"])
    gateway.signal(signal.SIGTERM)
    assert gateway.process.wait(60) == 0
    # As a command leaves it that was killed, word and note; and a disk that does not give the archive.
    with sqlite3.connect(gateway.root / "state" / "sluice.db") as state:
        state.execute("INSERT INTO waiting_admin_events (time_micros, actor, message, type) VALUES (?, 'root', ?, 'evidence')",
                      (int(time.time() * 1e6), f"erased: records {record['id']} to {record['id']}: wish"))
    audit = log_of(gateway).parent
    (audit / "erasing").write_text(f"sluice erasing v1\nsegment {archive.name.removesuffix('.zst')}\n{offset} {record['id']} {length}\nend\n")
    archive.rename(tmp_path / "away")
    archive.symlink_to(archive)
    try:
        gateway.start()
        assert gateway.psql("-c", "SELECT 'goes on'").returncode == 0
        assert wait_for(lambda: "erasing" in json.loads(get(gateway, "/readyz"))["warnings"])
        warning = json.loads(get(gateway, "/readyz"))["warnings"]["erasing"]
        assert archive.name.removesuffix(".zst") in warning and "1 record(s)" in warning, warning
        assert metric(gateway, "sluice_audit_unerased_records") == 1
        assert "not erased yet: 1 record(s)" in gateway.log.read_text()
        told = gateway.wait_for(lambda r: any("not erased yet" in e["message"] for e in r), "--type", "evidence")
        assert any("not erased yet: 1 record(s) of " + archive.name.removesuffix(".zst") in e["message"] for e in told), told
        # What may be in there cannot be said to be erased.
        refused = gateway.cli("audit", "erase", "--records", str(record["id"] + 1), "--reason", "wish", check=False)
        assert refused.returncode != 0 and archive.name in refused.stderr, refused.stderr
    finally:
        (tmp_path / "away").rename(archive)
    assert wait_for(lambda: json.loads(get(gateway, "/readyz"))["warnings"] == {}), get(gateway, "/readyz")
    assert metric(gateway, "sluice_audit_unerased_records") == 0
    assert gateway.wait_for(lambda r: not r, "--text", "needle 00031") == []
    plain = subprocess.run(["zstd", "-q", "-d", "-c", archive], capture_output=True, check=True).stdout
    assert b"needle 00031" not in plain and b"needle 00033" in plain
    told = gateway.wait_for(lambda r: any("erased by now" in e["message"] for e in r), "--type", "evidence")
    assert any("erased by now" in e["message"] for e in told), told
    assert wait_for(lambda: verify(log_of(gateway).parent)[0] == 0), verify(log_of(gateway).parent)


def test_holds_are_listed_and_say_what_is_wrong(gateway):
    gateway.cli("audit", "hold", "add", "audit 2026", "--reason", "auditors", "--database", "orders", "--since", "1h")
    (hold,) = json.loads(gateway.cli("audit", "hold", "list", "-o", "json").stdout)
    assert hold["name"] == "audit 2026" and "database=orders" in hold["query"] and "since=20" in hold["query"]
    again = gateway.cli("audit", "hold", "add", "audit 2026", "--reason", "x", check=False)
    assert again.returncode != 0 and "already" in again.stderr
    gateway.cli("audit", "hold", "release", "audit 2026", "--reason", "done")
    # One that fits nothing would keep nothing.
    for wrong, text in ((("--type", "statemnt"), "no record is of the type"), (("--since", "1h", "--until", "2h"), "since is later than until")):
        refused = gateway.cli("audit", "hold", "add", "typo", "--reason", "x", *wrong, check=False)
        assert refused.returncode == 2 and text in refused.stderr, refused.stderr
        assert gateway.cli("audit", "search", *wrong, check=False).returncode == 2
    missing = gateway.cli("audit", "hold", "release", "nothing", "--reason", "x", check=False)
    assert missing.returncode != 0 and "no legal hold" in missing.stderr


def test_a_hold_that_is_set_while_erasing_waits_is_heeded(gateway):
    (record,) = gateway.search("--text", "needle 00042")
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        erasing = subprocess.Popen([SLUICE, "audit", "erase", "--records", str(record["id"]), "--reason", "wish", "--config",
                                    str(gateway.config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with sqlite3.connect(gateway.root / "state" / "sluice.db") as state:
            told = "SELECT count(*) FROM waiting_admin_events WHERE message LIKE 'erased: records %'"
            assert wait_for(lambda: state.execute(told).fetchone()[0] > 0, seconds=4)
        gateway.cli("audit", "hold", "add", "late", "--reason", "inquiry", "--user", "alice")
    finally:
        gateway.process.send_signal(signal.SIGCONT)
    _, err = erasing.communicate(timeout=30)
    assert erasing.returncode != 0 and 'legal hold "late"' in err, err
    assert len(gateway.search("--text", "needle 00042")) == 1
    gateway.cli("audit", "hold", "release", "late", "--reason", "closed")


def test_retention_counts_and_takes_nothing_that_is_young(gateway):
    (rule,) = json.loads(gateway.cli("audit", "retention", "-o", "json").stdout)
    assert rule == {"rule": "reads", "keep": "30d", "due": 0, "held": 0, "torn": 0, "torn_held": 0}
    gateway.cli("audit", "retention", "--run")
    assert len(gateway.search("--text", "needle 0002")) == 9, "but for the one that was erased"


def test_what_is_due_goes_though_little_is_recorded(server, tmp_path):
    server.sql("CREATE TABLE IF NOT EXISTS seldom (v text)", "orders")
    clock = MachineClock(tmp_path)
    extra = "audit: { retention: [ { name: reads, table: seldom, keep: 30d } ] }\n"  # Segments of 64 MiB.
    running = Gateway(server, extra=extra, environment="staging", env=clock.environment())
    try:
        for _ in range(4):
            assert running.psql("-c", "SELECT * FROM seldom").returncode == 0
        assert len(running.search("--table", "seldom")) == 4
        clock.ahead(hours=24 * 31)
        for _ in range(20):  # Whichever worker gets them.
            assert running.psql("-c", "SELECT 'a month later'").returncode == 0
        done = running.cli("audit", "retention", "--run")
        assert running.search("--table", "seldom") == []
        code, report = verify(running.root / "state/audit")
        assert code == 0 and report["erased"] == 4, report
        assert "not yet what stands in segments that are still being written" in done.stderr
    finally:
        assert running.stop() == 0


def test_a_rule_that_is_wrong_is_refused_with_its_line(gateway, tmp_path):
    text = gateway.config.read_text()
    for bad, why in (("keep: 30d", 'keep: 5m'), ("action: read", "decision: maybe")):
        config = tmp_path / "bad.yaml"
        config.write_text(text.replace(bad, why))
        done = subprocess.run([SLUICE, "config", "check", "--config", str(config)], capture_output=True, text=True)
        assert done.returncode != 0, why
        assert "retention" in done.stderr or "at least 1h" in done.stderr, done.stderr


def test_Threat74_a_flipped_byte_in_an_archive_is_found(gateway):
    archive = archives(gateway)[0]
    good = archive.read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 1
    try:
        archive.write_bytes(bad)
        code, report = verify(log_of(gateway).parent)
        assert code != 0 and not report["good"], report
        assert any(f["kind"] in ("damaged", "missing") for f in report["findings"]), report
        assert any(str(archive) == f.get("file") for f in report["findings"]), report
    finally:
        archive.write_bytes(good)
    assert wait_for(lambda: verify(log_of(gateway).parent)[0] == 0)
