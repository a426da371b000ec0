"""What a write whose rows are counted says beside its result, by notices and errors, is bounded by `bytes` too, wherever it is
said: as it runs, as what it has put off is run to be counted, or at COMMIT."""

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

POLICY = """
rules:
  - { name: writes, effect: allow, do: [read, write], limit: { bytes: 10kB, rows_changed: 100 } }
"""

SCHEMA = """
DROP TABLE IF EXISTS told, put_off, said, short;
CREATE TABLE told (id int); CREATE TABLE put_off (id int); CREATE TABLE said (id int); CREATE TABLE short (id int);
CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION '%', repeat('x', NEW.id) USING ERRCODE = 'P7001', DETAIL = repeat('y', NEW.id), HINT = 'z'; END$$;
CREATE OR REPLACE FUNCTION says() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE NOTICE '%', repeat('x', NEW.id); RETURN NEW; END$$;
CREATE TRIGGER t BEFORE INSERT ON told FOR EACH ROW EXECUTE FUNCTION fails();
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON put_off DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fails();
CREATE TRIGGER t BEFORE INSERT ON said FOR EACH ROW EXECUTE FUNCTION says();
"""

LONG, SHORT = 50_000, 200


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    server.sql(SCHEMA, "orders")
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    yield running
    assert running.stop() == 0
    server.sql("DROP TABLE told, put_off, said, short", "orders")


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()


def in_block(client, sql):
    client.run(query("BEGIN"))
    return [*client.run(query(sql)), *client.run(query("COMMIT"))]


def in_block_extended(client, sql):
    client.run(query("BEGIN"))
    return [*client.run(parse(sql) + bind() + execute() + SYNC), *client.run(parse("COMMIT") + bind() + execute() + SYNC)]


SEND = {
    "query": lambda c, sql: c.run(query(sql)),
    "text": lambda c, sql: c.run(query(f"INSERT INTO short VALUES (1); {sql}")),
    "own block": lambda c, sql: c.run(query(f"BEGIN; {sql}; COMMIT")),
    "extended": lambda c, sql: c.run(parse(sql) + bind() + execute() + SYNC),
    "pipeline": lambda c, sql: c.run(parse("INSERT INTO short VALUES (1)") + bind() + execute() + parse(sql) + bind() + execute() + SYNC),
    "block": in_block,
    "extended block": in_block_extended,
}


def words(messages):
    return [error_fields(body) for kind, body in messages if kind == b"E"]


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize("table", ["told", "put_off"])
def test_long_errors_are_told_by_their_code(client, send, table):
    answer = SEND[send](client, f"INSERT INTO {table} VALUES ({LONG})")
    [error] = words(answer)[:1]
    assert error["C"] == "P7001" and "xxx" not in error["M"] and "writes" in error["M"], {k: v[:200] for k, v in error.items()}
    assert sum(len(body) for _, body in answer) < 10_000
    client.run(query("ROLLBACK"))


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize("table", ["told", "put_off"])
def test_short_errors_are_told(client, send, table):
    [error] = words(SEND[send](client, f"INSERT INTO {table} VALUES ({SHORT})"))[:1]
    assert (error["C"], error["M"]) == ("P7001", "x" * SHORT)
    client.run(query("ROLLBACK"))


@pytest.mark.parametrize("send", SEND)
def test_notices_count(client, send):
    answer = SEND[send](client, f"INSERT INTO said VALUES ({SHORT})")
    assert any(kind == b"N" for kind, _ in answer) and not words(answer)
    answer = SEND[send](client, f"INSERT INTO said VALUES ({LONG})")
    assert "10000 bytes" in words(answer)[0]["M"] and sum(len(body) for _, body in answer) < 12_000
    client.run(query("ROLLBACK"))


@pytest.mark.parametrize("table", ["told", "put_off"])
def test_nothing_of_it_stands(server, client, table):
    SEND["query"](client, f"INSERT INTO {table} VALUES ({LONG})")
    assert server.sql(f"SELECT count(*) FROM {table}", "orders") == ["0"]
