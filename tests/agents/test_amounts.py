"""Budgets of bytes, of sensitive values and of time: each ends what goes on, says so, and is nested with those of the run and the person."""

import json
import pathlib
import sys

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client_of_api import known_token  # noqa: E402
from test_costs_and_subjects import SCHEMA, connect, used  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: agents-see, effect: unmask, who: { kinds: [agent] }, classes: [email] }
budgets:
  - { name: bytes, who: { users: [heavy] }, per: agent, every: 31d, bytes: 10kB, ask: dora }
  - { name: values, who: { users: [curious] }, per: agent, every: 31d, sensitive_values: 100, ask: dora }
  - { name: time, who: { users: [slow] }, per: agent, every: 31d, duration: 1s, ask: dora }
  - { name: one-run, who: { users: [nested] }, per: run, rows: 10 }
  - { name: the-agent, who: { users: [nested] }, per: agent, every: 31d, rows: 25 }
  - { name: the-person, who: { users: [nested] }, per: human, every: 31d, rows: 40, ask: dora }
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
    for name in ("heavy", "curious", "slow", "nested"):
        gateway.cli("user", "add", name, "--kind", "agent", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


def refused(connection, statement, budget, amount):
    """The refusal says which budget, of whom, how much of what, and whom to ask."""
    with pytest.raises(psycopg.Error) as over:
        connection.execute(statement).fetchall()
    diag = over.value.diag
    assert over.value.sqlstate == "53400" and f'budget "{budget}"' in diag.message_primary and amount in diag.message_primary, diag.message_primary
    assert "renewed at" in diag.message_primary and "dora" in diag.message_hint
    facts = json.loads(diag.message_detail.splitlines()[-1])
    assert facts["rule"] == f"budget {budget}", facts


def test_bytes_end_a_result_where_the_budget_does(gateway):
    with connect(gateway, "heavy") as db:
        assert len(db.execute("SELECT repeat('x', 100) FROM numbers LIMIT 20").fetchall()) == 20
        spent = used(gateway, "bytes", "heavy", "bytes")
        assert 2_000 <= spent < 4_000, spent
        refused(db, "SELECT repeat('x', 100) FROM numbers", "bytes", "bytes")
        assert used(gateway, "bytes", "heavy", "bytes") <= 10_000, "no row went beyond it"
    with connect(gateway, "heavy") as db:
        refused(db, "SELECT repeat('x', 9000)", "bytes", "bytes")


def test_sensitive_values_count_each_time(gateway):
    with connect(gateway, "curious") as db:
        for times in (1, 2):
            assert len(db.execute("SELECT email FROM customers WHERE id <= 60").fetchall()) == 60
            assert used(gateway, "values", "curious", "sensitive_values") == 60 * times
        # The one that passed its end was the last, also of those that show none.
        refused(db, "SELECT email FROM customers WHERE id = 1", "values", "120 of 100 sensitive_values")


def test_time_that_statements_take(gateway):
    with connect(gateway, "slow") as db:
        # What is left bounds the statement itself.
        with pytest.raises(psycopg.Error, match='longer than the 1000 ms that rule "budget time" allows') as over:
            db.execute("SELECT count(*) FROM numbers a, numbers b WHERE a.id + b.id > 7").fetchall()
        assert over.value.sqlstate == "53400"
        refused(db, "SELECT 1", "time", "of 1000 ms of duration are used")


def test_of_nested_budgets_the_tightest_decides(gateway):
    """Of a run, of an agent, of all that works for a person: each says its own name."""
    gateway.cli("user", "add", "boss", "--no-password")
    first, second = (known_token(gateway, "--user", "nested", "--acts-for", person, "--scope", "api") for person in ("boss", "alice"))
    shown = 0
    with psycopg.connect(gateway.dsn("nested", first), autocommit=True) as db:
        for run, rows, end in (("one", 10, "one-run"), ("two", 10, "one-run"), ("three", 5, "the-agent")):
            db.execute(f"SET sluice.run = '{run}'")
            with pytest.raises(psycopg.Error, match=f'budget "{end}"') as over:
                db.execute("SELECT id FROM numbers").fetchall()
            assert over.value.sqlstate == "53400"
            shown += rows
            assert used(gateway, "the-agent", "nested", "rows") == shown
            assert used(gateway, "the-person", "boss", "rows") == shown
    with psycopg.connect(gateway.dsn("nested", second), autocommit=True) as db, pytest.raises(psycopg.Error, match='budget "the-agent"'):
        db.execute("SELECT 1").fetchall()
