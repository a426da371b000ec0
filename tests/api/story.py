"""A gateway with a little of everything, whose answers are compared with what is said of them."""

import base64
import hashlib
import pathlib
import sys
import time
import urllib.parse

from client import Answer, ask
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from described import Document
from harness.gateway import PASSWORD, Gateway

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "streams"), str(TESTS / "identity")]

from issuers import CLIENT, SECRET, FakeIssuer  # noqa: E402
from receivers import HttpReceiver  # noqa: E402

WEBHOOK_KEY = b"a key that signs what is said here"

TABLES = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; GRANT CREATE ON DATABASE orders TO sluice;
SET ROLE sluice;
CREATE TABLE people (id int PRIMARY KEY, email text, name text);
INSERT INTO people SELECT i, 'p' || i || '@example.com', 'Name ' || i FROM generate_series(1, 300) i;
CREATE VIEW addresses AS SELECT email FROM people; CREATE VIEW sleepy AS SELECT pg_sleep(0) IS NULL AS slept;
CREATE TABLE numbers (id int PRIMARY KEY, v text); INSERT INTO numbers SELECT i, 'v' || i FROM generate_series(1, 100) i;
CREATE TABLE old (id int); CREATE VIEW reads_old AS SELECT id FROM old;
CREATE TABLE items (id int DEFAULT 7); COMMENT ON TABLE items IS 'What is sold'; COMMENT ON COLUMN items.id IS 'Its number';
 CREATE TABLE few (id int PRIMARY KEY); INSERT INTO few VALUES (1), (2);
ANALYZE;
"""

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows: 100000, bytes: 50MB, duration: 60s, statements_per_minute: 6000,
      rows_changed: 1000, tables_changed: 10 } }
  - { name: on-trial, effect: deny, mode: shadow, do: [read], on: { tables: [public.people] } }
  - { name: dba-sees, effect: unmask, who: { groups: [dba] }, classes: ["*"] }
  - { name: no-truncate, effect: deny, do: [truncate], message: Nothing is emptied here., hint: Ask the owners. }
  - name: deletes-wait
    effect: hold
    do: [delete]
    approve: { by: [dba], wait: 0s, max_rows: 50, dry_run: true, undoable: 7d }
  - name: drops-wait
    effect: hold
    do: [drop]
    approve:
      stages:
        - { by: [dba], on_call: [ { days: [mon-fri], from: "00:00", to: "00:01", zone: Europe/Berlin, by: [platform] } ],
            escalate: [ { after: 15m, to: [platform] } ] }
      wait: 0s
  - name: schema-waits
    effect: hold
    do: [create, alter]
    approve: { by: [dba], wait: 0s, automatic: { who: { groups: [nobody] } } }
roles:
  - { name: writer, description: Repairs orders, groups: [writers], who: { groups: [engineering, agents] }, at_most: 2h,
      approve: { by: [dba] }, break_glass: { who: { groups: [engineering] }, review: { by: [security] } } }
  - { name: helper, groups: [engineering], who: { kinds: [agent] }, approve: { by: [dba] } }
access_review: { by: [security] }
budgets:
  - { name: an-agents-hour, who: { kinds: [agent] }, per: agent, every: 1h, statements: 2000, planner_cost: 100000000, ask: the owners }
"""

PEOPLE = (("root", "platform"), ("dora", "dba"), ("erin", "dba"), ("sam", "security"))


def witnessed_key():
    """The key of a log that this gateway would cosign."""
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.Raw,
                                                                         serialization.PublicFormat.Raw)
    name, typed = "log.example.com/l", b"\x01" + raw
    number = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex()
    return f"{name}+{number}+{base64.b64encode(typed).decode()}"


class Story:
    def __init__(self, server):
        self.server = server
        server.sql(TABLES, database="orders")
        self.receiver, self.issuer = HttpReceiver(), FakeIssuer()
        self.issuer.discovery = {"device_authorization_endpoint": self.issuer.url + "/device"}
        self.gateway = Gateway(server, start=False, masking=True)
        root = self.gateway.root
        for name, text in (("webhook-key", "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()), ("client-secret", SECRET)):
            (root / name).touch(0o600)
            (root / name).write_text(text + "\n")
        self.gateway.write_config(server, database_extra="stamp_writes: true", extra=f"""\
api: {{ admins: [platform], auditors: [security], approvers: [dba], requests_per_second: 10000,
  url: 'http://127.0.0.1:{self.gateway.http}' }}
identity:
  issuers:
    - {{ name: corp, issuer: '{self.issuer.url}', client_id: {CLIENT}, client_secret_file: {root}/client-secret, allow_http: true,
        provision: true, device: true }}
  workloads:
    - {{ issuer: corp, match: {{ sub: 'repo:*' }}, user: deployer }}
webhooks:
  - {{ name: tool, url: 'http://127.0.0.1:{self.receiver.port}/tool', secret_file: webhook-key, show: text, answers: true,
      person_attribute: email, retry: {{ initial: 50ms, maximum: 200ms }} }}
audit:
  witness: {{ name: witness.example.com/w, logs: ['{witnessed_key()}'] }}
  retention:
    - {{ name: reads, action: read, keep: 30d }}
  streams:
    - {{ name: kept, type: file, path: {root}/records.json, retry: {{ initial: 50ms, maximum: 200ms }} }}
    - {{ name: away, type: http, url: 'http://127.0.0.1:9/', retry: {{ initial: 50ms, maximum: 200ms }} }}
""")
        for name, group in PEOPLE:
            self.gateway.cli("user", "add", name, "--group", group, "--attribute", f"email={name}@example.com",
                             "--password-stdin", input=PASSWORD + "\n")
        self.gateway.start()
        self.document = Document(ask(self.gateway, "GET", "/openapi.json").json)
        self.called, self.succeeded, self.faults, self.tokens = set(), set(), [], {}

    def close(self):
        self.receiver.close()
        self.issuer.stop()
        return self.gateway.stop()

    def ask(self, who, method, path, body=None, status=200, headers=None):
        """An answer, compared with what is said of it."""
        answer = ask(self.gateway, method, path, body, self.tokens.get(who), headers)
        self.compare(method, path, body, answer)
        assert answer.status == status, (method, path, answer.status, answer.raw[:1000])
        return answer.json if answer.headers["Content-Type"].endswith("json") else answer

    def walk(self, who, path):
        """All pages of a list, by the addresses in Link."""
        rows = []
        for _ in range(1000):
            answer = ask(self.gateway, "GET", path, None, self.tokens.get(who), None)
            self.compare("GET", path, None, answer)
            assert answer.status == 200, (path, answer.raw[:1000])
            rows += answer.json
            link = answer.headers.get("Link")
            if link is None:
                return rows
            path = link.removeprefix("<").removesuffix('>; rel="next"').removeprefix("/api/v1")
        raise AssertionError("the pages have no end")

    def compare(self, method, path, body, answer: Answer):
        name = self.document.find(method, path)
        operation = self.document.operations[name][2]
        self.called.add(name)
        faults = []
        if answer.status < 400:
            self.succeeded.add(name)
            faults += self.request_faults(operation, path, body)
        schema = self.document.schema_of(name, answer.status, answer.headers["Content-Type"])
        if schema is None and answer.status != 303:
            faults.append(f"{answer.status} {answer.headers['Content-Type']} is not described")
        elif "json" in answer.headers["Content-Type"]:
            faults += self.document.errors(schema, answer.json)
            self.document.note(schema, answer.json, f"{name} {answer.status}")
        self.faults += [f"{method} {path}: {fault}" for fault in faults]

    def request_faults(self, operation, path, body):
        given = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
        known = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
        faults = [f"the parameter {name} is not described" for name in given if name not in known]
        request = operation.get("requestBody")
        if body is None:
            return faults + (["a body was not needed"] if request and request["required"] else [])
        if request is None:
            return faults + ["a body is not described"]
        (kind, content), = request["content"].items()
        if kind == "application/json":
            faults += [f"request {fault}" for fault in self.document.errors(content["schema"], body)]
        else:
            faults += [f"request {fault}" for fault in
                       self.document.errors(content["schema"], dict(urllib.parse.parse_qsl(body)))]
        return faults

    def until(self, condition, seconds=60):
        deadline = time.time() + seconds
        while not (found := condition()):
            assert time.time() < deadline, f"not within {seconds} s"
            time.sleep(0.1)
        return found

    def query(self, sql, status=200, who="alice"):
        return self.ask(who, "POST", "/query", {"database": "orders", "sql": sql}, status)

    def held(self, sql):
        return self.query(sql, 202)["waiting_for_approval"]
