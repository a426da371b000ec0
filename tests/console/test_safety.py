"""Where the console could mislead whoever decides, or lose what they typed: in a real browser, before a real gateway."""

import http.server
import json
import threading
import urllib.request

import pytest
import rig
from harness.gateway import PASSWORD
from rig import browse

POLICY = """
rules:
  - { name: all, effect: allow, limit: { rows_changed: 1000 } }
  - { name: few, effect: hold, do: [delete], on: { tables: [public.vouchers] }, approve: { by: [approvers], wait: 0s, undoable: 7d, automatic: { who: { users: [alice] } } } }
  - { name: drops, effect: hold, do: [drop], approve: { by: [privacy], wait: 0s } }
"""


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("CREATE TABLE vouchers(id int PRIMARY KEY, worth int); INSERT INTO vouchers SELECT i, 10 FROM generate_series(1, 20) i; "
               "GRANT ALL ON vouchers TO PUBLIC; ALTER TABLE vouchers OWNER TO sluice; GRANT CREATE ON DATABASE orders TO sluice", "orders")
    gateway = rig.start(server, fresh=True)
    file = gateway.root / "policy.yaml"
    file.write_text(POLICY)
    gateway.cli("policy", "save", str(file), "--comment", "begin")
    yield gateway
    assert gateway.stop() == 0


def request_of(gateway, text):
    """The number of the latest request for a statement, as one finds it who may see all."""
    def asked(path, body=None, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1{path}", body and json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request, timeout=30))
    secret = asked("/login", {"user": "root", "password": PASSWORD})["secret"]
    requests = asked("/approvals", Authorization=f"Bearer {secret}")
    return str(max(request["number"] for request in requests if text in request["statement"]))


@pytest.fixture
def on_asking(server):
    """A place at which a page makes something happen at the server behind the gateway's back."""
    statements = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            for statement in statements:
                server.sql(statement, "orders")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield statements, f"http://127.0.0.1:{listener.server_port}/"
    listener.shutdown()


def test_an_undo_that_meets_a_conflict(packages, gateway, server, on_asking):
    statements, place = on_asking
    rig.ask(gateway, "alice", "DELETE FROM vouchers WHERE id = 7")
    statements.append("INSERT INTO vouchers VALUES (7, 99)")
    browse(packages, gateway, "safety.mjs", "undo", CONSOLE_REQUEST=request_of(gateway, "DELETE FROM vouchers"), CONSOLE_DO=place)
    assert server.sql("SELECT worth FROM vouchers WHERE id = 7", "orders") == ["99"]


def test_rules_that_somebody_else_has_changed_meanwhile(packages, gateway):
    browse(packages, gateway, "safety.mjs", "policy")


def test_what_is_not_seen(packages, gateway):
    rig.hold(gateway, "alice", "DROP TABLE vouchers /*\u202e } \u2066IF EXISTS old_vouchers\u2069 \u2066*/")
    browse(packages, gateway, "safety.mjs", "unseen", CONSOLE_REQUEST=request_of(gateway, "DROP TABLE"))


def test_a_logout_that_fails(packages, gateway):
    browse(packages, gateway, "safety.mjs", "logout")
