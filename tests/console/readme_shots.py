"""Takes the README's pictures anew: python3 tests/console/readme_shots.py, with SLUICE_BIN and a console built by ./dev web. Look at them before they are committed."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "agents")]
import psycopg  # noqa: E402
import rig  # noqa: E402
import test_models  # noqa: E402
from harness import npm  # noqa: E402
from harness.gateway import PASSWORD  # noqa: E402

SQL = "SELECT o.id, c.given_name, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'returned' LIMIT 5"


def busy(gateway, user, statements, pause, over):
    with psycopg.connect(gateway.dsn(user), autocommit=True) as connection:
        while not over.is_set():
            for _ in range(random.randint(1, 6)):
                try:
                    connection.execute(random.choice(statements)).fetchall()
                except psycopg.Error:
                    pass
            over.wait(random.random() * pause)


def agent(gateway):
    """Asks its model through the gateway, and runs what that calls its tool with."""
    token = gateway.cli("token", "create", "--user", "nightly-agent", "--for", "1h", "--acts-for", "alice", "--scope", "mcp", "--scope", "models").stdout.strip()
    body = json.dumps({"model": "some-model", "max_tokens": 100, "messages": [{"role": "user", "content": "Whose parcels came back? Write to jane.miller@example.com about it."}]})
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/models/claude/v1/messages", body.encode(),
                                     {"X-Api-Key": token, "Sluice-Run": "late-parcels", "Content-Type": "application/json"})
    for left in range(100, 0, -1):  # The gateway knows a new token within a second or so.
        try:
            prompt = urllib.request.urlopen(request, timeout=30).headers["Sluice-Prompt"]
            break
        except urllib.error.HTTPError:
            if left == 1:
                raise
            time.sleep(0.2)
    with psycopg.connect(gateway.dsn("nightly-agent", token), autocommit=True) as connection:
        for name, value in (("run", "late-parcels"), ("prompt", prompt), ("call", "toolu_01")):
            connection.execute(f"SET sluice.{name} = '{value}'")
        connection.execute(SQL).fetchall()


def main():
    provider = test_models.Provider()
    test_models.ANTHROPIC["content"] = [
        {"type": "thinking", "thinking": "Returned orders have a status of their own.", "signature": "c2lnbmVk"},
        {"type": "text", "text": "I look them up."}, {**test_models.TOOL, "input": {"sql": SQL}}]
    server = rig.new_server()
    gateway = rig.start(server, extra=f"models: [{{ name: claude, api: anthropic, url: '{provider.url}' }}]\n")
    over = threading.Event()
    try:
        crowd = [threading.Thread(target=busy, args=(gateway, *each, over), daemon=True) for each in (
            ("alice", ["SELECT id, given_name, email FROM customers ORDER BY id LIMIT 20", "SELECT * FROM orders WHERE id = 7"], 0.4),
            ("dora", ["SELECT given_name, email FROM customers ORDER BY id LIMIT 5"], 2),
            ("dan", ["SELECT count(*) FROM orders WHERE status = 'paid'", "DELETE FROM payments", "SELECT 1 / 0"], 1.2))]
        for each in crowd:
            each.start()
        agent(gateway)
        rig.hold(gateway, "dan", "ALTER TABLE orders ADD COLUMN gift_note text")
        subprocess.run(["node", HERE / "readme.mjs"], check=True, env={
            **os.environ, "NODE_HOME": str(npm.packages("console-tests", "playwright-core@1.57", "axe-core@4.11")), "CHROMIUM": shutil.which("chromium"),
            "CONSOLE_URL": f"http://127.0.0.1:{gateway.http}", "CONSOLE_PASSWORD": PASSWORD, "CONSOLE_SHOTS": str(rig.ROOT / "docs/screenshots")})
    finally:
        over.set()
        gateway.stop()
        server.stop()
        provider.stop()


if __name__ == "__main__":
    main()
