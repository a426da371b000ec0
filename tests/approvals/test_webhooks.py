"""Requests are told outside, and answered from there: who may decide is who may decide on every other way (threat cases
66 and 67)."""

import base64
import hashlib
import hmac
import json
import sys
import time
import pathlib
import urllib.error
import urllib.parse
import urllib.request
import uuid

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.ports import free_port
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "streams"))

from receivers import HttpReceiver, wait_until  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: later, effect: hold, do: [delete], approve: { by: [dba], wait: 0s } }
  - { name: passwords, effect: hold, do: [alter], approve: { by: [dba], wait: 0s } }
  - { name: short, effect: hold, do: [truncate], approve: { by: [dba], wait: 0s, valid: 2s } }
  - { name: leaders, effect: hold, do: [update], approve: { by: [leads], wait: 0s } }
"""

SECRET = "whsec_" + base64.b64encode(b"a key that signs what is said here").decode()
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql("CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i; ALTER TABLE numbers OWNER TO sluice",
               database="orders")
    yield server
    server.stop()


class Told:
    """A gateway whose webhooks end at a receiver of this test."""

    def __init__(self, server, answer=lambda path, n: 200, extra="", port=0):
        self.receiver = HttpReceiver(answer, port=port)
        url = f"http://127.0.0.1:{self.receiver.port}"
        self.gateway = Gateway(server, start=False)
        root = self.gateway.root
        (root / "policy.yaml").write_text(POLICY)
        for name, secret in (("key", SECRET), ("slack-key", SLACK_SECRET), ("slack-url", url + "/hooks/T0/very-secret")):
            (root / name).touch(0o600)
            (root / name).write_text(secret + "\n")
        self.gateway.config.write_text(self.gateway.config.read_text() + f"""
policy: {{ file: {root}/policy.yaml }}
api: {{ url: 'https://gate.example' }}
log: {{ level: trace }}
webhooks:
  - {{ name: tool, url: '{url}/tool', secret_file: key, show: text, answers: true, retry: {{ initial: 50ms, maximum: 200ms }},
      person_attribute: email {extra} }}
  - {{ name: chat, format: slack, url_file: slack-url, secret_file: slack-key, answers: true, events: [asked, rejected],
      groups: [dba], show: text }}
  - {{ name: cards, format: teams, url: '{url}/cards', events: [asked, expired] }}
""")
        for name, groups, attributes in (
                ("dora", ["dba"], ["slack=UDORA", "email=dora@example.com"]),
                ("frank", ["engineering"], ["slack=UFRANK", "email=frank@example.com"]),
                ("lea", ["leads"], []), ("robot", ["dba"], ["slack=UROBOT"]), ("gone", ["dba"], ["slack=UGONE"])):
            self.gateway.cli("user", "add", name, *[w for g in groups for w in ("--group", g)],
                             *[w for a in attributes for w in ("--attribute", a)],
                             *(["--kind", "agent"] if name == "robot" else []),
                             "--password-stdin", input=PASSWORD + "\n")
        self.gateway.cli("user", "disable", "gone")
        self.gateway.cli("user", "set", "alice", "--group", "engineering", "--group", "dba", "--attribute", "slack=UALICE")
        self.gateway.start()

    def got(self, path, event=None):
        """Bodies that have come to one path, of one event."""
        found = self.receiver.bodies(path)
        return [b for b in found if event is None or b["data"]["event"] == event]

    def post(self, name, body, headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.gateway.http}/api/v1/approvals/answers/{name}",
                                         data=body.encode(), headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def press(self, action, value, user="UDORA", secret=SLACK_SECRET, when=None, body=None, sign=None):
        """What Slack sends when somebody presses a button."""
        payload = {"type": "block_actions", "user": {"id": user}, "actions": [{"action_id": action, "value": value}]}
        body = body or "payload=" + urllib.parse.quote(json.dumps(payload))
        stamp = str(int(when or time.time()))
        mac = hmac.new(secret.encode(), f"v0:{stamp}:{sign or body}".encode(), hashlib.sha256).hexdigest()
        return self.post("chat", body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=" + mac,
                                        "Content-Type": "application/x-www-form-urlencoded"})

    def say(self, answer, secret=SECRET, name=None, when=None):
        """A signed answer in JSON."""
        body = json.dumps(answer)
        name, stamp = name or str(uuid.uuid4()), str(int(when or time.time()))
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{name}.{stamp}.{body}".encode(), hashlib.sha256).digest()
        return self.post("tool", body, {"webhook-id": name, "webhook-timestamp": stamp, "Content-Type": "application/json",
                                        "webhook-signature": "v1," + base64.b64encode(mac).decode()})

    def close(self):
        self.gateway.stop()
        self.receiver.close()


@pytest.fixture
def told(server):
    told = Told(server)
    yield told
    told.close()


def refused(told, text):
    with psycopg.connect(told.gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute(text)


def ask(told, text="DELETE FROM numbers WHERE i = 1"):
    """A request that waits: its number, and the value of its buttons."""
    refused(told, text)
    requests = json.loads(told.gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)
    number = requests[0]["number"]
    # Told in their order: what is there was there before.
    body = wait_until(lambda: [b for b in told.got("/tool", "asked") if b["data"]["request"]["number"] == number])[-1]
    return number, f"{number}.{body['data']['request']['token']}"


def state(told, number):
    return json.loads(told.gateway.cli("approval", "show", str(number), "-o", "json").stdout)["state"]


def verify(headers, body):
    """As docs/streams.md tells receivers to."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    text = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    right = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["webhook-signature"], "v1," + right)


def test_everything_is_told_and_signed(told, server):
    number, _ = ask(told)
    told.gateway.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", "--comment", "seen",
                     input=PASSWORD + "\n")
    with psycopg.connect(told.gateway.dsn(), autocommit=True) as connection:
        assert connection.execute("DELETE FROM numbers WHERE i = 1").rowcount <= 1
    assert wait_until(lambda: told.got("/tool", "run"))
    events = [b["data"]["event"] for b in told.got("/tool")]
    assert events == ["asked", "voted", "approved", "run"]
    with told.receiver.lock:
        mine = [r for r in told.receiver.requests if r[0] == "/tool"]
    assert all(verify(headers, body) for _, headers, body in mine)
    assert len({headers["webhook-id"] for _, headers, _ in mine}) == 4
    request = told.got("/tool", "asked")[0]["data"]["request"]
    assert request["requester"] == "alice" and request["rules"] == ["later"]
    assert request["statement"] == "DELETE FROM numbers WHERE i = 1"
    assert any(line.startswith("delete") for line in request["summary"])
    vote = told.got("/tool", "voted")[0]["data"]
    assert vote["actor"] == "dora" and vote["message"] == "approved: seen"


def test_each_in_its_words(told):
    number, value = ask(told)
    slack = wait_until(lambda: told.receiver.bodies("/hooks/T0/very-secret"))[0]
    actions = [b for b in slack["blocks"] if b["type"] == "actions"][0]["elements"]
    assert [(a["action_id"], a["value"]) for a in actions] == [("approve", value), ("reject", value)]
    assert f"request {number} of alice" in slack["text"]
    card = wait_until(lambda: told.receiver.bodies("/cards"))[0]["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["type"] == "AdaptiveCard"
    link = f"https://gate.example/approvals/{number}"
    assert told.got("/tool", "asked")[0]["data"]["request"]["link"] == link
    assert [e for b in slack["blocks"] if b["type"] == "rich_text" for s in b["elements"] for e in s["elements"] if e["type"] == "link"][0]["url"] == link
    assert [a["url"] for a in card["content"]["actions"] if a["type"] == "Action.OpenUrl"] == [link]
    # Nobody has said that it may show the text.
    assert "DELETE FROM numbers WHERE" not in json.dumps(card) and "DELETE FROM numbers WHERE" in json.dumps(slack)


def test_filters(told):
    ask(told, "UPDATE numbers SET i = 3 WHERE i = 3")
    ask(told, "DELETE FROM numbers WHERE i = 2")
    wait_until(lambda: told.receiver.bodies("/hooks/T0/very-secret"))
    assert len(told.receiver.bodies("/hooks/T0/very-secret")) == 1  # leads decide on the other one
    assert len(wait_until(lambda: told.receiver.bodies("/cards")[1:])) == 1


def test_no_secret_goes_out(told):
    ask(told, "ALTER ROLE tester PASSWORD 'topsecret'")
    wait_until(lambda: told.receiver.bodies("/cards"))
    with told.receiver.lock:
        bodies = b"".join(body for _, _, body in told.receiver.requests)
    assert b"ALTER ROLE tester PASSWORD" in bodies and b"topsecret" not in bodies
    log = told.gateway.log.read_text()
    assert "very-secret" not in log and SLACK_SECRET not in log and SECRET not in log


def test_expiry_is_told(told):
    ask(told, "TRUNCATE numbers")
    card = wait_until(lambda: [b for b in told.receiver.bodies("/cards") if "expired" in json.dumps(b)])
    assert card and wait_until(lambda: told.got("/tool", "expired"))


def test_what_was_not_taken_is_told_after_a_restart(server):
    port = free_port()
    told = Told(server, port=port)
    try:
        told.receiver.close()  # Nobody is there.
        started = time.time()
        refused(told, "DELETE FROM numbers WHERE i = 4")
        assert time.time() - started < 15  # Nobody waits for a webhook.
        ready = f"http://127.0.0.1:{told.gateway.http}/readyz"
        assert wait_until(lambda: "webhook tool" in json.loads(urllib.request.urlopen(ready, timeout=20).read())["warnings"])
        told.gateway.kill9()
        told.receiver = HttpReceiver(lambda path, n: 500 if n < 2 else 200, port=port)
        told.gateway.start()
        assert wait_until(lambda: told.got("/tool", "asked"))
        # A repetition is the same message.
        with told.receiver.lock:
            tries = [h["webhook-id"] for p, h, _ in told.receiver.refused + told.receiver.requests if p == "/tool"]
        assert len(set(tries)) == 1
        assert len(told.got("/tool")) == 1
        # Counted once the receiver's answer has been read.
        assert wait_until(lambda: 'sluice_webhook_sent_total{webhook="tool"} 1' in urllib.request.urlopen(
            f"http://127.0.0.1:{told.gateway.http}/metrics", timeout=20).read().decode())
    finally:
        told.close()


def test_what_is_refused_for_good_holds_up_nothing(server):
    told = Told(server, answer=lambda path, n: 422 if n < 3 else 200)
    try:
        refused(told, "DELETE FROM numbers WHERE i = 5")
        assert wait_until(lambda: len(told.receiver.refused) >= 3)
        refused(told, "DELETE FROM numbers WHERE i = 6")
        assert wait_until(lambda: told.got("/tool", "asked"))
    finally:
        told.close()


def test_the_button_decides(told):
    number, value = ask(told)
    status, answer = told.press("approve", value)
    assert (status, answer["state"]) == (200, "approved")
    with psycopg.connect(told.gateway.dsn(), autocommit=True) as connection:
        connection.execute("DELETE FROM numbers WHERE i = 1")
    records = told.gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "alice")
    assert [r["approval"] for r in records if r.get("approval")] == [f"{number} by dora"]
    vote = json.loads(told.gateway.cli("approval", "show", str(number), "-o", "json").stdout)["votes"][0]
    assert vote["voter"] == "dora" and vote["authentication"] == "webhook chat, slack=UDORA"
    number, value = ask(told, "DELETE FROM numbers WHERE i = 7")
    assert told.press("reject", value)[1]["state"] == "rejected"
    assert wait_until(lambda: told.got("/tool", "rejected"))


def test_json_decides(told):
    number, value = ask(told)
    answer = {"request": number, "token": value.split(".")[1], "verdict": "comment", "person": "dora@example.com",
              "comment": "why now?"}
    assert told.say(answer)[1]["state"] == "waiting"
    assert told.say({**answer, "verdict": "approve", "comment": "", "max_rows": 5})[1]["state"] == "approved"
    shown = json.loads(told.gateway.cli("approval", "show", str(number), "-o", "json").stdout)
    assert shown["max_rows"] == 5 and [v["comment"] for v in shown["votes"]] == ["why now?", ""]


def test_Threat66_forged_answers(told):
    number, value = ask(told)
    other = "payload=" + urllib.parse.quote(json.dumps(
        {"type": "block_actions", "user": {"id": "UDORA"}, "actions": [{"action_id": "approve", "value": value}]}))
    good = {"request": number, "token": value.split(".")[1], "verdict": "approve", "person": "dora@example.com"}
    assert told.press("approve", value, secret="another secret")[0] == 401
    assert told.press("approve", value, when=time.time() - 400)[0] == 401
    assert told.press("approve", value, when=time.time() + 400)[0] == 401
    assert told.press("approve", value, body=other, sign="payload=%7B%7D")[0] == 401
    assert told.post("chat", other, {})[0] == 401
    assert told.say(good, secret="whsec_" + base64.b64encode(b"another key of some length").decode())[0] == 401
    assert told.say(good, when=time.time() - 400)[0] == 401
    assert told.post("tool", json.dumps(good), {})[0] == 401
    # What takes no answers, does not.
    for name in ("cards", "martian", ""):
        assert told.post(name, json.dumps(good), {})[0] == 404
    # Signed, but for something else than was shown.
    assert told.press("approve", f"{number}.{'0' * 32}")[0] == 403
    assert told.press("approve", str(number))[0] == 400
    assert told.press("approve", value.replace(f"{number}.", f"{number + 1}."))[0] in (403, 404)
    assert state(told, number) == "waiting"


def test_Threat66_a_replay_is_refused(told):
    number, value = ask(told)
    when = time.time()
    comment = {"request": number, "token": value.split(".")[1], "verdict": "comment", "person": "dora@example.com",
               "comment": "once"}
    assert told.say(comment, name="msg-1", when=when)[0] == 200
    status, body = told.say(comment, name="msg-1", when=when)
    assert status == 409 and "before" in json.dumps(body)
    # Also with another time and signature: it is the same message.
    assert told.say(comment, name="msg-1", when=when + 5)[0] == 409
    assert told.press("approve", value, when=when)[0] == 200
    assert told.press("approve", value, when=when)[0] == 409
    # Nor after a restart.
    told.gateway.kill9()
    told.gateway.start()
    assert told.say(comment, name="msg-1", when=when)[0] == 409
    votes = json.loads(told.gateway.cli("approval", "show", str(number), "-o", "json").stdout)["votes"]
    assert [v["verdict"] for v in votes] == ["comment", "approve"]
    refusals = told.gateway.wait_for(
        lambda found: any("has been given before" in r.get("message", "") for r in found), "--type", "approval")
    assert any("has been given before" in r["message"] for r in refusals)


@pytest.mark.parametrize("person,why", [
    ("UALICE", "does not decide"), ("UFRANK", "neither asked"), ("UROBOT", "only people"), ("UGONE", "is disabled"),
    ("UNOBODY", "no user has the attribute")])
def test_Threat67_who_is_not_entitled(told, person, why):
    number, value = ask(told)
    status, body = told.press("approve", value, user=person)
    assert status == 403 and why in json.dumps(body)
    assert state(told, number) == "waiting"
    records = told.gateway.wait_for(lambda found: any(why in r.get("message", "") for r in found), "--type", "approval")
    refusal = [r for r in records if why in r.get("message", "")][0]
    assert refusal["user"] == "webhook chat" or "webhook chat" in json.dumps(refusal)
    assert f"slack={person}" in refusal["message"]


def test_Threat67_two_users_of_one_name_are_nobody(told):
    number, value = ask(told)
    told.gateway.cli("user", "set", "frank", "--attribute", "slack=UDORA")
    assert wait_until(lambda: told.press("approve", value)[0] == 403)
    assert state(told, number) in ("waiting", "approved")


def test_the_configuration_is_read_again(told):
    text = told.gateway.config.read_text()
    told.gateway.config.write_text(text.replace("/tool'", "/elsewhere'"))
    told.gateway.reload()
    refused(told, "DELETE FROM numbers WHERE i = 8")
    assert wait_until(lambda: told.got("/elsewhere", "asked")) and not told.got("/tool")
