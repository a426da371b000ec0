"""Whoever acts for somebody gets at most what that person would: rules are asked for everybody of the chain (threat 76)."""

import base64
import hashlib
import hmac
import time

import psycopg
import pytest
from client_of_api import ask, known_token
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - { name: staff, effect: allow, who: { groups: [engineering, apps] }, on: { schemas: [public] }, do: [read, write] }
  - { name: helper-by-name, effect: allow, who: { users: [helper] }, on: { tables: [vault.*] }, do: [read] }
  - { name: agents, effect: allow, who: { kinds: [agent] }, on: { tables: [vault.*] }, do: [read] }
  - { name: not-alice, effect: deny, who: { users: [alice] }, on: { tables: [public.by_name] } }
  - { name: contractors, effect: deny, who: { groups: [contractors] }, on: { tables: [public.by_group] } }
  - { name: probation, effect: deny, who: { attributes: { status: [probation] } }, on: { tables: [public.by_attribute] } }
  - { name: few-rows, effect: allow, who: { groups: [contractors] }, on: { tables: [public.many] }, do: [read], limit: { rows: 3 } }
  - { name: writes-held, effect: hold, who: { groups: [contractors] }, do: [write], approve: { by: [dba], wait: 0s } }
  - { name: seen, effect: unmask, who: { groups: [engineering, apps] }, classes: ["*"] }
  - { name: masked, effect: mask, who: { groups: [contractors] }, on: { columns: [public.people.*] }, classes: ["*"], with: redact }
  - { name: helper-sees, effect: unmask, who: { users: [helper], kinds: [agent] }, on: { columns: [public.people.*] }, classes: ["*"] }
budgets:
  - { name: daves-day, who: { users: [dave] }, per: human, every: 1d, rows: 12 }
"""

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS vault;
CREATE TABLE IF NOT EXISTS vault.gold (id int);
CREATE TABLE IF NOT EXISTS by_name (id int); CREATE TABLE IF NOT EXISTS by_group (id int);
CREATE TABLE IF NOT EXISTS by_attribute (id int); CREATE TABLE IF NOT EXISTS many (id int);
CREATE TABLE IF NOT EXISTS people (id int, email text);
TRUNCATE many, people;
INSERT INTO many SELECT generate_series(1, 20);
INSERT INTO people SELECT i, 'p' || i || '.miller@example.com' FROM generate_series(1, 60) i;
"""

REFUSED = {
    "SELECT * FROM by_name": "not-alice", "SELECT * FROM by_group": "contractors", "SELECT * FROM by_attribute": "probation",
    "SELECT id FROM many": "few-rows", "INSERT INTO people VALUES (99, 'x')": "writes-held",
}


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("both") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql(SCHEMA, "orders")
    running = Gateway(server, start=False, masking=True, add_alice=False, extra=f"policy: {{ file: {policy} }}\n")
    add = lambda name, *options: running.cli("user", "add", name, *options, "--password-stdin", input=PASSWORD + "\n")  # noqa: E731
    add("alice", "--group", "engineering", "--group", "contractors", "--attribute", "status=probation")
    add("bob", "--group", "engineering")
    add("shop", "--kind", "service", "--group", "apps", "--group", "engineering")
    running.cli("user", "add", "helper", "--kind", "agent", "--no-password", "--group", "engineering")
    running.key = running.cli("user", "assertion-key", "shop").stdout.strip().splitlines()[-1]
    running.start()
    yield running
    running.stop()


def assertion(key, name):
    b64 = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()  # noqa: E731
    expires = int(time.time()) + 60
    mac = hmac.digest(key.encode(), f"sluice-end-user-v1\nshop\n{name}\n{expires}\n".encode(), hashlib.sha256)
    return f"v1.{b64(name.encode())}.{expires}..{b64(mac)}"


def connect(gateway, who):
    """As themselves, as helper or shop "for" somebody."""
    user, _, person = who.partition(" for ")
    if user == "helper":
        token = known_token(gateway, "--user", "helper", "--acts-for", person)
        return psycopg.connect(gateway.dsn(user="helper", password=token), autocommit=True)
    connection = psycopg.connect(gateway.dsn(user=user), autocommit=True)
    if person:
        connection.execute(f"SET sluice.end_user = '{assertion(gateway.key, person)}'")
    return connection


@pytest.mark.parametrize("who", ["alice", "helper for alice", "shop for alice"])
def test_Threat76_what_is_denied_held_or_limited_for_the_person(gateway, who):
    with connect(gateway, who) as connection:
        for text, rule in REFUSED.items():
            with pytest.raises(psycopg.Error, match=rule):
                connection.execute(text).fetchall()
                pytest.fail(f"{who} may {text}")


@pytest.mark.parametrize("who", ["bob", "helper for bob", "shop for bob"])
def test_for_whom_nothing_is_denied_everything_goes_on(gateway, who):
    with connect(gateway, who) as connection:
        for text in REFUSED:
            connection.execute(text)


@pytest.mark.parametrize("who", ["bob", "helper for bob", "shop for bob"])
def test_Threat76_what_an_agent_is_allowed_and_its_person_is_not(gateway, who):
    with connect(gateway, who) as connection, pytest.raises(psycopg.Error, match="no rule lets") as refused:
        connection.execute("SELECT * FROM vault.gold")
    if who == "helper for bob":
        assert 'human "bob", for whom "helper" acts,' in str(refused.value)


def test_Threat76_a_budget_of_the_person_is_used_by_all_who_act_for_her(gateway):
    gateway.cli("user", "add", "dave", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    for who in ("dave", "helper for dave", "shop for dave"):
        with connect(gateway, who) as connection:
            assert len(connection.execute("SELECT id FROM many LIMIT 4").fetchall()) == 4
    for who in ("helper for dave", "shop for dave", "dave"):
        with connect(gateway, who) as connection, pytest.raises(psycopg.Error, match='budget "daves-day" of human dave'):
            connection.execute("SELECT id FROM many LIMIT 4")
    with connect(gateway, "helper for bob") as connection:
        connection.execute("SELECT id FROM many LIMIT 4")


def test_Threat76_values_are_shown_as_the_person_sees_them(gateway):
    def seen(who):
        with connect(gateway, who) as connection:
            return connection.execute("SELECT email FROM people WHERE id = 7").fetchone()[0]

    deadline = time.time() + 20
    while seen("bob") != "p7.miller@example.com" and time.time() < deadline:
        time.sleep(0.2)
    for who in ("bob", "helper for bob", "shop for bob"):
        assert seen(who) == "p7.miller@example.com", who
    for who in ("alice", "helper for alice", "shop for alice"):
        assert "p7" not in seen(who), who


def test_groups_of_the_person_take_effect_on_open_sessions(gateway):
    gateway.cli("user", "add", "carol", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    with connect(gateway, "helper for carol") as agent, connect(gateway, "shop for carol") as service:
        for connection in (agent, service):
            connection.execute("SELECT * FROM by_group")
        gateway.cli("user", "set", "carol", "--group", "engineering", "--group", "contractors")
        for connection in (agent, service):
            deadline = time.time() + 10
            with pytest.raises(psycopg.Error, match="contractors"):
                while time.time() < deadline:
                    connection.execute("SELECT * FROM by_group")
                    time.sleep(0.1)


def test_a_refusal_tells_for_whom(gateway):
    with connect(gateway, "helper for alice") as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute("SELECT * FROM by_name")
    assert 'is denied for alice by rule "not-alice"' in str(refused.value)
    assert '"user":"alice","acted_by":"helper"' in refused.value.diag.message_detail
