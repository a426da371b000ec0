"""The protocol's own conformance suite and inspector, from npm, against the gateway: each of its scenarios for servers is run,
or said to be left out.

Neither can show a token over Streamable HTTP everywhere: a small proxy does it for them, as one in front of an agent would.
"""

import http.client
import http.server
import json
import subprocess
import threading
import urllib.request

import pytest
from harness import npm
from harness.gateway import Gateway

# Those that ask for nothing but a server's own.
OWN = ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "completion-complete", "dns-rebinding-protection",
       "server-sse-multiple-streams")

# Those that call a tool, read a resource or get a prompt of the suite's example server, and look at the form of the answer: one of the
# gateway's own is asked in its place, so that the form is looked at here too.
TOOLS = {
    "test_simple_text": ("list_databases", {}),
    "test_error_handling": ("query", {"database": "orders", "sql": "SELECT no_such_column"}),
    "test_tool_with_progress": ("query", {"database": "orders", "sql": "SELECT pg_sleep(4.5)"}),
    "test_reconnection": ("query", {"database": "orders", "sql": "SELECT 1"}),
}
RESOURCES = {
    "test://static-text": "sluice://databases",
    "test://template/123/data": "sluice://databases/orders/tables/public/order_123",
}
PROMPTS = {
    "test_simple_prompt": ("explore_database", {"database": "orders"}),
    "test_prompt_with_arguments": ("propose_schema_change", {"database": "testValue1", "change": "testValue2"}),
}
IN_PLACE = ("tools-call-simple-text", "tools-call-error", "tools-call-with-progress", "server-sse-polling", "resources-read-text",
            "resources-templates-read", "prompts-get-simple", "prompts-get-with-args")

# The others need what a server may leave out, and this one does not say that it has: pictures, sounds and resources within
# answers, a log of its own, subscriptions, questions to the client's model or person, schemas with $defs.
LEFT_OUT = ("logging-set-level", "tools-call-image", "tools-call-audio", "tools-call-embedded-resource", "tools-call-mixed-content",
            "tools-call-with-logging", "tools-call-sampling", "tools-call-elicitation", "json-schema-2020-12", "elicitation-sep1034-defaults",
            "elicitation-sep1330-enums", "resources-read-binary", "resources-subscribe", "resources-unsubscribe",
            "prompts-get-embedded-resource", "prompts-get-with-image")


def in_place(body):
    """A request for something of the example server, made one for something of the gateway's own."""
    if not body:
        return body
    message = json.loads(body)
    params = message.get("params", {})
    for method, names in (("tools/call", TOOLS), ("prompts/get", PROMPTS)):
        if message.get("method") == method and params.get("name") in names:
            params["name"], params["arguments"] = names[params["name"]]
    if message.get("method") == "resources/read":
        params["uri"] = RESOURCES.get(params["uri"], params["uri"])
    return json.dumps(message).encode()


class Proxy:
    """Hands on to the gateway's /mcp, with a token."""

    def __init__(self, gateway, token):
        class Handler(http.server.BaseHTTPRequestHandler):
            def hand_on(self):
                body = in_place(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "content-length")}
                connection.request(self.command, self.path, body, {**headers, "Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Allow", "Mcp-Session-Id"):
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = hand_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/mcp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def proxy(server):
    server.sql("CREATE TABLE IF NOT EXISTS order_123(id int); GRANT SELECT ON order_123 TO PUBLIC", "orders")
    gateway = Gateway(server, start=False)
    gateway.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--no-password")
    token = gateway.cli("token", "create", "--user", "robot", "--acts-for", "alice", "--for", "1h", "--scope", "mcp").stdout.strip()
    gateway.start()
    running = Proxy(gateway, token)
    yield running
    running.stop()
    gateway.stop()


@pytest.fixture(scope="module")
def tools():
    return npm.packages("mcp-conformance", "@modelcontextprotocol/conformance@0.1.13", "@modelcontextprotocol/inspector@0.15.0")


SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js"


def test_every_scenario_is_accounted_for(tools):
    listed = subprocess.run(["node", SUITE, "list", "--server"], cwd=tools, text=True, capture_output=True, timeout=120).stdout
    names = [line.split()[1] for line in listed.splitlines() if line.startswith("  - ")]
    assert sorted(names) == sorted(OWN + IN_PLACE + LEFT_OUT)


def test_what_is_left_out_is_not_claimed(proxy):
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}}}
    request = urllib.request.Request(proxy.url, json.dumps(hello).encode(), {"Accept": "application/json, text/event-stream"})
    said = json.load(urllib.request.urlopen(request, timeout=30))["result"]
    assert said["protocolVersion"] == "2025-11-25"
    assert "logging" not in said["capabilities"] and not said["capabilities"]["resources"].get("subscribe"), said


@pytest.mark.parametrize("scenario", OWN + IN_PLACE)
def test_conformance(proxy, tools, scenario, tmp_path):
    done = subprocess.run(["node", SUITE, "server", "--url", proxy.url,
                           "--scenario", scenario, "--output-dir", str(tmp_path)],
                          cwd=tools, text=True, capture_output=True, timeout=120)
    checks = [check for file in tmp_path.rglob("checks.json") for check in json.loads(file.read_text())]
    failed = [check for check in checks if check["status"] in ("FAILURE", "WARNING")]
    assert checks and not failed and done.returncode == 0, (failed, done.stdout[-2000:], done.stderr[-2000:])
    # A call that is over at once is answered without a stream: what is looked at in streams then does not apply.
    streamless = scenario == "server-sse-polling" and checks[-1]["id"] == "server-sse-content-type"
    assert streamless or any(check["status"] == "SUCCESS" for check in checks)


def test_inspector(proxy, tools):
    def inspect(*words):
        done = subprocess.run(["node", "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js", "--cli", proxy.url,
                               "--transport", "http", *words], cwd=tools, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert {"query", "describe_schema"} <= {tool["name"] for tool in inspect("--method", "tools/list")["tools"]}
    found = inspect("--method", "tools/call", "--tool-name", "query", "--tool-arg", "database=orders", "--tool-arg", "sql=SELECT 6 * 7 AS n")
    assert found["structuredContent"]["rows"] == [["42"]]
    assert "sluice://databases/orders/schema" in {each["uri"] for each in inspect("--method", "resources/list")["resources"]}
    read = inspect("--method", "resources/read", "--uri", "sluice://databases")
    assert json.loads(read["contents"][0]["text"])["databases"][0]["name"] == "orders"
    got = inspect("--method", "prompts/get", "--prompt-name", "explore_database", "--prompt-args", "database=orders")
    assert "sluice://databases/orders/policy" in got["messages"][0]["content"]["text"]
