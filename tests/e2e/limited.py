"""What the tests of limits of rows share: tables, writes of every kind, and the forms in which a client may send one."""

import psycopg
import pytest
from harness.gateway import Gateway
from harness.wire import FLUSH, SYNC, bind, close, describe, error_fields, execute, kinds, parse, query

LIMIT = 100  # policies/standard.yaml: people in production

SCHEMA = """
DROP SCHEMA IF EXISTS lim CASCADE; CREATE SCHEMA lim; SET search_path = lim;
CREATE TABLE items (id int, v int);
CREATE TABLE stock (id int PRIMARY KEY, v int);
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (parent int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE parts (id int, v int) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (51);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (51) TO (100000);
CREATE VIEW items_view AS SELECT id, v FROM items;
CREATE TABLE spills (n int); CREATE TABLE spilled (i int);
CREATE FUNCTION spill() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO lim.spilled SELECT i FROM generate_series(1, NEW.n) i; RETURN NULL; END $$;
CREATE FUNCTION spill_id() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO lim.spilled SELECT i FROM generate_series(1, NEW.id) i; RETURN NULL; END $$;
CREATE TRIGGER spill AFTER INSERT ON spills FOR EACH ROW EXECUTE FUNCTION spill();
CREATE TABLE lates (n int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON lates DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION spill();
CREATE TABLE ruled (n int);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO lim.spilled SELECT i FROM generate_series(1, NEW.n) i;
CREATE FUNCTION put(n int) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, n) i; RETURN n; END $$;
CREATE FUNCTION put_sql(n int) RETURNS bigint LANGUAGE sql AS
  $$ WITH put AS (INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, n) i RETURNING 1) SELECT count(*) FROM put $$;
CREATE PROCEDURE put_call(n int) LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, n) i; END $$;
DROP SCHEMA IF EXISTS lim_keys CASCADE; CREATE SCHEMA lim_keys;
CREATE TABLE lim_keys.a (id int PRIMARY KEY);
CREATE TABLE lim_keys.b (a int REFERENCES lim_keys.a DEFERRABLE INITIALLY DEFERRED);
"""

# What brings the tables back, and what tells their state; both past the gateway.
RESET = """
DELETE FROM lim.items; DELETE FROM lim.stock; DELETE FROM lim.children; DELETE FROM lim.parents; DELETE FROM lim.parts;
DELETE FROM lim.spills; DELETE FROM lim.spilled; DELETE FROM lim.lates; DELETE FROM lim.ruled;
INSERT INTO lim.stock SELECT i, 0 FROM generate_series(1, 1000) i;
INSERT INTO lim.parents VALUES (100), (101), (5);
INSERT INTO lim.children SELECT p FROM (VALUES (100), (101)) t(p), generate_series(1, p - 1)
"""
STATE = " UNION ALL ".join(f"SELECT '{table}', count(*), sum({column}) FROM lim.{table}" for table, column in (
    ("items", "id"), ("stock", "v"), ("parents", "id"), ("children", "parent"), ("parts", "id"), ("spills", "n"),
    ("spilled", "i"), ("lates", "n"), ("ruled", "n"))) + " ORDER BY 1"

# Each changes exactly n rows, all told, whatever does it.
WRITES = {
    "insert": "INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, {n}) i",
    "update": "UPDATE lim.stock SET v = v + 1 WHERE id <= {n}",
    "delete": "DELETE FROM lim.stock WHERE id <= {n}",
    "merge": "MERGE INTO lim.stock s USING generate_series(1001 - {half}, 1000 + {rest}) i ON s.id = i "
             "WHEN MATCHED THEN UPDATE SET v = 9 WHEN NOT MATCHED THEN INSERT VALUES (i, 1)",
    "on conflict": "INSERT INTO lim.stock SELECT i, 5 FROM generate_series(1001 - {half}, 1000 + {rest}) i "
                   "ON CONFLICT (id) DO UPDATE SET v = 5",
    "cte": "WITH a AS (DELETE FROM lim.stock WHERE id <= {half} RETURNING id), "
           "b AS (INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, {rest}) i RETURNING 1) SELECT count(*) FROM a",
    "cascade": "DELETE FROM lim.parents WHERE id = {n}",
    "cascade of an update": "UPDATE lim.parents SET id = 7 WHERE id = {n}",
    "trigger": "INSERT INTO lim.spills VALUES ({n} - 1)",
    "deferred trigger": "INSERT INTO lim.lates VALUES ({n} - 1)",
    "rule": "INSERT INTO lim.ruled VALUES ({n} - 1)",
    "partitions": "INSERT INTO lim.parts SELECT i, 0 FROM generate_series(1, {n}) i",
    "view": "INSERT INTO lim.items_view SELECT i, 0 FROM generate_series(1, {n}) i",
    "do": "DO $$ BEGIN INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, {n}) i; END $$",
    "do, one by one": "DO $$ BEGIN FOR i IN 1..{n} LOOP INSERT INTO lim.items VALUES (i, 0); END LOOP; END $$",
    "function": "SELECT lim.put({n})",
    "function in SQL": "SELECT lim.put_sql({n})",
    "function in FROM": "SELECT * FROM lim.put({n}) WHERE true",
    "procedure": "CALL lim.put_call({n})",
    "explain analyze": "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, {n}) i",
    "returning": "INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, {n}) i RETURNING id",
}


def write(name, n):
    return WRITES[name].format(n=n, half=n // 2, rest=n - n // 2)


def bytewise(client, data):
    for byte in data[:-1]:
        client.send(bytes([byte]))
    return client.run(data[-1:])


# How a client may send a statement. Each returns the messages up to the last ReadyForQuery.
FORMS = {
    "simple": lambda c, sql: c.run(query(sql)),
    "transaction": lambda c, sql: c.run(query("BEGIN")) + c.run(query(sql)) + c.run(query("COMMIT")),
    "a text that ends its transaction": lambda c, sql: c.run(query("BEGIN")) + c.run(query(sql + "; COMMIT"))
                                       + c.run(query("ROLLBACK")),
    "sent at once": lambda c, sql: c.run(query("BEGIN") + query(sql) + query("COMMIT"), 3),
    "savepoint": lambda c, sql: c.run(query("BEGIN") + query("SAVEPOINT s") + query(sql) + query("RELEASE s") + query("COMMIT"), 5),
    "extended": lambda c, sql: c.run(parse(sql) + bind() + describe() + execute() + SYNC),
    "named": lambda c, sql: c.run(parse(sql, "n") + SYNC + bind("n", "p") + execute("p") + SYNC + close(b"S", "n") + SYNC, 3),
    "flushes": lambda c, sql: c.run(parse(sql) + FLUSH + bind() + FLUSH + execute() + FLUSH + SYNC),
    "some rows": lambda c, sql: c.run(parse(sql) + bind() + execute(rows=3) + SYNC),
    "pipeline": lambda c, sql: c.run(parse("SELECT 1") + bind() + execute() + parse(sql) + bind() + execute()
                                     + parse("SELECT 2") + bind() + execute() + SYNC),
    "byte by byte": lambda c, sql: bytewise(c, parse(sql) + bind() + execute() + SYNC),
    "extended transaction": lambda c, sql: c.run(parse("BEGIN") + bind() + execute() + SYNC + parse(sql) + bind() + execute() + SYNC
                                                 + parse("COMMIT") + bind() + execute() + SYNC, 3),
    "several texts": lambda c, sql: c.run(query(f"SELECT 1; {sql}; SELECT 2")),
}


def psql_prepare(client, sql):
    return (client.run(query(f"PREPARE q AS {sql}")) + client.run(query("EXECUTE q")) + client.run(query("DEALLOCATE q")))


def error_in(messages):
    errors = [error_fields(body) for kind, body in messages if kind == b"E"]
    return errors[0] if errors else None


@pytest.fixture(scope="module")
def direct(server):
    server.sql(SCHEMA, "orders")
    connection = psycopg.connect(host=str(server.root), port=server.port, user="postgres", dbname="orders", autocommit=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, direct):
    running = Gateway(server, reactor=request.param, environment="production")
    yield running
    assert running.stop() == 0


@pytest.fixture
def tables(direct):
    """Reads the state of the tables, which are as at the beginning."""
    direct.execute(RESET)

    def state():
        return direct.execute(STATE).fetchall()
    return state


def check(client, tables, form, name):
    before = tables()
    answer = form(client, write(name, LIMIT + 1))
    error = error_in(answer)
    assert error is not None and error["C"] == "42501", (error, kinds(answer))
    assert "would change 101 rows, more than the 100" in error["M"], error
    assert tables() == before, "nothing of it stays"
    assert answer[-1] == (b"Z", b"I")
    answer = form(client, write(name, LIMIT))
    assert error_in(answer) is None, error_in(answer)
    assert answer[-1] == (b"Z", b"I")
    assert tables() != before, "what is within the limit is done"
    assert kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"


# In a transaction of the client's what is deferred counts at COMMIT, for itself: test_deferred_work_counts_at_commit.
IN_A_BLOCK = ("transaction", "a text that ends its transaction", "sent at once", "savepoint", "extended transaction")
