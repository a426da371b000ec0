"""What others have to vouch for before nobody is asked: tests that have passed for exactly a script, the person behind an
agent (threat case 68)."""

import base64
import http.server
import hashlib
import hmac
import json
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow }
  - name: tested
    effect: hold
    do: [create, alter, drop]
    approve: { by: [dba], wait: 0s, automatic: { attested_by: [ci] } }
  - name: ticketed
    effect: hold
    do: [insert]
    approve: { by: [dba], wait: 0s, automatic: { ticket: { system: jira, states: [approved, "in progress"] } } }
  - name: watched
    effect: hold
    do: [delete]
    approve: { by: [dba], wait: 0s, automatic: { human_present: 1h } }
  - name: watched-closely
    effect: hold
    do: [update]
    approve: { by: [dba], wait: 0s, automatic: { human_present: 2s } }
"""

SECRET = "what the CI signs with, and nobody else"
TYPE = "application/vnd.in-toto+json"


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


class Tickets:
    """A ticket system. `bend(headers, body)` alters what it answers."""

    def __init__(self):
        self.states, self.asked, self.bend, self.delay = {"OPS-1": "approved", "OPS-2": "open"}, [], None, 0
        system = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                question = self.rfile.read(int(self.headers["Content-Length"]))
                system.asked.append((dict(self.headers), question))
                time.sleep(system.delay)
                ticket = json.loads(question)["data"]["ticket"]
                body = json.dumps({"ticket": ticket, "state": system.states.get(ticket, "unknown")}).encode()
                headers = sign(self.headers["webhook-id"], body)
                if system.bend:
                    headers, body = system.bend(headers, body)
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def sign(name, body, secret=SECRET, when=None):
    stamp = str(int(when or time.time()))
    mac = hmac.new(secret.encode(), f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"Webhook-Id": name, "Webhook-Timestamp": stamp, "Webhook-Signature": "v1," + base64.b64encode(mac).decode()}


@pytest.fixture
def tickets():
    tickets = Tickets()
    yield tickets
    tickets.server.shutdown()
    tickets.server.server_close()


@pytest.fixture
def gateway(server, tickets):
    gateway = Gateway(server, start=False)
    (gateway.root / "policy.yaml").write_text(POLICY)
    (gateway.root / "ci-secret").touch(0o600)
    (gateway.root / "ci-secret").write_text(SECRET + "\n")
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {gateway.root}/policy.yaml }}\n"
                              "log: { level: trace }\n"
                              "attesters: [ { name: ci, secret_file: ci-secret, max_age: 1h } ]\n"
                              f"tickets: [ {{ name: jira, url: 'http://127.0.0.1:{tickets.port}/x', secret_file: ci-secret, timeout: 2s }} ]\n")
    for name, extra in (("dora", ["--group", "dba"]), ("robot", ["--kind", "agent"])):
        gateway.cli("user", "add", name, *extra, "--password-stdin", input=PASSWORD + "\n")
    server.sql("DROP TABLE IF EXISTS numbers, notes; CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i; "
               "ALTER TABLE numbers OWNER TO sluice", database="orders")
    gateway.start()
    yield gateway
    log = gateway.log.read_bytes()
    gateway.stop()
    assert SECRET.encode() not in log, "the secret of attesters and tickets is in the log"


def attest(script, result="PASSED", finished=None, secret=SECRET, rollback=None, digest=None):
    """What a CI hands out: an in-toto statement in a DSSE envelope."""
    finished = finished or datetime.now(timezone.utc) - timedelta(minutes=5)
    subjects = [{"name": "script", "digest": {"sha256": digest or hashlib.sha256(script.encode()).hexdigest()}}]
    if rollback:
        subjects.append({"name": "rollback", "digest": {"sha256": hashlib.sha256(rollback.encode()).hexdigest()}})
    payload = json.dumps({
        "_type": "https://in-toto.io/Statement/v1", "subject": subjects,
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {"result": result, "finishedOn": f"{finished:%Y-%m-%dT%H:%M:%SZ}"}}).encode()
    signed = f"DSSEv1 {len(TYPE)} {TYPE} {len(payload)} ".encode() + payload
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return json.dumps({"payloadType": TYPE, "payload": base64.b64encode(payload).decode(),
                       "signatures": [{"keyid": "ci", "sig": base64.b64encode(mac).decode()}]})


SCRIPT = "CREATE TABLE notes (id int);\n"


def submit(gateway, attestation=None, script=SCRIPT, rollback=None):
    (gateway.root / "script.sql").write_text(script)
    extra = []
    if attestation is not None:
        (gateway.root / "attestation.json").write_text(attestation)
        extra += ["--attestation", str(gateway.root / "attestation.json")]
    if rollback:
        (gateway.root / "rollback.sql").write_text(rollback)
        extra += ["--rollback", str(gateway.root / "rollback.sql")]
    return json.loads(gateway.cli("change", "submit", str(gateway.root / "script.sql"), "--on", "orders", "--title", "t",
                                  "--reason", "r", "--user", "alice", "--password-stdin", "-o", "json", *extra,
                                  input=PASSWORD + "\n").stdout)


def explain(gateway, change):
    return json.loads(gateway.cli("approval", "explain", str(change["request"]), "-o", "json").stdout)


def test_what_was_tested_needs_nobody(gateway, server):
    change = submit(gateway, attest(SCRIPT))
    told = explain(gateway, change)
    assert told["automatic"], told
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert any(f'attested by "ci": tests passed for script sha256:{digest}' in line for line in told["evidence"])
    gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin", input=PASSWORD + "\n")
    assert server.sql("SELECT to_regclass('notes') IS NOT NULL", database="orders") == ["t"]
    # It is on the record.
    records = gateway.wait_for(lambda found: any("attested by" in r.get("message", "") for r in found), "--type", "approval")
    assert any("attested by" in r["message"] for r in records)


def test_without_it_people_decide(gateway):
    told = explain(gateway, submit(gateway))
    assert not told["automatic"] and any('not attested by "ci": nothing was given' in line for line in told["evidence"])


@pytest.mark.parametrize("given,why", [
    (lambda: attest(SCRIPT, secret="what somebody else signs with"), "no key that is configured"),
    (lambda: attest("CREATE TABLE notes (id int) ;\n"), "another script"),
    (lambda: attest(SCRIPT, result="FAILED"), "tests have passed"),
    (lambda: attest(SCRIPT, finished=datetime.now(timezone.utc) - timedelta(hours=2)), "too old"),
    (lambda: attest(SCRIPT, finished=datetime.now(timezone.utc) + timedelta(hours=2)), "in the future"),
    (lambda: attest(SCRIPT).replace('"sig": "', '"sig": "A'), "no key that is configured"),
    (lambda: "{}", "not a DSSE envelope"),
    (lambda: "not json", "no JSON object")])
def test_Threat68_forged_or_stale_attestations(gateway, given, why):
    change = submit(gateway, given())
    told = explain(gateway, change)
    assert not told["automatic"] and any(why in line for line in told["evidence"]), told
    refused = gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin",
                          input=PASSWORD + "\n", check=False)
    assert refused.returncode != 0


def test_Threat68_the_rollback_is_tested_too(gateway):
    rollback = "COMMENT ON TABLE numbers IS 'as it was';\n"
    told = explain(gateway, submit(gateway, attest(SCRIPT), rollback=rollback))
    assert not told["automatic"] and any("rollback script" in line for line in told["evidence"])
    assert explain(gateway, submit(gateway, attest(SCRIPT, rollback=rollback), rollback=rollback))["automatic"]


def test_Threat68_it_must_still_be_fresh_when_it_runs(gateway):
    change = submit(gateway, attest(SCRIPT, finished=datetime.now(timezone.utc) - timedelta(minutes=59, seconds=40)))
    assert explain(gateway, change)["automatic"]
    time.sleep(25)
    refused = gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin",
                          input=PASSWORD + "\n", check=False)
    assert refused.returncode != 0 and "too old" in refused.stderr


def logged_in(gateway, user):
    """A session of theirs at the HTTP API."""
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1/login", method="POST",
                                     data=json.dumps({"user": user, "password": PASSWORD}).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def tries(gateway, text, user, password):
    """What is said against it; None if it ran."""
    try:
        with psycopg.connect(gateway.dsn(user=user, password=password), autocommit=True) as connection:
            connection.execute(text)
        return None
    except psycopg.Error as error:
        return str(error)


def test_Threat68_a_person_must_be_there_themselves(gateway):
    # Somebody who connects themselves has just proved who they are.
    assert tries(gateway, "DELETE FROM numbers WHERE i = 1", "alice", PASSWORD) is None
    refused = tries(gateway, "DELETE FROM numbers WHERE i = 2", "robot", PASSWORD)
    assert "no person stands behind" in refused
    # An agent that acts for somebody: what it was handed says nothing of whether they are there.
    secret = gateway.cli("token", "create", "--user", "robot", "--acts-for", "alice").stdout.strip()
    deadline = time.time() + 10
    while "own that is live" not in (refused := tries(gateway, "DELETE FROM numbers WHERE i = 3", "robot", secret) or ""):
        assert time.time() < deadline, refused
        time.sleep(0.2)
    logged_in(gateway, "alice")
    deadline = time.time() + 10
    while (refused := tries(gateway, "DELETE FROM numbers WHERE i = 3", "robot", secret)) is not None:
        assert time.time() < deadline, refused
        time.sleep(0.2)
    number = json.loads(gateway.cli("approval", "list", "-o", "json").stdout)[0]["number"]
    assert '"alice" has proved who they are' in gateway.cli("approval", "explain", str(number)).stdout


def test_Threat68_not_long_ago(gateway):
    secret = gateway.cli("token", "create", "--user", "robot", "--acts-for", "alice").stdout.strip()
    logged_in(gateway, "alice")
    time.sleep(4)
    refused = tries(gateway, "UPDATE numbers SET i = 4 WHERE i = 4", "robot", secret)
    assert "asked for: 2 s" in refused, refused


def test_Threat68_not_somebody_who_is_gone(gateway):
    secret = gateway.cli("token", "create", "--user", "robot", "--acts-for", "alice").stdout.strip()
    logged_in(gateway, "alice")
    gateway.cli("token", "revoke", "--user", "alice")
    time.sleep(1.5)
    refused = tries(gateway, "DELETE FROM numbers WHERE i = 5", "robot", secret)
    assert refused is not None


def why(gateway, text, user="alice"):
    """None if it ran; else why it was not approved automatically."""
    return tries(gateway, text, user, PASSWORD)


def test_Threat68_what_a_ticket_system_says(gateway, tickets):
    insert = "INSERT INTO numbers VALUES (100) /*ticket='OPS-1'*/"
    assert why(gateway, insert) is None
    headers, body = tickets.asked[0]
    assert json.loads(body) == {"type": "sluice.ticket", "data": {"ticket": "OPS-1"}}
    given = {k.lower(): v for k, v in headers.items()}
    right = sign(given["webhook-id"], body, when=int(given["webhook-timestamp"]))
    assert given["webhook-signature"] == right["Webhook-Signature"]
    number = json.loads(gateway.cli("approval", "list", "-o", "json").stdout)[0]["number"]
    assert 'ticket "OPS-1" is "approved" by the word of "jira"' in gateway.cli("approval", "explain", str(number)).stdout
    assert '"open"' in why(gateway, "INSERT INTO numbers VALUES (101) /*ticket='OPS-2'*/")
    assert "no ticket is named" in why(gateway, "INSERT INTO numbers VALUES (102)")
    earlier = {}

    def replayed(headers, body):
        return earlier.setdefault("answer", (sign("an-earlier-question", body), body))

    for bend, text in ((lambda h, b: (sign(h["Webhook-Id"], b, secret="another secret, as long"), b), "signature"),
                       (lambda h, b: (h, b.replace(b"approved", b"in progress")), "signature"),
                       (lambda h, b: ({}, b), "not to this question"), (replayed, "not to this question"),
                       (lambda h, b: (sign(h["Webhook-Id"], b, when=time.time() - 400), b), "5 minutes"),
                       (lambda h, b: (sign(h["Webhook-Id"], b.replace(b"OPS-1", b"OPS-9")), b.replace(b"OPS-1", b"OPS-9")),
                        "no such ticket")):
        tickets.bend = bend
        assert text in why(gateway, "INSERT INTO numbers VALUES (103) /*ticket='OPS-1'*/"), text
    tickets.bend, tickets.delay = None, 6
    began = time.time()
    assert "did not answer in time" in why(gateway, "INSERT INTO numbers VALUES (104) /*ticket='OPS-1'*/")
    assert time.time() - began < 20
    # Others do not wait for it.
    tickets.delay = 0
    assert why(gateway, "INSERT INTO numbers VALUES (105) /*ticket='OPS-1'*/") is None


def test_Threat68_the_ticket_of_a_change(gateway, tickets):
    script = "INSERT INTO numbers VALUES (200);\n"
    (gateway.root / "script.sql").write_text(script)

    def submit_for(ticket):
        return json.loads(gateway.cli("change", "submit", str(gateway.root / "script.sql"), "--on", "orders", "--title", "t",
                                      "--reason", "r", "--ticket", ticket, "--user", "alice", "--password-stdin", "-o", "json",
                                      input=PASSWORD + "\n").stdout)

    assert not explain(gateway, submit_for("OPS-2"))["automatic"]
    change = submit_for("OPS-1")
    assert explain(gateway, change)["automatic"]
    # It is asked about once more when it runs.
    tickets.states["OPS-1"] = "rejected"
    refused = gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin",
                          input=PASSWORD + "\n", check=False)
    assert refused.returncode != 0 and "rejected" in refused.stderr
    tickets.states["OPS-1"] = "in progress"
    gateway.cli("change", "run", str(change["number"]), "--user", "alice", "--password-stdin", input=PASSWORD + "\n")
