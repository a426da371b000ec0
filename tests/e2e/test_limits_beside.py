"""What a statement returns that is of no table is bounded as the widest of what its user may read."""

import time

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - { name: reads, effect: allow, on: { tables: [public.*] }, do: [read], limit: { rows: 100, bytes: 20kB, duration: 2s } }
  - { name: narrow, effect: allow, on: { tables: [public.narrow] }, do: [read], limit: { rows: 3, bytes: 20kB, duration: 2s } }
  - { name: own, effect: allow, do: [temporary] }
  - { name: sleeping, effect: allow, do: [function], on: { functions: [sleep, setting] } }
"""

TOO_MUCH = {
    "rows": ["SELECT generate_series(1, 101)", "VALUES " + ", ".join(f"({n})" for n in range(101)),
             "SELECT * FROM unnest(array_fill(1, '{101}'::int[]))", "SELECT * FROM mine", "TABLE mine",
             "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 500) SELECT n FROM r",
             "SELECT * FROM string_to_table(repeat('a,', 101), ',')"],
    "bytes": ["SELECT repeat('x', 30000)", "SHOW my.large", "SELECT current_setting('my.large')",
              "EXPLAIN (VERBOSE) SELECT '" + "x" * 30000 + "'",
              "SELECT oid, repeat('x', 30000) FROM pg_class", "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prokind = 'f'"],
}


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    server.sql("DROP TABLE IF EXISTS narrow, thing; CREATE TABLE thing (id int PRIMARY KEY); CREATE TABLE narrow AS SELECT 1 AS i", "orders")
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    wire.run(query("SET my.large = '" + "x" * 30000 + "'"))
    wire.run(query("CREATE TEMP TABLE mine AS SELECT generate_series(1, 1000) AS n"))
    yield wire
    wire.close()


def refused_by(messages):
    return [error_fields(body)["M"] for kind, body in messages if kind == b"E"]


SEND = {
    "simple": lambda c, sql: c.run(query(sql)),
    "extended": lambda c, sql: c.run(parse(sql) + bind() + execute() + SYNC),
    "behind another": lambda c, sql: c.run(query("SELECT 1; " + sql)),
    "prepared": lambda c, sql: [*c.run(query("PREPARE p AS " + sql)), *c.run(query("EXECUTE p")), *c.run(query("DEALLOCATE p"))],
    "in pieces": lambda c, sql: c.run(parse(sql) + bind(portal="p") + execute("p", 60) + execute("p", 60) + SYNC),
}


@pytest.mark.parametrize("what, sql", [(what, sql) for what in TOO_MUCH for sql in TOO_MUCH[what]], ids=lambda v: v[:50])
@pytest.mark.parametrize("send", SEND)
def test_is_bounded(client, send, what, sql):
    if send == "prepared" and sql.startswith(("SHOW", "EXPLAIN")):
        pytest.skip("is not prepared")
    answer = SEND[send](client, sql)
    why = refused_by(answer)
    assert len(why) == 1 and f'{what} that rule "reads" allows' in why[0], (why, kinds(answer)[:50])
    assert sum(len(body) for kind, body in answer if kind == b"D") <= 20_000


@pytest.mark.parametrize("what, sql", [("rows", "COPY (SELECT generate_series(1, 101)) TO STDOUT"), ("bytes", "COPY (SELECT repeat('x', 30000)) TO STDOUT")])
def test_what_is_copied_out_is_bounded(client, what, sql):
    answer = client.run(query(sql))
    assert f'{what} that rule "reads" allows' in refused_by(answer)[0]
    assert sum(len(body) for kind, body in answer if kind == b"d") <= 20_000


def test_a_cursor_is_bounded(client):
    client.run(query("BEGIN; DECLARE c CURSOR FOR SELECT generate_series(1, 1000)"))
    assert kinds(client.run(query("FETCH 90 FROM c"))).count("D") == 90
    assert 'rows that rule "reads" allows' in refused_by(client.run(query("FETCH 90 FROM c")))[0]
    client.run(query("ROLLBACK"))


@pytest.mark.parametrize("sql", ["SELECT pg_sleep(60)", "SELECT count(*) FROM generate_series(1, 1000000000) g"])
def test_its_time_is_bounded(client, sql):
    begun = time.monotonic()
    [why] = refused_by(client.run(query(sql)))
    assert 'ran longer than the 2000 ms that rule "reads" allows' in why and time.monotonic() - begun < 30


@pytest.mark.parametrize("send", ["simple", "extended"])
@pytest.mark.parametrize("sql", ["SELECT 1", "SHOW server_version", "SELECT version(), current_user, current_schemas(true)",
                                 "SELECT generate_series(1, 100)", "SELECT relname FROM pg_catalog.pg_class WHERE relname < 'pg_proc'",
                                 "SELECT typname FROM pg_type", "SHOW work_mem", "SELECT * FROM mine LIMIT 100",
                                 "SELECT name FROM pg_catalog.pg_settings LIMIT 200", "SELECT * FROM narrow"])
def test_what_tools_ask_goes_on(client, send, sql):
    assert refused_by(SEND[send](client, sql)) == []


@pytest.mark.parametrize("command", [r"\d", r"\d thing", r"\dt *.*", r"\l", r"\dn+", r"\du", r"\dx", r"\conninfo"])
def test_psql_goes_on(gateway, command):
    done = gateway.psql("-c", command)
    assert done.returncode == 0, done.stderr


def test_a_wider_rule_lets_more_pass(gateway, client):
    """Who may read three rows of one table and a hundred of others may have a hundred of none."""
    assert refused_by(client.run(query("SELECT i FROM narrow, generate_series(1, 4)"))) != []
    assert refused_by(client.run(query("SELECT generate_series(1, 4)"))) == []
