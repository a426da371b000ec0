"""Bounds on what a statement returns, how long it runs and how often; and a policy that changes under open sessions."""

import os
import json
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import FLUSH, SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - name: all
    effect: allow
  - name: functions
    effect: allow
    on: { functions: [sleep, setting] }
    do: [function]
  - name: few-rows
    effect: allow
    on: { tables: [public.narrow] }
    do: [read, copy_out, update]
    limit: { rows: 50 }
  - name: few-bytes
    effect: allow
    on: { tables: [public.wide] }
    do: [read, copy_out]
    limit: { bytes: 20kB }
  - name: soon
    effect: allow
    on: { tables: [public.slow] }
    do: [read]
    limit: { duration: 1s }
  - name: seldom
    effect: allow
    on: { tables: [public.seldom] }
    do: [read]
    limit: { statements_per_minute: 5 }
  - name: slowly
    effect: allow
    on: { tables: [public.slowly] }
    do: [update]
    limit: { statements_per_minute: 5, rows_changed: 3 }
"""


@pytest.fixture(scope="module")
def tables(server):
    server.sql("DROP TABLE IF EXISTS narrow, wide, slow, seldom, slowly; CREATE TABLE slowly AS SELECT 1 AS i;"
               "CREATE TABLE narrow AS SELECT i FROM generate_series(1, 50000) i; CREATE TABLE slow AS SELECT 1 AS i;"
               "CREATE TABLE wide AS SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 500) i; CREATE TABLE seldom AS SELECT 1 AS i",
               "orders")


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, tables):
    running = Gateway(server, reactor=request.param, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


def error_in(messages):
    errors = [error_fields(body) for kind, body in messages if kind == b"E"]
    return errors[0] if errors else None


def rows_in(messages):
    return sum(1 for kind, _ in messages if kind in (b"D", b"d"))


SHOULD = "SELECT i FROM narrow WHERE i <= {n}"
FORMS = {
    "simple": lambda c, n: c.run(query(SHOULD.format(n=n))),
    "extended": lambda c, n: c.run(parse(SHOULD.format(n=n)) + bind() + execute() + SYNC),
    "extended with something behind": lambda c, n: c.run(parse(SHOULD.format(n=n)) + bind() + execute() + parse("SELECT 1") + bind()
                                                         + execute() + SYNC),
    "parameter": lambda c, n: c.run(parse("SELECT i FROM narrow WHERE i <= $1::int") + bind(values=[str(n).encode()]) + execute() + SYNC),
    "copy": lambda c, n: c.run(query(f"COPY ({SHOULD.format(n=n)}) TO STDOUT")),
    "copy, extended": lambda c, n: c.run(parse(f"COPY ({SHOULD.format(n=n)}) TO STDOUT") + bind() + execute() + SYNC),
    "returning": lambda c, n: c.run(query(f"UPDATE narrow SET i = i WHERE i <= {n} RETURNING i")),
    "returning, extended": lambda c, n: c.run(parse(f"UPDATE narrow SET i = i WHERE i <= {n} RETURNING i") + bind() + execute() + SYNC),
    "view": lambda c, n: c.run(query(f"WITH n AS (SELECT * FROM narrow) SELECT * FROM n WHERE i <= {n}")),
    "execute": lambda c, n: c.run(query(f"PREPARE q AS {SHOULD.format(n=n)}")) + c.run(query("EXECUTE q")) + c.run(query("DEALLOCATE q")),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_bounded_exactly(gateway, client, form):
    for n in (50, 51, 49, 500, 50000, 50):
        answer = FORMS[form](client, n)
        error = error_in(answer)
        if n <= 50:
            extra = 1 if "behind" in form else 0
            assert error is None and rows_in(answer) == n + extra, (n, error)
        else:
            assert error["C"] == "42501" and 'more than the 50 rows that rule "few-rows" allows' in error["M"], (n, error)
            assert rows_in(answer) <= 50
        assert answer[-1] == (b"Z", b"I")
    assert kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"


def test_bytes_are_bounded(client):
    assert rows_in(client.run(query("SELECT * FROM wide WHERE i <= 15"))) == 15
    for sql in ("SELECT * FROM wide", "COPY wide TO STDOUT", "SELECT t FROM wide WHERE i < 100"):
        answer = client.run(query(sql))
        assert "bytes that rule \"few-bytes\"" in error_in(answer)["M"]
        assert sum(len(b) for k, b in answer if k in (b"D", b"d")) <= 20_000
    # One row that is too much by itself, in parts.
    answer = client.run(query("SELECT string_agg(t, '') FROM wide"))
    assert "few-bytes" in error_in(answer)["M"] and rows_in(answer) == 0
    assert kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"


def test_messages_count_like_rows(server, client):
    """What runs chooses the words of notices and errors: they are no way round a limit."""
    server.sql("CREATE OR REPLACE FUNCTION told(t text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', t; RETURN 1; END $$",
               "orders")
    told = "SELECT sum(told({column}::text)) FROM {table} WHERE i <= {n}"

    def notices_in(answer):
        return [body for kind, body in answer if kind == b"N"]

    # A portal counts with all its Executes.
    pieces = client.run(parse("SELECT told(i::text) FROM narrow") + bind() + execute(rows=10) * 9 + SYNC)
    assert 'rule "few-rows"' in error_in(pieces)["M"] and rows_in(pieces) + len(notices_in(pieces)) <= 50
    for data in (query, lambda sql: parse(sql) + bind() + execute() + SYNC):
        answer = client.run(data(told.format(column="i", table="narrow", n=49)))
        assert error_in(answer) is None and len(notices_in(answer)) == 49
        answer = client.run(data(told.format(column="i", table="narrow", n=5000)))
        assert 'more than the 50 rows that rule "few-rows"' in error_in(answer)["M"] and len(notices_in(answer)) <= 50
        answer = client.run(data(told.format(column="t", table="wide", n=500)))
        assert "few-bytes" in error_in(answer)["M"] and sum(map(len, notices_in(answer))) <= 20_000
        answer = client.run(data("SELECT string_agg(t, '')::int FROM wide WHERE i < 10"))
        assert error_in(answer)["C"] == "22P02" and "xxx" in error_in(answer)["M"]
        answer = client.run(data("SELECT string_agg(t, '')::int FROM wide"))
        error = error_in(answer)
        assert error["C"] == "22P02" and "left out" in error["M"] and "few-bytes" in error["M"] and "xxx" not in str(error), error
        assert answer[-1] == (b"Z", b"I") and kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"


def test_duration_is_bounded(client):
    for data in (query("SELECT pg_sleep(20) FROM slow"), parse("SELECT pg_sleep(20) FROM slow") + bind() + execute() + SYNC):
        started = time.time()
        error = error_in(client.run(data))
        assert "soon" in error["M"] and error["C"] == "42501" and time.time() - started < 9, error
        assert error_in(client.run(query("SELECT i FROM slow"))) is None


def test_statements_a_minute_are_bounded(gateway):
    """By user: however many sessions, however sent."""
    gateway.cli("user", "add", "sam", "--password-stdin", input="sams password\n", check=False)
    clients = [WireClient(gateway.port) for _ in range(2)]
    for client in clients:
        for _ in range(50):
            if client.login(user="sam", password="sams password")[-1][0] == b"Z":
                break
            time.sleep(0.1)
            client.__init__(gateway.port)
    ran = 0
    for i in range(10):
        client = clients[i % 2]
        answer = client.run(query("SELECT i FROM seldom") if i < 5 else parse("SELECT i FROM seldom") + bind() + execute() + SYNC)
        error = error_in(answer)
        ran += error is None
        assert error is None or error["C"] == "53400"
        if error:
            told = json.loads(error["D"])
            assert told["facts"]["statements_per_minute"] == 5 and 1 <= told["facts"]["retry_after_seconds"] <= 60
            assert told["rule"] in error["M"] and told["reason"] == error["M"] and told["next"]
    assert 5 <= ran <= 6, ran


def test_one_that_waits_for_its_turn_counts_once(gateway):
    """A bounded write behind another statement is put off, and looked at again."""
    gateway.cli("user", "add", "sue", "--password-stdin", input="sues password\n", check=False)
    client = logged_in(gateway, "sue", "sues password")
    client.send(b"".join(query(f"UPDATE slowly SET i = {n} WHERE i = -1") for n in range(4)))
    answers = [client.read_until() for _ in range(4)]
    assert [error_in(answer) for answer in answers] == [None] * 4
    errors = [error_in(client.run(query("UPDATE slowly SET i = 1 WHERE i = -1"))) for _ in range(3)]
    assert errors[0] is None and errors[-1]["C"] == "53400", errors


def logged_in(gateway, user, password):
    for _ in range(50):
        client = WireClient(gateway.port)
        if client.login(user=user, password=password)[-1][0] == b"Z":
            return client
        time.sleep(0.1)
    raise AssertionError("never came to be known")


def test_a_transaction_is_left_aborted(client):
    for sql, send in ((s, f) for s in ("SELECT i FROM narrow", "COPY narrow TO STDOUT", "SELECT i FROM narrow WHERE i <= 51")
                      for f in (query, lambda s: parse(s) + bind() + execute() + SYNC)):
        client.run(query("BEGIN"))
        answer = client.run(send(sql))
        assert error_in(answer)["C"] == "42501" and answer[-1] == (b"Z", b"E"), sql
        assert error_in(client.run(query("SELECT 1")))["C"] == "25P02"
        assert client.run(query("COMMIT"))[0] == (b"C", b"ROLLBACK\0")


def test_a_write_whose_result_is_cut_off_is_undone(server, client):
    before = server.sql("SELECT sum(i), count(*) FROM narrow", "orders")
    for data in (query("UPDATE narrow SET i = i + 1 RETURNING i"), parse("UPDATE narrow SET i = i + 1 RETURNING i") + bind() + execute() + SYNC,
                 query("UPDATE narrow SET i = i + 1 WHERE i BETWEEN 1 AND 51 RETURNING i"),
                 parse("UPDATE narrow SET i = i + 1 WHERE i BETWEEN 1 AND 51 RETURNING i") + bind() + execute() + SYNC,
                 parse("UPDATE narrow SET i = i + 1 WHERE i BETWEEN 1 AND 51 RETURNING i") + bind() + execute() + parse("SELECT 1") + bind()
                 + execute() + SYNC):
        answer = client.run(data)
        assert "few-rows" in error_in(answer)["M"] and answer[-1] == (b"Z", b"I")
        assert server.sql("SELECT sum(i), count(*) FROM narrow", "orders") == before


def test_cursors_and_portals(client):
    """A FETCH may return what its cursor's statement may; a portal in pieces is one result."""
    for fetch in (query("FETCH 51 FROM c"), parse("FETCH 51 FROM c") + bind() + execute() + SYNC, execute("c", 51) + SYNC, execute("c") + SYNC):
        client.run(query("BEGIN"))
        client.run(query("DECLARE c CURSOR FOR SELECT i FROM narrow"))
        assert rows_in(client.run(query("FETCH 50 FROM c"))) == 50
        answer = client.run(fetch)
        assert "few-rows" in error_in(answer)["M"] and rows_in(answer) <= 50 and answer[-1] == (b"Z", b"E"), fetch
        client.run(query("ROLLBACK"))
    for pieces in ((51,), (40, 40), (10,) * 6, (50, 1), (50, 0)):
        client.run(query("BEGIN"))
        data = parse("SELECT i FROM narrow") + bind("", "p") + b"".join(execute("p", n) for n in pieces) + SYNC
        answer = client.run(data)
        assert "few-rows" in error_in(answer)["M"] and rows_in(answer) <= 50, pieces
        client.run(query("ROLLBACK"))
        client.run(query("BEGIN"))
        answer = client.run(parse("SELECT i FROM narrow") + bind("", "p") + SYNC)
        for n in pieces:
            answer += client.run(execute("p", n) + SYNC)
        assert "few-rows" in error_in(answer)["M"] and rows_in(answer) <= 50, pieces
        client.run(query("ROLLBACK"))
    client.run(query("BEGIN"))
    answer = client.run(parse("SELECT i FROM narrow") + bind("", "p") + execute("p", 25) + execute("p", 25) + SYNC)
    assert error_in(answer) is None and rows_in(answer) == 50
    client.run(query("ROLLBACK"))


def test_pipelines_with_a_bounded_result_in_the_middle(client):
    """What stands before it is answered, what stands behind is skipped, and what was written is undone."""
    client.run(query("DROP TABLE IF EXISTS put; CREATE TABLE put (i int)"))
    put = parse("INSERT INTO put VALUES (1)") + bind() + execute()
    answer = client.run(put + parse("SELECT i FROM narrow") + bind() + execute() + put + SYNC + parse("SELECT 7") + bind() + execute() + SYNC, 2)
    assert kinds(answer).replace("D", "") == "12C12EZ12CZ"
    assert client.run(query("SELECT count(*) FROM put"))[1][1].endswith(b"0")
    answer = client.run(put + parse("SELECT i FROM narrow WHERE i <= 50") + bind() + execute() + FLUSH + put + SYNC)
    assert kinds(answer).replace("D", "") == "12C12C12CZ"
    assert client.run(query("SELECT count(*) FROM put"))[1][1].endswith(b"2")


def test_what_fails_before_a_bounded_result_leaves_nothing_waiting(client):
    """The server fails at Parse or Bind: the Execute behind it, whose result would be bounded, never comes to an end."""
    for wrong in ("SELECT nothing FROM narrow", "SELECT i/0 FROM narrow WHERE 1/0 = 1", "SELECT i FROM slow WHERE nothing = 1"):
        for right in (wrong, "SELECT i FROM narrow WHERE i <= 50"):
            assert kinds(client.run(parse(wrong) + bind() + execute() + SYNC))[-2:] == "EZ"
            answer = client.run(parse(right) + bind() + execute() + SYNC)
            assert answer[-1] == (b"Z", b"I") and (error_in(answer) is None) == (right != wrong), answer


def test_psycopg(gateway):
    with psycopg.connect(gateway.dsn()) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="few-rows"):
            connection.execute("SELECT i FROM narrow").fetchall()
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="few-rows"):
            with connection.cursor(name="there") as cursor:
                cursor.itersize = 1000
                cursor.execute("SELECT i FROM narrow")
                list(cursor)
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="few-rows"):
            with connection.cursor().copy("COPY narrow TO STDOUT") as copy:
                for _ in copy:
                    pass
        connection.rollback()
        for _ in range(10):
            assert len(connection.execute("SELECT i FROM narrow WHERE i <= %s", (50,)).fetchall()) == 50
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="few-rows"):
            connection.execute("SELECT i FROM narrow WHERE i <= %s", (51,)).fetchall()


def test_the_cut_is_recorded(gateway, client):
    client.run(query("SELECT i AS cut_marker FROM narrow"))
    (record,) = gateway.wait_for(lambda r: r, "--text", "cut_marker")
    assert (record["decision"], record["rule"], record["sqlstate"]) == ("limited", "few-rows", "42501")
    assert record["rows"] <= 50


# Instead of the rule "soon", which could not have an effect beside it.
DENIED = POLICY.replace("""  - name: soon
    effect: allow
    on: { tables: [public.slow] }
    do: [read]
    limit: { duration: 1s }
""", """  - name: hands-off
    effect: deny
    on: { tables: [public.slow] }
    message: "not slow"
""")


def rewrite(gateway, text):
    """Waits until the gateway says that it has taken it."""
    policy = gateway.root / "policy.yaml"
    known = gateway.log.read_text().count("policy")
    new = policy.with_suffix(".new")
    new.write_text(text)
    os.replace(new, policy)
    for _ in range(200):
        if gateway.log.read_text().count("policy") > known:
            return
        time.sleep(0.05)
    raise AssertionError("the policy was not looked at: " + gateway.log.read_text()[-500:])


def test_a_policy_that_changes_decides_the_next_statement_of_open_sessions(gateway, client):
    other = WireClient(gateway.port, timeout=30)
    other.login()
    client.run(parse("SELECT i FROM slow", "n") + SYNC)
    client.run(query("PREPARE q AS SELECT i FROM slow"))
    other.run(query("BEGIN"))
    uses = [query("SELECT i FROM slow"), bind("n") + execute() + SYNC, query("EXECUTE q"), parse("EXECUTE q") + bind() + execute() + SYNC,
            parse("SELECT i FROM slow") + bind() + execute() + SYNC]
    for use in uses:
        assert error_in(client.run(use)) is None
    assert error_in(other.run(query("SELECT i FROM slow"))) is None
    try:
        rewrite(gateway, DENIED)
        for use in uses:
            error = error_in(client.run(use))
            assert error and error["C"] == "42501" and "not slow" in error["M"] and "hands-off" in error["M"], (use, error)
        assert error_in(other.run(query("SELECT i FROM slow")))["C"] == "42501"
        assert error_in(client.run(query("SELECT i FROM narrow WHERE i < 3"))) is None
        # One that cannot be taken changes nothing.
        rewrite(gateway, POLICY + "  - nonsense: true\n")
        assert error_in(client.run(uses[0]))["C"] == "42501"
    finally:
        rewrite(gateway, POLICY)
    for use in uses:
        assert error_in(client.run(use)) is None
    assert PASSWORD not in gateway.log.read_text()
