"""Budgets of what the planner expects, and of distinct sensitive values: exact, nested, and the same after a restart."""

import json
import pathlib
import sys

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import post, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: agents-see, effect: unmask, who: { kinds: [agent] }, classes: [email] }
budgets:
  - { name: cost, who: { users: [planner, prepares, mcp] }, per: agent, every: 31d, planner_cost: 5000, ask: dora }
  - { name: seen, who: { users: [seer, copier] }, per: agent, every: 31d, subjects: 100 }
  - { name: seen-a-run, who: { users: [seer] }, per: run, subjects: 30 }
"""
USERS = ("planner", "prepares", "mcp", "seer", "copier")

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE numbers AS SELECT i AS id, i % 7 AS remainder FROM generate_series(1, 20000) i;
CREATE INDEX ON numbers (id);
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(1, 500) i;
ANALYZE;
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
    for name in USERS:
        gateway.cli("user", "add", name, "--kind", "agent", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


def connect(gateway, user, **options):
    return psycopg.connect(gateway.dsn(user=user), autocommit=True, **options)


def used(gateway, budget, of, amount):
    for state in json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout):
        if state["budget"] == budget and state["of"] == of:
            return next(each["used"] for each in state["amounts"] if each["amount"] == amount)
    return 0


def estimated(server, sql):
    return json.loads("".join(server.sql(f"EXPLAIN (FORMAT JSON) {sql}", database="orders")))[0]["Plan"]["Total Cost"]


SCAN = "SELECT * FROM numbers WHERE remainder > 3"


def test_Threat95_what_the_planner_expects_is_paid_before(gateway, server):
    """Once for each execution, by whatever protocol; with parameters for any values; nothing that hides its plan."""
    cost = estimated(server, SCAN)
    with connect(gateway, "planner") as db:
        db.execute(SCAN).fetchall()
        assert used(gateway, "cost", "planner", "planner_cost") == -(-cost // 1)
        record = gateway.wait_for(lambda r: r, "--user", "planner", "--type", "statement")[-1]
        assert record["planner_cost"] == -(-cost // 1), record
        before = used(gateway, "cost", "planner", "planner_cost")
        db.execute("SELECT * FROM numbers WHERE id = %s", (7,)).fetchall()
        db.execute("SELECT * FROM numbers WHERE id = %s AND remainder = %s", (7, "3"), binary=True).fetchall()
        few = used(gateway, "cost", "planner", "planner_cost") - before
        assert 0 < few < cost / 2, "two looks into an index"
        db.execute("SHOW work_mem")
        db.execute("BEGIN")
        db.execute("DECLARE c CURSOR FOR " + SCAN)
        spent = used(gateway, "cost", "planner", "planner_cost")
        for _ in range(5):
            assert len(db.execute("FETCH 10 c").fetchall()) == 10
        db.execute("COMMIT")
        assert used(gateway, "cost", "planner", "planner_cost") == spent and spent > before + few
        for text in ("COPY numbers TO STDOUT", "DO $$ BEGIN PERFORM 1; END $$", "EXPLAIN ANALYZE SELECT 1", "SELECT 1; SELECT 2"):
            with pytest.raises(psycopg.Error, match='budget "cost".*not known before') as refused:
                db.execute(text)
            assert refused.value.sqlstate == "53400", text
        with pytest.raises(psycopg.Error, match='budget "cost".*no room') as over:
            db.execute("SELECT * FROM numbers a, numbers b")
        assert over.value.sqlstate == "53400" and "ask dora" in over.value.diag.message_hint
        facts = json.loads(over.value.diag.message_detail.splitlines()[-1])["facts"]
        assert facts["amount"] == "planner_cost" and facts["most"] == 5000
        db.execute("SELECT 1").fetchall()
        with pytest.raises(psycopg.Error, match="has no room"):
            for _ in range(50):
                db.execute(SCAN).fetchall()


def test_an_error_of_the_planner_is_the_answer(gateway):
    with connect(gateway, "prepares") as db:
        with pytest.raises(psycopg.errors.UndefinedColumn):
            db.execute("SELECT nothing FROM numbers")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            db.execute("SELECT nothing FROM numbers WHERE id = %s", (1,))
        assert db.execute("SELECT %s::int + %s", (1, 2)).fetchone() == (3,)


def test_prepared_once_and_paid_each_time(gateway, server):
    with connect(gateway, "prepares") as db:
        db.execute("SELECT count(*) FROM numbers WHERE remainder = %s", (1,), prepare=True).fetchall()
        one = used(gateway, "cost", "prepares", "planner_cost")
        db.execute("SELECT count(*) FROM numbers WHERE remainder = %s", (1,), prepare=True).fetchall()
        before = used(gateway, "cost", "prepares", "planner_cost")
        db.execute("SELECT count(*) FROM numbers WHERE remainder = %s", (2,), prepare=True).fetchall()
        after = used(gateway, "cost", "prepares", "planner_cost")
        assert one > 0 and after - before == before - one > 100
        db.execute("PREPARE by_sql AS SELECT count(*) FROM numbers WHERE remainder = $1")
        assert used(gateway, "cost", "prepares", "planner_cost") == after
        db.execute("EXECUTE by_sql(1)").fetchall()
        assert used(gateway, "cost", "prepares", "planner_cost") > after + 100


def test_tools_of_mcp_pay_too(gateway):
    token = token_of(gateway, "mcp", user="mcp", acts_for=None)
    until_known(gateway, token)

    def call(tool, **arguments):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        return json.loads(post(gateway, body, token)[2])["result"]

    assert call("query", database="orders", sql=SCAN)["isError"] is False
    assert call("describe_schema", database="orders", table="numbers")["structuredContent"]["tables"]
    assert used(gateway, "cost", "mcp", "planner_cost") > 300


def test_Threat95_each_person_counts_once(gateway):
    """No row beyond the budget; those that were seen may be seen again; by COPY too; the run's budget beside the agent's."""
    with connect(gateway, "copier") as db:
        assert len(db.execute("SELECT email FROM customers WHERE id <= 60").fetchall()) == 60
        assert len(db.execute("SELECT email FROM customers WHERE id <= 60").fetchall()) == 60
        assert used(gateway, "seen", "copier", "subjects") == 60
        assert db.execute("SELECT count(email) FROM customers").fetchone() == (500,)
        with pytest.raises(psycopg.Error, match='budget "seen" of agent copier.*100 of 100 subjects') as over:
            db.execute("SELECT email FROM customers ORDER BY id").fetchall()
        assert over.value.sqlstate == "53400"
        assert used(gateway, "seen", "copier", "subjects") == 100
        assert len(db.execute("SELECT email FROM customers WHERE id <= 100").fetchall()) == 100
        got = b""
        with pytest.raises(psycopg.Error, match='budget "seen"'):
            with db.cursor().copy("COPY (SELECT email FROM customers WHERE id > 90 ORDER BY id) TO STDOUT") as copy:
                for data in copy:
                    got += bytes(data)
        assert b"person101@" not in got
    with connect(gateway, "seer") as db:
        db.execute("SET sluice.run = 'one'")
        with pytest.raises(psycopg.Error, match='budget "seen-a-run".* run one'):
            db.execute("SELECT email FROM customers ORDER BY id").fetchall()
        db.execute("SET sluice.run = 'two'")
        assert len(db.execute("SELECT email FROM customers WHERE id BETWEEN 401 AND 430").fetchall()) == 30
        assert 60 <= used(gateway, "seen", "seer", "subjects") <= 61


def test_a_restart_remembers_both(gateway):
    before = {(budget, of): used(gateway, budget, of, amount) for budget, of, amount in
              (("cost", "prepares", "planner_cost"), ("seen", "copier", "subjects"))}
    gateway.kill9()
    gateway.start()
    with connect(gateway, "copier") as db:
        assert len(db.execute("SELECT email FROM customers WHERE id <= 60").fetchall()) == 60
        with pytest.raises(psycopg.Error, match='budget "seen"'):
            db.execute("SELECT email FROM customers WHERE id > 100 ORDER BY id").fetchall()
    with connect(gateway, "prepares") as db:
        db.execute("SELECT 1").fetchall()
    assert 0 <= used(gateway, "cost", "prepares", "planner_cost") - before[("cost", "prepares")] < 10
