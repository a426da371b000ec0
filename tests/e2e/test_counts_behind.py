"""What counts of rows changed say behind a TRUNCATE and behind a COMMIT in the same text."""

import psycopg
import pytest
from harness.gateway import Gateway

POLICY = """
rules:
  - name: small-writes
    effect: allow
    do: [read, write, truncate, function]
    limit: { rows_changed: 100 }
"""


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
def connection(server, gateway):
    server.sql("""
        DROP TABLE IF EXISTS behind; CREATE TABLE behind (id int);
        CREATE OR REPLACE FUNCTION refill(n int) RETURNS void LANGUAGE plpgsql AS
          $$ BEGIN TRUNCATE public.behind; INSERT INTO public.behind SELECT generate_series(1, n); END $$;
        INSERT INTO behind SELECT generate_series(1, 200)""", "orders")
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        yield connection


def test_a_text_of_two_transactions_tells_what_stands(connection, server):
    change = "UPDATE behind SET id = id WHERE id <= 60"
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
        connection.execute(f"BEGIN; {change}; COMMIT; BEGIN; {change}; COMMIT")
    connection.execute("ROLLBACK")
    assert "120 rows" in str(refused.value)
    assert "but for what the text had committed before, which stands" in str(refused.value)
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
        connection.execute(f"BEGIN; {change}; {change}; COMMIT")
    connection.execute("ROLLBACK")
    assert "120 rows" in str(refused.value) and "stands" not in str(refused.value)


def test_a_function_that_truncates_and_writes(connection, server):
    """The server counts the table from nothing again: what the transaction had changed before is no longer in it."""
    connection.execute("BEGIN")
    connection.execute("INSERT INTO behind SELECT generate_series(1, 60)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="would change 150 rows"):
        connection.execute("SELECT refill(150)")
    connection.execute("ROLLBACK")
    # What transactions before have changed counts for nothing.
    connection.execute("SELECT refill(90)")
    connection.execute("SELECT refill(90)")
    assert connection.execute("SELECT count(*) FROM behind").fetchone() == (90,)
