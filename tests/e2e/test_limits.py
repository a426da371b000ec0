"""Exact row limits: whatever a bounded write goes through, it never leaves more behind than its rule allows."""

import random
import struct
import threading
import time

import psycopg
import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import (FLUSH, SYNC, WireClient, bind, close, describe, error_fields, execute, kinds, message, parse,
                          query)

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


@pytest.mark.parametrize("form, name", [(form, name) for form in FORMS for name in WRITES
                                        if not (name == "deferred trigger" and form in IN_A_BLOCK)])
def test_exact_in_every_form(client, tables, form, name):
    check(client, tables, FORMS[form], name)


@pytest.mark.parametrize("name", ["insert", "update", "delete", "merge", "cte", "cascade", "trigger", "function"])
def test_exact_through_prepare_and_execute(client, tables, direct, name):
    """SQL's own, then the protocol's Bind of SQL's statement, SQL's EXECUTE in an extended message, and of the protocol's statement."""
    forms = [psql_prepare,
             lambda c, sql: c.run(query(f"PREPARE q AS {sql}") + bind("q") + execute() + SYNC + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(query(f"PREPARE q AS {sql}") + parse("EXECUTE q") + bind() + execute() + SYNC + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(sql, "q") + SYNC + query("EXECUTE q") + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(f"PREPARE q AS {sql}") + bind() + execute() + SYNC + query("EXECUTE q") + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(f"PREPARE q AS {sql}") + bind() + execute() + bind("q") + execute() + SYNC + query("DEALLOCATE q"), 2)]
    for form in forms:
        direct.execute(RESET)
        check(client, tables, form, name)


def test_a_name_that_could_not_be_taken_is_judged_by_what_it_stands_for(client, tables):
    """The second Parse fails, what was named first is still there, and is what is bound and counted."""
    before = tables()
    sql = write("insert", LIMIT + 1)
    for again in (parse("SELECT 1", "n") + SYNC, query("PREPARE n AS SELECT 1"), parse("SELECT 1/0::int") + bind() + execute()
                  + close(b"S", "n") + parse("SELECT 1", "n") + SYNC, query("SELECT 1/0; DEALLOCATE n; PREPARE n AS SELECT 1")):
        client.run(parse(sql, "n") + SYNC)
        for use in (bind("n") + execute() + SYNC, query("EXECUTE n"), parse("EXECUTE n") + bind() + execute() + SYNC):
            answer = client.run(again + use, 2)
            errors = [error_fields(b)["M"] for k, b in answer if k == b"E"]
            assert len(errors) == 2 and "would change 101 rows" in errors[1], errors
            assert tables() == before
        client.run(close(b"S", "n") + SYNC)
    # The same with a portal that outlives the failure.
    client.run(query("BEGIN") + parse(sql, "n") + bind("n", "p") + SYNC + query("SAVEPOINT s"), 3)
    answer = client.run(parse("SELECT 1") + bind("", "p") + SYNC + query("ROLLBACK TO s") + execute("p") + SYNC, 3)
    assert any("would change 101 rows" in error_fields(b)["M"] for k, b in answer if k == b"E"), kinds(answer)
    client.run(query("ROLLBACK") + close(b"S", "n") + SYNC, 2)
    assert tables() == before


def test_parameters_decide_how_many(client, tables):
    before = tables()
    text = "INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, $1::int) i"
    assert error_in(client.run(parse(text, "n") + SYNC)) is None
    for rows, fits in ((101, False), (100, True), (5000, False), (1, True)):
        error = error_in(client.run(bind("n", values=[str(rows).encode()]) + execute() + SYNC))
        assert (error is None) == fits, (rows, error)
    assert dict((t, n) for t, n, _ in tables())["items"] == 101
    # A Bind that arrives in parts.
    data = bind("n", values=[b"101"]) + execute() + SYNC
    assert "would change 101 rows" in error_in(bytewise(client, data))["M"]
    data = bind("n", values=[b"99"]) + execute() + SYNC
    assert error_in(bytewise(client, data)) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    del before


def test_each_statement_has_the_limit_for_itself(client, tables):
    """In a transaction, and after what was rolled back to a savepoint: the server counts on, the rule does not."""
    start = tables()
    insert = query(write("insert", LIMIT))
    assert error_in(client.run(query("BEGIN") + insert * 3 + query("SAVEPOINT s") + insert, 6)) is None
    answer = client.run(query(write("insert", LIMIT + 1)))
    assert "would change 101 rows" in error_in(answer)["M"] and answer[-1] == (b"Z", b"E")
    assert kinds(client.run(query("ROLLBACK TO s"))) == "CZ"
    assert error_in(client.run(insert * 2 + query("COMMIT"), 3)) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 500
    # Several in one pipeline share its transaction: too much of one takes all of it back.
    before = tables()
    put = parse(write("insert", LIMIT)) + bind() + execute()
    answer = client.run(put + put + parse(write("insert", LIMIT + 1)) + bind() + execute() + put + SYNC)
    assert kinds(answer) == "12C12C12EZ"
    assert tables() == before
    assert kinds(client.run(put * 3 + SYNC)) == "12C12C12CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 800
    assert tables() != start


def test_counted_by_tag_and_by_the_server_in_turn(client, tables):
    """A plain write's tag tells; what the server counts next starts from behind it."""
    assert error_in(client.run(query("BEGIN"))) is None
    for name in ("function", "update", "trigger", "update", "cascade", "delete", "function"):
        n = 100 if name == "cascade" else 60
        assert error_in(client.run(query(write(name, n)))) is None, name
    assert error_in(client.run(query("COMMIT"))) is None
    counts = dict((t, n) for t, n, _ in tables())
    assert (counts["items"], counts["spilled"], counts["stock"]) == (120, 59, 940)


def test_a_trigger_made_meanwhile_is_counted(gateway, client, direct, tables):
    assert error_in(client.run(query("INSERT INTO lim.items VALUES (100, 0)"))) is None
    drifts = len(gateway.search("--type", "schema_drift"))
    direct.execute("CREATE TRIGGER late_spill AFTER INSERT ON lim.items FOR EACH ROW EXECUTE FUNCTION lim.spill_id()")
    try:
        gateway.wait_for(lambda found: len(found) > drifts, "--type", "schema_drift", seconds=30)
        before = tables()
        answer = client.run(query("INSERT INTO lim.items VALUES (100, 0)"))
        assert "would change 101 rows" in error_in(answer)["M"]
        assert tables() == before
    finally:
        direct.execute("DROP TRIGGER late_spill ON lim.items")


@pytest.mark.parametrize("text", [
    "INSERT INTO lim.items VALUES (1, 0); COMMIT",
    "INSERT INTO lim.items VALUES (1, 0); BEGIN; INSERT INTO lim.items VALUES (2, 0); COMMIT",
    "BEGIN; INSERT INTO lim.items VALUES (1, 0); COMMIT; INSERT INTO lim.items VALUES (2, 0); INSERT INTO lim.items VALUES (3, 0)",
])
def test_a_text_that_cannot_be_sent_in_pieces_is_refused(client, tables, text):
    """The server takes statements outside of transaction blocks for one transaction."""
    before = tables()
    answer = client.run(query(text))
    assert "the server would run as one transaction" in error_in(answer)["M"]
    assert tables() == before and answer[-1] == (b"Z", b"I")


def test_reads_around_a_transaction_in_one_text(client, tables):
    text = "SELECT 1; BEGIN; INSERT INTO lim.items VALUES (1, 0); COMMIT; SELECT 2; SELECT 3"
    assert kinds(client.run(query(text))) == "TDCCCCTDCTDCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 1


def test_several_executes_before_one_sync(client, tables):
    assert error_in(client.run(parse("INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, $1::int) i", "n") + SYNC)) is None
    before = tables()
    data = b"".join(bind("n", f"p{i}", [str(n).encode()]) + execute(f"p{i}") for i, n in enumerate((10, 100, 101, 10)))
    answer = client.run(data + SYNC)
    assert kinds(answer) == "2C2C2EZ" and tables() == before
    data = b"".join(bind("n", f"p{i}", [b"100"]) for i in range(5)) + b"".join(execute(f"p{i}") for i in range(5))
    assert kinds(client.run(data + SYNC)) == "22222CCCCCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 500
    # Two pipelines sent at once: the first fails, the second stands.
    answer = client.run(bind("n", values=[b"500"]) + execute() + SYNC + bind("n", values=[b"50"]) + execute() + SYNC, 2)
    assert kinds(answer) == "2EZ2CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 550


def copy_rows(n):
    return b"".join(message(b"d", b"%d\t0\n" % i) for i in range(1, n + 1)) + message(b"c")


def test_copy_in(client, tables):
    before = tables()
    for n, fits in ((LIMIT + 1, False), (LIMIT, True)):
        client.send(query("COPY lim.items FROM STDIN"))
        client.read_until((b"G",))
        answer = client.run(copy_rows(n))
        assert (error_in(answer) is None) == fits and kinds(answer) == ("CZ" if fits else "EZ")
        assert fits or ("would change 101 rows" in error_in(answer)["M"] and tables() == before)
    # All at once, extended, and in a transaction.
    answer = client.run(parse("COPY lim.items FROM STDIN") + bind() + execute() + copy_rows(LIMIT + 1) + SYNC)
    assert kinds(answer) == "12GEZ"
    answer = client.run(parse("COPY lim.items FROM STDIN") + bind() + execute() + copy_rows(LIMIT) + SYNC)
    assert kinds(answer) == "12GCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    client.run(query("BEGIN"))
    client.send(query("COPY lim.items FROM STDIN"))
    client.read_until((b"G",))
    answer = client.run(copy_rows(LIMIT + 1))
    assert kinds(answer) == "EZ" and answer[-1][1] == b"E"
    assert kinds(client.run(query("COMMIT"))) == "CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    # Given up, and what follows.
    client.send(query("COPY lim.items FROM STDIN"))
    client.read_until((b"G",))
    answer = client.run(message(b"d", b"1\t1\n") + message(b"f", b"no\0"))
    assert kinds(answer) == "EZ" and error_in(answer)["C"] == "57014"
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200


def test_what_a_cursor_writes_counts_where_it_is_fetched(client, tables):
    before = tables()
    for fetch in (query("FETCH ALL FROM c"), parse("FETCH ALL FROM c") + bind() + execute() + SYNC, execute("c") + SYNC,
                  execute("c", 11) + SYNC, query("FETCH 11 FROM c"), query("MOVE ALL FROM c")):
        client.run(query("BEGIN"))
        assert error_in(client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))) is None
        answer = client.run(fetch)
        assert error_in(answer) is not None and error_in(answer)["C"] == "42501", (fetch, kinds(answer))
        assert "rows, more than the 100" in error_in(answer)["M"]
        assert client.run(query("COMMIT"))[0] == (b"C", b"ROLLBACK\0")
        assert tables() == before
    client.run(query("BEGIN"))
    client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))
    assert error_in(client.run(query("FETCH 4 FROM c"))) is None
    assert error_in(client.run(execute("c", 6) + SYNC)) is None
    assert error_in(client.run(query("COMMIT"))) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 100
    # All that is taken from it counts together.
    client.run(query("BEGIN"))
    client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))
    assert error_in(client.run(query("FETCH 10 FROM c"))) is None
    assert "would change 110 rows" in error_in(client.run(execute("c", 1) + SYNC))["M"]
    client.run(query("ROLLBACK"))


def test_deferred_work_counts_at_commit(client, tables):
    """What a constraint trigger puts off is done at COMMIT, and counted there."""
    before = tables()
    too_much = write("deferred trigger", LIMIT + 2)  # One row now, 101 at COMMIT.
    for script in ([query("BEGIN"), query(too_much), query("COMMIT")],
                   [query("BEGIN"), query(too_much), query("END")],
                   [parse("BEGIN") + bind() + execute() + SYNC, query(too_much),
                    parse("COMMIT") + bind() + execute() + SYNC],
                   [query("BEGIN"), query("SET CONSTRAINTS ALL DEFERRED"), query(too_much), query("COMMIT")],
                   [query("BEGIN"), query(too_much), query("SET CONSTRAINTS ALL IMMEDIATE"), query("COMMIT")]):
        messages = []
        for data in script:
            messages += client.run(data)
        assert tables() == before, script
        assert error_in(messages) is not None and "what COMMIT runs would change 101 rows" in error_in(messages)["M"]
        assert client.run(query("ROLLBACK"))[-1] == (b"Z", b"I")
    client.run(query("BEGIN"))
    client.run(query(write("deferred trigger", LIMIT + 1)))
    assert error_in(client.run(query("COMMIT"))) is None
    assert tables() != before


def test_deferred_keys_may_still_be_met_later(gateway, direct, client):
    """A counted write does not ask for deferred keys before the transaction ends."""
    direct.execute("DELETE FROM lim_keys.b; DELETE FROM lim_keys.a")
    client.run(query("BEGIN"))
    assert error_in(client.run(query("INSERT INTO lim_keys.b VALUES (1)"))) is None
    assert error_in(client.run(query("INSERT INTO lim_keys.a VALUES (1)"))) is None
    assert error_in(client.run(query("COMMIT"))) is None
    assert direct.execute("SELECT count(*) FROM lim_keys.b").fetchone() == (1,)


def test_counting_cannot_be_switched_off(client, tables):
    before = tables()
    big = write("update", 900)
    attempts = [
        [f"SET track_counts = off; {big}; SET track_counts = on"],
        ["SET track_counts = off", big, "SET track_counts = on"],
        ["BEGIN", "SET LOCAL track_counts = off", big, "SET LOCAL track_counts = on", "COMMIT"],
        [f"SELECT set_config('track_counts', 'off', false); {big}; SELECT set_config('track_counts', 'on', false)"],
        ["BEGIN", "SELECT set_config('track' || '_counts', 'off', true)", big, "SELECT set_config('track_counts', 'on', true)", "COMMIT"],
        ["DO $$ BEGIN SET LOCAL track_counts = off; UPDATE lim.stock SET v = 1 WHERE id < 900; SET LOCAL track_counts = on; END $$"],
        ["WITH a AS (SELECT set_config('track_counts', 'off', true) x) UPDATE lim.stock SET v = 2 FROM a WHERE id < 900"],
    ]
    for attempt in attempts:
        for text in attempt:
            client.run(query(text))
        assert tables() == before, attempt
        client.run(query("ROLLBACK"))
        client.run(query("RESET track_counts"))
    assert error_in(client.run(query(write("update", LIMIT)))) is None, "and counting works on"


def test_psycopg(gateway, tables):
    """As drivers speak: implicit transactions, prepared statements, executemany, pipelines, COPY."""
    with psycopg.connect(gateway.dsn()) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="would change 101 rows"):
            connection.execute("UPDATE lim.stock SET v = 1 WHERE id <= %s", (101,))
        connection.rollback()
        for i in range(10):  # Prepared by name after the fifth time.
            connection.execute("UPDATE lim.stock SET v = v + 1 WHERE id <= %s", (100,))
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            for i in range(10):
                connection.execute("UPDATE lim.stock SET v = v + 1 WHERE id <= %s", (100 + i,))
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO lim.items VALUES (%s, 0)", [(i,) for i in range(250)])
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            with connection.pipeline():
                connection.execute("INSERT INTO lim.items VALUES (1, 1)")
                connection.execute("UPDATE lim.stock SET v = 7 WHERE id <= 500")
                connection.execute("INSERT INTO lim.items VALUES (2, 2)")
        connection.rollback()
        with connection.cursor() as cursor:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="COPY"):
                with cursor.copy("COPY lim.items FROM STDIN") as copy:
                    for i in range(101):
                        copy.write_row((i, 0))
            connection.rollback()
            with cursor.copy("COPY lim.items FROM STDIN") as copy:
                for i in range(100):
                    copy.write_row((i, 0))
        connection.commit()
    state = {t: (n, s) for t, n, s in tables()}
    assert state["stock"] == (1000, 1000) and state["items"][0] == 350


def test_the_refusal_teaches_and_is_recorded(gateway, client, tables):
    marker = f"/* taught{random.random()} */"
    error = error_in(client.run(query(write("cascade", 101) + marker)))
    assert error["C"] == "42501" and error["H"]
    assert error["M"] == 'DELETE would change 101 rows, more than the 100 that rule "people-write-little" allows: undone'
    assert "lim.children: 100" in error["D"] and "lim.parents: 1" in error["D"]
    (record,) = gateway.wait_for(lambda r: r, "--text", marker)
    assert (record["decision"], record["rule"], record["sqlstate"]) == ("limited", "people-write-little", "42501")


def test_somebody_elses_row_cannot_slip_through(gateway, tables, direct):
    """A row inserted between look and run counts: the statement waits for it, then changes it as well."""
    client = WireClient(gateway.port, timeout=30)
    client.login()
    direct.execute("DELETE FROM lim.stock WHERE id > 100")
    with psycopg.connect(direct.info.dsn, autocommit=False, host=direct.info.host) as other:
        other.execute("UPDATE lim.stock SET v = 1 WHERE id = 50")
        other.execute("INSERT INTO lim.stock SELECT i, 0 FROM generate_series(1001, 1001) i")
        client.send(query("WITH seen AS (SELECT count(*) FROM lim.stock) UPDATE lim.stock SET v = v + 2 WHERE id > 0"))
        time.sleep(0.5)
        other.commit()
    answer = client.run(b"")
    # Its snapshot is older than the row: 100 are changed, not 101.
    assert error_in(answer) is None
    answer = client.run(query("UPDATE lim.stock SET v = v + 2 WHERE id > 0 AND v IS NOT NULL"))
    assert "would change 101 rows" in error_in(answer)["M"]


def cancel(client, port):
    """Of a client that may not have logged in yet."""
    if client.key is None:
        return
    asker = WireClient(port, timeout=30)
    asker.send(struct.pack("!II", 8 + len(client.key), 80877102) + client.key)
    asker.read_to_end()


@pytest.mark.parametrize("form", ["simple", "extended", "transaction"])
def test_a_storm_of_cancels_lets_nothing_through(gateway, tables, form):
    """Whatever a cancel hits, the statement, the counting, the COMMIT or the rollback: all or nothing, and never too much."""
    rng = random.Random(form)
    start = tables()
    client = WireClient(gateway.port, timeout=60)
    client.login()
    stop = threading.Event()

    def storm():
        while not stop.is_set():
            time.sleep(rng.uniform(0, 0.02))
            cancel(client, gateway.port)

    threads = [threading.Thread(target=storm, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    done, cancelled = 0, 0
    try:
        deadline = time.time() + 8
        while time.time() < deadline:
            too_much = rng.random() < 0.5
            sql = write("trigger", LIMIT + 1 if too_much else LIMIT)
            try:
                answer = FORMS[form](client, sql)
            except (EOFError, ConnectionError):  # A session may end over it; what it did is undone.
                client = WireClient(gateway.port, timeout=60)
                client.login()
                continue
            errors = [error_fields(body) for kind, body in answer if kind == b"E"]
            committed = not errors and (form != "transaction" or (b"C", b"COMMIT\0") in answer)
            assert not (too_much and committed), "too much was let through"
            done += committed
            cancelled += any(e["C"] == "57014" for e in errors)
            if answer[-1][1] != b"I":
                client.run(query("ROLLBACK"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    state = {t: (n, s) for t, n, s in tables()}
    assert start != tables() or done == 0
    spills, spilled = state["spills"][0], state["spilled"][0]
    assert spilled == spills * (LIMIT - 1), "only whole statements within the limit"
    # A COMMIT that was through when the cancel came is told as an error, never the other way round.
    assert spills >= done
    assert cancelled > 0 or done > 0
    for _ in range(50):
        if kinds(client.run(query("SELECT 'and on'"))) == "TDCZ":
            break


def test_server_killed_in_between(direct):
    """The server goes while bounded writes run: nothing beyond the limit is found when it is back."""
    own = PostgresServer()
    running = None
    try:
        own.sql(SCHEMA, "orders")
        own.sql(RESET, "orders")
        running = Gateway(own, environment="production", pool="size: 5, connect_timeout: 3s")
        for delay in (0.0, 0.01, 0.05):
            clients = [WireClient(running.port, timeout=30) for _ in range(3)]
            for client in clients:
                client.login()
                client.run(query("SELECT 1"))
            for client in clients:
                client.send(query(write("trigger", 101)) * 10 + query(write("trigger", 100)) * 5)
            time.sleep(delay)
            own.kill()
            for client in clients:
                client.read_to_end()
            own.start()
            (row,) = own.sql("SELECT (SELECT count(*) FROM lim.spilled), (SELECT count(*) FROM lim.spills)", "orders")
            spilled, spills = map(int, row.split("|"))
            assert spilled == spills * 99
        deadline = time.time() + 20
        while True:
            client = WireClient(running.port, timeout=30)
            if client.login()[-1][0] == b"Z" and error_in(client.run(query("SELECT 1"))) is None:
                break
            assert time.time() < deadline
            time.sleep(0.2)
        assert "would change 101 rows" in error_in(client.run(query(write("trigger", 101))))["M"]
        assert error_in(client.run(query(write("trigger", 100)))) is None
    finally:
        if running:
            running.stop()
        own.stop()
