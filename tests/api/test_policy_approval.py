"""Policies that somebody else approves before they are in force (policy.approve_by; threat case 103)."""

import json
import os
import sqlite3
import subprocess
import time

import pytest
from client import ask
from harness.gateway import PASSWORD, SLUICE, Gateway

STRICT = "rules:\n  - { name: read, effect: allow, do: [read] }\n"
OPEN = "rules:\n  - { name: all, effect: allow }\n"
PEOPLE = (("root", "platform", ()), ("rita", "platform", ()), ("sam", "security", ()), ("root2", "security", ("--attribute", "person=root")),
          ("bot", "security", ("--kind", "service")))


@pytest.fixture
def gateway(server):
    running = Gateway(server, start=False)
    running.write_config(server, extra="api: { admins: [platform], requests_per_second: 10000 }\npolicy: { approve_by: [security] }")
    for name, group, more in PEOPLE:
        running.cli("user", "add", name, "--group", group, *more, "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def tokens(gateway):
    return {name: ask(gateway, "POST", "/login", {"user": name, "password": PASSWORD}).json["secret"] for name in ("root", "rita", "sam", "root2")}


def propose(gateway, token, text, comment="agents only read", expected=0):
    answer = ask(gateway, "PUT", "/policy", {"text": text, "comment": comment, "expected": expected}, token)
    assert answer.status == 202, answer.raw
    return answer.json["waiting_for_approval"]


def in_force(gateway, token):
    return ask(gateway, "GET", "/policy", token=token).json


def wait_for(condition):
    deadline = time.time() + 30
    while not condition():
        assert time.time() < deadline, "it does not come"
        time.sleep(0.05)


def test_a_policy_waits_until_somebody_else_approves_it(gateway, tokens):
    before = in_force(gateway, tokens["root"])
    assert before["approve_by"] == ["security"]
    number = propose(gateway, tokens["root"], STRICT)
    assert propose(gateway, tokens["root"], STRICT) == number, "the same is not asked for twice"
    shown = ask(gateway, "GET", f"/approvals/{number}", token=tokens["sam"]).json
    assert (shown["state"], shown["requester"], shown["statement"], shown["facts"]["kind"]) == ("waiting", "root", STRICT, "policy")
    assert "agents only read" in shown["facts"]["why"] and shown["rules"] == ["policy.approve_by"]
    listed = gateway.cli("approval", "list", "--state", "waiting", "-o", "json").stdout
    assert [row["number"] for row in json.loads(listed)] == [number]
    time.sleep(1)
    assert in_force(gateway, tokens["root"])["version"] == before["version"]
    assert ask(gateway, "GET", "/policy/versions", token=tokens["root"]).json == []
    approved = ask(gateway, "POST", f"/approvals/{number}/approve", {"comment": "good"}, tokens["sam"])
    assert approved.status == 200, approved.raw
    wait_for(lambda: in_force(gateway, tokens["root"])["text"] == STRICT)
    version, = ask(gateway, "GET", "/policy/versions", token=tokens["root"]).json
    assert version["number"] == 1 and version["comment"] == "agents only read"
    assert version["author"] == f"root, approved: request {number} by sam"
    assert ask(gateway, "GET", f"/approvals/{number}", token=tokens["sam"]).json["state"] == "used"
    assert "is not allowed" in gateway.psql("-c", "CREATE TABLE made (i int)").stderr
    saved = gateway.wait_for(lambda found: any("policy 1 saved" in r["message"] for r in found), "--type", "admin")
    assert any(r.get("user") == version["author"] for r in saved)


def test_Threat103_nobody_approves_their_own(gateway, tokens):
    number = propose(gateway, tokens["root"], STRICT)
    for name in ("root", "root2", "rita"):
        refused = ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens[name])
        assert refused.status == 403, (name, refused.raw)
    # The operator at the socket says who they are too.
    file = gateway.root / "new.yaml"
    file.write_text(STRICT)
    unknown = gateway.cli("policy", "save", str(file), check=False)
    assert unknown.returncode != 0
    time.sleep(1)
    assert ask(gateway, "GET", "/policy/versions", token=tokens["root"]).json == []


def test_Threat103_nor_by_a_service_that_they_have_made(gateway, tokens):
    both = ask(gateway, "POST", "/users", {"name": "amy", "groups": ["platform", "security"], "password": PASSWORD}, tokens["root"])
    assert both.status == 201, both.raw
    amy = ask(gateway, "POST", "/login", {"user": "amy", "password": PASSWORD}).json["secret"]
    assert ask(gateway, "POST", "/users", {"name": "ci", "kind": "service", "groups": ["platform"]}, amy).status == 201
    service = ask(gateway, "POST", "/users/ci/tokens", {"for": "1h", "scopes": ["api"]}, amy).json["secret"]
    refused = ask(gateway, "PUT", "/policy", {"text": OPEN, "expected": 0}, service)
    assert refused.status == 403 and "people propose" in refused.title, refused.raw


def test_Threat103_accounts_of_one_person_are_not_parted(gateway, tokens):
    number = propose(gateway, tokens["root"], STRICT)
    for change in ({"attributes": {}}, {"attributes": {"person": "somebody"}}):
        refused = ask(gateway, "PATCH", "/users/root2", change, tokens["root"])
        assert refused.status == 403 and "another administrator" in refused.title, refused.raw
    assert ask(gateway, "PATCH", "/users/root", {"attributes": {"person": "somebody"}}, tokens["root"]).status == 403
    assert ask(gateway, "PATCH", "/users/root2", {"attributes": {"person": "root", "team": "x"}}, tokens["root"]).status == 200
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["root2"]).status == 403
    # An address that both have makes them one too.
    for name, change in (("root", {"email": "root@example.com"}), ("root2", {"upn": "Root@example.com"})):
        assert ask(gateway, "PATCH", "/users/" + name, {"attributes": change}, tokens["rita"]).status == 200, "who is somebody else may"
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["root2"]).status == 403
    for name in ("root", "root2"):
        assert ask(gateway, "PATCH", "/users/" + name, {"attributes": {}}, tokens["root"]).status == 403, name
    assert ask(gateway, "PATCH", "/users/root", {"attributes": {"email": "root@example.com", "team": "x"}}, tokens["root"]).status == 200


def test_Threat103_nor_with_a_password_for_whom_a_provider_vouches(gateway, tokens):
    store = sqlite3.connect(gateway.root / "state/sluice.db", timeout=30, isolation_level=None)
    store.execute("UPDATE users SET made_by = 'https://idp.example' WHERE name = 'sam'")
    store.close()
    refused = ask(gateway, "PATCH", "/users/sam", {"password": PASSWORD + "2"}, tokens["root"])
    assert refused.status == 403 and "has no password here" in refused.title, refused.raw
    assert gateway.cli("user", "passwd", "sam", "--password-stdin", input=PASSWORD + "2\n", check=False).returncode != 0


def states(gateway, number, token):
    found = ask(gateway, "GET", f"/approvals/{number}", token=token).json
    return found["state"], found.get("reason", "")


def test_Threat103_those_who_approve_now_and_who_is_still_there(gateway, tokens):
    number = propose(gateway, tokens["rita"], STRICT)
    assert ask(gateway, "PATCH", "/users/rita", {"disabled": True}, tokens["root"]).status == 200
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: states(gateway, number, tokens["sam"])[0] == "withdrawn")
    assert "disabled" in states(gateway, number, tokens["sam"])[1]
    number = propose(gateway, tokens["root"], OPEN)
    gateway.config.write_text(gateway.config.read_text().replace("approve_by: [security]", "approve_by: [board]"))
    gateway.reload()
    wait_for(lambda: in_force(gateway, tokens["root"])["approve_by"] == ["board"])
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: states(gateway, number, tokens["sam"])[0] == "withdrawn")
    assert "approve_by" in states(gateway, number, tokens["sam"])[1]
    assert ask(gateway, "GET", "/policy/versions", token=tokens["root"]).json == []


def test_a_store_that_is_busy_is_asked_again(gateway, tokens):
    number = propose(gateway, tokens["root"], STRICT)
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["sam"]).status == 200
    # Whether it is used and saved before this or not: once the store is free, it is in force.
    store = sqlite3.connect(gateway.root / "state/sluice.db", timeout=30, isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
    time.sleep(12)  # longer than the gateway waits for the store
    store.execute("COMMIT")
    store.close()
    wait_for(lambda: in_force(gateway, tokens["root"])["text"] == STRICT)
    assert states(gateway, number, tokens["sam"])[0] == "used"


def test_newer_approvals_of_statements_hide_none(gateway, tokens):
    number = propose(gateway, tokens["root"], STRICT)
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: states(gateway, number, tokens["sam"])[0] == "used")
    # As a gateway leaves it that ended between the approval and the saving, with many statements after it.
    gateway.kill9()
    store = sqlite3.connect(gateway.root / "state/sluice.db", isolation_level=None)
    columns = [row[1] for row in store.execute("PRAGMA table_info(approval_requests)")]
    for trigger, in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        if "polic" in trigger or "approval" in trigger:
            store.execute(f"DROP TRIGGER {trigger}")
    store.execute("DELETE FROM policy_versions")
    others = ", ".join("number + ?1" if c == "number" else "x'6f74686572'" if c == "session" else c for c in columns)
    for more in range(1, 120):
        store.execute(f"INSERT INTO approval_requests SELECT {others} FROM approval_requests WHERE number = ?2", (more, number))
    store.close()
    gateway.start()
    wait_for(lambda: in_force(gateway, tokens["root"])["text"] == STRICT)


def test_Threat103_what_was_approved_is_what_is_saved(gateway, tokens):
    """Of two proposals that were made at the same time the second is about rules that are gone."""
    first, second = propose(gateway, tokens["root"], STRICT), propose(gateway, tokens["rita"], OPEN)
    assert ask(gateway, "POST", f"/approvals/{first}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: in_force(gateway, tokens["root"])["text"] == STRICT)
    assert ask(gateway, "POST", f"/approvals/{second}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: ask(gateway, "GET", f"/approvals/{second}", token=tokens["sam"]).json["state"] == "withdrawn")
    assert "the policy" in ask(gateway, "GET", f"/approvals/{second}", token=tokens["sam"]).json["reason"]
    assert in_force(gateway, tokens["root"])["text"] == STRICT


def test_what_is_not_kept(gateway, tokens):
    number = propose(gateway, tokens["root"], STRICT)
    rejected = ask(gateway, "POST", f"/approvals/{number}/reject", {"comment": "not today"}, tokens["sam"])
    assert rejected.status == 200 and rejected.json["state"] == "rejected"
    wrong = ask(gateway, "PUT", "/policy", {"text": "rules: 7\n", "expected": 0}, tokens["root"])
    assert wrong.status == 400, "what is wrong is told before anybody is asked"
    assert ask(gateway, "PUT", "/policy", {"text": STRICT, "expected": 3}, tokens["root"]).status == 409
    time.sleep(1)
    assert ask(gateway, "GET", "/policy/versions", token=tokens["root"]).json == []


def test_the_command_line_and_a_restart(gateway, tokens):
    file = gateway.root / "new.yaml"
    file.write_text(STRICT)
    done = subprocess.run([SLUICE, "policy", "save", str(file), "--comment", "by hand", "--config", str(gateway.config)],
                          env={**os.environ, "SLUICE_TOKEN": tokens["root"]}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "not in force yet" in done.stderr, done.stderr
    number, = (row["number"] for row in ask(gateway, "GET", "/approvals?state=waiting", token=tokens["sam"]).json)
    gateway.kill9()
    gateway.start()
    assert ask(gateway, "POST", f"/approvals/{number}/approve", {}, tokens["sam"]).status == 200
    wait_for(lambda: in_force(gateway, tokens["root"])["text"] == STRICT)
    # The way out for who keeps the state folder, on the record as such.
    gateway.cli("policy", "save", "observe", "--offline", "--comment", "past approval")
    wait_for(lambda: in_force(gateway, tokens["root"])["number"] == 2)
