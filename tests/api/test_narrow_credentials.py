"""Every route with a credential that is good for one database, and with one that acts for somebody else."""

import json
import re

import psycopg
import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - { name: all, effect: allow, do: [read, write, function] }
  - { name: held, effect: hold, do: [delete], approve: { by: [dba], wait: 0s } }
access_review: { by: [dba] }
"""
SCOPES = [word for scope in ("api", "approvals", "changes", "grants", "mcp") for word in ("--scope", scope)]
# What would end the test's own means.
ENDS = ("DELETE /session",)


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("CREATE TABLE narrow(id int PRIMARY KEY, email text); INSERT INTO narrow VALUES (1, 'jane.miller@example.com')", "orders")
    running = Gateway(server, start=False, add_alice=False, extra="policy: { file: POLICY }\napi: { admins: [platform], auditors: [security], requests_per_second: 10000 }\n")
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    config = running.config.read_text().replace("POLICY", str(policy))
    second = config[config.index("  - name: orders"):].replace("name: orders", "name: elsewhere")
    running.config.write_text(config + second)
    for user, groups in (("all", ["platform", "security", "dba"]), ("bob", []), ("erin", [])):
        running.cli("user", "add", user, *[word for group in groups for word in ("--group", group)], "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    running.stop()
    server.sql("DROP TABLE narrow", "orders")


def login(gateway, user):
    return ask(gateway, "POST", "/login", {"user": user, "password": PASSWORD}).json["secret"]


@pytest.fixture(scope="module")
def known(gateway):
    """What there is at the other database: a record, a session, a request that waits."""
    with psycopg.connect(gateway.dsn("bob", database="elsewhere"), autocommit=True) as connection:
        connection.execute("SELECT email, 'elsewhere' AS marker FROM narrow")
    waits = ask(gateway, "POST", "/query", {"database": "elsewhere", "sql": "DELETE FROM narrow WHERE id = 1"}, login(gateway, "bob"))
    found = gateway.wait_for(lambda records: len(records) > 1, "--database", "elsewhere", "--type", "statement")
    record = next(each for each in found if "marker" in each.get("text", ""))
    with psycopg.connect(gateway.dsn("bob", database="elsewhere"), autocommit=True) as staying:
        staying.execute("SELECT 1")
        yield {"number": str(waits.json["waiting_for_approval"]), "sequence": str(record["id"]), "session": str(record["session"])}


def routes(gateway):
    document = ask(gateway, "GET", "/openapi.json").json
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "x-roles" in operation:
                yield method.upper(), path.removeprefix("/api/v1"), operation


def filled(path, known):
    names = {"name": "elsewhere", "id": known["session"], "run": "none"} | known
    return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], path)


BODIES = {
    "POST /query": {"database": "elsewhere", "sql": "SELECT 'elsewhere'"},
    "POST /query/dry-run": {"database": "elsewhere", "sql": "SELECT 'elsewhere'"},
    "POST /policy/explain": {"database": "elsewhere", "sql": "SELECT * FROM narrow"},
    "POST /lint": {"database": "elsewhere", "sql": "DROP TABLE narrow"},
    "POST /data/explain": {"database": "elsewhere", "schema": "public", "table": "narrow"},
    "POST /audit/who-saw": {"value": "jane.miller@example.com"},
    "POST /policy/replay": {"policy": "rules: [{name: x, effect: deny}]", "since": "1h"},
    "POST /policy/shadow": {"since": "1h"},
    "POST /approvals/delegations": {"to": "erin", "until": "3d", "reason": "x"},
    "POST /access": {"decision": "revoke", "user": "all", "what": "group", "name": "dba", "comment": "x"},
}
QUERIES = {"/audit/counts": "?by=database", "/audit/history": "?database=elsewhere&table=public.narrow"}


def asked(gateway, method, path, known, token):
    body = BODIES.get(f"{method} {path}", {}) if method in ("POST", "PUT", "PATCH") else None
    return ask(gateway, method, filled(path, known) + QUERIES.get(path, ""), body, token)


def test_nothing_of_another_database_is_told_or_changed(gateway, known):
    narrow = known_token(gateway, "--user", "all", "--database", "orders", *SCOPES)
    refused = 0
    for method, path, operation in routes(gateway):
        if f"{method} {path}" in ENDS:
            continue
        answer = asked(gateway, method, path, known, narrow)
        if operation.get("x-all-databases"):
            assert answer.status == 403, (method, path, answer.raw)
            assert "about all databases" in answer.title and "good for orders" in answer.title, answer.raw
            refused += 1
        elif answer.status < 400:
            assert b"elsewhere" not in answer.raw, (method, path, answer.raw)
            assert b"marker" not in answer.raw, (method, path, answer.raw)
    assert refused > 50
    wide = login(gateway, "all")
    assert ask(gateway, "GET", f"/approvals/{known['number']}", token=wide).json["state"] == "waiting"
    assert ask(gateway, "GET", "/approvals/delegations", token=wide).json == []
    assert "dba" in json.dumps(ask(gateway, "GET", "/session", token=wide).json)
    assert ask(gateway, "GET", "/overview", token=narrow).json.keys() == {"time", "waiting"}


def test_the_same_questions_tell_whoever_may_know_all(gateway, known):
    wide = login(gateway, "all")
    telling = [path for method, path, _ in routes(gateway)
               if method == "GET" and path != "/audit/tail" and b"elsewhere" in asked(gateway, method, path, known, wide).raw]
    for path in ("/audit/records", "/audit/records/{sequence}", "/audit/counts", "/audit/transcripts/{session}", "/overview", "/settings", "/approvals/{number}"):
        assert path in telling


def test_who_acts_for_somebody_decides_nothing_as_themselves(gateway, known):
    acting = known_token(gateway, "--user", "all", "--acts-for", "bob", *SCOPES)
    own = 0
    for method, path, operation in routes(gateway):
        if f"{method} {path}" in ENDS:
            continue
        if operation.get("x-oneself"):
            answer = asked(gateway, method, path, known, acting)
            assert answer.status == 403 and 'acts for "bob"' in answer.title, (method, path, answer.raw)
            own += 1
        elif "member" not in operation["x-roles"]:
            assert asked(gateway, method, path, known, acting).status == 403, (method, path)
    assert own == 6
    for verb in ("approve", "reject"):
        assert ask(gateway, "POST", f"/approvals/{known['number']}/{verb}", {}, acting).status == 403
    assert ask(gateway, "GET", "/approvals/delegations", token=login(gateway, "all")).json == []
