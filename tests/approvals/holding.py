"""What the tests of held statements share: a gateway whose policy holds what drops and changes, people who decide, and
statements that wait for them."""

import json
import threading
import time
import urllib.error
import urllib.request

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow }
  - name: drops-wait
    effect: hold
    do: [drop, truncate]
    approve: { by: [dba], wait: 20s, wait_in_transaction: 3s, valid: 1h }
  - name: short
    effect: hold
    do: [create]
    on: { tables: ["*.short_*"] }
    approve: { by: [dba], wait: 0s, valid: 2s }
  - name: later
    effect: hold
    do: [delete]
    approve: { by: [dba], wait: 0s, max_rows: 5 }
  - name: two
    effect: hold
    do: [update]
    on: { tables: [public.ledger] }
    approve: { stages: [ { by: [dba, leads] }, { by: [dba, leads] } ], wait: 0s }
  - name: clean-migrations
    effect: hold
    do: [alter]
    approve:
      by: [dba]
      wait: 0s
      automatic: { who: { groups: [dba], kinds: [human] }, when: { table_rows: { at_most: 1000 } }, lint: clean }
  - name: nobody
    effect: hold
    do: [insert]
    on: { tables: [public.ledger] }
    approve: { by: [martians] }
"""

SCHEMA = """
DROP SCHEMA IF EXISTS away CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE victim (id int); INSERT INTO victim VALUES (1);
CREATE TABLE other (id int);
CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i;
CREATE TABLE ledger (id int, v int); INSERT INTO ledger VALUES (1, 1);
RESET ROLE; CREATE SCHEMA away AUTHORIZATION sluice; SET ROLE sluice; CREATE TABLE away.numbers AS SELECT i FROM generate_series(1, 20) i; ANALYZE other;
"""

CONSOLE = "https://gate.example"
# Lint wants a schema change to give up rather than to keep everybody waiting.
CLEAN = "SET lock_timeout = '2s'; "


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


def start_with_people(gateway, server):
    """Starts it with the policy, those who decide and the tables that the tests are about."""
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\napi: {{ url: '{CONSOLE}' }}\n")
    for name, groups, extra in (("dora", ["dba"], []), ("erin", ["dba", "leads"], []), ("frank", ["engineering"], []),
                                ("robot", ["dba"], ["--kind", "agent"]), ("alice2", ["dba"], ["--attribute", "person=alice"])):
        gateway.cli("user", "add", name, *[word for group in groups for word in ("--group", group)], *extra,
                    "--password-stdin", input=PASSWORD + "\n")
    sql(server, SCHEMA)
    gateway.start()
    return gateway


@pytest.fixture
def gateway(server):
    gateway = start_with_people(Gateway(server, start=False), server)
    yield gateway
    gateway.stop()


def vote(gateway, what, number, user, *extra, password=PASSWORD, check=True):
    return gateway.cli("approval", what, str(number), "--user", user, "--password-stdin", *extra,
                       input=password + "\n", check=check)


def requests(gateway, *extra):
    return json.loads(gateway.cli("approval", "list", "-o", "json", *extra).stdout)


def wait_for_request(gateway, state="waiting"):
    for _ in range(100):
        found = requests(gateway, "--state", state)
        if found:
            return found[0]["number"]
        time.sleep(0.05)
    raise AssertionError("no request")


def sql(server, text):
    return server.sql(text, database="orders")


def count(server, table):
    return sql(server, f"SELECT count(*) FROM {table}")[0]


def exists(server, table):
    return sql(server, f"SELECT to_regclass('{table}') IS NOT NULL") == ["t"]


class Running(threading.Thread):
    """A statement in a session of its own."""

    def __init__(self, gateway, text, parameters=None, before=(), user="alice"):
        super().__init__(daemon=True)
        self.notices, self.error, self.connection = [], None, None
        self.work = (gateway, text, parameters, before, user)
        self.start()

    def run(self):
        gateway, text, parameters, before, user = self.work
        try:
            with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
                self.connection = connection
                connection.add_notice_handler(lambda diagnostic: self.notices.append(
                    (diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint)))
                for statement in before:
                    connection.execute(statement)
                connection.execute(text, parameters)
        except psycopg.Error as error:
            self.error = error


def fails(gateway, text, parameters=None, before=(), user="alice"):
    with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
        for statement in before:
            connection.execute(statement)
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text, parameters)
    return caught.value


def run(gateway, text, parameters=None, user="alice"):
    with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
        return connection.execute(text, parameters).rowcount


def call(gateway, method, path, user=None, password=PASSWORD, body=None, bearer=None):
    if user:
        bearer = call(gateway, "POST", "/api/v1/login", body={"user": user, "password": password})[1].get("secret", "none")
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    if bearer:
        request.add_header("Authorization", "Bearer " + bearer)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
