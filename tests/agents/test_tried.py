"""What a statement would change, told to who sends it: under the rules of the statement itself, with nothing left of it."""

import json
import pathlib
import struct
import sys

import psycopg
import pytest
from harness import npm
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer
from harness.wire import WireClient, error_fields, kinds, message

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import Agent, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: everything, effect: allow }
  - { name: all, effect: allow, do: [write], limit: { rows_changed: 5 } }
  - { name: no-payroll, effect: deny, on: { tables: [public.payroll] } }
  - { name: ledger, effect: hold, on: { tables: [public.ledger] }, do: [write], approve: { by: [dba], wait: 5m, dry_run: true } }
  - { name: vault, effect: hold, on: { tables: [public.vault] }, do: [write], approve: { by: [dba], wait: 5m } }
  - { name: seldom, effect: allow, on: { tables: [public.seldom] }, do: [write], limit: { statements_per_minute: 2 } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE numbers (i int PRIMARY KEY, note text); INSERT INTO numbers SELECT i, 'n' FROM generate_series(1, 20) i;
CREATE TABLE parts (number int REFERENCES numbers ON DELETE CASCADE); INSERT INTO parts VALUES (1), (1), (2);
CREATE TABLE customers (id int PRIMARY KEY, email text);
INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(1, 50) i;
CREATE TABLE payroll (id int); CREATE TABLE seldom (id int); CREATE TABLE counted (id serial, v int);
CREATE TABLE ledger (id int); INSERT INTO ledger VALUES (1), (2); CREATE TABLE vault (id int); ANALYZE;
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name, extra in (("dora", ("--group", "dba")), ("helper", ("--kind", "agent"))):
        gateway.cli("user", "add", name, *extra, "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def agent(gateway):
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    agent = Agent(npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1"), "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    yield agent
    agent.close()


@pytest.fixture
def unchanged(gateway, server):
    """Whatever is tried: nothing is changed, and nobody is asked."""
    look = "SELECT (SELECT count(*) FROM numbers), (SELECT count(*) FROM parts), (SELECT count(*) FROM ledger), (SELECT count(*) FROM vault)," \
           " (SELECT count(*) FROM seldom), (SELECT last_value || is_called::text FROM counted_id_seq), (SELECT md5(string_agg(email, ',' ORDER BY id)) FROM customers)"
    before = server.sql(look, database="orders")
    yield
    assert server.sql(look, database="orders") == before
    assert json.loads(gateway.cli("approval", "list", "-o", "json").stdout) == []


def tried(agent, sql):
    return agent.call("dry_run", database="orders", sql=sql)


def test_it_tells_what_would_be_changed(agent, gateway, unchanged):
    found, failed = tried(agent, "DELETE FROM numbers WHERE i <= 2")
    assert not failed, found
    assert found["rows"] == 5 and found["decision"] == "allow" and found["most_rows"] == 5, found
    assert found["tables"] == ["public.numbers: 0 inserted, 0 updated, 2 deleted", "public.parts: 0 inserted, 0 updated, 3 deleted"]
    records = gateway.wait_for(lambda all: any(r.get("rule") == "dry-run" for r in all), "--user", "helper", "--type", "statement")
    record = next(r for r in records if r.get("rule") == "dry-run")
    assert record["decision"] == "denied" and record["sqlstate"] == "SLDRY" and record["actors"] == ["helper", "alice"], record


def test_what_would_go_too_far_is_told(agent, unchanged):
    found, failed = tried(agent, "DELETE FROM numbers -- all of them")
    assert not failed and found["rows"] == 23 and 'Rule "all" lets it change 5 rows' in found["next"], found


def test_what_is_held_is_tried_where_its_rule_says_so(agent, unchanged):
    found, failed = tried(agent, "DELETE FROM ledger")
    assert not failed and found["rows"] == 2 and found["decision"] == "hold" and "approval" in found["next"], found
    found, failed = tried(agent, "DELETE FROM vault")
    assert failed and "vault" in found["error"]["message"] and "dry_run" in found["error"]["message"], found


def test_rules_are_those_of_the_statement(agent, unchanged):
    found, failed = tried(agent, "INSERT INTO payroll VALUES (1)")
    assert failed and "no-payroll" in json.dumps(found), found
    found, failed = tried(agent, "DELETE FROM numbers WHERE i IN (SELECT id FROM payroll)")
    assert failed and "no-payroll" in json.dumps(found), found
    for _ in range(2):
        found, failed = tried(agent, "INSERT INTO seldom VALUES (1)")
        assert not failed, found
    found, failed = tried(agent, "INSERT INTO seldom VALUES (1)")
    assert failed and "53400" in json.dumps(found), found


def test_Threat69_counts_tell_nothing_that_is_masked(agent, unchanged):
    found, failed = tried(agent, "UPDATE customers SET id = id WHERE email LIKE 'person7@%'")
    assert failed and "masked" in json.dumps(found), found
    found, failed = tried(agent, "UPDATE customers SET id = email::int WHERE id = 7")
    assert failed and "person7" not in json.dumps(found), found


@pytest.mark.parametrize("text", ["SELECT 1", "BEGIN", "TRUNCATE numbers", "DROP TABLE numbers", "INSERT INTO counted (v) VALUES (1)", "COPY numbers FROM STDIN",
                                  "DELETE FROM numbers; DELETE FROM parts", "WITH gone AS (DELETE FROM numbers RETURNING 1) SELECT * FROM gone",
                                  "EXPLAIN ANALYZE DELETE FROM numbers", "DO $$ BEGIN DELETE FROM numbers; END $$", "PREPARE p AS DELETE FROM numbers"])
def test_what_cannot_be_taken_back_is_not_run(agent, text, unchanged):
    found, failed = tried(agent, text)
    assert failed, found


def test_any_client_can_ask_for_it(gateway, unchanged):
    """On the wire it is a setting of the connection, and nothing that is sent on it is done."""
    with psycopg.connect(gateway.dsn(), autocommit=True, options="-c sluice.dry_run=on") as db:
        for prepare in (False, True):
            with pytest.raises(psycopg.Error, match="a dry run changed 2 rows") as caught:
                db.execute("UPDATE numbers SET note = 'x' WHERE i < 3", prepare=prepare)
            assert caught.value.sqlstate == "SLDRY"
        for text in ("RESET ALL", "DISCARD ALL", "BEGIN"):
            with pytest.raises(psycopg.Error):
                db.execute(text)
        with pytest.raises(psycopg.Error, match="a dry run changed 2 rows"):
            db.execute("UPDATE numbers SET note = 'x' WHERE i < 3")
        with pytest.raises(psycopg.Error, match="parameters"):
            db.execute("UPDATE numbers SET note = 'x' WHERE i < %s", (3,))


def test_Threat69_no_function_is_called_by_message(server):
    gateway = Gateway(server, database_extra="allow_function_call: true")
    try:
        call = message(b"F", struct.pack("!IHHH", 1598, 0, 0, 0))  # random()
        for setting, expected in (("off", "VZ"), ("on", "EZ")):
            client = WireClient(gateway.port)
            client.login(**{"sluice.dry_run": setting})
            answer = client.run(call)
            assert kinds(answer) == expected, answer
        assert error_fields(answer[0][1])["C"] == "42501"
    finally:
        assert gateway.stop() == 0
