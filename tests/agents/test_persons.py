"""One agent that works for several persons: with what it has for one it sees nothing of the others' work."""

import json
import uuid

import psycopg
import pytest
from client_of_api import ask, known_token
from harness.gateway import PASSWORD, Gateway
from mcp_client import post

SCOPES = [word for scope in ("api", "mcp", "approvals", "changes", "grants") for word in ("--scope", scope)]


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server)
    running.cli("user", "add", "bob", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    running.cli("user", "add", "carol", "--group", "approvers", "--password-stdin", input=PASSWORD + "\n")
    running.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--no-password")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def tokens(gateway):
    return [known_token(gateway, "--user", "robot", "--acts-for", person, *SCOPES) for person in ("alice", "bob")]


def test_Threat76_for_one_person_prompts_and_runs(gateway, tokens):
    for_alice, for_bob = tokens
    kept = ask(gateway, "POST", "/agents/prompts", {"text": "what alice wants", "run": "run-of-alice"}, for_alice)
    assert kept.status == 201, kept.raw
    path = "/agents/prompts/" + kept.json["prompt"]
    assert ask(gateway, "GET", path, token=for_alice).json["text"] == "what alice wants"
    assert ask(gateway, "GET", path, token=for_bob).status == 404
    assert ask(gateway, "GET", "/agents/runs/run-of-alice", token=for_bob).status == 404
    runs = [[run["run"] for run in ask(gateway, "GET", "/agents/runs", token=token).json] for token in tokens]
    assert "run-of-alice" in runs[0] and "run-of-alice" not in runs[1]


def test_Threat76_for_one_person_statements(gateway, tokens):
    with psycopg.connect(gateway.dsn(user="robot", password=tokens[0]), autocommit=True) as connection:
        connection.execute("SELECT 'for alice alone'")
    gateway.wait_for(lambda found: found, "--text", "for alice alone", "--type", "statement")

    def own(token):
        called = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "my_history", "arguments": {}}}
        _, _, body = post(gateway, called, token)
        told = json.dumps(json.loads(body)["result"]["structuredContent"]["records"])
        return ["for alice alone" in text for text in (told, ask(gateway, "GET", "/history", token=token).raw.decode())]

    assert [own(token) for token in tokens] == [[True, True], [False, False]]


def test_Threat76_for_one_person_requests(gateway, tokens):
    # Over MCP the answer is there at once: nothing has run, and the request waits.
    called = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
              "params": {"name": "execute", "arguments": {"database": "orders", "sql": "CREATE TABLE made_for_alice (id int)"}}}
    _, _, body = post(gateway, called, tokens[0])
    assert json.loads(body)["result"]["structuredContent"]["waiting_for_approval"], body
    waiting = [ask(gateway, "GET", "/approvals", token=token).json for token in tokens]
    assert len(waiting[0]) == 1 and waiting[1] == []
    path = f"/approvals/{waiting[0][0]['number']}"
    assert ask(gateway, "GET", path, token=tokens[0]).status == 200
    assert ask(gateway, "GET", path, token=tokens[1]).status == 403
    assert ask(gateway, "POST", path + "/withdraw", {}, tokens[1]).status == 403
    assert ask(gateway, "POST", path + "/withdraw", {}, tokens[0]).json["state"] == "withdrawn"


def test_Threat76_for_one_person_answers_for_a_key(gateway, tokens):
    once = {"Idempotency-Key": str(uuid.uuid4())}
    kept = [ask(gateway, "POST", "/agents/prompts", {"text": "the same words"}, token, headers=once) for token in tokens]
    assert [answer.status for answer in kept] == [201, 201]
    assert [answer.json["acts_for"] for answer in kept] == ["alice", "bob"]
    again = ask(gateway, "POST", "/agents/prompts", {"text": "the same words"}, tokens[0], headers=once)
    assert again.json == kept[0].json
