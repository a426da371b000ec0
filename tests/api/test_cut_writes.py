"""What changes something and returns more than is told: it is done, and the answer says so; or it is not, and says that."""

import json

import pytest
from client import ask, known_token
from harness.gateway import Gateway

WRITING = "SELECT cut_write(i) FROM generate_series(1, 20000) i"


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(
        "CREATE TABLE cut(id int PRIMARY KEY, v text); CREATE TABLE wide(id int PRIMARY KEY, v text);"
        "INSERT INTO wide SELECT 1, repeat('x', 9000000);"
        "CREATE FUNCTION cut_write(i int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO cut VALUES (i, repeat(''y'', 20)); RETURN i; END'", "orders")
    running = Gateway(server, environment="staging")
    yield running
    running.stop()
    server.sql("DROP FUNCTION cut_write; DROP TABLE cut, wide", "orders")


@pytest.fixture(scope="module")
def token(gateway):
    return known_token(gateway, "--user", "alice", "--scope", "api", "--scope", "mcp")


@pytest.fixture(autouse=True)
def nothing_yet(server):
    server.sql("TRUNCATE cut", "orders")


def query(gateway, token, sql, **more):
    return ask(gateway, "POST", "/query", {"database": "orders", "sql": sql, **more}, token)


def execute(gateway, token, sql):
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "execute", "arguments": {"database": "orders", "sql": sql}}}
    answer = ask(gateway, "POST", "/mcp", call, token, {"Accept": "application/json, text/event-stream"}, prefix="")
    return json.loads(answer.raw)["result"]


def count(server):
    return str(server.sql("SELECT count(*) FROM cut", "orders")).strip()


def test_a_function_that_writes_runs_to_its_end(gateway, server, token):
    answer = query(gateway, token, WRITING, max_rows=10)
    assert answer.status == 200 and answer.json["truncated"] and len(answer.json["rows"]) == 10
    assert answer.json["command"] == "SELECT 20000" and answer.json["record"] > 0
    assert "20000" in count(server)


def test_so_it_does_for_an_agent(gateway, server, token):
    answer = execute(gateway, token, WRITING)
    assert not answer["isError"]
    told = answer["structuredContent"]
    assert told["truncated"] and told["status"] == "SELECT 20000" and told["record"] > 0
    assert "20000" in count(server)


def test_a_row_that_is_too_long_leaves_a_write_done(gateway, server, token):
    answer = query(gateway, token, "UPDATE wide SET id = id + 1 RETURNING v")
    assert answer.status == 200 and answer.json["truncated"] and answer.json["rows"] == []
    assert answer.json["command"] == "UPDATE 1" and answer.json["record"] > 0
    assert any("ran to its end" in notice for notice in answer.json["notices"])
    told = execute(gateway, token, "UPDATE wide SET id = id + 1 RETURNING v")["structuredContent"]
    assert told["status"] == "UPDATE 1" and told["record"] > 0 and told["row_count"] == 0
    assert "3" in str(server.sql("SELECT id FROM wide", "orders"))


def test_what_only_reads_is_cut_short(gateway, token):
    answer = query(gateway, token, "SELECT i FROM generate_series(1, 3000000) i", max_rows=10)
    assert answer.status == 200 and answer.json["truncated"] and answer.json["command"] != "SELECT 3000000"
    assert query(gateway, token, "SELECT v FROM wide").json["sqlstate"] == "54000"
