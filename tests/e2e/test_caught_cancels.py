"""Code that catches the cancel of a limit, and goes on: its connection ends, and so does its server process."""

import json
import time

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

POLICY = """
rules:
  - { name: all, effect: allow, limit: { duration: 1s } }
  - { name: few, effect: allow, on: { tables: [public.few] }, do: [read], limit: { rows: 5, duration: 1m } }
  - { name: code, effect: allow, do: [function], on: { functions: ["*"] } }
"""
LOOP = "LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP"
STUBBORN = f"DO $$ BEGIN {LOOP}; END $$"
# Catches one cancel, and ends by the next.
ONCE = "DO $$ BEGIN BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; LOOP END LOOP; END $$"
RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND (query LIKE 'DO%' OR query LIKE '%stubborn%') AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    server.sql("DROP TABLE IF EXISTS few; CREATE TABLE few AS SELECT i FROM generate_series(1, 100) i;"
               "CREATE OR REPLACE FUNCTION stubborn(n int) RETURNS int LANGUAGE plpgsql AS "
               f"$$ BEGIN IF n > 6 THEN {LOOP}; END IF; RETURN n; END $$", "orders")
    running = Gateway(server, reactor=request.param, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%'", "orders")
    assert running.stop() == 0


def connected(gateway):
    client = WireClient(gateway.port, timeout=20)
    assert client.login()[-1][0] == b"Z"
    return client


def ended(client, data):
    """The error with which the connection ends, and after how long."""
    began = time.monotonic()
    client.send(data)
    errors = []
    with pytest.raises(EOFError):
        while True:
            kind, body = client.read_message()
            if kind == b"E":
                errors.append(error_fields(body))
    assert len(errors) == 1, errors
    return errors[0], time.monotonic() - began


def gone(server):
    deadline = time.monotonic() + 15
    while server.sql(RUNNING, "orders")[0] != "0":
        assert time.monotonic() < deadline, "it still runs at the server"
        time.sleep(0.2)


FORMS = {
    "simple": query(STUBBORN),
    "extended": parse(STUBBORN) + bind() + execute() + SYNC,
    "in a block": query("BEGIN; " + STUBBORN),
}


@pytest.mark.parametrize("form", FORMS)
def test_time_ends_what_catches_its_cancel(server, gateway, form):
    error, took = ended(connected(gateway), FORMS[form])
    assert error["S"] == "FATAL" and error["C"] == "42501"
    assert 'the 1000 ms that rule "all" allows; it went on when it was cancelled' in error["M"], error
    assert "RAISE" in error["H"] and took < 12
    gone(server)
    found = json.loads(gateway.cli("audit", "search", "--type", "statement", "-o", "json").stdout)
    ended_as = {(record["decision"], record["rule"]) for record in found
                if "LOOP" in record.get("text", "") and record["decision"] != "parsed"}
    assert ended_as == {("limited", "all")}
    assert connected(gateway).run(query("SELECT 1"))[-1] == (b"Z", b"I")


def test_a_number_of_rows_does_as_well(server, gateway):
    # Each row fills the server's buffer: the sixth is on its way when the seventh begins to catch cancels, long before one comes.
    error, _ = ended(connected(gateway), query("SELECT repeat('x', 20000), stubborn(i) FROM few"))
    assert 'more than the 5 rows that rule "few" allows; it went on' in error["M"], error
    gone(server)


def test_a_cancel_is_sent_again(gateway):
    client = connected(gateway)
    answer = client.run(query(ONCE))
    errors = [error_fields(body) for kind, body in answer if kind == b"E"]
    assert [error["S"] for error in errors] == ["ERROR"] and 'rule "all"' in errors[0]["M"], errors
    assert client.run(query("SELECT 1"))[-1] == (b"Z", b"I")


def test_a_client_that_goes_leaves_nothing_behind(server, gateway):
    client = connected(gateway)
    client.send(query(STUBBORN))
    time.sleep(0.5)
    client.close()
    gone(server)
