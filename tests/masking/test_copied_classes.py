"""Somebody who sees a column may copy it anywhere: its class goes along, and everybody else sees it masked there too."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - name: everything
    effect: allow
  - name: support-sees
    effect: unmask
    who: { groups: [support] }
    classes: ["*"]
"""

SCHEMA = """
DROP TABLE IF EXISTS people, notes, remarks, made, chosen, late CASCADE; DROP MATERIALIZED VIEW IF EXISTS kept;
CREATE TABLE people (id int PRIMARY KEY, given_name text, email text);
INSERT INTO people SELECT i, (ARRAY['Wilhelmina','Thaddeus','Guadalupe','Bartholomew'])[1 + i % 4],
    'person' || i || '@mail.example' FROM generate_series(1, 60) i;
CREATE TABLE notes (id int, remark text); CREATE TABLE remarks (id int, remark text);
"""

COPIES = {
    "CREATE TABLE AS": ("CREATE TABLE made AS SELECT id, given_name AS col9 FROM people", "SELECT col9 FROM made"),
    "SELECT INTO": ("SELECT id, upper(given_name) AS col9 INTO chosen FROM people", "SELECT col9 FROM chosen"),
    "a materialized view": ("CREATE MATERIALIZED VIEW kept AS SELECT given_name || '' AS col9 FROM people", "SELECT col9 FROM kept"),
    "INSERT SELECT": ("INSERT INTO notes SELECT id, given_name FROM people", "SELECT remark FROM notes"),
    "UPDATE FROM": ("INSERT INTO remarks SELECT id, 'x' FROM people; UPDATE remarks r SET remark = p.given_name FROM people p WHERE p.id = r.id",
                    "SELECT remark FROM remarks"),
}
NAMES = ("wilhelmina", "thaddeus", "guadalupe", "bartholomew")


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.cli("user", "add", "sam", "--group", "support", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


def psql(gateway, sql, user="alice"):
    return gateway.psql("-At", "-v", "ON_ERROR_STOP=1", "-c", sql, user=user)


def shown(gateway, sql, user="alice"):
    return psql(gateway, sql, user).stdout.lower()


def until(condition, seconds=30):
    deadline = time.time() + seconds
    while not condition() and time.time() < deadline:
        time.sleep(0.1)
    return condition()


@pytest.mark.parametrize("name", COPIES)
def test_everybody_else_sees_them_masked(gateway, name):
    copy, read = COPIES[name]
    assert psql(gateway, copy, "sam").returncode == 0
    masked, clear = shown(gateway, read), shown(gateway, read, "sam")
    assert not [each for each in NAMES if each in masked] and len(masked.split()) >= 60, masked[:200]
    assert all(each in clear for each in NAMES)


def test_it_is_kept_and_people_have_the_last_word(gateway):
    assert psql(gateway, COPIES["CREATE TABLE AS"][0].replace("made", "late"), "sam").returncode == 0

    def kept():
        history = json.loads(gateway.cli("data", "history", "-o", "json").stdout)
        return [one for one in history if one["table"] == "late" and one["column"] == "col9"]

    assert until(kept), "nothing is kept"
    assert (kept()[0]["class"], kept()[0]["author"]) == ("person_name", "copy of public.people.given_name")
    gateway.cli("data", "set", "orders.public.late.col9", "class=none")
    assert until(lambda: "wilhelmina" in shown(gateway, "SELECT col9 FROM late"))
