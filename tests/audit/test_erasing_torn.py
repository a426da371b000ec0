"""Who erases a record by hand takes what a crash tore behind it along: no rule and no hold can look into that."""

import pathlib

import psycopg2
from harness.gateway import Gateway


def test_what_a_crash_tore_goes_with_the_record_before_it(server):
    gateway = Gateway(server, environment="staging")
    with psycopg2.connect(gateway.dsn()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 'mrs. smith'")
    connection.close()
    (record,) = gateway.wait_for(lambda r: len(r) == 1, "--text", "mrs. smith")
    gateway.signal(15)  # Its segment is complete then.
    assert gateway.process.wait(60) == 0
    gateway.start()
    log = pathlib.Path(gateway.root, "state/audit/log")
    torn = log / f"{record['id']:020}-9.seg.0123456789abcdef.torn"
    other = log / f"{record['id'] + 5000:020}-9.seg.0123456789abcdef.torn"
    for file in (torn, other):
        file.write_bytes(b"mrs. smith, torn")
    gateway.cli("audit", "hold", "add", "case", "--reason", "inquiry", "--user", "carol")
    kept = gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "wish 7", check=False)
    assert torn.read_bytes() == b"mrs. smith, torn", kept.stderr
    told = gateway.wait_for(lambda r: any(e["message"].startswith("not removed: ") for e in r), "--type", "evidence")
    assert any(torn.name in e["message"] and "a legal hold is in force" in e["message"] for e in told), told
    gateway.cli("audit", "hold", "release", "case", "--reason", "closed")
    gateway.cli("audit", "erase", "--records", str(record["id"]), "--reason", "wish 7")
    assert not torn.exists() and other.exists()
    told = gateway.wait_for(lambda r: any(e["message"].startswith("removed: ") for e in r), "--type", "evidence")
    assert any(e["message"] == f"removed: {torn.name}, 16 bytes that a crash tore: wish 7" for e in told), told
    assert gateway.stop() == 0
