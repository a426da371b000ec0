"""What a client says by SET of the gateway's own settings is taken back with its transaction, as the server does."""

import psycopg
import pytest
from harness.gateway import Gateway

POLICY = """
rules:
  - name: for-support
    effect: allow
    on: { tables: [public.said] }
    do: [read]
    when: { purpose: [support] }
"""


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS said; CREATE TABLE said AS SELECT 1 AS i", "orders")
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def connection(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        yield connection


def may_read(connection):
    try:
        return connection.execute("SELECT i FROM said").fetchone() == (1,)
    except psycopg.errors.InsufficientPrivilege:
        return False


def shown(connection):
    return connection.execute("SHOW sluice.purpose").fetchone()[0]


def test_a_rollback_takes_it_back(connection):
    for end, stays in (("ROLLBACK", False), ("ABORT", False), ("COMMIT", True)):
        connection.execute("BEGIN")
        connection.execute("SET sluice.purpose = 'support'")
        assert may_read(connection)
        connection.execute(end)
        assert may_read(connection) is stays and (shown(connection) == "support") is stays
    connection.execute("RESET sluice.purpose")


def test_a_commit_of_what_has_failed_takes_it_back(connection):
    connection.execute("BEGIN")
    connection.execute("SET sluice.purpose = 'support'")
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT 1 / 0")
    assert connection.execute("COMMIT").statusmessage == "ROLLBACK"
    assert not may_read(connection)


def test_a_savepoint_takes_it_back(connection):
    connection.execute("BEGIN")
    connection.execute("SAVEPOINT before")
    connection.execute("SET sluice.purpose = 'support'")
    connection.execute("SAVEPOINT behind")
    connection.execute("SET sluice.purpose = 'audit'")
    connection.execute("ROLLBACK TO SAVEPOINT Behind")
    assert may_read(connection) and shown(connection) == "support"
    connection.execute("ROLLBACK TO before")
    assert shown(connection) != "support"
    assert not may_read(connection)
    connection.execute("ROLLBACK")


def test_what_trains_goes_on_so(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("SET sluice.purpose = 'training'")
        connection.execute("ROLLBACK")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="goes on so"):
            connection.execute("SET sluice.purpose = 'support'")


def test_outside_of_a_transaction_it_stays(connection):
    connection.execute("SET sluice.purpose = 'support'")
    connection.execute("BEGIN")
    connection.execute("ROLLBACK")
    assert may_read(connection)


@pytest.mark.parametrize("text", ["SET sluice.purpose = 'support'; SELECT 1 / 0", None])
def test_what_fails_before_its_end_takes_it_back(connection, text):
    """A pipeline up to its Sync, and a text, are one transaction."""
    def fail():
        if text is not None:
            return connection.execute(text)
        with connection.pipeline():
            connection.execute("SET sluice.purpose = 'support'")
            connection.execute("SELECT 1 / 0")
    with pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.InsufficientPrivilege)):
        fail()
    assert not may_read(connection)


def test_what_a_pipeline_before_has_said_stays(connection):
    with connection.pipeline() as pipeline:
        connection.execute("SET sluice.purpose = 'support'")
        pipeline.sync()
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
            pipeline.sync()
    assert may_read(connection) and shown(connection) == "support"
