"""What of the control plane counts for whom: approvers after many logins."""

import time

import pytest
from client import ask
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = "rules:\n  - { name: held, effect: hold, do: [insert], approve: { by: [security] } }\n  - { name: all, effect: allow }\n"
PEOPLE = (("root", "platform"), ("sam", "security"), ("eve", "security"), ("dev", "developers"), ("mal", "developers"))


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql("CREATE TABLE t (x text); GRANT ALL ON t TO PUBLIC", database="orders")
    yield server
    server.stop()


def started(server):
    running = Gateway(server, start=False, masking=False, extra="api: { admins: [platform], requests_per_second: 10000 }",
                      environment="staging")
    for name, group in PEOPLE:
        running.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
    file = running.root / "held.yaml"
    file.write_text(POLICY)
    running.cli("policy", "save", str(file), "--offline")
    running.start()
    return running


@pytest.fixture(scope="module")
def gateway(server):
    running = started(server)
    yield running
    assert running.stop() == 0


def login(gateway, name):
    answer = ask(gateway, "POST", "/login", {"user": name, "password": PASSWORD})
    assert answer.status == 200, answer.raw
    return answer.json["secret"]


def run(gateway, token, sql, database="orders"):
    return ask(gateway, "POST", "/query", {"database": database, "sql": sql}, token)


def held(gateway, token, value):
    answer = run(gateway, token, f"INSERT INTO t VALUES ('{value}')")
    assert answer.status == 202, answer.raw
    return answer.json["waiting_for_approval"]


def test_Threat67_an_approver_who_may_not_any_more_after_many_logins(gateway):
    """Each login writes the store by a connection of its own, and all of them count its changes from where they began."""
    sam, dev, root, mal = (login(gateway, name) for name in ("sam", "dev", "root", "mal"))
    other = held(gateway, mal, "other")
    for _ in range(100):
        assert ask(gateway, "POST", f"/approvals/{other}/comment", {"comment": "."}, mal).status == 200
        mal = login(gateway, "mal")
    waiting, approved = held(gateway, dev, "one"), held(gateway, dev, "two")
    assert ask(gateway, "POST", f"/approvals/{approved}/approve", {}, sam).json["state"] == "approved"
    assert ask(gateway, "PATCH", "/users/sam", {"groups": ["interns"]}, root).json["groups"] == ["interns"]
    try:
        refused = ask(gateway, "POST", f"/approvals/{waiting}/approve", {}, sam)
        assert refused.status == 403, refused.raw
        assert run(gateway, dev, "INSERT INTO t VALUES ('one')").status == 202
        again = run(gateway, dev, "INSERT INTO t VALUES ('two')")
        assert again.status == 202 and again.json["waiting_for_approval"] != approved, again.raw
    finally:
        assert ask(gateway, "PATCH", "/users/sam", {"groups": ["security"]}, root).status == 200
