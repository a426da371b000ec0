"""What large objects hold, for those to whom rules show it and for those to whom none does."""

import pytest

from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - name: everything
    effect: allow
  - name: large-objects
    effect: allow
    do: [function]
    on: { functions: [large_object] }
  - name: archive-sees-large-objects
    effect: unmask
    who: { groups: [archive] }
    on: { tables: [pg_catalog.pg_largeobject] }
    classes: ["*"]
"""

SCHEMA = """
CREATE TABLE scans (id int PRIMARY KEY, x oid);
INSERT INTO scans VALUES (1, lo_from_bytea(0, convert_to('Paid by zora.quarrington@secret.example on Monday', 'UTF8'))), (2, NULL);
DO $$ DECLARE o oid; BEGIN SELECT x INTO o FROM scans WHERE id = 1; EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO PUBLIC', o); END $$;
"""

CONDITION = "SELECT id FROM scans WHERE id = 1 AND convert_from(lo_get(x), 'UTF8') LIKE 'Paid%'"


@pytest.fixture(scope="module")
def gateway():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    running = Gateway(server, environment="staging", masking=True, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.cli("user", "add", "ada", "--group", "archive", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0
    server.stop()


def ask(gateway, user, sql):
    return gateway.psql("-At", "-v", "ON_ERROR_STOP=1", "-c", sql, user=user)


def test_those_to_whom_no_rule_shows_them_see_what_was_searched(gateway):
    answer = ask(gateway, "alice", "SELECT convert_from(lo_get(x), 'UTF8') FROM scans ORDER BY id")
    assert answer.returncode == 0 and "zora" not in answer.stdout and "Paid by" in answer.stdout
    refused = ask(gateway, "alice", CONDITION)
    assert refused.returncode != 0 and "pg_largeobject.data is masked for you" in refused.stderr


def test_a_rule_that_names_where_they_lie_shows_them(gateway):
    answer = ask(gateway, "ada", "SELECT convert_from(lo_get(x), 'UTF8') FROM scans ORDER BY id")
    assert "zora.quarrington@secret.example" in answer.stdout, answer.stderr
    assert ask(gateway, "ada", CONDITION).stdout.strip() == "1"
