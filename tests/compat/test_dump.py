"""pg_dump reads a database in production, where the profile `standard` lets nobody write much."""

import os
import subprocess

import pytest
from harness.gateway import PASSWORD, Gateway

ROWS = 300


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept; CREATE TABLE kept.t (a int PRIMARY KEY, b text);"
               f"INSERT INTO kept.t SELECT i, 'x' || i FROM generate_series(1, {ROWS}) i; CREATE VIEW kept.v AS SELECT a FROM kept.t",
               "orders")
    running = Gateway(server)
    yield running
    assert running.stop() == 0
    server.sql("DROP SCHEMA kept CASCADE", "orders")


def dump(gateway, *options):
    return subprocess.run(["pg_dump", "-h", "127.0.0.1", "-p", str(gateway.port), "-U", "alice", "-d", "orders", *options],
                          env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("options, rows", [(["--schema-only"], 0), (["--data-only"], ROWS), ([], ROWS), (["--inserts"], ROWS)])
def test_dumps(gateway, options, rows):
    done = dump(gateway, "--no-subscriptions", "-n", "kept", *options)
    assert done.returncode == 0, done.stderr
    assert ("CREATE TABLE kept.t" in done.stdout) == (options != ["--data-only"])
    assert sum(f"x{i}" in done.stdout for i in range(1, ROWS + 1)) == rows


def test_the_way_past_passwords_of_subscriptions_is_told(gateway):
    """The harness logs in at the server as a superuser, whom PostgreSQL would show them."""
    done = dump(gateway)
    assert done.returncode != 0
    assert "--no-subscriptions" in done.stderr
