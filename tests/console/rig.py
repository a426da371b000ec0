"""A gateway that people have worked with for a while: what the console has to show."""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import urllib.request

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer, as_postgres

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHOTS = ROOT / "build/screenshots"
CUSTOMERS = 1000

# Name, groups, more of `sluice user add`.
USERS = (
    ("root", ("platform", "engineering"), ()),
    ("audra", ("security",), ()),
    ("erin", ("approvers",), ()),
    ("dan", ("dba",), ()),
    ("dora", ("privacy",), ()),
    ("nightly-agent", ("agents",), ("--kind", "agent")),
)

POLICY_EXTRA = """
  - name: privacy-team-sees-people
    effect: unmask
    who: { groups: [privacy] }
    classes: ["*"]
  - { name: payments-on-trial, effect: deny, mode: shadow, do: [read], on: { tables: [public.payments] } }
roles:
  - { name: writer, groups: [engineering], who: { groups: [engineering, platform] }, at_most: 8h, approve: { by: [approvers] } }
access_review: { by: [platform] }
budgets:
  - { name: an-agents-month, who: { kinds: [agent] }, per: agent, every: 31d, statements: 500, rows: 200, bytes: 10MB, ask: the platform team }
  - { name: a-run, who: { kinds: [agent] }, per: run, statements: 20 }
"""


def start(server, fresh=False, users=USERS, bare=False, extra=""):
    """A gateway with the console before `server`; with traffic unless `fresh`; `bare`: its file names no database, and nobody but `users` is there."""
    gateway = Gateway(server, start=False, masking=True, environment="production", extra="api: { admins: [platform], auditors: [security] }\n" + extra,
                      env={"SLUICE_CONSOLE": str(ROOT / "web/dist")}, add_alice=not bare)
    if bare:
        text = gateway.config.read_text()
        gateway.config.write_text(text[:text.index("databases:")] + "databases: []\n")
    for name, groups, more in users:
        given = [word for group in groups for word in ("--group", group)]
        gateway.cli("user", "add", name, *given, *more, "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    if not fresh:
        work(gateway, server)
    return gateway


def new_server():
    server = PostgresServer()
    seed = subprocess.run(as_postgres(["psql", "-X", "-q", "-h", server.root, "-p", server.port, "-U", "postgres", "-d", "orders",
                                       "-v", f"customers={CUSTOMERS}", "-f", "-"]), stdin=open(ROOT / "examples/demo/seed.sql"))
    assert seed.returncode == 0
    return server


def ask(gateway, user, *statements):
    """Runs statements one by one; those that are refused are refused."""
    with psycopg.connect(gateway.dsn(user), autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement)
            except psycopg.Error:
                pass


def save_policy(gateway):
    text = (ROOT / "policies/standard.yaml").read_text()
    file = gateway.root / "policy.yaml"
    file.write_text(text)
    gateway.cli("policy", "save", str(file), "--comment", "begin with the standard profile")
    file.write_text(text + POLICY_EXTRA)
    gateway.cli("policy", "save", str(file), "--comment", "the privacy team sees people; writers for a while")


def hold(gateway, user, statement):
    """A statement that waits for people, in a session of its own that is there until the gateway stops."""
    thread = threading.Thread(target=lambda: ask(gateway, user, statement), daemon=True)
    thread.start()
    gateway.wait_for(lambda found: found, "--type", "approval", "--text", statement)
    return thread


def call(gateway, user, method, path, body=None):
    """An answer of the API, to somebody who has logged in."""
    def send(method, path, body, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    secret = send("POST", "/login", {"user": user, "password": PASSWORD})["secret"]
    return send(method, path, body, Authorization=f"Bearer {secret}")


def approve(gateway, user, word):
    """Approves, as `user`, what waits and has this in its text."""
    (number,) = [each["number"] for each in call(gateway, user, "GET", "/approvals?state=waiting") if word in each["statement"]]
    call(gateway, user, "POST", f"/approvals/{number}/approve", {"comment": "as agreed"})


def work(gateway, server):
    save_policy(gateway)
    ask(gateway, "alice", "SELECT id, given_name, email, loyalty_points FROM customers ORDER BY id LIMIT 50",
        "SELECT upper(email) FROM customers WHERE email LIKE '%a%'", "SELECT count(*) FROM orders WHERE status = 'paid'",
        "SELECT o.id, c.city FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id LIMIT 20", "SELECT pg_sleep(0.3)",
        "SELECT 1 / 0", "TABLE payments LIMIT 10")
    ask(gateway, "dora", "SELECT given_name, email, iban, birth_date FROM customers ORDER BY id LIMIT 5")
    ask(gateway, "nightly-agent", "SELECT id FROM orders ORDER BY id LIMIT 170", "DELETE FROM payments", "UPDATE orders SET status = 'returned' WHERE id = 42",
        "UPDATE orders SET status = 'returned' WHERE id > 42", "SELECT status, count(*) FROM orders GROUP BY status")
    for _ in range(20):
        ask(gateway, "alice", *("SELECT * FROM orders WHERE id = " + str(n) for n in range(5)))
    server.sql("ALTER TABLE customers ADD COLUMN note text", "orders")
    gateway.wait_for(lambda found: found, "--type", "schema_drift")


def browse(packages, gateway, script, *args, **env):
    """Runs a script of this folder in Chromium; what it says when it fails is the failure."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed; run ./dev setup"
    done = subprocess.run(["node", HERE / script, *args], capture_output=True, text=True, timeout=600, env={
        **os.environ, "NODE_HOME": str(packages), "CHROMIUM": chromium, "CONSOLE_URL": f"http://127.0.0.1:{gateway.http}",
        "CONSOLE_PASSWORD": PASSWORD, "CONSOLE_SHOTS": str(SHOTS), **env})
    if done.returncode != 0:
        pytest.fail(f"{script} {' '.join(args)}:\n{done.stdout}{done.stderr}", pytrace=False)
