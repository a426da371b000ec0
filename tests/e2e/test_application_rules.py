"""Rules that ask for the application go by the name that it has by the time each statement runs."""

import psycopg
import pytest
from harness.gateway import Gateway

POLICY = """
rules:
  - name: by-reports
    effect: allow
    on: { tables: [public.named] }
    do: [read]
    when: { application: [reports] }
  - name: others-never-write
    effect: allow
    on: { tables: [public.noted] }
    do: [read, insert]
  - name: robots-never-write
    effect: deny
    do: [insert]
    when: { application: [robot] }
"""
READ, WRITE = "SELECT i FROM named", "INSERT INTO noted VALUES (1)"


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS named, noted; CREATE TABLE named AS SELECT 1 AS i; CREATE TABLE noted (i int)", "orders")
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


def passes(gateway, text, application):
    with psycopg.connect(gateway.dsn(), autocommit=True, application_name=application) as connection:
        try:
            connection.execute(text)
            return True
        except psycopg.errors.InsufficientPrivilege:
            return False


@pytest.mark.parametrize("application, text, passed", [
    ("reports", READ, True),
    ("x", READ, False),
    ("reports", f"SET application_name = 'x'; {READ}", False),
    ("reports", f"SELECT set_config('application_name', 'x', false); {READ}", False),
    ("x", f"SET application_name = 'reports'; {READ}", True),
    ("x", f"SET application_name = 'reports'; ROLLBACK; {READ}", False),
    ("x", f"SET application_name = 'reports'; RESET application_name; {READ}", False),
    ("x", f"{READ}; SET application_name = 'reports'", False),
    ("x", WRITE, True),
    ("robot", WRITE, False),
    ("x", f"SET application_name = 'robot'; {WRITE}", False),
    ("x", f"SELECT set_config('application_name', 'rob' || 'ot', false); {WRITE}", False),
    ("x", f"SET application_name = 'y'; {WRITE}", True),
])
def test_each_statement_of_a_text(gateway, application, text, passed):
    assert passes(gateway, text, application) is passed


def test_within_a_pipeline(gateway):
    """Up to its end the server does not tell what it is called."""
    with psycopg.connect(gateway.dsn(), autocommit=True, application_name="x") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.pipeline():
            connection.execute("SET application_name = 'robot'")
            connection.execute(WRITE)
        with connection.pipeline():
            connection.execute("SET application_name = 'y'")
            connection.execute(WRITE)
        connection.execute(WRITE)
