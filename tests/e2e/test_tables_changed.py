"""limit.tables_changed: a write in one table passes, one that reaches a second table is undone, whatever reaches it."""

import json

import psycopg
import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse

POLICY = """
rules:
  - { name: engineers-read, effect: allow, who: { groups: [engineering] }, do: [read] }
  - name: production-writes-are-small
    effect: allow
    who: { groups: [engineering] }
    on: { environments: [production] }
    do: [insert, update, delete]
    limit: { rows_changed: 100, tables_changed: 1 }
"""

SCHEMA = """
SET ROLE sluice;
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE invoices (customer int REFERENCES customers ON DELETE CASCADE);
CREATE TABLE audited (id int); CREATE TABLE trail (id int);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.trail VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER noted AFTER INSERT ON audited FOR EACH ROW EXECUTE FUNCTION noted();
INSERT INTO customers SELECT i, 'n' FROM generate_series(1, 10) i; INSERT INTO invoices VALUES (1), (1)
"""

ONE_TABLE = ["UPDATE customers SET name = 'm' WHERE id <= 5", "DELETE FROM customers WHERE id = 9", "INSERT INTO invoices VALUES (2)"]
TWO_TABLES = {
    "cascade": "DELETE FROM customers WHERE id = 1",
    "trigger": "INSERT INTO audited VALUES (7)",
    "cte": "WITH gone AS (DELETE FROM invoices RETURNING customer) UPDATE customers SET name = 'x' WHERE id IN (SELECT customer FROM gone)",
}
STATE = "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM invoices), (SELECT count(*) FROM audited), (SELECT count(*) FROM trail)"


@pytest.fixture(scope="module")
def bounded():
    server = PostgresServer()
    server.sql(SCHEMA, "orders")
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    gateway.start()
    yield server, gateway
    assert gateway.stop() == 0
    server.stop()


def state(server):
    return server.sql(STATE, "orders")


@pytest.mark.parametrize("text", ONE_TABLE)
def test_one_table_passes(bounded, text):
    gateway = bounded[1]
    done = gateway.psql("-c", text)
    assert done.returncode == 0, done.stderr
    records = gateway.wait_for(lambda found: any(r.get("text") == text for r in found), "--type", "statement")
    # The rule that allows the write, not the one that allows to read its WHERE.
    assert [r["rule"] for r in records if r.get("text") == text] == ["production-writes-are-small"]


@pytest.mark.parametrize("name", TWO_TABLES)
def test_two_tables_are_undone(bounded, name):
    server, gateway = bounded
    before = state(server)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute(TWO_TABLES[name])
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert "would change 2 tables, more than the 1 that rule" in str(refused.value)
    told = json.loads(refused.value.diag.message_detail.splitlines()[-1])
    assert (told["rule"], told["effect"], told["reason"]) == ("production-writes-are-small", "deny", refused.value.diag.message_primary)
    assert (told["facts"]["limited"], told["facts"]["limit"]) == ("tables_changed", 1) and told["policy"] and told["next"]
    assert len(told["facts"]["rows_changed"]) == 2
    assert state(server) == before


def test_two_tables_are_undone_in_a_transaction_and_in_a_pipeline(bounded):
    server, gateway = bounded
    before = state(server)
    with psycopg.connect(gateway.dsn()) as connection:
        connection.execute("INSERT INTO invoices VALUES (3)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(TWO_TABLES["trigger"])
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
    client = WireClient(gateway.port)
    client.login()
    client.send(parse(TWO_TABLES["cascade"]) + bind() + execute() + SYNC)
    answer = client.read_until()
    assert kinds(answer)[-2:] == "EZ", kinds(answer)
    assert error_fields(answer[-2][1])["C"] == "42501"
    assert state(server) == before
