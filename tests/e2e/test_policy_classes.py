"""Rules by what columns hold: they wait until that is known, follow corrections, and say which column it was."""

import json
import time

import pytest
from harness.gateway import Gateway

POLICY = """
rules:
  - name: all
    effect: allow
  - name: no-mail
    effect: deny
    on: { classes: [email] }
    do: [read]
  - name: no-copies-of-cards
    effect: deny
    do: [insert, create]
    when: { classes: [financial] }
"""


@pytest.fixture(scope="module", params=[False, True], ids=["bare", "masking"])
def gateway(request, server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("DROP TABLE IF EXISTS guests, spots, hidden, copies CASCADE;"
               "CREATE TABLE guests (id int, email text, nick text, iban text); CREATE TABLE copies (x text);"
               "ALTER TABLE guests OWNER TO sluice; ALTER TABLE copies OWNER TO sluice;"
               "INSERT INTO guests SELECT i, 'guest' || i || '@mail.example', 'x' || i, 'DE89370400440532013000'"
               " FROM generate_series(1, 60) i;"
               "CREATE VIEW seen AS SELECT id, email AS contact FROM guests; ALTER VIEW seen OWNER TO sluice", "orders")
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}", masking=request.param)
    yield running
    assert running.stop() == 0


def refused(gateway, sql, rule="no-mail"):
    answer = gateway.psql("-Atc", sql)
    assert answer.returncode != 0, sql
    assert f'"rule":"{rule}"' in answer.stderr, answer.stderr
    return answer.stderr


def passes(gateway, sql):
    answer = gateway.psql("-Atc", sql)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_columns_of_the_class_in_whatever_place(gateway):
    # The first statement ever: the table is classified before it is judged.
    assert passes(gateway, "SELECT id FROM guests WHERE id = 1") == "1\n"
    assert "it holds email" in refused(gateway, "SELECT email FROM guests")
    assert '"object":"public.guests.email","holds":"email"' in refused(gateway, "SELECT lower(email) FROM guests")
    for sql in ["SELECT * FROM guests", "SELECT g FROM guests g", "SELECT id FROM guests WHERE email LIKE 'a%'",
                "SELECT id FROM guests ORDER BY email", "TABLE guests", "COPY guests TO STDOUT", "SELECT contact FROM seen",
                "WITH g AS (SELECT email AS x FROM guests) SELECT x FROM g", "UPDATE guests SET nick = email WHERE id = 1",
                "COPY (SELECT email FROM guests) TO STDOUT", "EXPLAIN ANALYZE SELECT id FROM guests WHERE email LIKE 'a%'"]:
        refused(gateway, sql)
    assert passes(gateway, "SELECT count(*) FROM guests") == "60\n"


def test_a_condition_on_the_whole_statement(gateway):
    message = refused(gateway, "INSERT INTO copies SELECT iban FROM guests", "no-copies-of-cards")
    assert "it uses public.guests.iban (iban)" in message and '"facts"' in message
    refused(gateway, "CREATE TABLE hidden AS SELECT iban FROM guests", "no-copies-of-cards")
    passes(gateway, "INSERT INTO copies SELECT id FROM guests WHERE id = 1")


def test_a_table_of_this_moment_is_looked_at_first(gateway):
    passes(gateway, "CREATE TABLE spots (a int, b text)")
    passes(gateway, "INSERT INTO spots SELECT i, 'guest' || i || '@mail.example' FROM generate_series(1, 60) i")
    time.sleep(0.1)
    passes(gateway, "SELECT a FROM spots LIMIT 1")
    passes(gateway, "DROP TABLE spots")


def test_a_correction_counts_in_open_sessions_and_is_explained(gateway):
    explain = ["policy", "explain", "--user", "alice", "--database", "orders", "SELECT nick FROM guests"]
    assert passes(gateway, "SELECT nick FROM guests WHERE id = 1")
    gateway.cli("data", "set", "orders.public.guests.nick", "class=email")
    deadline = time.time() + 10
    while gateway.psql("-Atc", "SELECT nick FROM guests WHERE id = 1").returncode == 0 and time.time() < deadline:
        time.sleep(0.1)
    refused(gateway, "SELECT nick FROM guests WHERE id = 1")
    assert "public.guests.nick (email) is among email" in gateway.cli(*explain).stdout
    gateway.cli("data", "set", "orders.public.guests.nick", "class=auto")
    while gateway.psql("-Atc", "SELECT nick FROM guests WHERE id = 1").returncode != 0 and time.time() < deadline:
        time.sleep(0.1)
    assert passes(gateway, "SELECT nick FROM guests WHERE id = 1")


def test_the_record_tells_the_classes(gateway):
    text = "SELECT email AS told FROM guests"
    refused(gateway, text)
    found = gateway.wait_for(lambda records: any(r.get("text") == text for r in records), "--type", "statement")
    record = next(record for record in found if record.get("text") == text)
    assert record["rule"] == "no-mail" and "email" in json.dumps(record["classes"])
