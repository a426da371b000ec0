"""What the tests of changes share: a gateway with two databases, and people who submit, approve and run scripts on them."""

import json
import subprocess
import time

import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: sleeping, effect: allow, on: { functions: [sleep, setting] }, do: [function] }
  - { name: ledger-stays, effect: deny, do: [update], on: { tables: [public.ledger] } }
  - name: schema-waits
    effect: hold
    do: [create, alter, drop]
    approve: { by: [dba], wait: 0s, valid: 1h }
  - name: deletes-wait
    effect: hold
    do: [delete]
    approve: { by: [dba], wait: 0s, max_rows: 3 }
  - name: leads-decide
    effect: hold
    do: [insert]
    on: { tables: [public.ledger] }
    approve: { by: [leads], wait: 0s }
  - name: small-tables
    effect: hold
    do: [update]
    on: { tables: [public.numbers, "big.*"] }
    approve:
      by: [dba]
      wait: 0s
      automatic: { who: { groups: [engineering], kinds: [human] }, when: { table_rows: { at_most: 100 } } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE numbers AS SELECT i FROM generate_series(1, 10) i;
CREATE TABLE ledger (id int, v int);
CREATE TABLE others AS SELECT * FROM numbers;
RESET ROLE; DROP SCHEMA IF EXISTS big CASCADE; CREATE SCHEMA big; GRANT ALL ON SCHEMA big TO sluice; SET ROLE sluice;
CREATE TABLE big.numbers AS SELECT i FROM generate_series(1, 1000) i;
CREATE TABLE big.others AS SELECT * FROM big.numbers;
ANALYZE numbers; ANALYZE others; ANALYZE big.numbers; ANALYZE big.others;
"""

SCRIPT = """\
-- Notes on numbers.
ALTER TABLE numbers ADD COLUMN note text;

CREATE TABLE notes (id int);
INSERT INTO notes VALUES (1);
"""
ROLLBACK = "DROP TABLE notes;\nALTER TABLE numbers DROP COLUMN note;\n"
BOTH = ("--on", "staging", "--on", "orders")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql("CREATE DATABASE staging")
    yield server
    server.stop()


@pytest.fixture
def gateway(server):
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    text = gateway.config.read_text()
    first = text[text.index("  - name: orders"):]
    second = first.replace("name: orders", "name: staging").replace("environment: production", "environment: staging")
    gateway.config.write_text(text + second.replace("/orders?", "/staging?") + f"policy: {{ file: {policy} }}\n")
    for name, groups in (("dora", ["dba"]), ("erin", ["dba", "leads"]), ("bob", ["engineering"])):
        gateway.cli("user", "add", name, *[word for group in groups for word in ("--group", group)],
                    "--password-stdin", input=PASSWORD + "\n")
    for database in ("orders", "staging"):
        server.sql(SCHEMA, database=database)
    gateway.start()
    yield gateway
    gateway.stop()


def somebody(gateway, user, *words, check=True):
    return gateway.cli(*words, "--user", user, "--password-stdin", input=PASSWORD + "\n", check=check)


def submit(gateway, script, *extra, rollback=None, on=BOTH, user="alice", check=True):
    (gateway.root / "script.sql").write_text(script)
    if rollback is not None:
        (gateway.root / "rollback.sql").write_text(rollback)
        extra = (*extra, "--rollback", str(gateway.root / "rollback.sql"))
    done = somebody(gateway, user, "change", "submit", str(gateway.root / "script.sql"), *on, "--title", "notes",
                    "--reason", "support asks", "-o", "json", *extra, check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done


def approve(gateway, change, user="dora"):
    return somebody(gateway, user, "approval", "approve", str(change["request"]))


def approved(gateway, script, *extra, **named):
    change = submit(gateway, script, *extra, **named)
    approve(gateway, change)
    return change


def act(gateway, what, change, user="alice", check=True):
    return somebody(gateway, user, "change", what, str(change["number"]), check=check)


def refused(gateway, what, change, why, user="alice"):
    done = act(gateway, what, change, user=user, check=False)
    assert done.returncode != 0 and why in done.stderr, done.stdout + done.stderr


def status(gateway, change):
    return json.loads(gateway.cli("change", "status", str(change["number"]), "-o", "json").stdout)


def steps(gateway, change):
    return [(step["part"], step["database"], step["step"], step["state"]) for step in status(gateway, change)["steps"]]


def wait_until(gateway, change, condition):
    for _ in range(200):
        now = status(gateway, change)
        if condition(now):
            return now
        time.sleep(0.1)
    raise AssertionError(now)


def live_credentials(gateway):
    """Of runs."""
    return int(gateway.in_state("SELECT count(*) FROM credentials WHERE label LIKE 'change %' AND revoked_micros = 0")[0])


class Background:
    """`sluice change run` that is still going."""

    def __init__(self, gateway, change):
        self.process = subprocess.Popen(
            [SLUICE, "change", "run", str(change["number"]), "--user", "alice", "--password-stdin", "--config",
             str(gateway.config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdin.write(PASSWORD + "\n")
        self.process.stdin.close()
        self.process.stdin = None

    def end(self):
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def rows(server, database, text):
    return server.sql(text, database=database)


def has(server, database, table="notes"):
    return rows(server, database, f"SELECT to_regclass('{table}') IS NOT NULL") == ["t"]


def columns(server, database, table="numbers"):
    return rows(server, database, f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 "
                                  "AND NOT attisdropped ORDER BY attnum")
