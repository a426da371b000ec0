"""The official SDK's client in a process of its own, plain HTTP beside it, and tokens for both."""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


def token_of(gateway, *scopes, user="helper", acts_for="alice"):
    words = [word for scope in scopes for word in ("--scope", scope)]
    if acts_for:
        words += ["--acts-for", acts_for]
    return gateway.cli("token", "create", "--user", user, "--for", "1h", *words).stdout.split()[-1]


class Agent:
    """The SDK's client in a process of its own."""

    def __init__(self, packages, *how, env=None):
        self.process = subprocess.Popen(["node", str(HERE / "client.mjs"), *how], cwd=packages, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **(env or {})})
        self.greeting = json.loads(self.process.stdout.readline())

    def ask(self, method, **params):
        self.process.stdin.write(json.dumps({"method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def call(self, tool, **arguments):
        """(what it has found, whether it failed)"""
        answer = self.ask("callTool", name=tool, arguments=arguments)
        assert json.loads(answer["content"][0]["text"]) == answer["structuredContent"]
        return answer["structuredContent"], answer.get("isError", False)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0


def post(gateway, body, token=None, path="/mcp", method="POST", **headers):
    """(status, headers, body)"""
    headers = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", data if method == "POST" else None, headers,
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def until_known(gateway, token):
    """A token that was just made is known within a second."""
    for _ in range(300):
        if post(gateway, PING, token)[0] != 401:
            return
        time.sleep(0.1)
    raise AssertionError("the token never came to be known")
