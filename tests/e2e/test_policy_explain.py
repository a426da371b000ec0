"""policy explain tells how what a statement returns is shown to whom, as the data path does it."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: support-sees-mail, effect: unmask, who: { groups: [support] }, classes: [email] }
  - { name: notes-stay, effect: mask, on: { columns: [public.folk.note] }, with: redact, predicates: none }
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("DROP TABLE IF EXISTS folk; CREATE TABLE folk AS SELECT i AS id, 'guest' || i || '@mail.example' AS email,"
               " 'DE89370400440532013000' AS iban, 'short' AS note FROM generate_series(1, 60) i;"
               "ALTER TABLE folk OWNER TO sluice", "orders")
    running = Gateway(server, start=False, extra=f"policy: {{ file: {policy} }}", masking=True)
    running.cli("user", "add", "sue", "--group", "support", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    # Nobody has looked at the table before.
    assert running.psql("-Atc", "SELECT id FROM folk WHERE id = 1").stdout == "1\n"
    deadline = time.time() + 20
    while "not_classified" in masking(running, "SELECT id FROM folk") and time.time() < deadline:
        time.sleep(0.1)
    yield running
    assert running.stop() == 0


def masking(gateway, sql, user="alice"):
    return json.loads(gateway.cli("policy", "explain", "--user", user, "--database", "orders", "-o", "json", sql).stdout)["masking"]


def test_each_column_and_who_decides(gateway):
    told = {column["column"]: column for column in masking(gateway, "SELECT id, email, iban, note FROM folk")["columns"]}
    assert told["id"] == {"column": "id", "masked": False}
    assert told["email"]["masked"] and (told["email"]["class"], told["email"]["rule"]) == ("email", "default")
    assert told["email"]["from"] == "public.folk.email" and told["email"]["method"]
    assert told["note"]["method"] == "redact" and told["note"]["rule"] == "notes-stay"
    sue = {column["column"]: column for column in masking(gateway, "SELECT email, iban FROM folk", "sue")["columns"]}
    assert not sue["email"]["masked"] and sue["email"]["rule"] == "support-sees-mail"
    assert sue["iban"]["masked"] and sue["iban"]["class"] == "iban"


@pytest.mark.parametrize("sql", ["SELECT id, email, iban, note FROM folk WHERE id = 3", "SELECT * FROM folk WHERE id = 3",
                                 "SELECT lower(email) AS email, note || 'x' AS note FROM folk WHERE id = 3"])
@pytest.mark.parametrize("user", ["alice", "sue"])
def test_as_it_is_shown(gateway, server, sql, user):
    told = masking(gateway, sql, user)["columns"]
    clear = server.sql(sql, "orders")[0].split("|")
    shown = gateway.psql("-Atc", sql, user=user).stdout.strip().split("|")
    assert [a != b for a, b in zip(clear, shown)] == [column["masked"] for column in told], (clear, shown)


@pytest.mark.parametrize("sql", ["SELECT id FROM folk WHERE email LIKE 'a%'", "SELECT id FROM folk WHERE note = 'short'",
                                 "SELECT id FROM folk ORDER BY iban", "SELECT count(*) FROM folk GROUP BY email"])
def test_what_is_refused_in_conditions(gateway, sql):
    told = masking(gateway, sql)
    answer = gateway.psql("-Atc", sql)
    assert answer.returncode != 0 and told["refused"]["message"] in answer.stderr
    assert [column["refused"] for column in told["conditions"] if "refused" in column] == [told["refused"]["message"]]


def test_what_conditions_may_be(gateway):
    told = masking(gateway, "SELECT * FROM folk WHERE email = 'guest1@mail.example'")
    assert "refused" not in told
    assert {column["column"]: column["may"] for column in told["conditions"]} == {
        "public.folk.email": "equality", "public.folk.iban": "equality", "public.folk.note": "none"}
    assert masking(gateway, "SELECT email FROM folk WHERE email LIKE 'a%'", "sue")["conditions"] == []


def test_in_words(gateway):
    said = gateway.cli("policy", "explain", "--user", "alice", "--database", "orders", "SELECT note FROM folk WHERE email LIKE 'a%'").stdout
    assert "note from public.folk.note: masked (" in said and "rule notes-stay)" in said
    assert "in conditions public.folk.email: compared with = only (rule default)" in said
    assert "refused (masked-columns): column public.folk.email is masked for you" in said


def test_a_table_that_was_just_made_past_the_gateway_is_known(gateway, server):
    time.sleep(1.5)  # The server is asked once a second at most.
    server.sql("DROP TABLE IF EXISTS just_made; CREATE TABLE just_made (id int)", "orders")
    told = gateway.cli("policy", "explain", "--user", "alice", "--database", "orders", "SELECT id FROM just_made").stdout
    assert "public.just_made" in told and "not in the catalog" not in told, told
