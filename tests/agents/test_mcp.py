"""The Model Context Protocol: the official SDK's client, over HTTP and over standard input and output, with no knowledge of
Sluice but what the server tells it."""

import http.client
import json
import pathlib
import socket
import ssl
import sys
import time

import psycopg
import pytest
from harness import npm
from harness.certificates import Authority
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "identity"))
from issuers import FakeIssuer  # noqa: E402
from mcp_client import PING, Agent, post, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows_changed: 100 } }
  - { name: no-payroll, effect: deny, on: { tables: [public.payroll] } }
  - { name: agents-drop-nothing, effect: deny, who: { kinds: [agent] }, do: [drop] }
  - { name: ledger-from-one-place, effect: deny, on: { tables: [public.ledger] }, when: { client: [127.0.0.2/32] } }
  - { name: schema-waits, effect: hold, do: [create, alter], approve: { by: [dba], wait: 5m } }
roles:
  - { name: writer, groups: [writers], who: { groups: [engineering] }, at_most: 1h, approve: { by: [dba] } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, balance numeric(10,2) DEFAULT 0);
INSERT INTO customers SELECT i, 'person' || i || '@example.com', i FROM generate_series(1, 500) i;
CREATE TABLE payroll (id int, salary int); CREATE TABLE ledger (id int);
ANALYZE customers;
"""


@pytest.fixture(scope="module")
def packages():
    return npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def issuer():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, issuer):
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"""\
policy: {{ file: {policy} }}
identity:
  issuers: [{{ name: corp, issuer: '{issuer.url}', audience: sluice, allow_http: true }}]
  workloads: [{{ issuer: corp, match: {{ sub: 'agent:*' }}, user: robot, kind: agent }}]
""")
    for name, extra in (("dora", ("--group", "dba")), ("helper", ("--kind", "agent", "--group", "engineering"))):
        gateway.cli("user", "add", name, *extra, "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def agent(gateway, packages):
    token = token_of(gateway, "mcp", "approvals", "changes", "grants")
    until_known(gateway, token)
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    yield agent
    agent.close()


def test_it_says_what_it_can_do(agent):
    assert agent.greeting["server"]["name"] == "sluice" and "masked" in agent.greeting["instructions"]
    tools = {tool["name"]: tool for tool in agent.ask("listTools")["tools"]}
    assert {"list_databases", "describe_schema", "explain_statement", "query", "execute", "propose_change", "my_history"} <= set(tools)
    assert tools["query"]["annotations"]["readOnlyHint"] is True and tools["execute"]["annotations"]["destructiveHint"] is True
    assert tools["query"]["inputSchema"]["required"] == ["database", "sql"]
    assert agent.ask("ping") == {}


def test_an_agent_explores_and_reads_what_is_masked(agent, gateway):
    found, failed = agent.call("list_databases")
    assert not failed and found == {"databases": [{"name": "orders", "environment": "production"}]}
    found, failed = agent.call("describe_schema", database="orders", table="customers")
    assert not failed, found
    columns = {column["name"]: column for column in found["tables"][0]["columns"]}
    assert columns["id"]["type"] == "integer" and columns["id"]["nullable"] is False
    assert columns["email"]["class"] == "email" and columns["email"]["masked"] is True
    found, failed = agent.call("query", database="orders", sql="SELECT id, email, balance FROM customers ORDER BY id LIMIT 2")
    assert not failed, found
    assert found["columns"] == [{"name": "id", "type": "integer"}, {"name": "email", "type": "text"},
                                {"name": "balance", "type": "numeric"}]
    assert [row[0] for row in found["rows"]] == ["1", "2"] and "person1@example.com" not in json.dumps(found)
    found, failed = agent.call("query", database="orders", sql="SELECT id FROM customers", max_rows=10)
    assert found["row_count"] == 10 and found["truncated"] is True
    found, failed = agent.call("query", database="orders", sql="SELECT count(*) FROM customers")
    assert found["rows"] == [["500"]], "the connection is good after what was cut off"
    record = gateway.wait_for(lambda r: r, "--user", "helper", "--type", "statement")[-1]
    assert record["actors"] == ["helper", "alice"] and record["application"].startswith("mcp"), record


def test_results_come_in_pages(agent):
    """With the schema of what it returns known, the SDK's client holds each answer against it, errors too."""
    schema = next(tool for tool in agent.ask("listTools")["tools"] if tool["name"] == "query")["outputSchema"]
    assert schema["properties"]["columns"]["items"]["required"] == ["name", "type"]
    sql, seen, more = "SELECT id FROM customers ORDER BY id", [], {}
    for _ in range(5):
        found, failed = agent.call("query", database="orders", sql=sql, max_rows=120, **more)
        assert not failed and found["columns"] == [{"name": "id", "type": "integer"}], found
        seen += [int(row[0]) for row in found["rows"]]
        assert ("next_cursor" in found) == found["truncated"] == (len(seen) < 500), found
        more = {"cursor": found.get("next_cursor")}
    assert seen == list(range(1, 501))
    found, _ = agent.call("query", database="orders", sql=sql, max_rows=7)
    for other in ({"sql": sql + " DESC", "cursor": found["next_cursor"]}, {"sql": sql, "cursor": "7"}, {"sql": sql, "cursor": ""}):
        refused, failed = agent.call("query", database="orders", **other)
        assert failed and "no cursor of this statement" in refused["error"], refused
    wide = "SELECT i, repeat('x', 1000) FROM generate_series(1, 600) i"
    first, _ = agent.call("query", database="orders", sql=wide, max_rows=1000)
    assert first["truncated"] and 200 < first["row_count"] < 300, "cut off by its bytes"
    second, _ = agent.call("query", database="orders", sql=wide, max_rows=1, cursor=first["next_cursor"])
    assert second["rows"][0][0] == str(first["row_count"] + 1)
    refused, failed = agent.call("query", database="orders", sql="SELECT * FROM payroll")
    assert failed and refused["error"]["sqlstate"] == "42501"


def test_what_nobody_wanted_costs_no_row(agent, server):
    """A row behind the last that is wanted may be of any length, and notices are no row."""
    found, failed = agent.call("query", database="orders", sql="SELECT 'a' UNION ALL SELECT repeat('x', 5000000)", max_rows=1)
    assert not failed and found["rows"] == [["a"]] and found["truncated"] is True, str(found)[:500]
    found, failed = agent.call("query", database="orders", sql="SELECT 'a' UNION ALL SELECT repeat('x', 5000000)", max_rows=2)
    assert failed and found["error"]["sqlstate"] == "54000", str(found)[:500]
    server.sql("""CREATE FUNCTION public.chatty() RETURNS int LANGUAGE plpgsql STABLE AS
        $$ BEGIN FOR i IN 1..10 LOOP RAISE NOTICE '%', repeat('n', 400000); END LOOP; RETURN 7; END $$""", database="orders")
    found, failed = agent.call("execute", database="orders", sql="SELECT public.chatty()")
    assert not failed and found["rows"] == [["7"]], str(found)[:500]


def test_what_is_refused_says_why(agent, server):
    found, failed = agent.call("query", database="orders", sql="SELECT * FROM payroll")
    assert failed and found["error"]["sqlstate"] == "42501" and "no-payroll" in json.dumps(found)
    found, failed = agent.call("query", database="orders", sql="DELETE FROM customers WHERE id = 1")
    assert failed and "execute" in found["next"]
    for sql in ("WITH gone AS (DELETE FROM customers WHERE id = 1 RETURNING 1) SELECT * FROM gone", "SET work_mem = '1MB'",
                "SELECT 1; DELETE FROM customers", "SELECT setval('x', 1)", "SELECT id INTO copied FROM customers", "COPY customers TO STDOUT"):
        found, failed = agent.call("query", database="orders", sql=sql)
        assert failed, (sql, found)
    assert server.sql("SELECT count(*) FROM customers", database="orders") == ["500"]
    found, failed = agent.call("execute", database="orders", sql="DROP TABLE customers")
    assert failed and "agents-drop-nothing" in json.dumps(found)
    found, failed = agent.call("execute", database="orders", sql="SELECT 1; SELECT 2")
    assert failed, "one statement at a time"
    for tool, arguments in (("query", {"database": "nowhere", "sql": "SELECT 1"}), ("execute", {"database": "nowhere", "sql": "SELECT 1"}),
                            ("describe_schema", {"database": "nowhere"}), ("explain_statement", {"database": "nowhere", "sql": "SELECT 1"})):
        found, failed = agent.call(tool, **arguments)
        assert failed and "nowhere" in json.dumps(found), (tool, found)


def test_errors_say_what_an_agent_can_do_next(agent):
    """By the tools that it has, not by a command line that it has not."""
    def said(tool, **arguments):
        found, failed = agent.call(tool, **arguments)
        return failed, json.dumps(found)
    for sql in ("SELECT * FROM nosuch", "SELECT nosuch FROM customers"):
        failed, text = said("query", database="orders", sql=sql)
        assert failed and "describe_schema" in text, text
    assert "one by one" in said("query", database="orders", sql="SELECT 1; SELECT 2")[1]
    assert "leave out table" in said("describe_schema", database="orders", table="nosuch")[1]
    assert "list_databases" in said("describe_schema", database="nowhere")[1]
    failed, text = said("dry_run", database="orders", sql="CREATE TABLE x (id int)")
    assert failed and "explain_statement" in text, text
    failed, text = said("execute", database="orders", sql="BEGIN")
    assert "outlasts the call" in text, text
    for tool, arguments, word in (("approval_status", {"number": 99999}, "waiting_for_approval"), ("change_status", {"number": 99999}, "propose_change"),
                                  ("request_access", {"database": "orders", "role": "nosuch", "seconds": 60, "reason": "x"}, "/policy"),
                                  ("propose_change", {"databases": ["orders"], "sql": "no sql", "title": "x", "reason": "x"}, "explain_statement")):
        failed, text = said(tool, **arguments)
        assert failed and word in text and '"error"' in text and "sluice approval" not in text.split('"title"')[0], (tool, text)


def test_rules_see_from_where_an_agent_asks(gateway, server):
    token = token_of(gateway, "mcp", "api")
    until_known(gateway, token)
    for source in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
        for tool in ("query", "explain_statement"):
            connection = http.client.HTTPConnection("127.0.0.1", gateway.http, source_address=(source, 0), timeout=60)
            connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": tool, "arguments": {"database": "orders", "sql": "SELECT id FROM ledger"}}}),
                {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})
            found = json.loads(connection.getresponse().read())["result"]["structuredContent"]
            refused = "ledger-from-one-place" in json.dumps(found.get("error", found.get("decision", {}).get("rule", "")))
            assert refused == (source == "127.0.0.2"), (source, tool, found)
    records = gateway.wait_for(lambda r: len(r) >= 3, "--user", "helper", "--text", "FROM ledger", "--type", "statement")
    assert {record["client"].split(":")[0] for record in records} == {"127.0.0.1", "127.0.0.2"}
    # Nobody else says from where somebody asks.
    with pytest.raises(psycopg.OperationalError, match="may not be set"):
        psycopg.connect(gateway.dsn(options="-c sluice.asked_from=0123@127.0.0.1"))


def test_nothing_of_one_statement_is_left_for_the_next(agent, gateway):
    for sql in ("BEGIN", "SET work_mem = '5MB'", "SET sluice.run = 'somebody-elses'"):
        found, failed = agent.call("execute", database="orders", sql=sql)
        assert not failed, found
    found, failed = agent.call("execute", database="orders", sql="SELECT current_setting('work_mem'), now() = statement_timestamp()")
    assert not failed and found["rows"][0][0] != "5MB", found
    found, failed = agent.call("execute", database="orders", sql="UPDATE customers SET balance = balance + 1000 WHERE id = 77")
    assert not failed
    found, failed = agent.call("query", database="orders", sql="SELECT balance >= 1000 FROM customers WHERE id = 77")
    assert found["rows"] == [["t"]], "it was in no transaction"
    record = gateway.wait_for(lambda r: r, "--user", "helper", "--text", "balance + 1000")[-1]
    assert record.get("run") != "somebody-elses"


def test_arguments_are_checked_for_the_model_to_mend(agent):
    found, failed = agent.call("query", database=7, nonsense=True)
    assert failed
    for word in ("database must be a text", "sql is missing", "no argument nonsense"):
        assert word in found["error"], found
    answer = agent.ask("callTool", name="unknown", arguments={})
    assert "no tool of that name" in answer["failed"], answer


def test_a_statement_is_explained_before_it_runs(agent):
    found, failed = agent.call("explain_statement", database="orders", sql="ALTER TABLE customers ALTER COLUMN balance TYPE bigint")
    assert not failed, found
    assert found["decision"]["effect"] == "hold" and found["decision"]["rule"] == "schema-waits"
    assert any("balance" in line for line in found["schema_diff"]) and found["may_break_older_clients"]
    assert any(finding["rule"] == "change-column-type-rewrites" for finding in found["lint"])


def test_what_waits_for_a_person_is_run_once_they_approve(agent, gateway, server):
    sql = "ALTER TABLE customers ADD COLUMN note text"
    found, failed = agent.call("execute", database="orders", sql=sql)
    number = found["waiting_for_approval"]
    assert not failed and "Nothing has run" in found["next"]
    assert agent.call("approval_status", number=number)[0]["state"] == "waiting"
    gateway.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    assert agent.call("approval_status", number=number)[0]["state"] == "approved"
    found, failed = agent.call("execute", database="orders", sql=sql)
    assert not failed and found["status"] == "ALTER TABLE", found
    assert server.sql("SELECT count(note) FROM customers", database="orders") == ["0"]


def test_a_change_is_proposed_and_run(agent, gateway, server):
    found, failed = agent.call("propose_change", databases=["orders"], title="A table", reason="it is needed",
                               sql="CREATE TABLE fresh (id int PRIMARY KEY);\nINSERT INTO fresh VALUES (1);")
    assert not failed, found
    number, request = found["number"], found["request"]
    gateway.cli("approval", "approve", str(request), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    found, failed = agent.call("run_change", number=number)
    assert not failed, found
    for _ in range(600):
        found, failed = agent.call("change_status", number=number)
        if found["state"] == "done":
            break
        time.sleep(0.1)
    assert found["state"] == "done" and server.sql("SELECT id FROM fresh", database="orders") == ["1"]


def test_access_is_asked_for(agent, gateway):
    found, failed = agent.call("request_access", database="orders", role="writer", seconds=600, reason="to write")
    assert failed and "you act for" in found["title"], "an agent has nothing that its person has not"
    token = token_of(gateway, "mcp", "grants", acts_for=None)
    until_known(gateway, token)

    def call(tool, **arguments):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        return json.loads(post(gateway, body, token)[2])["result"]

    made = call("request_access", database="orders", role="writer", seconds=600, reason="to write")
    assert made["isError"] is False and made["structuredContent"]["state"] == "waiting", made
    number = made["structuredContent"]["number"]
    assert call("access_status", number=number)["structuredContent"]["role"] == "writer"


def test_an_agent_recalls_its_own_statements(agent, gateway):
    agent.call("query", database="orders", sql="SELECT 'to be recalled'")
    gateway.psql("-c", "SELECT 'of somebody else'")
    gateway.wait_for(lambda r: any("to be recalled" in x.get("text", "") for x in r), "--user", "helper")
    found, failed = agent.call("my_history", limit=100)
    assert not failed, found
    assert "to be recalled" in json.dumps(found) and "of somebody else" not in json.dumps(found)


def test_the_person_is_gone_and_so_is_the_agent(gateway, packages):
    gateway.cli("user", "add", "carol", "--password-stdin", input=PASSWORD + "\n")
    token = token_of(gateway, "mcp", acts_for="carol")
    until_known(gateway, token)
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    assert agent.call("query", database="orders", sql="SELECT 1")[0]["rows"] == [["1"]]
    gateway.cli("user", "disable", "carol")
    for _ in range(300):
        status = post(gateway, PING, token)[0]
        if status != 200:
            break
        time.sleep(0.1)
    assert status == 401, "an agent went on without its person"
    assert "content" not in agent.ask("callTool", name="query", arguments={"database": "orders", "sql": "SELECT 1"})
    agent.close()


def test_over_standard_input(gateway, packages):
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    agent = Agent(packages, "stdio", SLUICE, "mcp", "--gateway", f"http://127.0.0.1:{gateway.http}", env={"SLUICE_TOKEN": token})
    assert agent.greeting["server"]["name"] == "sluice"
    assert agent.call("query", database="orders", sql="SELECT 40 + 2")[0]["rows"] == [["42"]]
    agent.close()
    wrong = Agent(packages, "stdio", SLUICE, "mcp", "--gateway", f"http://127.0.0.1:{gateway.http}", env={"SLUICE_TOKEN": "slc_wrong"})
    assert "401" in wrong.greeting["failed"], wrong.greeting


def test_who_may_ask(gateway, issuer):
    status, headers, body = post(gateway, PING)
    assert status == 401 and f"http://127.0.0.1:{gateway.http}/.well-known/oauth-protected-resource/mcp" in headers["WWW-Authenticate"]
    status, _, body = post(gateway, None, path="/.well-known/oauth-protected-resource/mcp", method="GET")
    said = json.loads(body)
    assert said["resource"] == f"http://127.0.0.1:{gateway.http}/mcp" and said["authorization_servers"] == [issuer.url]
    without = token_of(gateway, "approvals")
    until_known(gateway, without)
    status, headers, body = post(gateway, PING, without)
    assert status == 403 and b"scope" in body
    assert headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope", scope="mcp", resource_metadata=')
    status, headers, _ = post(gateway, PING, "not.a.token")
    assert status == 401 and headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", resource_metadata=')
    # A token of the company's own identity provider, as OAuth has it.
    token = issuer.token("agent:7", "sluice")
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {"name": "query", "arguments": {"database": "orders", "sql": "SELECT 7"}}}
    status, _, body = post(gateway, call, token)
    assert status == 200 and json.loads(body)["result"]["structuredContent"]["rows"] == [["7"]], body
    assert gateway.wait_for(lambda r: r, "--user", "robot", "--type", "statement")[-1]["authentication"] == "jwt"
    assert post(gateway, PING, issuer.token("agent:7", "another-service"))[0] == 401


def test_over_https_from_another_machine(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect(("198.51.100.1", 9))  # Sends nothing; tells this machine's own address.
        own = route.getsockname()[0]
    assert not own.startswith("127.")
    authority = Authority()
    certificate, key = authority.issue("gateway", (f"IP:{own}", "IP:127.0.0.1"))
    gateway = Gateway(server, http_host="0.0.0.0", extra=f"tls: {{ certificate: {certificate}, key: {key} }}")
    try:
        trusted = ssl.create_default_context(cafile=authority.certificate)
        token = token_of(gateway, "mcp", "changes", "approvals", "grants", user="alice", acts_for=None)

        def call(tool, **arguments):
            connection = http.client.HTTPSConnection(own, gateway.http, timeout=60, context=trusted)
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
            connection.request("POST", "/mcp", json.dumps(body), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")

        deadline = time.time() + 30
        while call("list_databases")[0] == 401 and time.time() < deadline:
            time.sleep(0.1)
        for tool in ("change_status", "approval_status", "access_status"):
            status, answer = call(tool, number=12345)
            assert status == 200 and answer["result"]["structuredContent"]["status"] == 404, (tool, answer)
        status, answer = call("propose_change", title="t", reason="r", databases=["orders"], sql="INSERT INTO customers VALUES (-1, 'x', 0);")
        assert status == 200 and not answer["result"].get("isError"), answer
    finally:
        assert gateway.stop() == 0


def test_messages_that_are_none(gateway):
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    for body, code in ((b"{", -32700), (b"[]", -32600), (b"{}", -32600), (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
                       (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600), (b"[" * 100 + b"]" * 100, -32700)):
        status, _, answer = post(gateway, body, token)
        assert status == 400 and json.loads(answer)["error"]["code"] == code, (body, answer)
    status, _, answer = post(gateway, {"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe"}, token)
    assert status == 200 and json.loads(answer)["error"]["code"] == -32601
    assert post(gateway, {"jsonrpc": "2.0", "method": "notifications/initialized"}, token)[0] == 202
    assert post(gateway, PING, token, MCP_Protocol_Version="1999-01-01")[0] == 400
    assert post(gateway, PING, token, Origin="https://evil.example")[0] == 403
    assert post(gateway, PING, token, Origin=f"http://127.0.0.1:{gateway.http}")[0] == 200
    assert post(gateway, None, token, method="GET")[0] == 405


def test_many_agents_at_once(gateway):
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    import concurrent.futures

    def ask(n):
        call = {"jsonrpc": "2.0", "id": n, "method": "tools/call",
                "params": {"name": "query", "arguments": {"database": "orders", "sql": f"SELECT {n}, pg_backend_pid() > 0"}}}
        status, _, body = post(gateway, call, token)
        return status, json.loads(body)["result"]["structuredContent"]["rows"][0][0]

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        assert list(pool.map(ask, range(96))) == [(200, str(n)) for n in range(96)]
