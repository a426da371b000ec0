"""What of the control plane counts for whom: the next of a name, credentials for some databases, logins that take their time,
approvers after many logins, floods through a proxy."""

import base64
import hashlib
import hmac
import http.client
import socket
import struct
import time

import psycopg
import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

SECRET = "wr1tten-nowhere"
POLICY = "rules:\n  - { name: held, effect: hold, do: [insert], approve: { by: [security] } }\n  - { name: all, effect: allow }\n"
PEOPLE = (("root", "platform"), ("sam", "security"), ("eve", "security"), ("dev", "developers"), ("mal", "developers"))


@pytest.fixture(scope="module")
def server():
    server = PostgresServer(host_lines=("host all all 127.0.0.1/32 scram-sha-256",))
    server.sql(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}'")
    server.sql("CREATE DATABASE hr OWNER keeper")
    server.sql("CREATE TABLE t (x text); GRANT ALL ON t TO PUBLIC", database="orders")
    yield server
    server.stop()


def started(server, extra="api: { admins: [platform], requests_per_second: 10000 }"):
    running = Gateway(server, start=False, masking=False, extra=extra, environment="staging")
    for name, group in PEOPLE:
        running.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
    file = running.root / "held.yaml"
    file.write_text(POLICY)
    running.cli("policy", "save", str(file), "--offline")
    running.start()
    return running


@pytest.fixture(scope="module")
def gateway(server):
    running = started(server)
    yield running
    assert running.stop() == 0


def login(gateway, name):
    answer = ask(gateway, "POST", "/login", {"user": name, "password": PASSWORD})
    assert answer.status == 200, answer.raw
    return answer.json["secret"]


def run(gateway, token, sql, database="orders"):
    return ask(gateway, "POST", "/query", {"database": database, "sql": sql}, token)


def held(gateway, token, value):
    answer = run(gateway, token, f"INSERT INTO t VALUES ('{value}')")
    assert answer.status == 202, answer.raw
    return answer.json["waiting_for_approval"]


def within(seconds, condition):
    begun = time.time()
    while not condition():
        assert time.time() - begun < seconds, "it does not come"
        time.sleep(0.1)


def test_Threat67_an_approver_who_may_not_any_more_after_many_logins(gateway):
    """Each login writes the store by a connection of its own, and all of them count its changes from where they began."""
    sam, dev, root, mal = (login(gateway, name) for name in ("sam", "dev", "root", "mal"))
    other = held(gateway, mal, "other")
    for _ in range(100):
        assert ask(gateway, "POST", f"/approvals/{other}/comment", {"comment": "."}, mal).status == 200
        mal = login(gateway, "mal")
    waiting, approved = held(gateway, dev, "one"), held(gateway, dev, "two")
    assert ask(gateway, "POST", f"/approvals/{approved}/approve", {}, sam).json["state"] == "approved"
    assert ask(gateway, "PATCH", "/users/sam", {"groups": ["interns"]}, root).json["groups"] == ["interns"]
    try:
        refused = ask(gateway, "POST", f"/approvals/{waiting}/approve", {}, sam)
        assert refused.status == 403, refused.raw
        assert run(gateway, dev, "INSERT INTO t VALUES ('one')").status == 202
        again = run(gateway, dev, "INSERT INTO t VALUES ('two')")
        assert again.status == 202 and again.json["waiting_for_approval"] != approved, again.raw
    finally:
        assert ask(gateway, "PATCH", "/users/sam", {"groups": ["security"]}, root).status == 200


def test_the_next_of_a_name_reads_nothing_of_the_one_before(gateway):
    root = login(gateway, "root")

    def make():
        assert ask(gateway, "POST", "/users", {"name": "kim", "groups": ["developers"], "password": PASSWORD}, root).status == 201
        return login(gateway, "kim")
    before = make()
    assert run(gateway, before, "SELECT 'my salary is 7' AS x").status == 200
    number = held(gateway, before, "4111111111111111")
    prompt = ask(gateway, "POST", "/agents/prompts", {"text": "private words of the first"}, before).json["prompt"].replace("/", "%2F")
    within(10, lambda: b"my salary" in ask(gateway, "GET", "/history", token=before).raw)
    assert ask(gateway, "GET", f"/agents/prompts/{prompt}", token=before).json["text"] == "private words of the first"
    assert ask(gateway, "DELETE", "/users/kim", token=root).status == 200
    after = make()
    assert run(gateway, after, "SELECT 'of the second' AS x").status == 200
    within(10, lambda: b"of the second" in ask(gateway, "GET", "/history", token=after).raw)
    assert b"my salary" not in ask(gateway, "GET", "/history", token=after).raw
    assert b"my salary" not in ask(gateway, "GET", "/history?since=30d", token=after).raw
    assert ask(gateway, "GET", f"/approvals/{number}", token=after).status == 403
    assert number not in [row["number"] for row in ask(gateway, "GET", "/approvals", token=after).json]
    assert ask(gateway, "POST", f"/approvals/{number}/withdraw", {"comment": "mine"}, after).status == 403
    assert ask(gateway, "GET", f"/agents/prompts/{prompt}", token=after).status == 404
    assert ask(gateway, "GET", "/agents/runs", token=after).json == []
    assert ask(gateway, "GET", f"/approvals/{number}", token=login(gateway, "sam")).json["state"] == "waiting"


def added(server, name="hr", **more):
    return {"name": name, "environment": "staging", "url": f"postgres://127.0.0.1:{server.port}/hr", "user": "keeper", "password": SECRET, **more}


def test_a_credential_for_some_databases_rules_over_those(gateway, server):
    root = login(gateway, "root")
    assert ask(gateway, "POST", "/databases", added(server), root).status == 201
    try:
        assert run(gateway, root, "SELECT 'hr secret' AS x", "hr").status == 200
        within(10, lambda: b"hr secret" in ask(gateway, "GET", "/history", token=root).raw)
        some = known_token(gateway, "--user", "root", "--scope", "api", "--database", "orders")
        assert run(gateway, some, "SELECT 'of orders' AS x").status == 200
        within(10, lambda: b"of orders" in ask(gateway, "GET", "/history", token=some).raw)
        assert b"hr secret" not in ask(gateway, "GET", "/history", token=some).raw
        change = {key: value for key, value in added(server).items() if key != "name"}
        for method, path, body in (
                ("PUT", "/databases/hr", change), ("DELETE", "/databases/hr", None), ("POST", "/databases/hr/check", {}),
                ("POST", "/databases", added(server, "more")), ("PUT", "/policy", {"text": POLICY, "expected": 1}),
                ("POST", "/users", {"name": "next", "groups": ["platform"], "password": PASSWORD}), ("PATCH", "/users/sam", {"groups": []}),
                ("POST", "/users/root/tokens", {"for": "1h", "scopes": ["api"]})):
            refused = ask(gateway, method, path, body, some)
            assert refused.status == 403, (method, path, refused.raw)
        with socket_of(gateway, "hr", "dev") as open_session:
            rows = ask(gateway, "GET", "/sessions", token=root).json
            its, = (row["id"] for row in rows if (row["database"], row["user"]) == ("hr", "dev"))
            assert its not in [row["id"] for row in ask(gateway, "GET", "/sessions", token=some).json]
            assert ask(gateway, "DELETE", f"/sessions/{its}", token=some).status == 403
            assert open_session.execute("SELECT 1").fetchall() == [(1,)]
        assert ask(gateway, "POST", "/databases/orders/check", {}, some).status == 200
    finally:
        assert ask(gateway, "DELETE", "/databases/hr", token=root).status == 200


def socket_of(gateway, database, user):
    return psycopg.connect(gateway.dsn(database=database, user=user), autocommit=True)


class SlowLogin:
    """SCRAM by hand: the proof comes when it is asked for."""

    def __init__(self, port, user, database):
        self.sock = socket.create_connection(("127.0.0.1", port))
        body = struct.pack(">I", 196608) + b"user\0" + user.encode() + b"\0database\0" + database.encode() + b"\0\0"
        self.sock.sendall(struct.pack(">I", len(body) + 4) + body)
        assert self.message()[0] == b"R"

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.sock.recv(count - len(got))
            assert more, "it hangs up"
            got += more
        return got

    def message(self):
        head = self.take(5)
        return head[:1], self.take(struct.unpack(">I", head[1:])[0] - 4)

    def say(self, body):
        self.sock.sendall(b"p" + struct.pack(">I", len(body) + 4) + body)

    def prove(self, password):
        bare = "n=,r=abcdefghijklmnop"
        first = ("n,," + bare).encode()
        self.say(b"SCRAM-SHA-256\0" + struct.pack(">I", len(first)) + first)
        said = self.message()[1][4:].decode()
        given = dict(part.split("=", 1) for part in said.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(given["s"]), int(given["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        ending = "c=biws,r=" + given["r"]
        signed = hmac.digest(hashlib.sha256(key).digest(), f"{bare},{said},{ending}".encode(), "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signed))
        self.say(f"{ending},p={base64.b64encode(proof).decode()}".encode())


def test_Threat102_a_login_that_takes_its_time_gets_into_nothing_that_is_gone(gateway, server):
    root = login(gateway, "root")
    assert ask(gateway, "POST", "/databases", added(server), root).status == 201
    slow = SlowLogin(gateway.port, "dev", "hr")
    assert ask(gateway, "DELETE", "/databases/hr", token=root).status == 200
    slow.prove(PASSWORD)
    while True:
        kind, body = slow.message()
        assert kind != b"Z", "it has a session in what is gone"
        if kind == b"E":
            break
    assert b"C3D000" in body, body


def test_Threat90_nobody_is_shut_out_through_a_proxy(server):
    running = started(server, "api: { admins: [platform] }\nidentity: { behind_tls: true }")
    try:
        flood = http.client.HTTPConnection("127.0.0.1", running.http)
        for _ in range(400):
            flood.request("GET", "/api/v1/openapi.json")
            flood.getresponse().read()
        assert ask(running, "POST", "/login", {"user": "dev", "password": PASSWORD}).status == 200
        token = running.cli("scim", "token", "create", "--label", "idp").stdout.strip()
        within(10, lambda: ask(running, "GET", "/scim/v2/Users", token=token, prefix="").status == 200)
        for number in range(150):
            assert ask(running, "GET", "/scim/v2/Users", token=f"slc_scim_{number}", prefix="").status == 401
        fresh = running.cli("scim", "token", "create", "--label", "another").stdout.strip()
        within(10, lambda: ask(running, "GET", "/scim/v2/Users", token=fresh, prefix="").status == 200)
        large = ask(running, "POST", "/models/m/v1/messages", "x" * (2 << 20), prefix="")
        assert large.status == 401, "what nobody is known to send is not read"
    finally:
        assert running.stop() == 0
