"""Dry runs: what a held statement would change is found out by running it and taking it back, and nothing of it is left
(threat case 69)."""

import json
import re
import threading
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import SERVER_PASSWORD, PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: dynamic, effect: allow, do: [dynamic_sql] }
  - name: small-changes
    effect: hold
    do: [insert, update, delete, merge]
    approve:
      by: [dba]
      wait: 0s
      dry_run: true
      automatic: { dry_run_rows: { at_most: 3 } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE numbers (i int PRIMARY KEY, note text);
INSERT INTO numbers SELECT i, 'n' FROM generate_series(1, 20) i;
CREATE TABLE parts (number int REFERENCES numbers ON DELETE CASCADE);
INSERT INTO parts SELECT i FROM generate_series(1, 3) i, generate_series(1, 2);
CREATE TABLE counted (id serial, v int);
CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, v int);
CREATE TABLE watched (v int); INSERT INTO watched VALUES (1), (2);
CREATE TABLE seen (v int);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('told', 'it'); RETURN NEW; END $$;
CREATE TABLE told (v int); INSERT INTO told SELECT generate_series(1, 5);
CREATE TRIGGER tells AFTER UPDATE ON told FOR EACH ROW EXECUTE FUNCTION tell();
CREATE FUNCTION listens() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY told; RETURN NEW; END $$;
CREATE TABLE heard (v int); CREATE TRIGGER listens AFTER INSERT ON heard FOR EACH ROW EXECUTE FUNCTION listens();
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (OLD.v); RETURN OLD; END $$;
CREATE TRIGGER notes AFTER DELETE ON watched FOR EACH ROW EXECUTE FUNCTION note_it();
CREATE FUNCTION risky(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT ' || $1; RETURN $1; END $$;
CREATE SEQUENCE free;
CREATE TABLE people (id int PRIMARY KEY, email text); INSERT INTO people SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 9) i;
ANALYZE numbers; RESET ROLE;
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def gateway(server, request):
    gateway = Gateway(server, start=False, masking=getattr(request, "param", False))
    (gateway.root / "policy.yaml").write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {gateway.root}/policy.yaml }}\n")
    gateway.cli("user", "add", "dora", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    sql(server, SCHEMA)
    gateway.start()
    yield gateway
    gateway.stop()


def sql(server, text):
    return server.sql(text, database="orders")


def run(gateway, text, parameters=None):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        return connection.execute(text, parameters).rowcount


def held(gateway, text, parameters=None):
    """What those who decide are shown of a statement that was not let through."""
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text, parameters)
    assert "not approved yet" in str(caught.value), caught.value
    number = json.loads(gateway.cli("approval", "list", "-o", "json").stdout)[0]["number"]
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)


def state_of(server):
    """All that could be left behind."""
    return sql(server, """SELECT (SELECT count(*) FROM numbers), (SELECT count(*) FROM parts), (SELECT count(*) FROM watched),
        (SELECT count(*) FROM seen), (SELECT string_agg(v::text, ',' ORDER BY v) FROM watched),
        (SELECT last_value || is_called::text FROM counted_id_seq), (SELECT last_value || is_called::text FROM made_id_seq),
        (SELECT last_value || is_called::text FROM free), (SELECT count(*) FROM counted), (SELECT count(*) FROM made)""")


def test_few_rows_need_nobody(gateway, server):
    assert run(gateway, "UPDATE numbers SET note = 'x' WHERE i <= 3") == 3
    assert sql(server, "SELECT count(*) FROM numbers WHERE note = 'x'") == ["3"]
    number = json.loads(gateway.cli("approval", "list", "-o", "json").stdout)[0]["number"]
    told = gateway.cli("approval", "explain", str(number)).stdout
    assert "a dry run changed 3 rows (public.numbers: 0 inserted, 3 updated, 0 deleted); at most 3" in told
    assert "approved automatically" in told


def test_many_rows_are_shown_to_those_who_decide(gateway, server):
    before = state_of(server)
    shown = held(gateway, "DELETE FROM numbers WHERE i > 10")
    assert shown["facts"]["dry_run"] == {"rows": 10, "tables": ["public.numbers: 0 inserted, 0 updated, 10 deleted"]}
    assert any("a dry run changed 10 rows" in line for line in shown["evidence"])
    assert "a dry run changed 10 rows" in gateway.cli("approval", "show", str(shown["number"])).stdout
    assert state_of(server) == before
    gateway.cli("approval", "approve", str(shown["number"]), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    assert run(gateway, "DELETE FROM numbers WHERE i > 10") == 10


def test_what_follows_from_it_counts(gateway, server):
    # One row, and two of another table that go with it, twice.
    shown = held(gateway, "DELETE FROM numbers WHERE i <= 2")
    assert shown["facts"]["dry_run"]["rows"] == 6
    shown = held(gateway, "DELETE FROM watched")
    assert shown["facts"]["dry_run"] == {"rows": 4, "tables": ["public.seen: 2 inserted, 0 updated, 0 deleted",
                                                              "public.watched: 0 inserted, 0 updated, 2 deleted"]}
    assert run(gateway, "DELETE FROM numbers WHERE i = 3") == 1
    assert sql(server, "SELECT count(*) FROM parts") == ["4"]


@pytest.mark.parametrize("text,why", [
    ("INSERT INTO counted (v) VALUES (1)", "takes numbers of a sequence"),
    ("INSERT INTO made (v) VALUES (1)", "takes numbers of a sequence"),
    ("INSERT INTO seen VALUES (nextval('free'))", "free"),
    ("INSERT INTO heard VALUES (1)", "notify is not taken back"),
    ("UPDATE numbers SET i = risky(i) WHERE i = 1", "put together|risky"),
])
def test_Threat69_what_a_rollback_leaves_is_not_done(gateway, server, text, why):
    before = state_of(server)
    shown = held(gateway, text)
    assert "rows" not in shown["facts"]["dry_run"]
    assert re.search(why, shown["facts"]["dry_run"]["why_not"]), shown["facts"]["dry_run"]
    assert any(line.startswith("no dry run: ") for line in shown["evidence"])
    assert state_of(server) == before


def test_Threat69_nobody_is_notified(gateway, server):
    with psycopg.connect(f"host=127.0.0.1 port={server.port} dbname=orders user=sluice password={SERVER_PASSWORD}",
                         autocommit=True) as listener:
        heard = []
        listener.add_notify_handler(lambda notice: heard.append(notice.payload))
        listener.execute("LISTEN told")
        assert held(gateway, "UPDATE told SET v = v + 1")["facts"]["dry_run"]["rows"] == 5
        sql(server, "NOTIFY told, 'the end'")
        deadline = time.time() + 20
        while "the end" not in heard and time.time() < deadline:
            listener.execute("SELECT 1")
            time.sleep(0.1)
        assert heard == ["the end"], "the server forgets what a rolled back transaction has to tell"


def test_Threat69_nothing_is_left_whatever_stands_in_the_text(gateway, server):
    before = state_of(server)
    held(gateway, "DELETE FROM numbers WHERE i > 5 -- ; COMMIT;")
    held(gateway, "DELETE FROM numbers WHERE note <> '; COMMIT; --' AND i > 5")
    held(gateway, "DELETE FROM numbers WHERE i > 5 /* ; COMMIT; */;")
    assert state_of(server) == before
    # Nor a transaction that is open, or a lock.
    assert sql(server, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") == ["0"]
    sql(server, "BEGIN; LOCK TABLE numbers NOWAIT; COMMIT")


def test_Threat69_other_sessions_are_not_held_up(gateway, server):
    with psycopg.connect(f"host=127.0.0.1 port={server.port} dbname=orders user=sluice password={SERVER_PASSWORD}") as other:
        other.execute("UPDATE numbers SET note = 'mine' WHERE i = 1")
        began = time.time()
        shown = held(gateway, "DELETE FROM numbers WHERE i = 1")
        assert time.time() - began < 20
        assert "lock timeout" in shown["facts"]["dry_run"]["why_not"]
        other.rollback()


def test_another_session_is_not_shown_for_this_one(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("SET search_path = pg_catalog, public")
        with pytest.raises(psycopg.Error, match="not those of a fresh one"):
            connection.execute("DELETE FROM numbers WHERE i = 1")
        connection.execute("RESET search_path")
        connection.execute("BEGIN")
        with pytest.raises(psycopg.Error, match="transaction has begun"):
            connection.execute("DELETE FROM numbers WHERE i = 1")
    assert "parameters" in held(gateway, "DELETE FROM numbers WHERE i = %s", (1,))["facts"]["dry_run"]["why_not"]


def test_cancelled_while_it_is_run_for_show(gateway, server):
    with psycopg.connect(f"host=127.0.0.1 port={server.port} dbname=orders user=sluice password={SERVER_PASSWORD}") as other:
        other.execute("UPDATE numbers SET note = 'mine' WHERE i = 1")
        with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
            connection.execute("SELECT count(*) FROM numbers")  # What names mean is known from here on.
            threading.Timer(0.5, connection.cancel).start()
            with pytest.raises(psycopg.Error) as caught:
                connection.execute("DELETE FROM numbers WHERE i = 1")
            assert caught.value.sqlstate == "57014", caught.value
            assert connection.execute("SELECT 1").fetchone() == (1,)
        other.rollback()
    waiting = json.loads(gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)
    assert waiting == [] and sql(server, "SELECT count(*) FROM numbers") == ["20"]


def submitted(gateway, script):
    """A change of one script, as those who decide are shown it: its state, and the facts of each step."""
    path = gateway.root / "script.sql"
    path.write_text(script)
    change = json.loads(gateway.cli("change", "submit", str(path), "--on", "orders", "--title", "t", "--reason", "r", "-o", "json",
                                    "--user", "alice", "--password-stdin", input=PASSWORD + "\n").stdout)
    request = json.loads(gateway.cli("approval", "show", str(change["request"]), "-o", "json").stdout)
    return change, [step["facts"] for step in request["facts"]["steps"]]


def test_a_script_is_tried_out_as_it_runs(gateway, server):
    before = state_of(server)
    change, steps = submitted(gateway, "UPDATE numbers SET note = 'y' WHERE i <= 2;\n-- All of these.\n"
                                       "UPDATE numbers SET note = 'z' WHERE note = 'y' -- and no more\n;\nDELETE FROM watched WHERE v = 1;\n")
    assert [step["dry_run"]["rows"] for step in steps] == [2, 2, 2], steps
    assert steps[2]["dry_run"]["tables"] == ["public.seen: 1 inserted, 0 updated, 0 deleted",
                                             "public.watched: 0 inserted, 0 updated, 1 deleted"]
    assert change["state"] == "approved"  # Each step changes three rows at most.
    assert state_of(server) == before and sql(server, "SELECT count(*) FROM numbers WHERE note = 'n'") == ["20"]
    gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin", input=PASSWORD + "\n")
    assert sql(server, "SELECT count(*) FROM numbers WHERE note = 'z'") == ["2"]


def test_a_step_of_many_rows_waits_for_people(gateway, server):
    change, steps = submitted(gateway, "UPDATE numbers SET note = 'y' WHERE i <= 2;\nUPDATE numbers SET note = 'z';\n")
    assert change["state"] == "waiting" and [step["dry_run"]["rows"] for step in steps] == [2, 20]


@pytest.mark.parametrize("gateway,step,why", [
    (False, "INSERT INTO counted (v) VALUES (1)", "step 2: public.counted.id takes numbers of a sequence"),
    (False, "UPDATE numbers SET i = 2 WHERE i = 1", "duplicate key"),
    (False, "CREATE TABLE fresh (i int)", "step 2: only one INSERT, UPDATE, DELETE or MERGE can be"),
    (True, "UPDATE numbers SET i = 2 WHERE i = 1", "the server does not run it, as it would be sent"),
    (True, "DELETE FROM people WHERE email LIKE 'p1%'", "step 2: a condition looks at what is not shown to who asks"),
    (True, "DELETE FROM people WHERE email = 'p1@example.com'", "step 2: a condition looks at what is not shown to who asks"),
], indirect=["gateway"])
def test_a_script_with_a_step_that_cannot_be_tried_out_is_not(gateway, server, step, why):
    before = state_of(server)
    change, steps = submitted(gateway, f"UPDATE numbers SET note = 'y' WHERE i <= 2;\n{step};\n")
    assert change["state"] == "waiting"
    assert why in steps[0]["dry_run"]["why_not"] and "rows" not in steps[0]["dry_run"], steps
    assert "estimated_rows" in steps[0] and ("estimated_rows" in steps[1]) == (step.startswith(("INSERT", "UPDATE"))), steps
    assert state_of(server) == before and sql(server, "SELECT count(*) FROM people") == ["9"]
