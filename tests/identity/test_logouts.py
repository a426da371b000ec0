"""Providers tell who has logged out there (OpenID Connect Back-Channel Logout 1.0), and what they got by it ends."""

import json
import time
import urllib.parse

import psycopg
import pytest
from browser import Browser, Form
from harness.gateway import Gateway
from issuers import CLIENT, SECRET, FakeIssuer, OidcProvider, call

HOME = "http://127.0.0.1:8765/callback"
LOGOUT = "/api/v1/login/oidc/logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def fake():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def provider():
    running = OidcProvider(start=False)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, provider, fake):
    running = Gateway(server, start=False)
    provider.told_of_logouts = f"http://127.0.0.1:{running.http}{LOGOUT}"
    provider.start()
    secret = running.root / "client-secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    common = f"client_id: {CLIENT}, client_secret_file: {secret}, allow_http: true, provision: true"
    running.write_config(server, extra=f"""\
log: {{ level: trace }}
limits: {{ login_failures_per_source: 3 }}
identity:
  issuers:
    - {{ name: corp, issuer: '{provider.url}', {common}, scopes: [openid, email], domains: [example.com] }}
    - {{ name: fake, issuer: '{fake.url}', {common} }}
    - {{ name: keys-only, issuer: 'http://127.0.0.1:9', jwks_url: '{fake.url}/jwks', audience: [sluice], allow_http: true }}
""")
    running.start()
    yield running
    assert running.stop() == 0


def begin(gateway, issuer):
    status, begun = call(gateway, "POST", "/api/v1/login/oidc", {"issuer": issuer, "redirect_uri": HOME})
    assert status == 200, begun
    return begun, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun["url"]).query))


def finish(gateway, begun, query):
    status, login = call(gateway, "POST", "/api/v1/login/oidc/finish",
                         {"attempt": begun["attempt"], "secret": begun["secret"], **query})
    assert status == 200, login
    return login


def log_in(gateway, browser, account):
    begun, _ = begin(gateway, "corp")
    came = browser.log_in(begun["url"], account, HOME)
    return finish(gateway, begun, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(came).query)))


def log_in_by_fake(gateway, fake):
    begun, query = begin(gateway, "fake")
    fake.nonce = query["nonce"]
    return finish(gateway, begun, {"code": "c", "state": query["state"]})


def opened(gateway, login):
    return psycopg.connect(gateway.dsn(login["user"], login["secret"]), autocommit=True)


def ended_after(connection):
    started = time.time()
    while time.time() - started < 10:
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return time.time() - started
        time.sleep(0.1)
    raise AssertionError("it goes on")


def goes_on(connection):
    time.sleep(1.5)
    return connection.execute("SELECT 1").fetchone() == (1,)


def told(gateway, token):
    return call(gateway, "POST", LOGOUT, form={"logout_token": token})


def test_who_logs_out_at_the_provider_has_no_sessions_left(gateway, provider):
    for name in ("nora", "otto"):
        provider.account("sub-" + name, email=name + "@example.com", email_verified=True)
    here, elsewhere, others = Browser(), Browser(), Browser()
    first, second = log_in(gateway, here, "sub-nora"), log_in(gateway, elsewhere, "sub-nora")
    gateway.cli("user", "add", "bot", "--kind", "agent", "--no-password")
    token = json.loads(gateway.cli("token", "create", "--user", "bot", "--acts-for", "nora@example.com", "--for", "1h", "-o", "json").stdout)
    time.sleep(1.5)  # The gateway knows of it within a second.
    agent = opened(gateway, token)
    sessions = [opened(gateway, first), opened(gateway, second)]
    sessions[0].execute("BEGIN")  # In the middle of a transaction, too.
    other = opened(gateway, log_in(gateway, others, "sub-otto"))
    url, page = here.open(provider.url + "/session/end", None)
    form = Form(page)
    here.open(urllib.parse.urljoin(url, form.action), None, urllib.parse.urlencode({**form.fields, "logout": "yes"}).encode())
    assert [ended_after(one) < 5 for one in sessions] == [True, True]
    for goes_on in (other, agent):  # What an operator has made is an operator's to end.
        assert goes_on.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="sluice login|authentication failed"):
        opened(gateway, second)
    found = gateway.wait_for(lambda r: any("logged out at their issuer" in x.get("message", "") for x in r), "--type", "admin")
    said = next(x for x in found if "logged out at their issuer" in x.get("message", ""))
    assert '"nora@example.com"' in said["message"] and said["user"] == "issuer corp", said
    # Logging in anew is as ever.
    assert opened(gateway, log_in(gateway, here, "sub-nora")).execute("SELECT 1").fetchone() == (1,)


BAD = {
    "an ID token": (dict(events=None), "tells of no logout"),
    "another event": (dict(events={"http://schemas.openid.net/event/other": {}}), "tells of no logout"),
    "an event that is no object": (dict(events={EVENT: True}), "tells of no logout"),
    "of a login": (dict(nonce="n"), "of a login"),
    "without a name": (dict(jti=None), "jti"),
    "of a session alone": (dict(sub=None, sid="s"), "(sub)"),
    "for another client": (dict(aud="another"), "not for this gateway"),
    "over": (dict(iat=int(time.time()) - 900, exp=int(time.time()) - 600), "expired"),
    "late": (dict(iat=int(time.time()) - 900), "too late"),
    "from the future": (dict(iat=int(time.time()) + 900, exp=int(time.time()) + 1800), "future"),
    "without a time": (dict(iat=None), "(iat)"),
    "for ever": (dict(exp=None), "(exp)"),
    "unsigned": (dict(header={"alg": "none"}), "algorithm|compact"),
    "of an access token's kind": (dict(header={"typ": "at+jwt"}), "(typ)"),
    "of an issuer of services alone": (dict(iss="http://127.0.0.1:9"), "nobody logs in"),
    "of nobody": (dict(iss="http://127.0.0.1:8"), "nobody logs in"),
}


def test_what_is_no_logout_ends_nothing(gateway, fake):
    session = opened(gateway, log_in_by_fake(gateway, fake))
    for what, (claims, says) in BAD.items():
        status, answer = told(gateway, fake.logout_token("m-1", **claims))
        assert status == 400 and answer["error"] == "invalid_request", (what, status, answer)
        assert any(part in answer["error_description"] for part in says.split("|")), (what, answer)
    assert call(gateway, "POST", LOGOUT, form={"token": "x"})[0] == 400
    assert told(gateway, "x")[0] == 400
    assert told(gateway, fake.logout_token("somebody else"))[0] == 200  # Who is nobody here.
    assert goes_on(session)
    # All these failures have not kept the issuer from being heard.
    assert told(gateway, fake.logout_token("m-1"))[0] == 200
    assert ended_after(session) < 5


def test_a_logout_lets_nobody_in_and_counts_once(server, fake):
    running = Gateway(server, start=False)
    secret = running.root / "client-secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    running.write_config(server, extra=f"""\
identity:
  issuers:
    - {{ name: fake, issuer: '{fake.url}', client_id: {CLIENT}, client_secret_file: {secret}, allow_http: true, provision: true }}
  workloads:
    - {{ issuer: fake, match: {{ sub: 'w-*' }}, user: job, kind: service }}
""")
    running.start()
    try:
        first = opened(running, log_in_by_fake(running, fake))
        token = fake.logout_token("m-1")
        assert told(running, token)[0] == 200
        assert ended_after(first) < 5
        second = opened(running, log_in_by_fake(running, fake))
        assert told(running, token)[0] == 200  # Sent again, by whomever.
        assert goes_on(second)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
        good = call(running, "POST", "/api/v1/token", form={**form, "subject_token": fake.token("w-1")})
        assert good[0] == 200, good
        bad = call(running, "POST", "/api/v1/token",
                   form={**form, "subject_token": fake.logout_token("w-1", header={"typ": "JWT"})})
        assert bad[0] == 400 and "event" in bad[1]["error_description"], bad
    finally:
        assert running.stop() == 0
