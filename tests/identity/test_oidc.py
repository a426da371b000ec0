"""People who log in by identity providers: browser, device code, rotation, attacks."""

import json
import time
import urllib.parse

import psycopg
import pytest
from browser import Browser
from harness.gateway import Gateway
from issuers import CLIENT, SECRET, EdKey, FakeIssuer, Key, OidcProvider, call

HOME = "http://127.0.0.1:8765/callback"


@pytest.fixture(scope="module")
def provider():
    running = OidcProvider()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def fake():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, provider, fake):
    running = Gateway(server, start=False, environment="staging")
    secret = running.root / "client-secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    common = f"client_id: {CLIENT}, client_secret_file: {secret}, allow_http: true"
    running.write_config(server, environment="staging", extra=f"""\
log: {{ level: trace }}
identity:
  issuers:
    - {{ name: corp, issuer: '{provider.url}', {common}, scopes: [openid, email, groups], groups_claim: groups,
        domains: [example.com], provision: true, device: true, acr_values: 'urn:example:mfa' }}
    - {{ name: rogue, issuer: '{fake.url}', {common}, groups_claim: groups, groups_from: userinfo, groups_prefix: 'r:',
        provision: true }}
    - {{ name: closed, issuer: 'http://127.0.0.1:9', {common} }}
""")
    running.start()
    yield running
    log = running.log.read_bytes()
    assert running.stop() == 0
    for secret in {SECRET, *(s for s in SEEN if len(s) > 15)}:
        assert secret.encode() not in log, "a secret is in the log"


SEEN = []  # secrets that passed


def begin(gateway, issuer="corp", redirect=HOME):
    status, answer = call(gateway, "POST", "/api/v1/login/oidc", {"issuer": issuer, "redirect_uri": redirect})
    if status == 200:
        SEEN.append(answer["secret"])
    return status, answer


def finish(gateway, begun, came, **changes):
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(came).query))
    SEEN.append(query.get("code", ""))
    body = {"attempt": begun["attempt"], "secret": begun["secret"], **query, **changes}
    status, answer = call(gateway, "POST", "/api/v1/login/oidc/finish", body)
    SEEN.append(answer.get("secret", ""))
    return status, answer


def log_in(gateway, account, **changes):
    status, begun = begin(gateway)
    assert status == 200, begun
    came = Browser().log_in(begun["url"], account, HOME)
    assert came.startswith(HOME), came
    return finish(gateway, begun, came, **changes)


def rogue(gateway, fake, header=None, keep_nonce=True, **claims):
    """What a token of the rogue issuer comes to."""
    status, begun = begin(gateway, "rogue")
    assert status == 200, begun
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun["url"]).query))
    fake.nonce = query["nonce"] if keep_nonce else "of another login"
    fake.claims, fake.header = claims, header or {}
    fake.userinfo = {"sub": claims.get("sub", "m-1"), "groups": ["admins"]}
    return finish(gateway, begun, HOME + "?" + urllib.parse.urlencode({"code": "c", "state": query["state"]}))


def user(gateway, name):
    return next((u for u in json.loads(gateway.cli("user", "list", "-o", "json").stdout) if u["name"] == name), None)


def test_lists_issuers(gateway):
    status, issuers = call(gateway, "GET", "/api/v1/login/issuers")
    assert status == 200 and [i["name"] for i in issuers] == ["corp", "rogue", "closed"]


def test_login_in_a_browser(gateway, provider):
    provider.account("sub-alice", email="Alice.Doe@example.com", email_verified=True, groups=["dba", "staff"],
                     acr="urn:example:mfa", amr=["pwd", "otp"])
    status, answer = log_in(gateway, "sub-alice")
    assert status == 200, answer
    assert answer["user"] == "alice.doe@example.com" and answer["issuer"] == "corp"
    done = gateway.psql("-Atc", "SELECT 40 + 2", user=answer["user"], password=answer["secret"])
    assert done.stdout == "42\n", done.stderr
    found = gateway.wait_for(lambda r: any(x.get("user") == answer["user"] for x in r), "--type", "session_start")
    record = next(r for r in found if r.get("user") == answer["user"])
    assert record["issuer"] == provider.url and record["groups"] == ["dba", "staff"], record
    assert record["authentication"] == "oidc" and record["credential"] == answer["id"], record
    assert record["acr"] == "urn:example:mfa" and record["amr"] == ["pwd", "otp"], record


def test_groups_follow_the_issuer(gateway, provider):
    provider.account("sub-greta", email="greta@example.com", email_verified=True, groups=["one", "two"])
    assert log_in(gateway, "sub-greta")[0] == 200
    assert user(gateway, "greta@example.com")["groups"] == ["one", "two"]
    provider.account("sub-greta", email="greta@example.com", email_verified=True, groups=["three"])
    assert log_in(gateway, "sub-greta")[0] == 200
    assert user(gateway, "greta@example.com")["groups"] == ["three"]
    provider.account("sub-greta", email="greta@example.com", email_verified=True)
    assert log_in(gateway, "sub-greta")[0] == 200
    assert user(gateway, "greta@example.com")["groups"] == []


def test_names_are_not_taken_over(gateway, provider, fake):
    provider.account("sub-ida", email="ida@example.com", email_verified=True)
    assert log_in(gateway, "sub-ida")[0] == 200
    # Another subject of the same issuer, and of another one, that claim to be called the same.
    provider.account("sub-ida2", email="IDA@example.com", email_verified=True)
    status, answer = log_in(gateway, "sub-ida2")
    assert status == 403 and "somebody else" in answer["title"] and "sluice user link" in answer["title"], answer
    status, answer = rogue(gateway, fake, email="ida@example.com")
    assert status == 403 and "somebody else" in answer["title"], answer
    # The same subject of another issuer is somebody else too.
    status, answer = rogue(gateway, fake, sub="sub-ida", email="other@example.com")
    assert status == 200 and answer["user"] == "other@example.com", answer
    # A local user is nobody's.
    gateway.cli("user", "add", "olaf@example.com", "--password-stdin", input="correct horse battery\n")
    provider.account("sub-olaf", email="olaf@example.com", email_verified=True)
    status, answer = log_in(gateway, "sub-olaf")
    assert status == 403 and "not known to be the same" in answer["title"], answer
    gateway.cli("user", "link", "olaf@example.com", "--issuer", provider.url, "--subject", "sub-olaf")
    assert log_in(gateway, "sub-olaf")[1]["user"] == "olaf@example.com"
    assert gateway.cli("user", "link", "alice", "--issuer", provider.url, "--subject", "sub-olaf", check=False).returncode != 0
    # Whose name at the issuer changes stays who they are.
    provider.account("sub-ida", email="ida.new@example.com", email_verified=True)
    assert log_in(gateway, "sub-ida")[1]["user"] == "ida@example.com"
    # Somebody removed and made anew is somebody else.
    gateway.cli("user", "remove", "ida@example.com")
    gateway.cli("user", "add", "ida@example.com", "--password-stdin", input="correct horse battery\n")
    provider.account("sub-ida", email="ida@example.com", email_verified=True)
    status, answer = log_in(gateway, "sub-ida")
    assert status == 403, answer


def test_claims_that_anybody_could_make(gateway, provider):
    provider.account("sub-eve", email="eve@example.com", email_verified=False)
    status, answer = log_in(gateway, "sub-eve")
    assert status == 401 and "email_verified" in answer["title"], answer
    provider.account("sub-eve", email="eve@evil.example", email_verified=True)
    status, answer = log_in(gateway, "sub-eve")
    assert status == 401 and "domains" in answer["title"], answer
    provider.account("sub-eve", email="eve@evil.example@example.com", email_verified=True)
    assert log_in(gateway, "sub-eve")[0] == 401


def test_disabled_users_stay_out(gateway, provider):
    provider.account("sub-dora", email="dora@example.com", email_verified=True)
    assert log_in(gateway, "sub-dora")[0] == 200
    gateway.cli("user", "disable", "dora@example.com")
    status, answer = log_in(gateway, "sub-dora")
    assert status == 403 and "sluice user enable" in answer["title"], answer


def opened(gateway, answer):
    """A session with what a login gave, which is known within a second."""
    deadline = time.time() + 10
    while True:
        try:
            return psycopg.connect(gateway.dsn(answer["user"], answer["secret"]), autocommit=True)
        except psycopg.OperationalError:
            assert time.time() < deadline
            time.sleep(0.1)


def ended_after(connection):
    """Seconds until an open session is over."""
    started = time.time()
    while time.time() - started < 20:
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return time.time() - started
        time.sleep(0.1)
    raise AssertionError("it goes on")


def test_what_is_taken_from_a_person_of_the_issuer_is_gone_in_open_sessions(gateway, provider):
    provider.account("sub-rita", email="rita@example.com", email_verified=True, groups=["one"])
    first = log_in(gateway, "sub-rita")[1]
    session = opened(gateway, first)
    # Other groups at the issuer count from the next login on, in sessions that are open too.
    provider.account("sub-rita", email="rita@example.com", email_verified=True, groups=["two"])
    second = log_in(gateway, "sub-rita")[1]
    changed = time.time()

    def groups():
        session.execute(f"SELECT 'groups at {time.time()}'")
        found = gateway.search("--user", "rita@example.com", "--type", "statement", "--text", "groups at")
        return found[-1]["groups"] if found else None
    while groups() != ["two"]:
        assert time.time() - changed < 5
        time.sleep(0.2)
    # One credential is revoked: its session ends, that of the other goes on.
    other = opened(gateway, second)
    gateway.cli("token", "revoke", first["id"])
    assert ended_after(session) < 5
    assert other.execute("SELECT 1").fetchone() == (1,)
    # The person is disabled: nothing is left, and logging in anew does not help.
    gateway.cli("user", "disable", "rita@example.com")
    assert ended_after(other) < 5
    assert log_in(gateway, "sub-rita")[0] == 403
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(gateway.dsn(second["user"], second["secret"]))


def test_a_login_is_for_who_began_it(gateway, provider):
    provider.account("sub-bob", email="bob@example.com", email_verified=True)
    for changes in [{"secret": "guessed"}, {"attempt": "guessed"}, {"state": "guessed"}, {"state": ""},
                    {"iss": "http://evil.example"}, {"code": ""}, {"code": "guessed"}]:
        status, answer = log_in(gateway, "sub-bob", **changes)
        assert status == 401 and "log" in answer["title"], (changes, answer)
    # A code is good once, and so is an attempt.
    status, begun = begin(gateway)
    came = Browser().log_in(begun["url"], "sub-bob", HOME)
    assert finish(gateway, begun, came)[0] == 200
    assert finish(gateway, begun, came)[0] == 401
    # A code of one login is none of another: its PKCE verifier differs.
    first, second = begin(gateway)[1], begin(gateway)[1]
    came = Browser().log_in(first["url"], "sub-bob", HOME)
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(second["url"]).query))["state"]
    status, answer = finish(gateway, second, came, state=state)
    assert status == 401 and "invalid_grant" in answer["title"], answer


def test_nobody_else_is_sent_the_code(gateway):
    for redirect in ["https://evil.example/callback", "http://evil.example/callback", "http://127.0.0.1.evil.example/callback",
                     "http://127.0.0.1:80@evil.example/callback", "http://127.0.0.1:8765/other", "http://localhost:1/callback", ""]:
        status, answer = begin(gateway, redirect=redirect)
        assert status == 400 and "nowhere else" in answer["title"], (redirect, answer)


def test_keys_rotate(gateway, provider):
    provider.account("sub-kim", email="kim@example.com", email_verified=True)
    assert log_in(gateway, "sub-kim")[0] == 200
    new = Key("second")
    provider.rotate([new, *provider.keys])
    assert log_in(gateway, "sub-kim")[0] == 200, "a new key is asked for"
    provider.rotate([Key("third")])
    deadline = time.time() + 15  # At most one question in ten seconds.
    while log_in(gateway, "sub-kim")[0] != 200:
        assert time.time() < deadline
        time.sleep(1)


@pytest.mark.parametrize("what, says, header, claims", [
    ("good", None, {}, {}),
    ("alg none", "not accepted", {"alg": "none"}, {}),
    ("public key as a secret", "not accepted", {"alg": "HS256"}, {}),
    ("critical extension", "critical", {"crit": ["exp"]}, {}),
    ("another kind", "(typ)", {"typ": "at+jwt"}, {}),
    ("an unknown key", "does not publish", {"kid": "unknown"}, {}),
    ("another issuer", "another issuer", {}, {"iss": "http://127.0.0.1:1"}),
    ("another audience", "check client_id", {}, {"aud": "other"}),
    ("another client", "(azp)", {}, {"azp": "other"}),
    ("expired", "expired", {}, {"exp": int(time.time()) - 120}),
    ("from the future", "future", {}, {"iat": int(time.time()) + 3600}),
    ("no end", "never expires", {}, {"exp": None}),
    ("another access token", "(at_hash)", {}, {"at_hash": "AAAA"}),
    ("no subject", "(sub)", {}, {"sub": ""}),
])
def test_tokens_that_are_not_good(gateway, fake, what, says, header, claims):
    status, answer = rogue(gateway, fake, header=header, **claims)
    if says is None:
        assert status == 200 and user(gateway, answer["user"])["groups"] == ["r:admins"], answer
    else:
        assert status == 401 and says in answer["title"], (what, answer)


def test_a_nonce_belongs_to_one_login(gateway, fake):
    status, answer = rogue(gateway, fake, keep_nonce=False)
    assert status == 401 and "(nonce)" in answer["title"], answer
    failed = gateway.wait_for(lambda r: any("nonce" in x.get("message", "") for x in r), "--type", "login_failed")
    assert any("nonce" in r["message"] for r in failed)


def test_clocks_may_differ_by_a_minute(gateway, fake):
    now = int(time.time())
    assert rogue(gateway, fake, exp=now - 40)[0] == 200
    assert rogue(gateway, fake, iat=now + 40, nbf=now + 40)[0] == 200


def test_userinfo_is_of_the_same_person(gateway, fake):
    status, begun = begin(gateway, "rogue")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun["url"]).query))
    fake.nonce, fake.claims, fake.header, fake.userinfo = query["nonce"], {}, {}, {"sub": "root", "groups": ["admins"]}
    status, answer = finish(gateway, begun, HOME + "?" + urllib.parse.urlencode({"code": "c", "state": query["state"]}))
    assert status == 401 and "somebody else" in answer["title"], answer


def test_the_client_secret_goes_to_the_token_endpoint_alone(gateway, fake):
    rogue(gateway, fake)
    sent = fake.requests[-1]
    assert sent["auth"].startswith("Basic ") and "client_secret" not in sent and len(sent["code_verifier"]) >= 43


def test_an_issuer_that_is_away(gateway):
    status, answer = begin(gateway, "closed")
    assert status == 502 and "discovery document" in answer["title"], answer
    status, answer = begin(gateway, "unknown")
    assert status == 404 and "--issuer" in answer["title"], answer


def test_device_login(gateway, provider):
    provider.account("sub-dan", email="dan@example.com", email_verified=True)
    status, device = call(gateway, "POST", "/api/v1/login/device", {"issuer": "corp"})
    assert status == 200, device
    SEEN.append(device["secret"])
    begun = {"attempt": device["attempt"], "secret": device["secret"]}
    assert call(gateway, "POST", "/api/v1/login/device/poll", begun)[0] == 202
    # Sooner than allowed: the issuer is not even asked.
    assert call(gateway, "POST", "/api/v1/login/device/poll", begun)[0] == 202
    assert call(gateway, "POST", "/api/v1/login/device/poll", {**begun, "secret": "guessed"})[0] == 401
    page = Browser().log_in(device["verification_uri"], "sub-dan", user_code=device["user_code"])
    assert "success" in page.lower(), page
    deadline = time.time() + 30
    while True:
        status, answer = call(gateway, "POST", "/api/v1/login/device/poll", begun)
        if status != 202 or time.time() > deadline:
            break
        time.sleep(1)
    assert status == 200, answer
    SEEN.append(answer["secret"])
    done = gateway.psql("-Atc", "SELECT 1", user="dan@example.com", password=answer["secret"])
    assert done.stdout == "1\n", done.stderr
    assert call(gateway, "POST", "/api/v1/login/device/poll", begun)[0] == 401, "good once"


def test_devices_are_let_in_only_where_allowed(gateway):
    status, answer = call(gateway, "POST", "/api/v1/login/device", {"issuer": "rogue"})
    assert status == 403 and "identity.issuers.device" in answer["title"], answer


def test_who_fails_again_and_again_waits(server, fake):
    running = Gateway(server, environment="staging", extra=f"""\
limits: {{ login_failures_per_source: 3 }}
identity:
  issuers: [{{ name: rogue, issuer: '{fake.url}', audience: sluice, allow_http: true }}]
""")
    try:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "subject_token": fake.token("nobody", audience="else")}
        answers = [call(running, "POST", "/api/v1/token", form=form) for _ in range(6)]
        assert [a[0] for a in answers[:4]] == [400] * 4
        assert answers[-1][0] == 429 and answers[-1][1]["detail"].startswith("Wait "), answers[-1]
    finally:
        assert running.stop() == 0


def test_behind_a_proxy_nobody_keeps_everybody_out(server, fake):
    running = Gateway(server, environment="staging", extra=f"""\
limits: {{ login_failures_per_source: 3 }}
identity:
  behind_tls: true
  issuers: [{{ name: rogue, issuer: '{fake.url}', audience: sluice, allow_http: true }}]
""")
    try:
        wrong = [call(running, "POST", "/api/v1/login/oidc/finish", {"attempt": "none", "secret": "none", "code": "c", "state": "s"})
                 for _ in range(5)]
        assert {status for status, _ in wrong} == {401}, wrong
        assert call(running, "GET", "/api/v1/login/issuers")[0] == 200
    finally:
        assert running.stop() == 0


def test_ed25519_where_it_is_asked_for(server):
    issuer = FakeIssuer()
    key, other = EdKey("ed"), EdKey("ed")
    issuer.published = [key.jwk(), issuer.key.jwk()]
    running = Gateway(server, environment="staging", extra=f"""\
identity:
  issuers: [{{ name: modern, issuer: '{issuer.url}', audience: sluice, allow_http: true, algorithms: EdDSA }}]
  workloads: [{{ issuer: modern, match: {{ sub: loader }}, user: loader }}]
""")
    try:
        def exchange(token):
            return call(running, "POST", "/api/v1/token", form={
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "subject_token": token})

        status, answer = exchange(issuer.token("loader", audience="sluice", key=key))
        assert status == 200 and answer["user"] == "loader", answer
        assert running.psql("-Atc", "SELECT 1", user="loader", password=answer["access_token"]).stdout == "1\n"
        for token in (issuer.token("loader", audience="sluice", key=other), issuer.token("loader", audience="sluice"),
                      issuer.token("loader", audience="sluice", key=key, header={"alg": "none"})):
            assert exchange(token)[0] == 400, token
    finally:
        issuer.stop()
        assert running.stop() == 0
