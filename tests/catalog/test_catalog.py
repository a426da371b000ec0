"""The catalog as it is read from a real PostgreSQL: loading, what changed, and the fingerprint."""

import json
import os
import subprocess

import psycopg2
import pytest

FACTS = os.environ.get("SLUICE_FACTS", "build/dev/tests/tools/sluice_facts")


@pytest.fixture
def database(server, request):
    """A database of its own, empty; its name."""
    name = "c_" + request.node.name[:50]
    server.sql(f"CREATE DATABASE {name}")
    yield name
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def conninfo(server, database, user="postgres"):
    return f"host={server.root} port={server.port} user={user} dbname={database}"


@pytest.fixture
def connect(server, database):
    """Opens further sessions, each statement a transaction of its own."""
    opened = []

    def open_one():
        connection = psycopg2.connect(conninfo(server, database))
        connection.autocommit = True
        opened.append(connection)
        return connection.cursor()

    yield open_one
    for connection in opened:
        connection.close()


class Tool:
    """sluice_facts in a mode that answers lines."""

    def __init__(self, server, database, mode):
        self.process = subprocess.Popen([FACTS, conninfo(server, database), mode], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if mode == "drift":
            assert self._answer() == []

    def _answer(self):
        lines = []
        for line in self.process.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"sluice_facts ended: {self.process.wait()}")

    def ask(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
        self.process.stdout.close()


@pytest.fixture
def tool(server, database):
    running = []

    def start(mode):
        running.append(Tool(server, database, mode))
        return running[-1]

    yield start
    for one in running:
        if one.process.stdin and not one.process.stdin.closed:
            one.close()


def load(server, database, mode="users"):
    done = subprocess.run([FACTS, conninfo(server, database), mode], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def named(items, name):
    (found,) = [item for item in items if item["name"] == name]
    return found


SHOP = """
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('good', 'so''so');
CREATE DOMAIN app.amount AS numeric(10,2) DEFAULT 0 CHECK (VALUE >= 0);
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL,
  mood app.mood DEFAULT 'good', shout text GENERATED ALWAYS AS (upper(email)) STORED);
COMMENT ON TABLE customers IS 'who buys';
COMMENT ON COLUMN customers.email IS 'personal';
CREATE TABLE orders (id int, customer bigint REFERENCES customers ON DELETE CASCADE DEFERRABLE,
  total app.amount, gone int, placed date NOT NULL) PARTITION BY RANGE (placed);
ALTER TABLE orders DROP COLUMN gone;
CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE UNIQUE INDEX first ON customers (lower(email), id) INCLUDE (mood) WHERE id > 3;
CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
CREATE MATERIALIZED VIEW many AS SELECT 1 AS one;
CREATE RULE quiet AS ON DELETE TO totals DO INSTEAD NOTHING;
CREATE FUNCTION app.check_it() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_temp
  AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION app.check_it();
CREATE FUNCTION app.body(a int, note text DEFAULT E'x\nRETURN 0') RETURNS int LANGUAGE sql RETURN a + 1;
CREATE FUNCTION app.atomic(OUT a bigint, OUT b text) LANGUAGE sql BEGIN ATOMIC SELECT id, email FROM customers; END;
CREATE FUNCTION app.classic(VARIADIC ids int[]) RETURNS TABLE (one int, two int) STABLE LANGUAGE sql
  AS 'SELECT id, id FROM orders WHERE id = ANY(ids)';
CREATE FUNCTION app.nothing() RETURNS void LANGUAGE sql AS '';
CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE AGGREGATE app.mine (int) (SFUNC = int4pl, STYPE = int);
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE TABLE parent (email text NOT NULL);
CREATE RULE loud AS ON UPDATE TO parent DO ALSO NOTIFY changed;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PUBLICATION shop FOR TABLE customers;
"""


def test_loads_everything(server, database, connect):
    connect().execute(SHOP)
    catalog = load(server, database)
    assert catalog["definition_path"] == ["pg_catalog", "public"]
    assert "app" in catalog["schemas"]
    relations = catalog["relations"]

    customers = named(relations, "customers")
    assert customers["row_security"] and customers["comment"] == "who buys" and customers["kind"] == "r"
    email, mood, shout = (named(customers["columns"], name) for name in ("email", "mood", "shout"))
    assert email["not_null"] and email["comment"] == "personal"
    assert mood["type_name"] == "app.mood" and mood["default"] == "'good'::app.mood"
    assert shout["generated"] and shout["default"] == "upper(email)"
    assert named(customers["columns"], "id")["identity"]
    first = named(customers["indexes"], "first")
    assert first["unique"] and first["partial"] and first["columns"] == [0, 1]

    orders, part = named(relations, "orders"), named(relations, "orders_2026")
    assert [c["number"] for c in orders["columns"]] == [1, 2, 3, 5]
    assert orders["kind"] == "p" and orders["children"] == [part["oid"]] and part["parents"] == [orders["oid"]]
    (key,) = [c for c in orders["constraints"] if c["type"] == "f"]
    assert (key["referenced"], key["columns"], key["referenced_columns"]) == (customers["oid"], [2], [1])
    assert key["on_delete"] == "c" and key["deferrable"]
    check = named(catalog["functions"], "check_it")
    for table in orders, part:
        assert named(table["triggers"], "watch")["function"] == check["oid"]
    assert check["security_definer"] and check["settings"] == "search_path=app, pg_temp"

    totals = named(relations, "totals")
    assert "FROM orders" in totals["view_definition"] and [r["name"] for r in totals["rules"]] == ["quiet"]
    assert named(relations, "many")["kind"] == "m" and "SELECT 1 AS one" in named(relations, "many")["view_definition"]
    assert named(relations, "customers_id_seq")["kind"] == "S"

    functions = catalog["functions"]
    assert named(functions, "body")["source"] == "RETURN (a + 1)\n"
    assert named(functions, "body")["defaults"] == 1
    assert named(functions, "atomic")["source"].startswith("BEGIN ATOMIC\n")
    assert named(functions, "atomic")["result_columns"] == ["a", "b"]
    classic = named(functions, "classic")
    assert classic["variadic"] and classic["returns_set"] and classic["argument_names"] == ["ids"]
    assert classic["result_columns"] == ["one", "two"]
    assert named(functions, "nothing")["source"] == ""
    assert named(functions, "mine")["kind"] == "a"
    types = catalog["types"]
    assert named(types, "mood")["definition"] == "'good', 'so''so'"
    assert named(types, "amount")["kind"] == "d" and "VALUE >=" in named(types, "amount")["definition"]
    assert named(types, "_mood")["element"] == named(types, "mood")["oid"]
    assert named(catalog["operators"], "===")["schema"] == "app"


def test_loads_the_system_too(server, database):
    catalog = load(server, database, "all")
    pg_class = [r for r in catalog["relations"] if r["name"] == "pg_class"]
    assert len(pg_class) == 1 and pg_class[0]["schema"] == "pg_catalog" and pg_class[0]["oid"] == 1259
    assert named(pg_class[0]["columns"], "relname")["type_name"] == "name"
    tables = [r for r in catalog["relations"] if (r["schema"], r["name"]) == ("information_schema", "tables")]
    assert len(tables) == 1 and tables[0]["columns"] and tables[0]["view_definition"] == ""
    (pages,) = server.sql("SELECT count(*) FROM pg_proc WHERE oid < 16384")
    assert len(catalog["functions"]) == int(pages)


def test_a_hostile_search_path_changes_nothing(server, database, connect, tool):
    connect().execute(SHOP + """
        CREATE SCHEMA evil;
        CREATE FUNCTION evil.lie(oid, oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.lie);
        CREATE OPERATOR evil.<> (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.lie);
        CREATE OPERATOR evil.>= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.lie);
        CREATE FUNCTION evil.liar("char", "char") RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE OPERATOR evil.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.liar);
        CREATE OPERATOR evil.<> (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.liar);
        CREATE FUNCTION evil.pg_get_viewdef(oid) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE TABLE evil.pg_class (oid oid);
        CREATE DOMAIN evil.text AS int;
        CREATE DOMAIN evil.int8 AS boolean""")
    cursor = connect()
    cursor.execute("SET search_path = evil, app, public, pg_catalog")
    with pytest.raises(psycopg2.errors.RaiseException):
        cursor.execute("SELECT 1::oid = 2::oid")
    within = tool("within")
    (plain,) = within.ask("SELECT")
    (hostile,) = within.ask("SET search_path = evil, app, public, pg_catalog; SET standard_conforming_strings = off")
    plain, hostile = json.loads(plain), json.loads(hostile)
    # The server's own pg_get_viewdef trusts the path, so it is not called.
    assert plain["complete"] and not hostile["complete"]
    assert named(hostile["relations"], "totals")["view_definition"] == ""
    assert hostile["definition_path"] == ["evil", "app", "public", "pg_catalog"]
    assert hostile["fingerprint"] == plain["fingerprint"]
    for kind in "relations", "functions", "types", "operators":
        assert sorted(x["oid"] for x in hostile[kind]) == sorted(x["oid"] for x in plain[kind])
    (shown,) = within.ask("SELECT")
    assert json.loads(shown)["definition_path"] == hostile["definition_path"]


def test_sees_its_own_transaction_and_temporary_objects(server, database, connect, tool):
    cursor = connect()
    cursor.execute("CREATE TABLE kept (a int)")
    other = connect()
    other.execute("CREATE TEMP TABLE of_another (a int)")
    other.execute("CREATE FUNCTION pg_temp.of_another() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    within, fingerprint = tool("within"), tool("fingerprint")
    (before,) = fingerprint.ask()
    inside = json.loads(within.ask("BEGIN; CREATE TABLE fresh (a int); CREATE TEMP TABLE kept (b int)")[0])
    names = {(r["schema"], r["name"]) for r in inside["relations"]}
    (temporary,) = [s for s in inside["schemas"] if s.startswith("pg_temp_")]
    assert {("public", "kept"), ("public", "fresh"), (temporary, "kept")} <= names
    assert not [n for n in names if n[1] == "of_another"]
    assert not [f for f in inside["functions"] if f["name"] == "of_another"]
    assert inside["definition_path"][0] == temporary
    assert fingerprint.ask() == [before], "not committed yet"
    assert inside["fingerprint"] != before
    committed = json.loads(within.ask("COMMIT")[0])
    assert committed["fingerprint"] == inside["fingerprint"]
    assert fingerprint.ask() == [inside["fingerprint"]]


DDL = [
    ("CREATE SCHEMA fresh", ["schema fresh added"]),
    ("CREATE TABLE fresh (a int NOT NULL)", ["table public.fresh added: a integer not null"]),
    ("DROP TABLE orders_2026", ["table public.orders_2026 removed"]),
    ("ALTER TABLE orders RENAME TO sales", ["table public.sales altered: renamed from public.orders"]),
    ("ALTER TABLE customers SET SCHEMA app", ["table app.customers altered: renamed from public.customers"]),
    ("ALTER TABLE customers ADD note text", ["column public.customers.note added: text"]),
    ("ALTER TABLE orders DROP COLUMN id", ["column public.orders.id removed: integer"]),
    ("ALTER TABLE orders ALTER id TYPE bigint", ["column public.orders.id altered: type integer -> bigint"]),
    ("ALTER TABLE orders ALTER id SET NOT NULL", ["column public.orders.id altered: not null"]),
    ("ALTER TABLE orders ALTER id SET DEFAULT 5", ["column public.orders.id altered: none -> default 5"]),
    ("ALTER TABLE orders RENAME id TO number", ["column public.orders.number altered: renamed from id"]),
    ("CREATE INDEX fresh ON customers (mood)", ["index public.customers.fresh added"]),
    ("DROP INDEX first", ["index public.customers.first removed"]),
    ("ALTER TABLE customers ADD CONSTRAINT fresh CHECK (id > 0) NOT VALID",
     ["constraint public.customers.fresh added: CHECK ((id > 0)) NOT VALID"]),
    ("CREATE TRIGGER fresh AFTER DELETE ON customers EXECUTE FUNCTION app.check_it()",
     ["trigger public.customers.fresh added"]),
    ("ALTER TABLE orders DISABLE TRIGGER watch", ["trigger public.orders.watch altered: disabled"]),
    ("CREATE RULE fresh AS ON UPDATE TO totals DO INSTEAD NOTHING", ["rule public.totals.fresh added"]),
    ("ALTER TABLE parent DISABLE RULE loud", ["rule public.parent.loud altered: disabled"]),
    ("CREATE OR REPLACE VIEW totals AS SELECT 1::bigint AS customer, 2::numeric AS total",
     ["view public.totals altered: definition changed"]),
    ("DROP MATERIALIZED VIEW many", ["materialized view public.many removed"]),
    ("CREATE OR REPLACE FUNCTION app.nothing() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'",
     ["function app.nothing() altered: body changed"]),
    ("ALTER FUNCTION app.nothing() SECURITY DEFINER", ["function app.nothing() altered: security definer"]),
    ("ALTER FUNCTION app.nothing() RENAME TO something",
     ["function app.something() altered: renamed from app.nothing()"]),
    ("DROP FUNCTION app.nothing()", ["function app.nothing() removed"]),
    ("ALTER TYPE app.mood ADD VALUE 'bad'", ["type app.mood altered: definition"]),
    ("ALTER DOMAIN app.amount SET NOT NULL", ["domain app.amount altered: definition"]),
    ("ALTER DOMAIN app.amount ADD CHECK (VALUE < 9)", ["domain app.amount altered: definition"]),
    ("CREATE TYPE fresh AS (a int, b text)", ["type public.fresh added: a integer, b text"]),
    ("DROP OPERATOR app.=== (int, int)", ["operator app.===(int4, int4) removed"]),
    ("ALTER TABLE orders DETACH PARTITION orders_2026",
     ["table public.orders_2026 altered: no child of public.orders any more"]),
    ("COMMENT ON COLUMN orders.id IS 'number'", ["column public.orders.id altered: comment none -> number"]),
    ("ALTER TABLE customers DISABLE ROW LEVEL SECURITY", ["table public.customers altered: row security off"]),
    ("ALTER TABLE customers OWNER TO sluice", ["table public.customers altered: owner postgres -> sluice"]),
    ("ALTER TABLE orders_2026 SET UNLOGGED", ["table public.orders_2026 altered: unlogged"]),
    ("ALTER SCHEMA app RENAME TO shop", ["schema shop added", "type shop.mood altered: renamed from app.mood"]),
    ("DROP VIEW totals; CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer",
     ["view public.totals altered: recreated"]),
    ("ALTER TABLE customers RENAME CONSTRAINT customers_pkey TO pk",
     ["constraint public.customers.pk altered: renamed from customers_pkey"]),
    ("COMMENT ON TABLE orders IS 'sold'", ["table public.orders altered: comment none -> sold"]),
    ("ALTER TABLE customers ALTER shout DROP EXPRESSION",
     ["column public.customers.shout altered: generated upper(email) -> none"]),
    ("ALTER TABLE customers ALTER id DROP IDENTITY", ["column public.customers.id altered: identity -> none"]),
    ("ALTER TABLE customers INHERIT parent", ["table public.customers altered: child of public.parent"]),
    ("CREATE POLICY fresh ON customers USING (true)", ["table public.customers altered: policies of row security changed"]),
    # What no statement is judged by, and somebody may set past the gateway.
    ("GRANT SELECT ON customers TO PUBLIC", ["table public.customers altered: privileges of PUBLIC none -> SELECT"]),
    ("GRANT SELECT, UPDATE ON totals TO sluice WITH GRANT OPTION",
     ["view public.totals altered: privileges of sluice none -> SELECT with grant option, UPDATE with grant option"]),
    ("GRANT SELECT (email) ON customers TO PUBLIC",
     ["table public.customers altered: privileges of PUBLIC on column email none -> SELECT"]),
    ("REVOKE EXECUTE ON FUNCTION app.nothing() FROM PUBLIC",
     ["function app.nothing() altered: privileges of PUBLIC EXECUTE -> none"]),
    ("GRANT EXECUTE ON FUNCTION app.body TO sluice",
     ["function app.body(integer, text) altered: privileges of sluice none -> EXECUTE"]),
    ("ALTER FUNCTION app.nothing() OWNER TO sluice", ["function app.nothing() altered: owner postgres -> sluice"]),
    ("GRANT USAGE, CREATE ON SCHEMA app TO PUBLIC", ["schema app altered: privileges of PUBLIC none -> CREATE, USAGE"]),
    ("ALTER SCHEMA app OWNER TO sluice", ["schema app altered: owner postgres -> sluice"]),
    ("ALTER SEQUENCE customers_id_seq INCREMENT 7 CYCLE",
     ["sequence public.customers_id_seq altered: values bigint start 1 increment 1 from 1 to 9223372036854775807 cache 1"
      " -> bigint start 1 increment 7 from 1 to 9223372036854775807 cache 1 cycle"]),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
     ["default privileges of postgres for tables added: privileges of PUBLIC SELECT"]),
    ("ALTER TABLE customers FORCE ROW LEVEL SECURITY",
     ["table public.customers altered: forced row security none -> on"]),
    ("CREATE POLICY fresh ON customers AS RESTRICTIVE FOR SELECT TO sluice USING (true)",
     ["table public.customers altered: policy fresh none -> restrictive for SELECT to sluice"]),
    ("ALTER TABLE customers REPLICA IDENTITY FULL", ["table public.customers altered: replica identity none -> full"]),
    ("ALTER TABLE customers REPLICA IDENTITY USING INDEX customers_pkey",
     ["table public.customers altered: replica identity none -> index customers_pkey"]),
    ("ALTER TABLE customers SET (fillfactor = 70)", ["table public.customers altered: option fillfactor none -> 70"]),
    ("ALTER VIEW totals SET (security_barrier)", ["view public.totals altered: option security_barrier none -> true"]),
    ("ALTER VIEW totals SET (security_invoker = on)", ["view public.totals altered: option security_invoker none -> on"]),
    ("CREATE EVENT TRIGGER fresh ON ddl_command_end EXECUTE FUNCTION app.on_ddl()",
     ["event trigger fresh added: owner postgres, runs app.on_ddl on ddl_command_end"]),
    ("CREATE PUBLICATION fresh FOR TABLE customers",
     ["publication fresh added: owner postgres, table public.customers published, publishes insert"]),
    ("CREATE PUBLICATION fresh FOR TABLES IN SCHEMA app",
     ["publication fresh added: owner postgres, tables in schema app published, publishes insert"]),
    ("ALTER PUBLICATION shop ADD TABLE parent", ["publication shop altered: table public.parent none -> published"]),
    ("ALTER PUBLICATION shop SET TABLE customers (id) WHERE (id > 3)",
     ["publication shop altered: table public.customers published -> published, columns [1], filter "]),
    ("ALTER PUBLICATION shop ADD TABLES IN SCHEMA app", ["publication shop altered: tables in schema app none -> published"]),
    ("ALTER PUBLICATION shop SET (publish = 'insert')",
     ["publication shop altered: publishes insert, update, delete, truncate -> insert"]),
    ("DROP PUBLICATION shop", ["publication shop removed"]),
    ("ALTER PUBLICATION shop RENAME TO store", ["publication store altered: renamed from shop"]),
    ("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER fresh FOREIGN DATA WRAPPER w OPTIONS (host 'elsewhere')",
     ["foreign server fresh added: option host elsewhere, owner postgres"]),
    # What a fingerprint must notice though nothing tells of it.
    ("CREATE STATISTICS fresh ON id, customer FROM orders", []),
    ("CREATE CAST (app.mood AS int) WITH INOUT", []),
]


@pytest.fixture
def changes(database, connect, tool):
    """Runs SQL in a session with the shop; answers the fingerprint then, and what changed since the start."""
    connect().execute(SHOP)
    session = tool("changes")

    def run(text):
        fingerprint, *lines = session.ask(text)
        return fingerprint, lines

    return run


def test_every_kind_of_ddl_is_noticed_and_told(changes):
    base, lines = changes("SELECT")
    assert lines == []
    for statement, expected in DDL:
        fingerprint, lines = changes("BEGIN; " + statement)
        assert fingerprint != base, statement
        for wanted in expected:
            assert any(line.startswith(wanted) for line in lines), (statement, lines)
        assert expected or not lines, (statement, lines)
        assert changes("ROLLBACK") == (base, []), statement


def test_what_is_no_ddl_leaves_the_fingerprint_alone(server, database, connect, changes):
    cursor = connect()
    cursor.execute("CREATE TABLE big (a int PRIMARY KEY, b text); INSERT INTO big SELECT i, repeat('x', 100) "
                   "FROM generate_series(1, 2000) i")
    base, _ = changes("SELECT")
    other = connect()
    other.execute("CREATE TEMP TABLE t (id serial PRIMARY KEY, a text DEFAULT 'x' CHECK (a <> '')); "
                  "CREATE TEMP VIEW v AS SELECT * FROM t; CREATE TYPE pg_temp.e AS ENUM ('a'); "
                  "COMMENT ON TABLE t IS 'mine'; CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql "
                  "AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION "
                  "pg_temp.f(); CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING; ANALYZE t")
    assert changes("SELECT") == (base, [])
    for statement in ["INSERT INTO big VALUES (5000, 'y')", "UPDATE big SET b = 'z'", "DELETE FROM big WHERE a > 1000",
                      "ANALYZE", "VACUUM", "VACUUM FREEZE", "VACUUM FULL big", "VACUUM FULL customers", "TRUNCATE big",
                      "CLUSTER big USING big_pkey", "REINDEX TABLE big", "REFRESH MATERIALIZED VIEW many",
                      "INSERT INTO customers (email) VALUES ('a')", "SELECT nextval('customers_id_seq')",
                      "VACUUM FULL pg_class", "VACUUM FULL pg_attribute", "VACUUM FULL pg_proc", "REINDEX SYSTEM " + database,
                      "VACUUM ANALYZE", "DROP VIEW pg_temp.v", "CREATE TEMP TABLE another (a int)",
                      "CREATE ROLE someone_else", "DROP ROLE someone_else"]:
        (cursor if "pg_temp" not in statement else other).execute(statement)
        assert changes("SELECT") == (base, []), statement
    assert changes("CREATE TEMP TABLE own (a int, b text)") == (base, [])


SERVER = [
    ("ALTER ROLE one SUPERUSER", ["role one altered: attributes LOGIN -> SUPERUSER, LOGIN"]),
    ("ALTER ROLE one CREATEROLE BYPASSRLS REPLICATION NOLOGIN",
     ["role one altered: attributes LOGIN -> CREATEROLE, REPLICATION, BYPASSRLS"]),
    ("ALTER ROLE one VALID UNTIL '2030-01-01 00:00:00Z'", ["role one altered: valid until none -> 2030-01-01 00:00:00 UTC"]),
    ("ALTER ROLE one RENAME TO uno", ["role uno altered: renamed from one"]),
    ("GRANT many TO one", ["role one altered: member of many none -> granted"]),
    ("GRANT many TO one WITH ADMIN OPTION", ["role one altered: member of many none -> granted with admin option"]),
    ("GRANT pg_read_all_data TO one", ["role one altered: member of pg_read_all_data none -> granted"]),
    ("CREATE ROLE another LOGIN IN ROLE many", ["role another added: attributes LOGIN, member of many granted"]),
    ("DROP ROLE one", ["role one removed"]),
    ("ALTER ROLE one SET search_path = evil", ["role one altered: setting search_path none -> evil"]),
    ("ALTER ROLE ALL SET row_security = off", ["role all added: setting row_security off"]),
    ("ALTER DATABASE postgres SET app.key = 'secret'", ["database postgres altered: setting app.key none -> (digest "]),
    ("ALTER DATABASE postgres OWNER TO sluice", ["database postgres altered: owner postgres -> sluice"]),
    ("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC",
     ["database postgres altered: privileges of PUBLIC CONNECT, TEMPORARY -> TEMPORARY"]),
]


def test_what_belongs_to_the_whole_server_is_told(server, database, tool):
    server.sql("CREATE ROLE one LOGIN; CREATE ROLE many")
    session = tool("server")
    try:
        (base,) = session.ask("SELECT")
        for statement, expected in SERVER:
            fingerprint, *lines = session.ask("BEGIN; " + statement)
            assert fingerprint != base, statement
            assert len(lines) == len(expected) and all(map(str.startswith, lines, expected)), (statement, lines)
            assert session.ask("ROLLBACK") == [base], statement
        # What matters to nobody, and what nobody may read.
        for statement in ["ALTER ROLE one CONNECTION LIMIT 3", "ALTER ROLE one PASSWORD 'secret'", "CREATE TABLE t (a int)"]:
            assert session.ask(statement) == [base], statement
    finally:
        session.close()
        server.sql("DROP ROLE one; DROP ROLE many")


def test_traits_are_read_by_whoever_may_log_in(server, database, connect):
    connect().execute(SHOP + "CREATE ROLE nobody LOGIN; ALTER ROLE nobody SET search_path = app")
    try:
        for mode in "changes", "server":
            done = subprocess.run([FACTS, conninfo(server, database, "nobody"), mode], check=True, capture_output=True,
                                  text=True, input="SELECT\n")
            assert len(done.stdout.splitlines()) == 2, done
    finally:
        server.sql("DROP ROLE nobody")


def test_drift_is_told_as_it_happens(database, connect, tool):
    cursor = connect()
    cursor.execute(SHOP)
    drift = tool("drift")
    assert drift.ask() == []
    cursor.execute("ALTER TABLE customers ADD phone text; DROP FUNCTION app.nothing()")
    assert drift.ask() == ["function app.nothing() removed", "column public.customers.phone added: text"]
    cursor.execute("ALTER TABLE customers DROP phone")
    assert drift.ask() == ["column public.customers.phone removed: text"]
    assert drift.ask() == []


def test_does_not_wait_for_a_schema_change_under_way(server, database, connect):
    cursor = connect()
    cursor.execute(SHOP)
    assert load(server, database)["complete"]
    cursor.execute("BEGIN; LOCK TABLE orders, customers IN ACCESS EXCLUSIVE MODE")
    catalog = load(server, database)
    assert not catalog["complete"]
    assert named(catalog["relations"], "totals")["view_definition"] == ""
    assert named(catalog["relations"], "many")["view_definition"] != ""
    assert named(catalog["functions"], "atomic")["language"] == ""
    assert named(catalog["functions"], "body")["language"] == "sql"
    cursor.execute("ROLLBACK")
    assert load(server, database)["complete"]


CHURN = """
DO $$ BEGIN
  FOR i IN 1..200 LOOP
    CREATE TABLE {name} (a int PRIMARY KEY CHECK (a > 0) DEFAULT 1);
    CREATE FUNCTION {name}_f() RETURNS int LANGUAGE sql RETURN 1;
    ALTER TABLE {name} ADD b text;
    COMMIT;
    DROP FUNCTION {name}_f();
    DROP TABLE {name};
    COMMIT;
  END LOOP;
END $$"""


def test_reading_while_others_change_never_fails(server, database, connect, tool):
    """Objects vanish between the statements of one load, and while definitions are rendered."""
    connect().execute(SHOP)
    drift = tool("drift")
    others = [subprocess.Popen(["psql", "-XqAt", "-d", conninfo(server, database), "-c", CHURN.format(name=name)])
              for name in ("one", "two")]
    loads = 0
    while any(other.poll() is None for other in others):
        drift.ask()
        loads += 1
    assert [other.returncode for other in others] == [0, 0]
    assert loads > 3
    drift.ask()
    assert drift.ask() == []


def test_facts_name_a_new_domain_and_the_table_that_becomes_a_partition(server, database, connect):
    connect().execute("CREATE TABLE pt (k int) PARTITION BY RANGE (k); CREATE TABLE fresh (k int)")
    texts = ["CREATE DOMAIN app.d AS int CHECK (VALUE > 0)", "CREATE DOMAIN d AS app.other",
             "ALTER TABLE pt ATTACH PARTITION fresh FOR VALUES FROM (1) TO (2)"]
    done = subprocess.run([FACTS, conninfo(server, database), "facts"], check=True, capture_output=True, text=True,
                          input="".join(json.dumps(text) + "\n" for text in texts))
    found = [[(a["kind"], a["object_kind"], [t["name"] for t in a["targets"]], a["lock"])
              for a in json.loads(line)["actions"] if a["kind"] != "read"] for line in done.stdout.splitlines()]
    assert found == [[("create", "domain", ["app.d"], "")], [("create", "domain", ["public.d"], "")],
                     [("alter", "table", ["public.pt"], "share_update_exclusive"),
                      ("alter", "table", ["public.fresh"], "access_exclusive")]]
