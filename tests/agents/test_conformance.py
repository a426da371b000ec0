"""The protocol's own conformance suite and inspector, from npm, against the gateway.

Neither can show a token over Streamable HTTP everywhere: a small proxy does it for them, as one in front of an agent would.
"""

import http.client
import http.server
import json
import subprocess
import threading

import pytest
from harness import npm
from harness.gateway import Gateway

# Those that ask for nothing but a server's own; the others call tools and read resources of the suite's example server
# ("test_simple_text", "test://static-text").
SCENARIOS = ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "completion-complete", "dns-rebinding-protection")


class Proxy:
    """Hands on to the gateway's /mcp, with a token."""

    def __init__(self, gateway, token):
        class Handler(http.server.BaseHTTPRequestHandler):
            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "content-length")}
                connection.request(self.command, self.path, body, {**headers, "Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Allow"):
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


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_conformance(proxy, tools, scenario, tmp_path):
    done = subprocess.run(["node", "node_modules/@modelcontextprotocol/conformance/dist/index.js", "server", "--url", proxy.url,
                           "--scenario", scenario, "--output-dir", str(tmp_path)],
                          cwd=tools, text=True, capture_output=True, timeout=120)
    checks = [check for file in tmp_path.rglob("checks.json") for check in json.loads(file.read_text())]
    failed = [check for check in checks if check["status"] in ("FAILURE", "WARNING")]
    assert checks and not failed and done.returncode == 0, (failed, done.stdout[-2000:], done.stderr[-2000:])
    assert any(check["status"] == "SUCCESS" for check in checks)


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
