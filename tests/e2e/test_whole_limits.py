"""Limits are those of a statement as its client sends it: a text of several, a portal in pieces and a cursor's fetches count together,
however they travel, and time is that of the server for just this statement."""

import json
import time

import pytest
from harness.gateway import Gateway
from harness.wire import FLUSH, SYNC, WireClient, bind, error_fields, execute, kinds, message, parse, query

POLICY = """
rules:
  - name: all
    effect: allow
  - name: code
    effect: allow
    on: { functions: [sleep, setting, "whole.*"] }
    do: [function, call]
  - name: few-rows
    effect: allow
    on: { tables: [whole.narrow] }
    do: [read, copy_out, update]
    limit: { rows: 10 }
  - name: few-bytes
    effect: allow
    on: { tables: [whole.wide] }
    do: [read]
    limit: { bytes: 20kB }
  - name: soon
    effect: allow
    on: { tables: [whole.slow] }
    do: [read, copy_out, copy_in, insert]
    limit: { duration: 1s }
  - name: later
    effect: allow
    on: { tables: [whole.patient] }
    do: [read]
    limit: { duration: 1m }
  - name: seldom
    effect: allow
    on: { tables: [whole.seldom] }
    do: [read]
    limit: { statements_per_minute: 5 }
  - name: small-writes
    effect: allow
    on: { tables: [whole.written] }
    do: [insert, update, truncate, drop]
    limit: { rows_changed: 5 }
"""
SCHEMA = """
DROP SCHEMA IF EXISTS whole CASCADE; CREATE SCHEMA whole; SET search_path = whole;
CREATE TABLE narrow AS SELECT i FROM generate_series(1, 500) i; CREATE TABLE other AS SELECT i FROM generate_series(1, 500) i;
CREATE TABLE wide AS SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 500) i;
CREATE TABLE slow AS SELECT 1 AS i; CREATE TABLE patient AS SELECT 1 AS i; CREATE TABLE seldom AS SELECT 1 AS i;
CREATE TABLE written (i int); CREATE TABLE notes (i int); CREATE TABLE late (i int);
CREATE FUNCTION put(n int) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO whole.written SELECT generate_series(1, n); RETURN n; END $$;
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5) FROM whole.slow; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();
"""


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, reactor=request.param, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway, server):
    server.sql("TRUNCATE whole.written, whole.notes, whole.late", "orders")
    wire = WireClient(gateway.port, timeout=20)
    assert wire.login()[-1][0] == b"Z"
    wire.run(query("SET search_path = whole"))
    yield wire
    wire.close()


def ext(sql, rows=0):
    return parse(sql) + bind() + execute("", rows)


def run(client, *steps):
    answer = []
    for step in steps:
        answer += client.run(step)
    return answer


def error_in(messages):
    errors = [error_fields(body) for kind, body in messages if kind == b"E"]
    return errors[0] if errors else None


def rows_in(messages):
    return sum(1 for kind, _ in messages if kind in (b"D", b"d"))


BEGIN, ROLLBACK = query("BEGIN"), query("ROLLBACK")
DECLARE = query("DECLARE c CURSOR FOR SELECT i FROM narrow")
SIX = "SELECT i FROM narrow LIMIT 6"
TOO_MANY = {
    "two selects in a text": [query(f"{SIX}; {SIX}")],
    "with others between": [query(f"{SIX}; SELECT 1; {SIX}")],
    "copies": [query(f"COPY ({SIX}) TO STDOUT; COPY ({SIX}) TO STDOUT")],
    "a select and a copy": [query(f"{SIX}; COPY ({SIX}) TO STDOUT")],
    "executes": [query(f"PREPARE six AS {SIX}"), query("EXECUTE six; EXECUTE six")],
    "returning": [query("UPDATE narrow SET i = i WHERE i < 7 RETURNING i; UPDATE narrow SET i = i WHERE i < 7 RETURNING i")],
    "transactions in a text": [query(f"BEGIN; {SIX}; COMMIT; BEGIN; {SIX}; COMMIT"), ROLLBACK],
    "fetches in a text": [BEGIN, DECLARE, query("FETCH 6 FROM c;" * 10), ROLLBACK],
    "all in a text": [query("BEGIN; DECLARE c CURSOR FOR SELECT i FROM narrow;" + "FETCH 6 FROM c;" * 10 + "COMMIT"), ROLLBACK],
    "a fetch and a select": [BEGIN, DECLARE, query(f"{SIX}; FETCH 6 FROM c"), ROLLBACK],
    "fetches apart": [BEGIN, DECLARE, query("FETCH 6 FROM c"), query("FETCH 6 FROM c"), ROLLBACK],
    "others declared between": [BEGIN, DECLARE, query("FETCH 6 FROM c"), query("DECLARE d CURSOR FOR SELECT 1"), query("FETCH 6 FROM c"), ROLLBACK],
    "a failed one of its name between": [BEGIN, DECLARE, query("FETCH 6 FROM c"), query("SAVEPOINT s"),
                                         query("DECLARE c CURSOR FOR SELECT i FROM other"), query("ROLLBACK TO s"), query("FETCH 6 FROM c"), ROLLBACK],
    "fetch, extended": [BEGIN, DECLARE, ext("FETCH 6 FROM c") + SYNC, ext("FETCH 6 FROM c") + SYNC, ROLLBACK],
    "fetches in a pipeline": [BEGIN, DECLARE, ext("FETCH 6 FROM c") * 3 + SYNC, ROLLBACK],
    "a pipeline with its declare": [BEGIN, ext("DECLARE c CURSOR FOR SELECT i FROM narrow") + ext("FETCH 6 FROM c") * 2 + SYNC, ROLLBACK],
    "executes on the cursor": [BEGIN, DECLARE, execute("c", 6) * 2 + SYNC, ROLLBACK],
    "held": [query("DECLARE c CURSOR WITH HOLD FOR SELECT i FROM narrow"), query("FETCH 6 FROM c"), query("FETCH 6 FROM c"), query("CLOSE c")],
    "bound while the name was another's": [BEGIN, query("DECLARE c CURSOR FOR SELECT i FROM other"), parse("FETCH 12 FROM c") + bind("", "p") + SYNC,
                                           query("CLOSE c"), DECLARE, execute("p") + SYNC, ROLLBACK],
}


@pytest.mark.parametrize("form", TOO_MANY)
def test_rows_are_not_multiplied(client, form):
    answer = run(client, *TOO_MANY[form])
    errors = [error_fields(body) for kind, body in answer if kind == b"E"]
    assert any('more than the 10 rows that rule "few-rows" allows' in error["M"] for error in errors), errors
    assert rows_in(answer) <= 10
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_bytes_are_not_multiplied(client):
    answer = client.run(query("SELECT t FROM wide LIMIT 15;" * 3))
    assert "bytes that rule \"few-bytes\"" in error_in(answer)["M"] and rows_in(answer) < 20
    assert rows_in(client.run(query("SELECT t FROM wide LIMIT 15"))) == 15


FITS = {
    "ten in a text": ([query("SELECT i FROM narrow LIMIT 4; SELECT i FROM narrow LIMIT 6")], 10),
    "statements of a pipeline": ([ext(SIX) * 3 + SYNC], 18),
    "texts": ([query(SIX), query(SIX)], 12),
    "move": ([BEGIN, DECLARE, query("MOVE 100 IN c"), query("FETCH 10 FROM c"), ROLLBACK], 10),
    "tags of what returns nothing": ([query("UPDATE narrow SET i = i; SELECT i FROM narrow LIMIT 10")], 10),
    "closed and declared anew": ([BEGIN, *[DECLARE, query("FETCH 10 FROM c"), query("CLOSE c")] * 3, ROLLBACK], 30),
    "another cursor beside": ([BEGIN, DECLARE, query("DECLARE d CURSOR FOR SELECT i FROM other"), query("FETCH 100 FROM d"), query("FETCH 10 FROM c"),
                               query("FETCH 100 FROM d"), ROLLBACK], 210),
    "in another transaction": ([BEGIN, DECLARE, query("FETCH 10 FROM c"), ROLLBACK] * 2, 20),
}


@pytest.mark.parametrize("form", FITS)
def test_what_fits_passes(client, form):
    steps, rows = FITS[form]
    answer = run(client, *steps)
    assert error_in(answer) is None and rows_in(answer) == rows, (error_in(answer), rows_in(answer))


def test_what_stands_before_a_cut_result_is_not_committed(server, client):
    """A text that ends the transaction behind a result that is cut off: too late to stop the server, it would have gone on to the COMMIT."""
    for text in ("SELECT i FROM narrow; COMMIT", f"{SIX}; {SIX}; COMMIT"):
        answer = run(client, BEGIN, query("INSERT INTO notes VALUES (1)"), query(text), ROLLBACK)
        assert "few-rows" in error_in(answer)["M"]
        assert server.sql("SELECT count(*) FROM whole.notes", "orders") == ["0"], text
    assert error_in(run(client, BEGIN, query("INSERT INTO notes VALUES (1)"), query(f"{SIX}; COMMIT"))) is None
    assert server.sql("SELECT count(*) FROM whole.notes", "orders") == ["1"]


def test_statements_of_a_text_count_one_by_one(gateway, client):
    error = error_in(client.run(query("SELECT i FROM seldom;" * 6)))
    assert error["C"] == "53400" and "and the text has 6 of them" in error["M"], error
    told = json.loads(error["D"])
    assert told["facts"]["statements"] == 6 and "retry_after_seconds" not in told["facts"]
    # None was counted; what controls transactions never is.
    assert error_in(client.run(query("BEGIN; SELECT i FROM seldom; SELECT i FROM seldom; SELECT i FROM seldom; COMMIT"))) is None
    error = error_in(client.run(query("SELECT i FROM seldom;" * 3)))
    assert error["C"] == "53400" and json.loads(error["D"])["facts"]["retry_after_seconds"] >= 1
    assert error_in(client.run(ext("SELECT i FROM seldom") * 2 + SYNC)) is None
    assert error_in(client.run(ext("SELECT i FROM seldom") * 2 + SYNC))["C"] == "53400"


SLEEP = "SELECT pg_sleep(6) FROM slow"
PIECES = "SELECT pg_sleep(0.6) FROM slow, generate_series(1, 5)"
HOLD = "DECLARE c CURSOR WITH HOLD FOR " + SLEEP
TOO_LONG = {
    "copy out": [query(f"COPY ({SLEEP}) TO STDOUT")],
    "copy out, extended": [ext(f"COPY ({SLEEP}) TO STDOUT") + SYNC],
    "held at commit": [BEGIN, query(HOLD), query("COMMIT")],
    "held at commit, extended": [BEGIN, ext(HOLD) + SYNC, ext("COMMIT") + SYNC],
    "held": [query(HOLD)],
    "held at Sync": [parse(HOLD) + bind() + execute() + FLUSH + SYNC],
    "fetch": [BEGIN, query(f"DECLARE c CURSOR FOR {SLEEP}"), query("FETCH c"), ROLLBACK],
    "execute on a cursor": [BEGIN, query(f"DECLARE c CURSOR FOR {SLEEP}"), execute("c") + SYNC, ROLLBACK],
    "fetches": [BEGIN, query(f"DECLARE c CURSOR FOR {PIECES}"), *[query("FETCH c")] * 5, ROLLBACK],
    "a portal in pieces": [BEGIN, parse(PIECES) + bind("", "p") + execute("p", 1) + SYNC, *[execute("p", 1) + SYNC] * 4, ROLLBACK],
    "a text": [query("SELECT pg_sleep(0.6) FROM slow;" * 5)],
    "behind a longer bound": [query("SELECT i FROM patient"), query(SLEEP)],
    "behind a longer bound, extended": [ext("SELECT i FROM patient") + SYNC, ext(SLEEP) + SYNC],
    "put off until commit": [query("INSERT INTO late VALUES (1)")],
    "put off until commit, extended": [ext("INSERT INTO late VALUES (1)") + SYNC],
    "put off until commit of a transaction": [BEGIN, query("INSERT INTO late VALUES (1)"), query("COMMIT"), ROLLBACK],
    "put off until commit in a pipeline": [ext("BEGIN") + ext("INSERT INTO late VALUES (1)") + ext("COMMIT") + SYNC, ROLLBACK],
}


@pytest.mark.parametrize("form", TOO_LONG)
def test_time_is_bounded_in_every_form(server, client, form):
    client.run(query("INSERT INTO notes VALUES (1)")) if BEGIN in TOO_LONG[form] else None
    started = time.time()
    answer = run(client, *TOO_LONG[form])
    errors = [error_fields(body) for kind, body in answer if kind == b"E"]
    assert errors and 'longer than the 1000 ms that rule "soon" allows' in errors[0]["M"], errors
    assert time.time() - started < 4.5
    assert server.sql("SELECT count(*) FROM whole.late", "orders") == ["0"]
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_time_of_what_stands_before_is_not_its_own(client):
    """Neither what precedes it in a pipeline nor what the client does between pieces counts."""
    answer = client.run(ext("SELECT pg_sleep(2) FROM other LIMIT 1") + ext("SELECT i FROM slow") + SYNC)
    assert error_in(answer) is None and rows_in(answer) == 2
    answer = client.run(query("SELECT pg_sleep(2) FROM other LIMIT 1") + query("SELECT i FROM slow"), 2)
    assert error_in(answer) is None and rows_in(answer) == 2
    run(client, BEGIN, query("DECLARE c CURSOR FOR SELECT i FROM slow, generate_series(1, 3)"))
    for _ in range(2):
        assert error_in(client.run(query("FETCH c"))) is None
        time.sleep(1.2)
    run(client, ROLLBACK)
    # What comes behind is still bounded by its own time.
    answer = client.run(ext("SELECT pg_sleep(1.5) FROM other LIMIT 1") + ext(SLEEP) + SYNC)
    assert "soon" in error_in(answer)["M"] and rows_in(answer) == 1


@pytest.mark.parametrize("form", ["simple", "extended"])
def test_copy_in_of_a_client_that_dawdles_ends_in_time(server, client, form):
    copy = "COPY slow FROM STDIN"
    client.send(query(copy) if form == "simple" else ext(copy) + SYNC)
    client.read_until(b"G")
    client.send(message(b"d", b"7\n"))
    started = time.time()
    answer = client.read_until(b"E")
    assert "soon" in error_in(answer)["M"] and 0.5 < time.time() - started < 4
    # It goes on sending what nobody wants by now.
    client.send(message(b"d", b"8\n") * 3 + message(b"c") + (SYNC if form == "extended" else b""))
    client.read_until(b"Z")
    assert server.sql("SELECT count(*) FROM whole.slow", "orders") == ["1"]
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_copy_in_that_stops_within_a_message_ends_in_time(server, client):
    client.send(query("COPY slow FROM STDIN"))
    client.read_until(b"G")
    client.send(b"d\x00\x00\x20\x00" + b"7\n" * 1000)
    started = time.time()
    with pytest.raises(EOFError):
        client.read_until(b"Z")
    assert time.time() - started < 5
    assert server.sql("SELECT count(*) FROM whole.slow", "orders") == ["1"]


PUT = "SELECT put({})"
WRITES_TOO_MUCH = {
    "a text": [query("UPDATE written SET i = 1; " + PUT.format(3) + ";" + PUT.format(3))],
    "a text with its transaction": [query(f"BEGIN; {PUT.format(3)}; {PUT.format(3)}; COMMIT"), ROLLBACK],
    "a portal in pieces": [BEGIN, parse("SELECT put(1) FROM other") + bind("", "p") + SYNC, *[execute("p", 3) + SYNC] * 2, query("COMMIT")],
    "a cursor in pieces": [BEGIN, query("DECLARE c CURSOR FOR SELECT put(1) FROM other"), query("FETCH 3 FROM c"), query("FETCH 3 FROM c"),
                           query("COMMIT")],
    "behind a table of the same name": [BEGIN, query(PUT.format(5)), query("DROP TABLE written"), query("CREATE TABLE written (i int)"),
                                        query(PUT.format(6)), query("COMMIT")],
    "behind TRUNCATE in its text": [BEGIN, query(PUT.format(5)), query(f"TRUNCATE written; {PUT.format(6)}"), query("COMMIT")],
}


@pytest.mark.parametrize("form", WRITES_TOO_MUCH)
def test_changes_are_not_multiplied(server, client, form):
    answer = run(client, *WRITES_TOO_MUCH[form])
    errors = [error_fields(body) for kind, body in answer if kind == b"E"]
    assert errors and 'would change 6 rows, more than the 5 that rule "small-writes" allows' in errors[0]["M"], errors
    told = json.loads(errors[0]["D"].splitlines()[-1])
    assert (told["effect"], told["facts"]["limited"], told["facts"]["limit"]) == ("deny", "rows_changed", 5)
    assert sum(told["facts"]["rows_changed"].values()) == 6
    assert server.sql("SELECT count(*) FROM whole.written", "orders") == ["0"]
    assert error_in(client.run(query(PUT.format(5)))) is None


def test_a_body_that_commits_is_refused_with_what_to_do(client):
    for send in (query, lambda sql: ext(sql) + SYNC):
        error = error_in(client.run(send("DO $$ BEGIN INSERT INTO whole.written VALUES (1); COMMIT; END $$")))
        assert error["C"] == "42501" and "ends transactions" in error["M"] and "out of the body" in error["H"], error
