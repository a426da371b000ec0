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
CREATE TABLE kept_bytes (id int, content bytea); CREATE TABLE kept_texts (id int, content text); CREATE TABLE kept_updates (id int, content bytea);
INSERT INTO kept_updates VALUES (1, '\\x00'); INSERT INTO kept_texts SELECT i, 'stock of week ' || i FROM generate_series(1, 60) i;
INSERT INTO scans VALUES (1, lo_from_bytea(0, convert_to('Paid by zora.quarrington@secret.example on Monday', 'UTF8'))), (2, NULL);
CREATE TABLE kept_ways (id int, content bytea);
CREATE TABLE kept_words (id int, content text); INSERT INTO kept_words SELECT i, (ARRAY['red','green','blue'])[1 + i % 3] FROM generate_series(1, 60) i;
CREATE FUNCTION copied(o oid) RETURNS bytea LANGUAGE sql AS 'SELECT lo_get(o)';
DO $$ DECLARE o oid; BEGIN SELECT x INTO o FROM scans WHERE id = 1; EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO PUBLIC', o); END $$;
"""

CONDITION = "SELECT id FROM scans WHERE id = 1 AND convert_from(lo_get(x), 'UTF8') LIKE 'Paid%'"

COPIES = {
    "into bytes": ("INSERT INTO kept_bytes SELECT 1, lo_get(x) FROM scans WHERE id = 1", "kept_bytes"),
    "into a text": ("INSERT INTO kept_texts SELECT 99, convert_from(lo_get(x), 'UTF8') FROM scans WHERE id = 1", "kept_texts"),
    "by UPDATE": ("UPDATE kept_updates k SET content = lo_get(s.x) FROM scans s WHERE s.id = k.id", "kept_updates"),
    "by CREATE TABLE AS": ("CREATE TABLE kept_made AS SELECT 1 AS id, lo_get(x) AS content FROM scans WHERE id = 1", "kept_made"),
    "as letters for bytes": ("CREATE TABLE kept_hex AS SELECT 1 AS id, encode(lo_get(x), 'hex') AS content FROM scans WHERE id = 1", "kept_hex"),
    "backwards": ("CREATE TABLE kept_back AS SELECT 1 AS id, reverse(convert_from(lo_get(x), 'UTF8')) AS content FROM scans WHERE id = 1", "kept_back"),
    "into words that say nothing": ("INSERT INTO kept_words SELECT 99, convert_from(lo_get(x), 'UTF8') FROM scans WHERE id = 1", "kept_words"),
    "through a function": ("INSERT INTO kept_bytes SELECT 2, copied(x) FROM scans WHERE id = 1", "kept_bytes"),
    "by a temporary table": ("CREATE TEMP TABLE by_way AS SELECT lo_get(x) AS c FROM scans WHERE id = 1;"
                             "INSERT INTO kept_ways SELECT 1, c FROM by_way", "kept_ways"),
}
RAW = ("zora", "7a6f7261", "arq.aroz")  # what it begins with, also as hexadecimal and backwards


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


@pytest.mark.parametrize("name", COPIES)
def test_what_is_copied_from_one_stays_hidden_from_others(gateway, name):
    copy, table = COPIES[name]
    done = gateway.psql("-At", "-v", "ON_ERROR_STOP=1", "-f", "-", user="ada", input=";\n".join(copy.split(";")) + ";\n")
    assert done.returncode == 0, done.stderr
    read = f"SELECT content, encode(content::text::bytea, 'escape') FROM {table} WHERE id IN (1, 2, 99)"
    for sql in (read, f"SELECT content FROM {table}", f"COPY {table} TO STDOUT", f"SELECT t FROM {table} t"):
        answer = ask(gateway, "alice", sql)
        told = (answer.stdout + answer.stderr).lower()
        assert not [each for each in RAW if each in told], (sql, told[:300])


def test_those_to_whom_no_rule_shows_them_cannot_copy_them(gateway):
    refused = ask(gateway, "alice", "INSERT INTO kept_bytes SELECT 3, lo_get(x) FROM scans WHERE id = 1")
    assert refused.returncode != 0 and "masked for you and cannot be written where it would be readable" in refused.stderr
