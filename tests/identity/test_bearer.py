"""SASL OAUTHBEARER (RFC 7628), as libpq 18 speaks it: credentials and tokens of identity providers in place of a password."""

import json
import struct

import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, Gateway
from harness.wire import WireClient, error_fields, message, query, startup
from issuers import CLIENT, FakeIssuer, Key, call


@pytest.fixture(scope="module")
def issuer():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, issuer):
    authority = Authority()
    certificate, key = authority.issue("gateway")
    running = Gateway(server, environment="staging", extra=f"""\
tls: {{ certificate: {certificate}, key: {key} }}
identity:
  issuers:
    - {{ name: corp, issuer: '{issuer.url}', client_id: {CLIENT}, allow_http: true, provision: true, groups_claim: groups }}
  workloads:
    - {{ issuer: corp, match: {{ sub: 'job:*' }}, user: jobs, groups: [deploy], databases: [orders] }}
""")
    yield running
    assert running.stop() == 0
    authority.remove()


def opened(gateway, user, database="orders", tls=True):
    client = WireClient(gateway.port, timeout=60)
    if tls:
        client.start_tls()
    client.send(startup(user=user, database=database))
    kind, body = client.read_message()
    assert kind == b"R" and struct.unpack("!I", body[:4])[0] == 10, body
    return client, body[4:].rstrip(b"\0").split(b"\0")


def show(client, auth, header=b"n,,"):
    data = header + b"\x01auth=" + auth.encode() + b"\x01\x01"
    client.send(message(b"p", b"OAUTHBEARER\0" + struct.pack("!I", len(data)) + data))


def by_token(gateway, user, token, **where):
    """The client, once it is in; or what was said to it: (JSON, error)."""
    client, _ = opened(gateway, user, **where)
    show(client, f"Bearer {token}" if token else "")
    kind, body = client.read_message()
    if kind == b"R" and struct.unpack("!I", body[:4])[0] == 0:
        client.read_until()
        return client
    assert kind == b"R" and struct.unpack("!I", body[:4])[0] == 11, (kind, body)
    said = json.loads(body[4:])
    client.send(message(b"p", b"\x01"))
    kind, body = client.read_message()
    assert kind == b"E"
    return said, error_fields(body)


def person(issuer, name="dora", **claims):
    claims = {"email": f"{name}@example.com", "email_verified": True, "groups": ["engineering"], **claims}
    return issuer.token(f"id-of-{name}", **claims)


def test_offered_over_tls_alone(gateway):
    assert opened(gateway, "alice")[1] == [b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256", b"OAUTHBEARER"]
    client, mechanisms = opened(gateway, "alice", tls=False)
    assert mechanisms == [b"SCRAM-SHA-256"]
    show(client, "Bearer abc")
    assert client.read_message()[0] == b"E"


def test_a_credential(gateway):
    _, login = call(gateway, "POST", "/api/v1/login", {"user": "alice", "password": PASSWORD})
    client = by_token(gateway, "alice", login["secret"])
    assert client.run(query("SELECT 1"))[-1][0] == b"Z"
    record = gateway.wait_for(lambda r: r, "--type", "session_start", "--user", "alice")[-1]
    assert record["credential"] == login["id"] and record["authentication"] == "password", record
    said, error = by_token(gateway, "jobs", login["secret"])
    assert error["C"] == "28000" and "jobs" in error["M"]
    failed = gateway.wait_for(lambda r: r, "--type", "login_failed")[-1]
    assert failed["user"] == "jobs", failed


def test_a_person_of_an_identity_provider(gateway, issuer):
    token = person(issuer)
    client = by_token(gateway, "dora@example.com", token)
    assert client.run(query("SELECT 1"))[-1][0] == b"Z"
    again = by_token(gateway, "dora@example.com", token)
    assert again.run(query("SELECT 1"))[-1][0] == b"Z"
    for forged in (token.rsplit(".", 1)[0] + ".AAAA", token + "A", token[:-8] + "AAAAAAAA", token.rsplit(".", 1)[0] + "."):
        said, error = by_token(gateway, "dora@example.com", forged)
        assert error["C"] == "28000", "what was seen of a token does not let in"
    records = gateway.wait_for(lambda r: len(r) > 1, "--type", "session_start", "--user", "dora@example.com")
    assert {r["credential"] for r in records[-2:]} == {records[-1]["credential"]}, "one token is one credential"
    assert records[-1]["issuer"] == issuer.url and records[-1]["groups"] == ["engineering"], records[-1]
    # Ended here, the same token gets nobody back in.
    gateway.cli("token", "revoke", records[-1]["credential"])
    with pytest.raises((EOFError, ConnectionError, AssertionError)):
        for _ in range(600):
            assert client.run(query("SELECT pg_sleep(0.1)"))[-1][0] == b"Z"
    said, error = by_token(gateway, "dora@example.com", token)
    assert "revoked" in error["H"], error


def test_Threat20_a_token_that_was_ended_stays_so_after_a_restart(gateway, issuer):
    name, token = "erna@example.com", person(issuer, "erna")
    assert by_token(gateway, name, token).run(query("SELECT 1"))[-1][0] == b"Z"
    gateway.process.terminate()
    gateway.process.wait(60)
    gateway.start()
    assert by_token(gateway, name, token).run(query("SELECT 1"))[-1][0] == b"Z"
    records = gateway.wait_for(lambda r: len(r) > 1, "--type", "session_start", "--user", name)
    assert records[0]["credential"] == records[1]["credential"], "it is still one credential"
    gateway.cli("token", "revoke", records[0]["credential"])
    gateway.process.terminate()
    gateway.process.wait(60)
    gateway.start()
    said, error = by_token(gateway, name, token)
    assert "revoked" in error["H"], error
    # Nor in another form of the same: the last character of a signature has bits to spare, or is not looked at.
    said, error = by_token(gateway, name, token + "A")
    assert error["C"] == "28000"


def test_a_service(gateway, issuer):
    client = by_token(gateway, "jobs", issuer.token("job:7"))
    assert client.run(query("SELECT 1"))[-1][0] == b"Z"
    record = gateway.wait_for(lambda r: r, "--type", "session_start", "--user", "jobs")[-1]
    assert record["authentication"] == "jwt" and record["groups"] == ["deploy"], record


@pytest.mark.parametrize("token, hint", [
    (lambda issuer: person(issuer, exp=1), "expired"),
    (lambda issuer: person(issuer, aud="another-service"), "aud"),
    (lambda issuer: issuer.token("id-of-dora", key=Key("unknown"), email="dora@example.com", email_verified=True), "key"),
    (lambda issuer: person(issuer, iss="https://elsewhere.example"), "identity.issuers"),
    (lambda issuer: "not.a.token", ""),
    (lambda issuer: person(issuer, "mallory"), ""),  # Good, and somebody else's.
])
def test_no_other_token_lets_in(gateway, issuer, token, hint):
    said, error = by_token(gateway, "dora@example.com", token(issuer))
    assert said["status"] == "invalid_token"
    assert error["S"] == "FATAL" and error["C"] == "28000" and hint in error.get("H", ""), error


def test_without_a_token_it_says_how_to_get_one(gateway, issuer):
    said, error = by_token(gateway, "dora@example.com", "")
    assert said == {"status": "invalid_token", "openid-configuration": issuer.url + "/.well-known/openid-configuration",
                    "scope": "openid profile email"}
    assert error["C"] == "28000"


def test_what_is_no_message_of_it(gateway):
    for data in (b"", b"n,,", b"n,a=bob,\x01auth=Bearer abc\x01\x01", b"p=tls-unique,,\x01auth=Bearer abc\x01\x01"):
        client, _ = opened(gateway, "alice")
        client.send(message(b"p", b"OAUTHBEARER\0" + struct.pack("!I", len(data)) + data))
        kind, body = client.read_message()
        assert kind == b"E" and error_fields(body)["C"] == "08P01", (data, body)


def test_nothing_is_taken_before_the_token_has_been(gateway, issuer):
    client, _ = opened(gateway, "jobs")
    data = b"n,,\x01auth=Bearer " + issuer.token("job:early").encode() + b"\x01\x01"
    client.send(message(b"p", b"OAUTHBEARER\0" + struct.pack("!I", len(data)) + data) + query("SELECT 'too early'"))
    kind, body = client.read_message()
    assert kind == b"E" and error_fields(body)["C"] == "08P01", body


def test_an_issuer_that_is_away_is_no_wrong_token(server):
    away = FakeIssuer()
    token = person(away)
    authority = Authority()
    certificate, key = authority.issue("gateway")
    gateway = Gateway(server, extra=f"""\
tls: {{ certificate: {certificate}, key: {key} }}
identity: {{ issuers: [{{ name: corp, issuer: '{away.url}', client_id: {CLIENT}, allow_http: true, timeout: 1s }}] }}
""")
    away.stop()
    said, error = by_token(gateway, "dora@example.com", token)
    assert error["C"] == "57P03", error
    assert gateway.stop() == 0
    authority.remove()


def test_a_flood_of_tokens_waits_for_its_turn_or_is_refused(gateway, issuer):
    clients = [opened(gateway, "jobs")[0] for _ in range(80)]
    for number, client in enumerate(clients):
        show(client, "Bearer " + issuer.token(f"job:{number}"))
    answers = [client.read_message() for client in clients]
    good = sum(1 for kind, body in answers if struct.unpack("!I", body[:4])[0] == 0)
    assert good > 0
    for kind, body in answers:
        assert kind == b"R" and struct.unpack("!I", body[:4])[0] in (0, 11), (kind, body)
