"""limit.duration at the server: its own statement_timeout holds where the gateway is gone, and disturbs no client."""

import time

import psycopg
import pytest
from harness.gateway import Gateway
from harness.wire import FLUSH, SYNC, WireClient, bind, error_fields, execute, parse, query

POLICY = """
rules:
  - name: all
    effect: allow
  - name: functions
    effect: allow
    on: { functions: [sleep, setting] }
    do: [function]
  - name: soon
    effect: allow
    on: { tables: [public.timed] }
    do: [read, update]
    limit: { duration: 3s }
  - name: later
    effect: allow
    on: { tables: [public.timed_long] }
    do: [read, update]
    limit: { duration: 50s }
"""
SHOWN = "SELECT current_setting('statement_timeout') FROM timed"
HELD = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND pid <> pg_backend_pid() AND state = 'active'"


@pytest.fixture(scope="module")
def tables(server):
    server.sql("DROP TABLE IF EXISTS timed, timed_long; CREATE TABLE timed AS SELECT 1 AS i; CREATE TABLE timed_long AS SELECT 1 AS i", "orders")


def started(server):
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    return running


@pytest.fixture(scope="module")
def gateway(server, tables):
    running = started(server)
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    client = WireClient(gateway.port)
    client.login()
    yield client
    client.close()


def value(messages):
    """Of the first column of the first row, or the error's message."""
    for kind, body in messages:
        if kind == b"D":
            return body[6:].decode()
        if kind == b"E":
            return error_fields(body)["M"]
    return None


def extended(sql):
    return parse(sql) + bind() + execute() + SYNC


@pytest.mark.parametrize("form", [query, extended])
def test_the_server_is_told(client, form):
    assert value(client.run(form("SELECT current_setting('statement_timeout')"))) == "0"
    assert value(client.run(form(SHOWN))) == "4s"
    assert value(client.run(form(SHOWN.replace("timed", "timed_long")))) == "51s"
    assert value(client.run(form("SELECT current_setting('statement_timeout')"))) == "0", "it stays for nothing else"


def test_in_a_block(client):
    for sql in ("BEGIN ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION READ ONLY"):
        assert client.run(query(sql))[-1][1] == b"T"
    assert value(client.run(query(SHOWN))) == "4s"
    assert value(client.run(query("SELECT current_setting('statement_timeout')"))) == "0"
    client.run(query("SAVEPOINT a"))
    assert value(client.run(extended(SHOWN))) == "4s"
    client.run(query("ROLLBACK TO a"))
    assert value(client.run(extended(SHOWN))) == "4s"
    assert value(client.run(query("ROLLBACK"))) is None
    assert value(client.run(query("SHOW statement_timeout"))) == "0"


def test_a_prepared_statement(client):
    client.run(parse(SHOWN, "shown") + SYNC)
    assert value(client.run(query("SELECT current_setting('statement_timeout')"))) == "0"
    for _ in range(2):
        assert value(client.run(bind("shown") + execute() + SYNC)) == "4s"
    answers = [client.run(bind("shown") + execute() + bind("shown") + execute() + SYNC)]
    assert [body[6:] for kind, body in answers[0] if kind == b"D"] == [b"4s", b"4s"]


def test_bounded_writes(client):
    assert value(client.run(query("UPDATE timed SET i = i WHERE i = 1 RETURNING current_setting('statement_timeout')"))) == "4s"
    assert client.run(extended("UPDATE timed SET i = i WHERE i = 1 RETURNING current_setting('statement_timeout')"))[-1] == (b"Z", b"I")


def test_what_the_client_sets_stands(client):
    client.run(query("SET statement_timeout = '2s'"))
    assert value(client.run(query(SHOWN))) == "2s"
    begun = time.time()
    assert "statement timeout" in value(client.run(query("SELECT pg_sleep(20) FROM timed")))
    assert time.time() - begun < 3
    client.run(query("SET statement_timeout = 0"))
    assert value(client.run(query(SHOWN))) == "0"
    assert 'rule "soon"' in value(client.run(query("SELECT pg_sleep(20) FROM timed"))), "the gateway's own watch holds"
    client.run(query("RESET statement_timeout"))
    assert value(client.run(query(SHOWN))) == "4s"
    client.run(query("SELECT set_config('statement_timeout', '7s', false)"))
    assert value(client.run(query(SHOWN))) == "7s"
    client.run(query("DISCARD ALL"))
    assert value(client.run(query(SHOWN))) == "4s"


def test_what_unseen_code_sets_stands(client, server):
    server.sql("CREATE OR REPLACE FUNCTION sets_timeout() RETURNS text LANGUAGE plpgsql AS"
               " $$ BEGIN EXECUTE 'SET statement_timeout = 9000'; RETURN ''; END $$", "orders")
    assert value(client.run(query(SHOWN))) == "4s"
    client.run(query("SELECT sets_timeout()"))
    assert value(client.run(query("SELECT current_setting('statement_timeout')"))) in ("9s", "0")


def test_a_start_up_parameter_and_a_role_s_default_stand(gateway, server):
    with psycopg.connect(gateway.dsn(), options="-c statement_timeout=2500", autocommit=True) as connection:
        assert connection.execute(SHOWN).fetchone() == ("2500ms",)
    server.sql("ALTER DATABASE orders SET statement_timeout = '2s'")
    other = started(server)
    try:
        with psycopg.connect(other.dsn(), autocommit=True) as connection:
            assert connection.execute(SHOWN).fetchone() == ("2s",)
            assert connection.execute(SHOWN.replace("timed", "timed_long")).fetchone() == ("2s",)
        server.sql("ALTER DATABASE orders SET statement_timeout = '9s'")
    finally:
        server.sql("ALTER DATABASE orders RESET statement_timeout")
        assert other.stop() == 0


def test_it_is_gone_for_the_next_of_the_pool(gateway):
    for _ in range(3):
        with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
            assert connection.execute(SHOWN).fetchone() == ("4s",)


def test_a_pipeline_is_in_order(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection, connection.pipeline():
        cursors = [connection.execute(sql) for sql in ("SELECT 'a'", SHOWN, "SELECT 'b'", SHOWN)]
        assert [cursor.fetchone()[0] for cursor in cursors][::2] == ["a", "b"]


def test_the_client_s_own_time_between_pieces_does_not_count(client):
    """A portal whose pieces are fetched with a Flush: the server's clock would run on."""
    client.send(parse("SELECT i FROM timed, generate_series(1, 3)") + bind() + execute(rows=1) + FLUSH)
    assert client.read_until((b"s", b"E"))[-2][0] == b"D"
    time.sleep(4.5)
    client.send(execute(rows=1) + FLUSH)
    assert client.read_until((b"s", b"E"))[-2][0] == b"D"
    assert client.run(execute() + SYNC)[-1] == (b"Z", b"I")
    client.send(parse(SHOWN) + FLUSH)
    assert client.read_until((b"1", b"E"))[-1][0] == b"1"
    time.sleep(4.5)
    assert value(client.run(bind() + execute() + SYNC)) == "4s"


def test_it_ends_what_a_killed_gateway_has_left(server, tables):
    running = started(server)
    client = WireClient(running.port)
    client.login()
    client.send(query("SELECT pg_sleep(61) FROM timed"))
    begun = time.time()
    while server.sql(HELD, "orders") != ["1"] and time.time() - begun < 2.5:
        time.sleep(0.05)
    running.kill9()
    assert server.sql(HELD, "orders") == ["1"], "the server does not notice by itself"
    gone = None
    while time.time() - begun < 15:
        if server.sql(HELD, "orders") == ["0"]:
            gone = time.time() - begun
            break
        time.sleep(0.1)
    assert gone is not None and 2.5 < gone < 6, gone
