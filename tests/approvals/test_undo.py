"""Approved statements that can be undone: what is kept of them, how it is put back, and what is refused since it could
not be."""

import json
import pathlib
import sys
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import ask  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows_changed: 1000 } }
  - name: undoable-writes
    effect: hold
    do: [insert, update, delete, merge]
    on: { tables: [public.accounts, public.orders, public.audit_trail, public.keyless, public.touchy, public.lone] }
    approve: { by: [dba], wait: 0s, undoable: 7d, automatic: { who: { users: [alice, bob] } } }
  - name: undoable-drops
    effect: hold
    do: [drop, truncate, alter]
    approve: { by: [dba], wait: 0s, undoable: 7d, automatic: { who: { users: [alice, bob] } } }
"""

SCHEMA = """
DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
GRANT ALL ON SCHEMA public TO sluice; GRANT CREATE ON DATABASE orders TO sluice; SET ROLE sluice;
DO $$ DECLARE s text; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sluice_kept%'
  LOOP EXECUTE 'DROP SCHEMA ' || s || ' CASCADE'; END LOOP; END $$;
CREATE TABLE accounts (id int PRIMARY KEY, name text, balance numeric(12,2) DEFAULT 1.5 NOT NULL, seen timestamptz, raw bytea,
  tags text[], doubled numeric GENERATED ALWAYS AS (balance * 2) STORED);
INSERT INTO accounts SELECT i, 'n''ame "' || i, i * 10, '2026-01-01 10:00:00+02'::timestamptz + i * interval '1 hour',
  decode('00ff' || lpad(to_hex(i), 4, '0'), 'hex'), ARRAY['a', NULL, 'b,c'] FROM generate_series(1, 50) i;
CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int REFERENCES accounts ON DELETE CASCADE,
  parent int REFERENCES orders, note text);
INSERT INTO orders (account, note) SELECT i, 'order ' || i FROM generate_series(1, 50) i;
INSERT INTO orders (account, parent, note) VALUES (1, 1, 'child');
CREATE INDEX orders_note ON orders (note);
CREATE TABLE keyless (v int); INSERT INTO keyless VALUES (1);
CREATE TABLE touchy (id int PRIMARY KEY, v text, changed timestamptz);
INSERT INTO touchy VALUES (1, 'x', '2020-01-01');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := clock_timestamp(); RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON touchy FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE lone (id int PRIMARY KEY, account int REFERENCES accounts, v text DEFAULT 'd' NOT NULL, w text, UNIQUE (v));
CREATE INDEX lone_w ON lone (w); COMMENT ON COLUMN lone.v IS 'it''s v';
INSERT INTO lone SELECT i, i, 'v' || i, 'w' || i FROM generate_series(1, 20) i;
CREATE TABLE viewed (id int PRIMARY KEY); CREATE VIEW looks AS SELECT * FROM viewed;
RESET ROLE; CREATE SCHEMA shop AUTHORIZATION sluice; SET ROLE sluice;
CREATE TABLE shop.items (id int PRIMARY KEY, account int REFERENCES public.accounts, name text); INSERT INTO shop.items VALUES (1, 1, 'thing');
CREATE VIEW shop.names AS SELECT name FROM shop.items;
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running(server):
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name, groups in (("dora", ["dba"]), ("bob", ["dba"]), ("frank", ["engineering"])):
        gateway.cli("user", "add", name, *[word for group in groups for word in ("--group", group)],
                    "--password-stdin", input=PASSWORD + "\n")
    sql(server, SCHEMA)
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def gateway(server, running):
    sql(server, SCHEMA)
    with psycopg.connect(running.dsn(), autocommit=True) as connection:
        # What has been made behind the gateway's back is known to it, at the latest when it looks next.
        for table in ("accounts", "orders", "lone", "touchy", "viewed", "shop.items"):
            for _ in range(150):
                with pytest.raises(psycopg.Error) as caught:
                    connection.execute(f"ALTER TABLE {table} DROP COLUMN nothing")
                if "not known" not in (caught.value.diag.message_hint or ""):
                    break
                time.sleep(0.1)
    return running


def sql(server, text):
    return server.sql(text, database="orders")


def run(gateway, *texts, user="alice", parameters=None):
    with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
        for text in texts:
            connection.execute(text, parameters)


def fails(gateway, *texts, **options):
    with pytest.raises(psycopg.Error) as caught:
        run(gateway, *texts, **options)
    return f"{caught.value.diag.message_primary} {caught.value.diag.message_hint}"


def last_request(gateway):
    return json.loads(gateway.cli("approval", "list", "-o", "json", "--limit", "1").stdout)[0]["number"]


def undo(gateway, *extra, number=None, user="dora", check=True):
    return gateway.cli("approval", "undo", str(number or last_request(gateway)), "--user", user, "--password-stdin",
                       *extra, input=PASSWORD + "\n", check=check)


def kept(gateway):
    return json.loads(gateway.cli("approval", "kept", "-o", "json").stdout)


def everything(server):
    return [sql(server, f"SELECT t::text FROM {table} t ORDER BY 1")
            for table in ("accounts", "orders", "touchy", "lone", "shop.items")]


def kept_schemas(server):
    return sql(server, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sluice_kept%'")


# Rows

WRITES = {
    "update": "UPDATE accounts SET balance = balance + 1, name = upper(name), raw = NULL, tags = '{}' WHERE id <= 7",
    "delete with cascade": "DELETE FROM accounts WHERE id BETWEEN 30 AND 35",
    "insert": "INSERT INTO accounts (id, name, balance) SELECT i, 'new', 0 FROM generate_series(100, 120) i",
    "upsert": "INSERT INTO accounts (id, name) VALUES (1, 'x'), (200, 'y') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "merge": "MERGE INTO accounts a USING generate_series(45, 55) i ON a.id = i WHEN MATCHED AND i < 48 THEN DELETE "
             "WHEN MATCHED THEN UPDATE SET name = 'm' WHEN NOT MATCHED THEN INSERT (id, name) VALUES (i, 'n')",
    "CTEs": "WITH gone AS (DELETE FROM orders WHERE id > 40 AND parent IS NULL RETURNING account) "
            "UPDATE accounts SET balance = 0 FROM gone WHERE accounts.id = gone.account",
    "joined": "UPDATE accounts a SET balance = o.id FROM orders o WHERE o.account = a.id AND o.parent IS NULL",
    "self reference": "UPDATE orders SET parent = 2 WHERE id = 5",
    "identity": "INSERT INTO orders (account, note) VALUES (3, 'identity')",
}


def in_some_way(names):
    """Each in one way to run it, the first in all of them."""
    kinds = ("simple", "extended", "in a transaction")
    return [(name, kinds[i % 3]) for i, name in enumerate(names)] + [(next(iter(names)), kind) for kind in kinds[1:]]


@pytest.mark.parametrize("name, kind", in_some_way(WRITES))
def test_rows_are_put_back_exactly(server, gateway, name, kind):
    before = everything(server)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        # None of it shows in what is kept.
        connection.execute("SET datestyle = 'German'")
        connection.execute("SET timezone = 'Asia/Tokyo'")
        connection.execute("SET bytea_output = 'escape'")
        if kind == "in a transaction":
            with connection.transaction():
                connection.execute(WRITES[name])
        elif kind == "extended":
            connection.execute(WRITES[name], (), prepare=True)
        else:
            psycopg.ClientCursor(connection).execute(WRITES[name])
        assert connection.execute("SHOW timezone").fetchone() == ("Asia/Tokyo",)
    assert everything(server) != before
    assert "can be undone" in undo(gateway, "--preview").stdout
    assert everything(server) != before
    assert ": undone" in undo(gateway).stdout
    assert everything(server) == before
    again = undo(gateway, check=False)
    assert again.returncode != 0 and "nothing is kept" in again.stderr


def test_what_has_changed_since_is_left_alone(server, gateway):
    run(gateway, "UPDATE accounts SET name = 'wrong' WHERE id BETWEEN 41 AND 43")
    sql(server, "UPDATE accounts SET name = 'right' WHERE id = 42; DELETE FROM accounts WHERE id = 43")
    preview = undo(gateway, "--preview").stdout
    assert "(42): it has been changed since" in preview and "(43): it has been deleted since" in preview
    refused = undo(gateway, check=False)
    assert refused.returncode != 0 and "changed since" in refused.stderr
    assert sql(server, "SELECT name FROM accounts WHERE id = 41") == ["wrong"]
    undo(gateway, "--skip-conflicts")
    assert sql(server, "SELECT id, name FROM accounts WHERE id BETWEEN 41 AND 43 ORDER BY id") == ["41|n'ame \"41", "42|right"]


def test_a_row_in_the_place_of_a_deleted_one(server, gateway):
    run(gateway, "DELETE FROM orders WHERE id = 7")
    sql(server, "INSERT INTO orders (id, note) OVERRIDING SYSTEM VALUE VALUES (7, 'another')")
    assert "(7): a row with its key has been inserted since" in undo(gateway, "--preview").stdout


def test_several_statements_of_one_transaction(server, gateway):
    before = everything(server)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection, connection.transaction():
        connection.execute("UPDATE accounts SET name = 'one' WHERE id = 1")
        first = last_request(gateway)
        connection.execute("UPDATE accounts SET name = 'two' WHERE id IN (1, 2)")
        second = last_request(gateway)
    assert undo(gateway, number=first, check=False).returncode != 0, "the second has changed it again"
    undo(gateway, number=second)
    assert sql(server, "SELECT name FROM accounts WHERE id = 1") == ["one"]
    undo(gateway, number=first)
    assert everything(server) == before


def test_what_was_rolled_back_is_not_undone(server, gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE accounts SET name = 'x' WHERE id = 1")
        connection.execute("ROLLBACK")
    failed = undo(gateway, check=False)
    assert failed.returncode != 0 and "rolled back" in failed.stderr


@pytest.mark.parametrize("texts, why", [
    (["UPDATE keyless SET v = 2"], "no primary key"),
    (["UPDATE touchy SET id = id + 1000"], "primary key changes"),
    (["BEGIN", "SAVEPOINT a", "UPDATE accounts SET name = 's' WHERE id = 1"], "savepoint"),
])
def test_what_could_not_be_undone_does_not_run(server, gateway, texts, why):
    before = everything(server)
    assert why in fails(gateway, *texts)
    assert everything(server) == before


def test_a_trigger_that_keeps_rows_from_being_as_they_were(server, gateway):
    run(gateway, "UPDATE touchy SET v = 'y'")
    after = sql(server, "SELECT t::text FROM touchy t")
    failed = undo(gateway, check=False)
    assert failed.returncode != 0 and "a trigger" in failed.stderr
    assert sql(server, "SELECT t::text FROM touchy t") == after


def test_a_table_that_has_changed_its_columns(server, gateway):
    run(gateway, "UPDATE accounts SET name = 'x' WHERE id = 1")
    number = last_request(gateway)
    sql(server, "ALTER TABLE accounts ADD COLUMN more int")
    failed = undo(gateway, number=number, check=False)
    assert failed.returncode != 0 and "columns are others" in failed.stderr


def test_values_that_are_hard_to_write(server, gateway):
    sql(server, "INSERT INTO accounts (id, name, seen, tags) VALUES (900, E'\\\\x \"(),{}\\n\\t é€😀', 'infinity', E'{\"a\\\\\"b\",\"\",null}')")
    before = everything(server)
    run(gateway, "DELETE FROM accounts WHERE id = 900")
    undo(gateway)
    assert everything(server) == before


# Things

DROPS = {
    "table": ("DROP TABLE lone", "lone"),
    "table by name and schema": ("DROP TABLE IF EXISTS public.lone CASCADE", "lone"),
    "two tables": ("DROP TABLE orders, lone", "lone"),
    "truncate": ("TRUNCATE lone", "lone"),
    "truncate cascade": ("TRUNCATE accounts RESTART IDENTITY CASCADE", "accounts"),
    "column": ("ALTER TABLE lone DROP COLUMN v", "lone"),
    "two columns": ("ALTER TABLE lone DROP COLUMN v, DROP COLUMN w", "lone"),
    "generated column": ("ALTER TABLE accounts DROP COLUMN doubled", "accounts"),
    "schema": ("DROP SCHEMA shop CASCADE", "shop.items"),
}

STRUCTURE = """
SELECT format('%s %s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
  pg_get_expr(d.adbin, d.adrelid)) || coalesce(col_description(a.attrelid, a.attnum), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname IN ('public', 'shop') AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')
UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'shop')
UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(c.oid) FROM pg_constraint c
  JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname IN ('public', 'shop')
ORDER BY 1"""


def by_names(server, table):
    columns = sql(server, f"SELECT string_agg(quote_ident(attname), ',' ORDER BY attname) FROM pg_attribute "
                          f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped")[0]
    return sql(server, f"SELECT ROW({columns})::text FROM {table} ORDER BY 1")


@pytest.mark.parametrize("name, kind", in_some_way(DROPS))
def test_what_was_dropped_comes_back(server, gateway, name, kind):
    text, table = DROPS[name]
    tables = ("accounts", "orders", "lone", "shop.items")
    structure, rows = sql(server, STRUCTURE), [by_names(server, t) for t in tables]
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        if kind == "in a transaction":
            with connection.transaction():
                connection.execute(text)
        elif kind == "extended":
            connection.execute(text, (), prepare=True)
        else:
            psycopg.ClientCursor(connection).execute(text)
    assert sql(server, STRUCTURE) != structure or by_names(server, table) == []
    assert len(kept_schemas(server)) == 1
    # It is as if it were gone: others are not kept from anything by it.
    if name in ("table", "two tables"):
        assert sql(server, "SELECT to_regclass('lone') IS NULL") == ["t"]
        sql(server, "BEGIN; DELETE FROM accounts WHERE id = 10; ROLLBACK")
    assert "can be undone" in undo(gateway, "--preview").stdout
    assert ": undone" in undo(gateway).stdout
    assert sql(server, STRUCTURE) == structure
    assert [by_names(server, t) for t in tables] == rows
    assert kept_schemas(server) == []
    # The gateway knows it again.
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
    drift = [r for r in gateway.search("--type", "schema_drift", "--since", "5s") if "sluice_kept" in r["message"]]
    assert drift == []


def test_a_drop_fails_as_it_would_have(server, gateway):
    structure = sql(server, STRUCTURE)
    assert "other objects depend on it" in fails(gateway, "DROP TABLE viewed")
    assert "other objects depend on it" in fails(gateway, "DROP TABLE viewed CASCADE")
    assert "other objects depend on it" in fails(gateway, "DROP SCHEMA shop")
    sql(server, "CREATE VIEW public.outside AS SELECT * FROM shop.items")
    assert "other schemas depend on schema shop" in fails(gateway, "DROP SCHEMA shop CASCADE")
    sql(server, "DROP VIEW public.outside")
    assert sql(server, STRUCTURE) == structure
    assert kept_schemas(server) == []


def test_work_that_was_put_off_is_kept_too(server, gateway):
    """A trigger that is deferred until COMMIT runs before the statement's rows are kept, also in the client's transaction."""
    sql(server, """SET ROLE sluice; CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN UPDATE public.touchy SET v = ''later''; RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON public.lone DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.w = 'x') EXECUTE FUNCTION public.later(); ALTER TABLE public.touchy DISABLE TRIGGER touch""")
    before = everything(server)
    for _ in range(100):  # Until the gateway knows the trigger.
        if [r for r in gateway.search("--type", "schema_drift", "--since", "20s") if "lone.later" in r["message"]]:
            break
        time.sleep(0.2)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection, connection.transaction():
        connection.execute("UPDATE accounts SET name = 'x' WHERE id = 2")
        connection.execute("UPDATE lone SET w = 'x' WHERE id = 3")
    requests = json.loads(gateway.cli("approval", "list", "-o", "json", "--limit", "2").stdout)
    assert everything(server) != before
    for request in requests:
        undo(gateway, number=request["number"])
    assert everything(server) == before


def test_nothing_that_undoing_puts_off_escapes_the_look(server, gateway):
    run(gateway, "UPDATE touchy SET v = 'y'")
    sql(server, """SET ROLE sluice; ALTER TABLE public.touchy DISABLE TRIGGER touch; CREATE FUNCTION spoil() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN UPDATE public.touchy SET v = ''spoilt'' WHERE v = ''x''; RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER spoil AFTER UPDATE ON public.touchy DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION public.spoil()""")
    failed = undo(gateway, check=False)
    assert failed.returncode != 0 and "a trigger" in failed.stderr, failed
    assert sql(server, "SELECT v FROM touchy") == ["y"]


def test_a_drop_that_fails_is_on_the_record(server, gateway):
    fails(gateway, "DROP TABLE viewed -- on the record")
    found = gateway.wait_for(lambda r: r, "--text", "on the record", "--type", "statement")
    assert found and found[-1]["decision"] == "skipped", found


def test_a_drop_that_is_rolled_back_leaves_nothing(server, gateway):
    structure = sql(server, STRUCTURE)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("DROP TABLE lone")
        connection.execute("ROLLBACK")
    assert sql(server, STRUCTURE) == structure and kept_schemas(server) == []
    preview = undo(gateway, "--preview").stdout
    assert "nothing is kept in" in preview
    assert undo(gateway, check=False).returncode != 0


def test_another_table_in_its_place_is_a_conflict(server, gateway):
    run(gateway, "DROP TABLE lone")
    number = last_request(gateway)
    sql(server, "CREATE TABLE public.lone (id int)")
    failed = undo(gateway, number=number, check=False)
    assert failed.returncode != 0
    assert "there is another public.lone now" in undo(gateway, "--preview", number=number).stdout


@pytest.mark.parametrize("text", [
    "SELECT * FROM {}.lone", "DROP SCHEMA {} CASCADE", "DELETE FROM {}.lone", "ALTER TABLE {}.lone SET SCHEMA public",
    "CREATE TABLE {}.more (id int)", "COPY {}.lone TO STDOUT", "ALTER SCHEMA {} RENAME TO mine", "GRANT USAGE ON SCHEMA {} TO PUBLIC"])
def test_nobody_reaches_what_is_kept(server, gateway, text):
    run(gateway, "DROP TABLE lone")
    place = kept_schemas(server)[0]
    assert "gateway's own" in fails(gateway, text.format(place)), text
    assert kept_schemas(server) == [place]


def test_nor_by_the_path(server, gateway):
    run(gateway, "DROP TABLE lone")
    place = kept_schemas(server)[0]
    assert "gateway's own" in fails(gateway, f"SET search_path = {place}, public", "SELECT * FROM lone")


# Who

def test_who_may_undo(server, gateway):
    run(gateway, "UPDATE accounts SET name = 'x' WHERE id = 1", user="bob")
    number = last_request(gateway)
    for user in ("bob", "frank", "alice"):
        refused = undo(gateway, number=number, user=user, check=False)
        assert refused.returncode != 0, user
    assert sql(server, "SELECT name FROM accounts WHERE id = 1") == ["x"]
    undo(gateway, number=number)
    assert sql(server, "SELECT name FROM accounts WHERE id = 1") == ["n'ame \"1"]


def test_it_is_listed_and_on_the_record(server, gateway):
    run(gateway, "DELETE FROM orders WHERE id = 9")
    number = last_request(gateway)
    entry = next(e for e in kept(gateway) if e["request"] == number)
    assert entry["state"] == "kept" and entry["kept"] == "1 row of public.orders" and entry["requester"] == "alice"
    undo(gateway, number=number)
    entry = next(e for e in kept(gateway) if e["request"] == number)
    assert entry["state"] == "undone" and entry["undone_by"] == "dora"
    found = gateway.wait_for(lambda r: any(f"undone what ran under request {number} " in x["message"] for x in r),
                             "--type", "approval", "--user", "dora")
    assert any(f"undone what ran under request {number} " in r["message"] for r in found)


def test_the_store_holds_no_rows_that_can_be_read(server, gateway):
    sql(server, "UPDATE accounts SET name = 'Unlikely-Word-Here' WHERE id = 44")
    run(gateway, "DELETE FROM accounts WHERE id = 44")
    found = [p for p in gateway.root.rglob("*") if p.is_file() and b"Unlikely-Word-Here" in p.read_bytes()]
    assert found == []
    key = gateway.root / "state/undo.key"
    assert key.stat().st_mode & 0o777 == 0o600
    undo(gateway)
    assert sql(server, "SELECT name FROM accounts WHERE id = 44") == ["Unlikely-Word-Here"]


def test_keys_of_rows_in_the_way_are_told_to_the_operator_alone(server, gateway):
    run(gateway, "UPDATE accounts SET name = 'wrong' WHERE id IN (42, 43, 44)")
    sql(server, "UPDATE accounts SET name = 'right' WHERE id IN (42, 43); DELETE FROM accounts WHERE id = 44")
    assert "(42): it has been changed since" in gateway.cli("approval", "undo", str(last_request(gateway)), "--preview").stdout
    secret = ask(gateway, "POST", "/login", {"user": "dora", "password": PASSWORD}).json["secret"]
    for method in ("GET", "POST"):
        answer = ask(gateway, method, f"/undo/{last_request(gateway)}", {} if method == "POST" else None, secret)
        (entry,) = answer.json["entries"]
        told = {(each["table"], each["key"], each["rows"], each["why"]) for each in entry["conflicts"]}
        assert told == {("public.accounts", "", 2, "it has been changed since"), ("public.accounts", "", 1, "it has been deleted since")}
        assert entry["conflicts_in_all"] == 3 and not entry["undone"]
