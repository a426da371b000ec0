"""What `sluice audit export` writes: all that matches, and for nobody else."""

import json
import os
import stat
import subprocess

import psycopg2
import pytest
from harness.gateway import SLUICE, Gateway

MANY = 1203  # more than a page


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server)
    connection = psycopg2.connect(running.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for i in range(MANY):
            cursor.execute(f"SELECT 'export {i}'")
    connection.close()
    running.wait_for(lambda records: len(records) == MANY, "--type", "statement")
    yield running
    running.stop()


def test_all_of_it_is_exported_unless_a_limit_is_given(gateway):
    done = gateway.cli("audit", "export", "--type", "statement")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["text"] for record in records] == [f"SELECT 'export {i}'" for i in range(MANY)]
    assert "left out" not in done.stderr
    cut = gateway.cli("audit", "export", "--type", "statement", "--limit", "1100")
    assert [json.loads(line)["id"] for line in cut.stdout.splitlines()] == [record["id"] for record in records[-1100:]]
    assert "--limit 1100 left out more" in cut.stderr


def test_what_is_exported_is_for_nobody_else(gateway, tmp_path):
    folder = tmp_path / "out"
    before = os.umask(0o022)
    try:
        done = subprocess.run([SLUICE, "audit", "export", "--type", "statement", "--limit", "3", "--proof", str(folder), "--config",
                               str(gateway.config)], text=True, capture_output=True, timeout=60)
    finally:
        os.umask(before)
    assert done.returncode == 0 and "3 record(s) with proofs" in done.stderr, done.stderr
    files = [folder, *folder.rglob("*")]
    assert len(files) > 6 and all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files)
