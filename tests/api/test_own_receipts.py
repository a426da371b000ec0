"""A receipt holds the whole record: it is for whose statement that was, and where their credential is good."""

import time

import psycopg
import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer


@pytest.fixture
def gateway():
    server = PostgresServer()
    running = Gateway(server)
    yield running
    assert running.stop() == 0
    server.stop()


def test_nobody_gets_those_of_who_had_the_name_before(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("SELECT 'mine alone'")
    number = gateway.wait_for(lambda found: found, "--text", "mine alone")[-1]["id"]
    time.sleep(1.5)  # Until it is signed.

    def receipt(*words):
        return ask(gateway, "GET", f"/audit/receipts/{number}", token=known_token(gateway, "--user", "alice", "--scope", "api", *words))
    assert receipt().status == 200
    assert receipt("--database", "orders").status == 200
    assert receipt("--database", "elsewhere").status == 404
    gateway.cli("user", "remove", "alice")
    gateway.cli("user", "add", "alice", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    refused = receipt()
    assert refused.status == 404 and b"mine alone" not in refused.raw
