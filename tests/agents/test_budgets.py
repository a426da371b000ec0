"""Budgets of agents: what is left bounds each statement, whatever way it comes and however many run at once."""

import json
import pathlib
import sys
import threading

import psycopg
import pytest
from harness import npm
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import Agent, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
budgets:
  - { name: rows, who: { users: [reader, crowd, mcp] }, per: agent, every: 31d, rows: 1000, ask: dora }
  - { name: statements, who: { users: [asker] }, per: agent, every: 31d, statements: 5 }
  - { name: written, who: { users: [writer, writers] }, per: agent, every: 31d, rows_changed: 100 }
  - { name: run, who: { users: [runner] }, per: run, rows: 10 }
  - { name: person, who: { users: [runner] }, per: human, every: 31d, rows: 25 }
"""
USERS = ("reader", "crowd", "mcp", "asker", "writer", "writers", "runner")

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE numbers AS SELECT i AS id, i % 7 AS remainder FROM generate_series(1, 5000) i;
CREATE TABLE sink (id int);
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False)
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


def left(gateway, budget, of, amount):
    for state in json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout):
        if state["budget"] == budget and state["of"] == of:
            return next(each["left"] for each in state["amounts"] if each["amount"] == amount)
    return None


def test_the_end_of_a_budget_says_so(gateway):
    with connect(gateway, "asker") as db:
        for i in range(5):
            assert db.execute("SELECT %s", (i,)).fetchall()
            db.execute("SET application_name = 'costs nothing'")
        with pytest.raises(psycopg.Error) as over:
            db.execute("SELECT 5")
        diag = over.value.diag
        assert over.value.sqlstate == "53400" and 'budget "statements"' in diag.message_primary
        assert "5 of 5 statements" in diag.message_primary and "renewed at" in diag.message_primary
        facts = json.loads(diag.message_detail.splitlines()[-1])
        assert facts["rule"] == "budget statements" and facts["facts"]["used"] == 5
    with connect(gateway, "asker") as db, pytest.raises(psycopg.Error, match="has no room"):
        db.execute("SELECT 1")
    with psycopg.connect(gateway.dsn(), autocommit=True) as db:
        db.execute("SELECT * FROM numbers")
    record = gateway.wait_for(lambda r: r, "--user", "asker", "--decision", "denied")[-1]
    assert record["rule"] == "budget statements"


def test_Threat78_no_way_around_it(gateway, server):
    """Simple, extended, with parameters, in parts, by cursor, by EXECUTE, by COPY, pipelined."""
    with connect(gateway, "reader") as db:
        assert len(db.execute("SELECT id FROM numbers LIMIT 300").fetchall()) == 300
        assert left(gateway, "rows", "reader", "rows") == 700
        with pytest.raises(psycopg.Error, match='budget "rows"') as over:
            db.execute("SELECT id FROM numbers").fetchall()
        assert over.value.sqlstate == "53400" and "ask dora" in over.value.diag.message_hint, over.value.diag.message_hint
    seen = 1000 - left(gateway, "rows", "reader", "rows")
    assert 300 <= seen <= 1000, seen
    for text in ("SELECT id FROM numbers LIMIT 701", "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM numbers; FETCH ALL c",
                 "PREPARE p AS SELECT id FROM numbers; EXECUTE p", "WITH x AS (SELECT * FROM numbers) TABLE x"):
        with connect(gateway, "reader") as db, pytest.raises(psycopg.Error) as over:
            db.execute(text).fetchall()
        assert over.value.sqlstate == "53400", text
    with connect(gateway, "reader") as db, pytest.raises(psycopg.Error, match="budget"):
        with db.cursor().copy("COPY numbers TO STDOUT") as copy:
            for _ in copy:
                pass
    with connect(gateway, "reader") as db, pytest.raises(psycopg.Error, match="budget"):
        db.execute("SELECT id FROM numbers WHERE id > %s", (0,), binary=True).fetchall()
    total = sum(r["rows"] for r in gateway.search("--user", "reader", "--type", "statement"))
    assert total <= 1000, total
    assert left(gateway, "rows", "reader", "rows") == 1000 - total


def test_Threat78_many_statements_at_once(gateway):
    shown, refused = [], []

    def run():
        with connect(gateway, "crowd") as db:
            for _ in range(12):
                try:
                    shown.append(len(db.execute("SELECT id FROM numbers LIMIT 20").fetchall()))
                except psycopg.Error as error:
                    refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused and all(error.sqlstate == "53400" for error in refused), refused
    assert sum(shown) <= 1000, sum(shown)
    total = sum(r["rows"] for r in gateway.wait_for(lambda r: len(r) >= 96, "--user", "crowd", "--type", "statement"))
    assert total <= 1000 and left(gateway, "rows", "crowd", "rows") == 1000 - total


def test_what_is_written_is_exact(gateway, server):
    with connect(gateway, "writer") as db:
        db.execute("INSERT INTO sink SELECT generate_series(1, 60)")
        with pytest.raises(psycopg.Error) as over:
            db.execute("INSERT INTO sink SELECT generate_series(1, 60)")
        assert over.value.diag.message_primary.count("40"), over.value.diag.message_primary
        assert over.value.sqlstate == "53400" and "budget" in over.value.diag.message_hint
        assert server.sql("SELECT count(*) FROM sink", database="orders") == ["60"]
        db.execute("UPDATE sink SET id = id WHERE id <= 40")
        with pytest.raises(psycopg.Error, match='budget "written"'):
            db.execute("DELETE FROM sink WHERE id = 1")
        db.execute("SELECT count(*) FROM sink")
    done, failed = [], []

    def write():
        with connect(gateway, "writers") as db:
            for _ in range(10):
                try:
                    done.append(db.execute("INSERT INTO sink SELECT generate_series(1, 9)").rowcount)
                except psycopg.Error as error:
                    failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed and all(error.sqlstate == "53400" for error in failed), failed
    assert 9 <= sum(done) <= 100
    assert server.sql("SELECT count(*) FROM sink", database="orders") == [str(60 + sum(done))]


def test_runs_and_people(gateway):
    token = token_of(gateway, "mcp", user="runner")
    until_known(gateway, token)
    with psycopg.connect(gateway.dsn(user="runner", password=token), autocommit=True) as db:
        db.execute("SET sluice.run = 'one'")
        assert len(db.execute("SELECT id FROM numbers LIMIT 10").fetchall()) == 10
        with pytest.raises(psycopg.Error, match='budget "run".* run one .*not renewed'):
            db.execute("SELECT id FROM numbers LIMIT 1")
        db.execute("SET sluice.run = 'two'")
        assert len(db.execute("SELECT id FROM numbers LIMIT 10").fetchall()) == 10
        db.execute("SET sluice.run = 'three'")
        with pytest.raises(psycopg.Error, match='budget "person" of human alice'):
            db.execute("SELECT id FROM numbers LIMIT 10").fetchall()


def test_an_agent_is_told_in_time(gateway):
    packages = npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")
    token = token_of(gateway, "mcp", user="mcp", acts_for=None)
    until_known(gateway, token)
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    found, failed = agent.call("query", database="orders", sql="SELECT id FROM numbers LIMIT 500", max_rows=1000)
    assert not failed and "budgets_nearly_spent" not in found, found
    with psycopg.connect(gateway.dsn(user="mcp"), autocommit=True) as db:
        spent = 1000 - left(gateway, "rows", "mcp", "rows")
        db.execute(f"SELECT id FROM numbers LIMIT {850 - spent}")
    found, failed = agent.call("query", database="orders", sql="SELECT 1")
    low = found["budgets_nearly_spent"]
    assert not failed and low[0]["budget"] == "rows" and low[0]["most"] == 1000 and low[0]["left"] < 200, low
    agent.close()


def test_a_restart_forgets_nothing(gateway):
    before = json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout)
    gateway.kill9()
    gateway.start()
    assert json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout) == []
    with connect(gateway, "asker") as db, pytest.raises(psycopg.Error, match="5 of 5 statements"):
        db.execute("SELECT 1")
    with connect(gateway, "reader") as db, pytest.raises(psycopg.Error, match="budget"):
        db.execute("SELECT id FROM numbers LIMIT 1000").fetchall()
    spent = {(s["budget"], s["of"]): s for s in before}
    for state in json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout):
        if state["budget"] == "written":
            assert state == spent[(state["budget"], state["of"])]
