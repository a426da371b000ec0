"""What is kept to be undone is kept for a time and no longer; and what ran on several databases is put back on all or on none."""

import json
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow }
  - name: for-a-moment
    effect: hold
    do: [update, drop]
    on: { tables: [public.brief] }
    approve: { by: [dba], wait: 0s, undoable: 8s, automatic: { who: { users: [alice] } } }
  - name: for-a-week
    effect: hold
    do: [delete]
    on: { tables: [public.lasting] }
    approve: { by: [dba], wait: 0s, undoable: 7d }
"""
SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; GRANT CREATE ON DATABASE {0} TO sluice;
SET ROLE sluice;
CREATE TABLE brief (id int PRIMARY KEY, note text); INSERT INTO brief SELECT i, 'Unlikely-Word-' || i FROM generate_series(1, 5) i;
CREATE TABLE lasting (id int PRIMARY KEY, note text); INSERT INTO lasting SELECT i, 'n' || i FROM generate_series(1, 5) i;
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql("CREATE DATABASE staging")
    for database in ("orders", "staging"):
        server.sql(SCHEMA.format(database), database=database)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    text = gateway.config.read_text()
    second = text[text.index("  - name: orders"):].replace("name: orders", "name: staging").replace("/orders?", "/staging?")
    gateway.config.write_text(text + second + f"policy: {{ file: {policy} }}\n")
    gateway.cli("user", "add", "dora", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


def by(gateway, user, *words, check=True):
    return gateway.cli(*words, "--user", user, "--password-stdin", input=PASSWORD + "\n", check=check)


def kept(gateway):
    return json.loads(gateway.cli("approval", "kept", "-o", "json").stdout)


def schemas(server):
    return server.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'sluice_kept%'", "orders")


def until(condition, seconds=60):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline
        time.sleep(0.2)


def test_after_its_time_nothing_is_left(gateway, server):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("UPDATE brief SET note = 'changed' WHERE id = 1")
        connection.execute("DROP TABLE brief")
    started = time.time()
    entries = kept(gateway)
    assert [entry["state"] for entry in entries] == ["kept", "kept"] and schemas(server) == ["1"]
    requests = [entry["request"] for entry in entries]
    assert by(gateway, "dora", "approval", "undo", str(requests[0]), "--preview").returncode == 0
    until(lambda: {entry["state"] for entry in kept(gateway)} == {"gone"})
    assert time.time() - started > 4, "it was kept for as long as the rule says"
    assert schemas(server) == ["0"], "the server keeps nothing either"
    for request in requests:
        refused = by(gateway, "dora", "approval", "undo", str(request), check=False)
        assert refused.returncode != 0 and "its time is over" in refused.stderr
    said = gateway.wait_for(lambda found: sum("not to be undone any more" in r["message"] for r in found) == 2, "--type", "approval")
    assert {r["user"] for r in said if "not to be undone any more" in r["message"]} == {"sluice"}
    assert server.sql("SELECT to_regclass('public.brief') IS NULL", "orders") == ["t"], "what was approved stays done"


def change(gateway, text):
    script = gateway.root / "change.sql"
    script.write_text(text)
    made = json.loads(by(gateway, "alice", "change", "submit", str(script), "--on", "staging", "--on", "orders", "--title", "both",
                         "--reason", "why not", "-o", "json").stdout)
    by(gateway, "dora", "approval", "approve", str(made["request"]))
    by(gateway, "alice", "change", "run", str(made["number"]))
    return str(made["number"])


def left(server, database):
    return server.sql("SELECT string_agg(id || note, ',' ORDER BY id) FROM lasting", database)


def test_on_all_databases_or_on_none(gateway, server):
    before = left(server, "orders")
    number = change(gateway, "DELETE FROM lasting WHERE id = 1;")
    assert left(server, "orders") == left(server, "staging") == ["2n2,3n3,4n4,5n5"]
    # Somebody has taken the place in the first; the second, which is put back first, is as it was.
    server.sql("INSERT INTO lasting VALUES (1, 'new')", "staging")
    preview = gateway.cli("change", "undo", number, "--preview").stdout
    assert preview.count("can be undone") == 1 and "is in the way" in preview, preview
    refused = by(gateway, "dora", "change", "undo", number, check=False)
    assert refused.returncode != 0 and "nothing is undone" in refused.stderr, refused.stdout + refused.stderr
    assert left(server, "orders") == ["2n2,3n3,4n4,5n5"], "nor where nothing stood in the way"
    server.sql("DELETE FROM lasting WHERE id = 1", "staging")
    by(gateway, "dora", "change", "undo", number)
    assert left(server, "orders") == left(server, "staging") == before
