"""A call that an MCP client gives up ends at the database server, too (notifications/cancelled)."""

import json
import threading
import time

import pytest
from harness import npm
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer
from mcp_client import Agent, post, token_of, until_known


@pytest.fixture(scope="module")
def packages():
    return npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False)
    gateway.cli("user", "add", "helper", "--kind", "agent", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def token(gateway):
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    return token


def slow(what, seconds=25):
    """Nobody may sleep, so it counts."""
    return f"SELECT '{what}', count(*) FROM generate_series(1, {seconds} * 6000000) n WHERE n % 7 = 3"


def runs(server, what):
    return server.sql(f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%''{what}''%' "
                      "AND pid <> pg_backend_pid()") != ["0"]


def until(condition, patience=15):
    deadline = time.time() + patience
    while not condition():
        assert time.time() < deadline, "it never came so"
        time.sleep(0.05)


@pytest.mark.parametrize("how", ["http", "stdio"])
def test_what_a_client_gives_up_ends_at_the_server(gateway, server, packages, token, how):
    url = f"http://127.0.0.1:{gateway.http}"
    agent = Agent(packages, "http", url + "/mcp", token) if how == "http" else \
        Agent(packages, "stdio", SLUICE, "mcp", "--gateway", url, env={"SLUICE_TOKEN": token})
    what = f"given up over {how}"
    asked = threading.Thread(target=lambda: agent.ask("givenUp", name="query", after=2500,
                                                      arguments={"database": "orders", "sql": slow(what)}))
    asked.start()
    until(lambda: runs(server, what))
    asked.join(20)
    until(lambda: not runs(server, what), 5)
    record = gateway.wait_for(lambda found: found, "--text", what, "--type", "statement")[-1]
    assert record["sqlstate"] == "57014", record
    assert agent.call("query", database="orders", sql="SELECT 40 + 2")[0]["rows"] == [["42"]]
    agent.close()


def call(number, what, seconds=25):
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call",
            "params": {"name": "query", "arguments": {"database": "orders", "sql": slow(what, seconds)}}}


def cancelled(number):
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}


def session_of(gateway, token):
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}
    status, headers, _ = post(gateway, hello, token)
    assert status == 200 and len(headers["Mcp-Session-Id"]) == 32
    return headers["Mcp-Session-Id"]


def test_only_ones_own_calls(gateway, server, token):
    """Ids of calls are alike in all clients: another session or another token cancels nothing."""
    own, other = session_of(gateway, token), session_of(gateway, token)
    assert own != other
    strange = token_of(gateway, "mcp", user="alice", acts_for=None)
    until_known(gateway, strange)
    answers = []
    asked = threading.Thread(target=lambda: answers.append(post(gateway, call(7, "mine"), token, Mcp_Session_Id=own)))
    asked.start()
    until(lambda: runs(server, "mine"))
    for who, session in ((token, other), (strange, own), ("slc_wrong", own)):
        post(gateway, cancelled(7), who, Mcp_Session_Id=session)
    assert post(gateway, cancelled(8), token, Mcp_Session_Id=own)[0] == 202
    assert post(gateway, cancelled("7"), token, Mcp_Session_Id=own)[0] == 202
    time.sleep(0.5)
    assert runs(server, "mine")
    begun = time.time()
    assert post(gateway, cancelled(7), token, Mcp_Session_Id=own)[0] == 202
    assert time.time() - begun < 2
    asked.join(10)
    result = json.loads(answers[0][2])["result"]
    assert result["isError"] and result["structuredContent"]["error"]["sqlstate"] == "57014", result


def test_what_waits_for_its_turn_does_not_run(gateway, server, token):
    """Four run at a time; the fifth is cancelled before it begins, and cancelling waits behind none of them."""
    session = session_of(gateway, token)
    answers = {}

    def ask(number):
        answers[number] = json.loads(post(gateway, call(number, f"of five {number}"), token, Mcp_Session_Id=session)[2])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 6)]
    for thread in threads[:4]:
        thread.start()
    until(lambda: all(runs(server, f"of five {number}") for number in range(1, 5)))
    threads[4].start()
    time.sleep(0.5)
    # Its own answer waits with what waits: nobody is waited for here.
    late = threading.Thread(target=post, args=(gateway, cancelled(5), token), kwargs={"Mcp_Session_Id": session})
    late.start()
    time.sleep(0.5)
    for number in range(1, 5):
        assert post(gateway, cancelled(number), token, Mcp_Session_Id=session)[0] == 202
    for thread in (*threads, late):
        thread.join(20)
        assert not thread.is_alive()
    for number in range(1, 6):
        assert answers[number]["result"]["structuredContent"]["error"]["sqlstate"] == "57014", answers[number]
