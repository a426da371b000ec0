"""What a session notifies itself of is sent by its own statements: it counts like rows."""

import json
import struct

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows: 100, bytes: 20kB } }
  - { name: code, effect: allow, do: [function, dynamic_sql], on: { functions: ["*"] } }
"""
MANY = "SELECT count(pg_notify('x', i || repeat('y', {size}))) FROM generate_series(1, {n}) i"


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()


def run(client, *texts):
    return sum((client.run(query(text)) for text in texts), [])


def heard(messages):
    return [body for kind, body in messages if kind == b"A"]


def warnings(messages):
    return [error_fields(body) for kind, body in messages if kind == b"N"]


FORMS = {
    "simple": lambda c, text: run(c, "LISTEN x", text),
    "extended": lambda c, text: run(c, "LISTEN x") + c.run(parse(text) + bind() + execute() + SYNC),
    "in a block": lambda c, text: run(c, "LISTEN x", "BEGIN", text, "COMMIT"),
    "in one text": lambda c, text: run(c, "LISTEN x; " + text),
    "in a block, piece by piece": lambda c, text: run(c, "LISTEN x", "BEGIN", text, text.replace("i ||", "-i ||"), "COMMIT"),
    "by code": lambda c, text: run(c, "DO $$ BEGIN LISTEN x; END $$", "DO $do$ BEGIN " + text.replace("SELECT", "PERFORM", 1) + "; END $do$"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n, size, what", [(500, 1, "100 rows"), (20, 4000, "20000 bytes")], ids=["rows", "bytes"])
def test_it_is_bounded(gateway, client, form, n, size, what):
    answer = FORMS[form](client, MANY.format(n=n, size=size))
    got = heard(answer)
    assert 0 < len(got) <= 100 and sum(map(len, got)) <= 20000
    said = warnings(answer)
    assert len(said) == 1 and said[0]["S"] == "WARNING" and what in said[0]["M"] and 'rule "all"' in said[0]["M"], said
    assert json.loads(said[0]["D"])["rule"] == "all"
    more = run(client, "SELECT 1") + run(client, MANY.format(n=3, size=1))
    assert len(heard(more)) == 3 and not warnings(more), "the next transaction begins anew"


def test_what_fits_passes(client):
    answer = run(client, "LISTEN x", MANY.format(n=100, size=10))
    assert len(heard(answer)) == 100 and not warnings(answer)


def test_those_of_others_are_none_of_its_own(gateway, client, server):
    run(client, "LISTEN x")
    server.sql(MANY.format(n=500, size=1), "orders")
    answer = run(client, "SELECT 1")
    while len(heard(answer)) < 500:
        answer.append(client.read_message())
    assert not warnings(answer)
    assert {struct.unpack("!I", body[:4])[0] for body in heard(answer)} != set()
