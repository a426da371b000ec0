"""A client that asks for progress is told of it while its call runs, and a call can wait for what people decide."""

import http.client
import json
import threading
import time

import pytest
from harness import npm
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer
from mcp_client import Agent, token_of, until_known

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows_changed: 100 } }
  - { name: schema-waits, effect: hold, do: [create, alter], approve: { by: [dba], wait: 5m } }
"""
SLOW = "SELECT count(*) FROM generate_series(1, 20000000) n WHERE n % 7 = 3"


@pytest.fixture(scope="module")
def packages():
    return npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")


@pytest.fixture(scope="module")
def gateway():
    server = PostgresServer()
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name, extra in (("dora", ("--group", "dba")), ("helper", ("--kind", "agent", "--group", "engineering"))):
        gateway.cli("user", "add", name, *extra, "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    # Stopping waits for no decision: some still wait for one.
    token = token_of(gateway, "mcp", "approvals")
    until_known(gateway, token)
    (number,) = {each["number"] for each in json.loads(gateway.cli("approval", "list", "--state", "waiting", "-o", "json").stdout)
                 if "waits_with_a_token" in each["statement"]}
    waiting = [asked(gateway, token, call(i, "approval_status", {"number": number, "wait_seconds": 60}, f"p-{i}")) for i in range(2)]
    time.sleep(2.5)
    begun = time.time()
    assert gateway.stop() == 0 and time.time() - begun < 10
    for connection in waiting:
        connection.close()
    server.stop()


@pytest.fixture(scope="module")
def token(gateway):
    token = token_of(gateway, "mcp", "approvals", "changes", "grants")
    until_known(gateway, token)
    return token


@pytest.fixture(params=["http", "stdio"])
def agent(request, packages, gateway, token):
    url = f"http://127.0.0.1:{gateway.http}"
    agent = Agent(packages, "http", url + "/mcp", token) if request.param == "http" else \
        Agent(packages, "stdio", SLUICE, "mcp", "--gateway", url, env={"SLUICE_TOKEN": token})
    yield agent
    agent.close()


def test_a_long_query_tells_how_it_goes(agent):
    found = agent.ask("followed", name="query", arguments={"database": "orders", "sql": SLOW})
    assert found["answer"]["structuredContent"]["rows"] == [["2857143"]], found
    told = found["progress"]
    assert told and told == sorted(told, key=lambda each: each["progress"]), told
    assert len({each["progress"] for each in told}) == len(told), "each says more than the one before"
    assert told[0]["message"] == f"query is running: {told[0]['progress']} s so far"


def test_a_short_one_has_nothing_to_tell(agent):
    found = agent.ask("followed", name="query", arguments={"database": "orders", "sql": "SELECT 1"})
    assert found["answer"]["structuredContent"]["rows"] == [["1"]] and found["progress"] == []


def held(agent, name):
    found, failed = agent.call("execute", database="orders", sql=f"CREATE TABLE {name} (id int)")
    assert not failed, found
    return found["waiting_for_approval"]


def approve(gateway, number, after):
    def decide():
        time.sleep(after)
        gateway.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    decided = threading.Thread(target=decide)
    decided.start()
    return decided


def test_a_decision_is_waited_for(agent, gateway, request):
    number = held(agent, "waited_for_" + request.node.callspec.params["agent"])
    begun = time.time()
    found, _ = agent.call("approval_status", number=number, wait_seconds=1)
    assert found["state"] == "waiting" and 1 <= time.time() - begun < 5
    deciding = approve(gateway, number, 2.5)
    begun = time.time()
    # Its own patience begins anew with what it is told.
    found = agent.ask("followed", patience=4000, name="approval_status", arguments={"number": number, "wait_seconds": 60})
    assert found["answer"]["structuredContent"]["state"] == "approved" and time.time() - begun < 15, found
    assert found["progress"] and found["progress"][0]["message"].startswith(f"approval {number} is not decided yet"), found
    deciding.join()
    found, _ = agent.call("approval_status", number=number, wait_seconds=60)
    assert found["state"] == "approved", "what is decided is told at once"


def test_a_wait_is_given_up(agent, gateway, request):
    number = held(agent, "given_up_" + request.node.callspec.params["agent"])
    begun = time.time()
    assert "givenUp" in agent.ask("givenUp", name="approval_status", after=1500, arguments={"number": number, "wait_seconds": 300})
    assert agent.call("query", database="orders", sql="SELECT 1")[0]["rows"] == [["1"]]
    assert time.time() - begun < 10


def call(number, tool, arguments, token=None):
    meta = {"_meta": {"progressToken": token}} if token is not None else {}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments, **meta}}


def asked(gateway, token, body, accept="application/json, text/event-stream"):
    """A connection on which a call is made."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
    connection.request("POST", "/mcp", json.dumps(body), {"Authorization": f"Bearer {token}", "Accept": accept,
                                                         "Content-Type": "application/json"})
    return connection


@pytest.mark.parametrize("progress,accept", [(None, "application/json, text/event-stream"), ("p-1", "application/json"),
                                             ({"a": 1}, "application/json, text/event-stream")])
def test_who_does_not_ask_for_it_gets_one_message(gateway, token, progress, accept):
    answer = asked(gateway, token, call(1, "query", {"database": "orders", "sql": SLOW}, progress), accept).getresponse()
    assert answer.getheader("Content-Type") == "application/json"
    assert json.loads(answer.read())["result"]["structuredContent"]["rows"] == [["2857143"]]


def test_as_events_word_for_word(gateway, token):
    answer = asked(gateway, token, call(7, "query", {"database": "orders", "sql": SLOW}, "p-1")).getresponse()
    assert answer.status == 200 and answer.getheader("Content-Type") == "text/event-stream"
    events = answer.read().decode().split("\n\n")
    assert events.pop() == "" and all(event.startswith("event: message\ndata: {") for event in events)
    *told, last = [json.loads(event.split("data: ", 1)[1]) for event in events]
    assert told and all(each["method"] == "notifications/progress" and each["params"]["progressToken"] == "p-1" and "id" not in each
                        for each in told)
    assert last["id"] == 7 and last["result"]["structuredContent"]["rows"] == [["2857143"]]


def test_who_is_not_known_gets_no_stream(gateway):
    answer = asked(gateway, "slc_wrong", call(1, "query", {"database": "orders", "sql": SLOW}, "p-1")).getresponse()
    assert answer.status == 401 and "problem" in answer.getheader("Content-Type")


def test_many_that_wait_take_no_turns(gateway, token, packages):
    """Four calls of one run at a time; what waits for people is none of them."""
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    number = held(agent, "waits_with_many")
    waiting = [asked(gateway, token, call(i, "approval_status", {"number": number, "wait_seconds": 60})) for i in range(12)]
    time.sleep(1)
    begun = time.time()
    assert agent.call("query", database="orders", sql="SELECT 1")[0]["rows"] == [["1"]]
    assert time.time() - begun < 2
    approve(gateway, number, 0).join()
    for connection in waiting:
        found = json.loads(connection.getresponse().read())["result"]["structuredContent"]
        assert found["state"] == "approved"
    agent.close()


def test_a_wait_ends_with_its_credential(gateway, token, packages):
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    number = held(agent, "waits_with_a_token")
    agent.close()
    made = gateway.cli("token", "create", "--user", "helper", "--acts-for", "alice", "--for", "1h", "--scope", "mcp", "--scope", "approvals")
    other = made.stdout.split()[-1]
    until_known(gateway, other)
    waiting = asked(gateway, other, call(1, "approval_status", {"number": number, "wait_seconds": 60}))
    time.sleep(1.5)
    gateway.cli("token", "revoke", next(row["id"] for row in json.loads(gateway.cli("token", "list", "-o", "json").stdout) if row["id"] in made.stderr))
    begun = time.time()
    assert waiting.getresponse().status == 401 and time.time() - begun < 10
