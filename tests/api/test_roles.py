"""Every verb as every role, by the table of docs/api.md."""

import http.client
import json
import pathlib
import re
import time

import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/api.md"
ROLES = ("member", "approver", "auditor", "admin")
GROUPS = {"member": "engineering", "approver": "approvers", "auditor": "security", "admin": "platform"}
ROW = re.compile(r"^\| `(\w+) /api/v1(\S+)` \| (\S+) \| (\S+) \| (\S+) \| (\S+) \| (?:`([^`]+)`)? ?\|")


def table():
    rows = [ROW.match(line) for line in DOCS.read_text().splitlines()]
    return [(row[1], row[2], dict(zip(ROLES, row.group(3, 4, 5, 6))), row[7]) for row in rows if row]


TABLE = table()
# What would end the test's own means: asked last, or of somebody else.
LAST = ("DELETE /session", "POST /audit/key/rotate")


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, start=False)
    running.write_config(server, extra="api: { admins: [platform], auditors: [security], requests_per_second: 10000 }")
    for role in ROLES:
        running.cli("user", "add", role, "--group", GROUPS[role], "--password-stdin", input=PASSWORD + "\n")
    running.cli("user", "add", "robot", "--kind", "agent", "--group", "platform", "--no-password")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def tokens(gateway):
    got = {role: ask(gateway, "POST", "/login", {"user": role, "password": PASSWORD}) for role in ROLES}
    assert all(answer.status == 200 for answer in got.values())
    return {role: answer.json["secret"] for role, answer in got.items()}


def filled(path):
    """With names and numbers that nothing has: whatever is asked for, nothing happens."""
    return re.sub(r"\{(\w+)\}", lambda m: "999999" if m[1] in ("number", "id", "session", "sequence") else "nobody", path)


def test_the_table_is_that_of_the_gateway(gateway):
    document = ask(gateway, "GET", "/openapi.json").json
    known = {(method.upper(), path.removeprefix("/api/v1"))
             for path, methods in document["paths"].items() for method in methods}
    assert known == {(method, path) for method, path, _, _ in TABLE}
    for method, path, allowed, scope in TABLE:
        operation = document["paths"]["/api/v1" + path][method.lower()]
        assert operation.get("x-roles", []) == [role for role in ROLES if allowed[role] == "yes"], (method, path)
        assert operation.get("x-scope") == scope, (method, path)


@pytest.mark.parametrize("method,path,allowed,scope", TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_each_as_each(gateway, tokens, method, path, allowed, scope):
    for role in ROLES:
        answer = ask(gateway, method, filled(path), None if method == "GET" else {}, tokens[role]) \
            if f"{method} {path}" not in LAST else None
        if answer is None:
            continue
        by_role = answer.status == 403 and "needs the role" in answer.title
        assert by_role == (allowed[role] == "no"), (role, answer.status, answer.raw)
        if allowed[role] == "yes":
            assert answer.status != 401, (role, answer.raw)
        assert answer.status < 500, (role, answer.raw)


def test_nobody_without_a_credential(gateway):
    for method, path, allowed, _ in TABLE:
        if "yes" not in allowed.values():
            continue
        for token in (None, "slc_wrong", "x"):
            answer = ask(gateway, method, filled(path), None if method == "GET" else {}, token)
            assert answer.status == 401, (method, path, answer.raw)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_needs_the_scope(gateway):
    for scope in ("api", "approvals", "changes", "grants"):
        token = known_token(gateway, "--user", "admin", "--scope", scope)
        for method, path, _, wanted in TABLE:
            if wanted is None or f"{method} {path}" in LAST:
                continue
            answer = ask(gateway, method, filled(path), None if method == "GET" else {}, token)
            lacks = answer.status == 403 and "lacks the scope" in answer.title
            assert lacks == (wanted != scope), (scope, method, path, answer.raw)


def test_agents_are_members_whatever_their_groups(gateway):
    token = known_token(gateway, "--user", "robot", "--scope", "api")
    assert ask(gateway, "GET", "/session", token=token).json["roles"] == ["member"]
    assert ask(gateway, "GET", "/users", token=token).status == 403
    acting = known_token(gateway, "--user", "robot", "--acts-for", "admin", "--scope", "api")
    assert ask(gateway, "GET", "/session", token=acting).json["roles"] == ["member"]


def test_Threat20_who_may_not_read_any_more_follows_no_more(gateway):
    token = known_token(gateway, "--user", "auditor", "--scope", "api")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    connection.request("GET", "/api/v1/audit/tail?text=followed", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    gateway.psql("-c", "SELECT 'followed 1'", user="admin")
    while b"followed 1" not in answer.readline():
        pass
    listed = json.loads(gateway.cli("token", "list", "-o", "json").stdout)
    gateway.cli("token", "revoke", next(t["id"] for t in listed if t["user"] == "auditor" and t["state"] == "live"))
    begun = time.time()
    answer.read()
    assert time.time() - begun < 20, "it ends, without anything new on the record"


def test_Threat20_an_agent_ends_with_its_person(gateway):
    gateway.cli("user", "add", "leaver", "--password-stdin", input=PASSWORD + "\n")
    token = known_token(gateway, "--user", "robot", "--acts-for", "leaver", "--scope", "api", "--scope", "mcp", "--scope", "models")
    asked = (("GET", "/api/v1/session", None), ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}),
             ("POST", "/models/none/v1/messages", {"model": "m"}))
    assert [ask(gateway, method, path, body, token, prefix="").status for method, path, body in asked] == [200, 200, 404]
    gateway.cli("user", "disable", "leaver")
    deadline = time.time() + 30
    while ask(gateway, "GET", "/session", token=token).status != 401 and time.time() < deadline:
        time.sleep(0.1)
    assert [ask(gateway, method, path, body, token, prefix="").status for method, path, body in asked] == [401, 401, 401]


def test_nobody_gets_a_token_to_be_a_person_by_a_detour(gateway, tokens):
    made = ask(gateway, "POST", "/users", {"name": "detour", "kind": "service"}, tokens["admin"])
    assert made.status == 201, made.raw
    wish = {"for": "1h", "scopes": ["api"], "label": "detour"}
    token = ask(gateway, "POST", "/users/detour/tokens", wish, tokens["admin"]).json["secret"]
    assert ask(gateway, "GET", "/session", token=token).status == 200
    assert ask(gateway, "PATCH", "/users/detour", {"kind": "human"}, tokens["admin"]).status == 200
    assert ask(gateway, "GET", "/session", token=token).status == 401
    assert ask(gateway, "POST", "/users/detour/tokens", wish, tokens["admin"]).status == 403


def test_explaining_is_for_the_databases_of_a_credential(gateway):
    for database, status in (("orders", 200), ("elsewhere", 403)):
        token = known_token(gateway, "--user", "admin", "--scope", "api", "--database", database)
        for path in ("/policy/explain", "/lint"):
            answer = ask(gateway, "POST", path, {"database": "orders", "sql": "SELECT 1"}, token)
            assert answer.status == status, (path, answer.raw)


def test_saved_searches_are_not_for_members(gateway, tokens):
    assert ask(gateway, "PUT", "/audit/searches/theirs", {"query": "user=admin"}, tokens["auditor"]).status == 200
    for name in ("theirs", "none"):
        assert ask(gateway, "GET", f"/history?saved={name}", token=tokens["member"]).status == 403
    assert ask(gateway, "GET", "/history", token=tokens["member"]).status == 200


def test_what_is_sensitive_is_told_by_the_databases_of_a_credential(gateway):
    token = known_token(gateway, "--user", "admin", "--scope", "api", "--database", "elsewhere")
    assert ask(gateway, "POST", "/data/list", {}, token).json == []
    assert ask(gateway, "POST", "/data/explain", {"database": "orders", "schema": "public", "table": "t"}, token).status == 403
    assert ask(gateway, "GET", "/data/history", token=token).json == []
    for database, status in (("orders", 403), ("elsewhere", 404)):
        column = {"database": database, "schema": "public", "table": "t", "column": "email", "class": "none", "comment": "c"}
        answer = ask(gateway, "PUT", "/data/column", column, token)
        assert answer.status == status, answer.raw


def test_what_is_not_there(gateway, tokens):
    assert ask(gateway, "GET", "/nothing", token=tokens["admin"]).status == 404
    refused = ask(gateway, "PUT", "/users", {}, tokens["admin"])
    assert refused.status == 405 and refused.headers["Allow"] == "GET, POST"


def test_what_is_asked_last(gateway, tokens):
    for role in ROLES:
        answer = ask(gateway, "POST", "/audit/key/rotate", {}, tokens[role])
        assert answer.status == (200 if role == "admin" else 403)
    for role in ROLES:
        assert ask(gateway, "DELETE", "/session", token=tokens[role]).status == 200
