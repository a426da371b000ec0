"""Requests with fields that nobody knows, and bytes that are no requests, are refused as problems; nothing of them is done."""

import socket

import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, start=False, extra="api: { admins: [platform] }")
    running.cli("user", "add", "root", "--group", "platform", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(gateway):
    return known_token(gateway, "--user", "root", "--scope", "api")


def test_a_misspelt_bound_is_no_bound_that_is_left_out(gateway, token):
    assert ask(gateway, "POST", "/users", {"name": "ci", "kind": "service"}, token).status == 201
    refused = ask(gateway, "POST", "/users/ci/tokens", {"for": "1d", "databses": ["orders"]}, token)
    assert refused.status == 400 and 'no field "databses"' in refused.title and '"databases" was meant' in refused.title, refused.raw
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert ask(gateway, "POST", "/users/ci/tokens", {"for": "1d", "databases": ["orders"]}, token).status == 201
    service, = [user for user in ask(gateway, "GET", "/users", token=token).json if user["name"] == "ci"]
    assert [credential["databases"] for credential in service["credentials"]] == [["orders"]]


@pytest.mark.parametrize("method,path,body,field", [
    ("POST", "/users", {"name": "bot", "knd": "service"}, "knd"),
    ("PATCH", "/users/alice", {"disbled": True}, "disbled"),
    ("POST", "/query", {"database": "orders", "sql": "SELECT 1", "maxrows": 1}, "maxrows"),
    ("POST", "/audit/who-saw", {"value": "x", "untill": "1h"}, "untill"),
    ("PUT", "/policy", {"text": "rules: []", "expectd": "x"}, "expectd"),
])
def test_nothing_is_done_of_it(gateway, token, method, path, body, field):
    refused = ask(gateway, method, path, body, token)
    assert refused.status == 400 and f'no field "{field}"' in refused.title, refused.raw
    assert "bot" not in {user["name"] for user in ask(gateway, "GET", "/users", token=token).json}


@pytest.mark.parametrize("method,path,body,said", [
    ("POST", "/users/alice/tokens", {"for": "1d", "databases": "orders"}, '"databases" has to be a list, and is a text'),
    ("POST", "/users/alice/tokens", {"for": "1d", "databases": None}, '"databases" has to be a list, and is null'),
    ("PATCH", "/users/alice", {"valid_until": 7}, '"valid_until" has to be a text, and is a number'),
    ("POST", "/query", {"database": "orders", "sql": "SELECT 1", "max_rows": "10"}, '"max_rows" has to be a whole number, and is a text'),
    ("POST", "/audit/who-saw", {"value": "x", "masked_too": "yes"}, '"masked_too" has to be true or false, and is a text'),
    ("POST", "/audit/who-saw", {"value": "x", "since": 7}, '"since" has to be a text, and is a number'),
])
def test_a_field_of_another_type_is_not_read_as_one_that_is_not_there(gateway, token, method, path, body, said):
    refused = ask(gateway, method, path, body, token)
    assert refused.status == 400 and said in refused.title, refused.raw


@pytest.mark.parametrize("path,body,said", [
    ("/login", {"user": "alice", "password": PASSWORD, "databse": "orders"}, 'no field "databse"'),
    ("/login", {"user": "alice", "password": PASSWORD, "database": ["orders"]}, '"database" has to be a text, and is a list'),
    ("/session", {"user": "alice", "password": PASSWORD, "databse": "orders"}, 'no field "databse"'),
    ("/session", {"user": "alice", "password": PASSWORD, "database": 7}, '"database" has to be a text, and is a number'),
])
def test_a_login_for_one_database_is_never_one_for_all(gateway, path, body, said):
    refused = ask(gateway, "POST", path, body)
    assert refused.status == 400 and said in refused.title and PASSWORD.encode() not in refused.raw, refused.raw


@pytest.mark.parametrize("data,status", [
    (b"NONSENSE\r\n\r\n", 400),
    (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400),
    (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n", 431),
])
def test_what_is_no_request_is_told_so(gateway, data, status):
    with socket.create_connection(("127.0.0.1", gateway.http), 10) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"application/problem+json" in answer, answer
