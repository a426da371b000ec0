"""Credentials in place of passwords: whom they let in, where, for how long, and with what rights (threats 17 to 23, 54)."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import WireClient, error_fields, kinds, query

POLICY = """
rules:
  - name: engineers
    effect: allow
    who: { groups: [engineering] }
    do: [read]
  - name: fresh-only
    effect: deny
    do: [insert]
    when: { authentication: { older_than: 4s } }
  - name: writers
    effect: allow
    who: { groups: [writing] }
    do: [insert]
"""


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("CREATE TABLE IF NOT EXISTS customers (id int)", "orders")
    running = Gateway(server, reactor=request.param, extra=f"policy: {{ file: {policy} }}")
    running.cli("user", "add", "bob", "--group", "engineering", "--generate")
    yield running
    assert running.stop() == 0


def token(gateway, user="alice", *options):
    return gateway.cli("token", "create", "--user", user, *options).stdout.strip()


def token_id(gateway, user):
    """Of the newest."""
    return json.loads(gateway.cli("token", "list", "--user", user, "-o", "json").stdout)[0]["id"]


def login(gateway, secret, user="alice", **options):
    """A client that is logged in, or the error's fields."""
    client = WireClient(gateway.port)
    last = client.login(user=user, password=secret, **options)[-1]
    return client if last[0] == b"Z" else error_fields(last[1])


def logged_in(gateway, secret, user="alice", seconds=5, **options):
    """The same once the gateway knows of the credential."""
    deadline = time.time() + seconds
    while not isinstance(client := login(gateway, secret, user, **options), WireClient):
        assert time.time() < deadline, client
        time.sleep(0.25)  # Failures are counted.
    return client


def ended(client, within=5):
    """The fields of the error that ends a session, and that it came in time."""
    client.sock.settimeout(within)
    kind, body = client.read_message()
    assert kind == b"E", kind
    fields = error_fields(body)
    assert fields["S"] == "FATAL"
    assert client.read_to_end() == b""
    return fields


def last_failure(gateway, user, condition):
    records = gateway.wait_for(lambda found: any(condition(r["message"]) for r in found),
                               "--type", "login_failed", "--user", user)
    assert any(condition(r["message"]) for r in records), [r["message"] for r in records]


def test_a_token_lets_in_beside_the_password(gateway):
    secret = token(gateway)
    assert secret.startswith("slc_") and len(secret) == 53
    client = logged_in(gateway, secret)
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
    assert isinstance(login(gateway, PASSWORD), WireClient)
    record = gateway.wait_for(lambda found: found and "credential" in found[-1], "--user", "alice", "--type", "statement")[-1]
    assert record["credential"] == token_id(gateway, "alice")
    assert record["authentication"] == "token"


def test_who_has_no_password_shows_tokens_alone(gateway):
    gateway.cli("user", "add", "nopass", "--group", "engineering", "--no-password")
    refused = gateway.cli("user", "add", "other", "--no-password", "--generate", check=False)
    assert refused.returncode == 2 and "--no-password" in refused.stderr
    secret = token(gateway, "nopass")
    logged_in(gateway, secret, "nopass").close()
    for password in (PASSWORD, "", "SCRAM-SHA-256"):
        assert login(gateway, password, "nopass")["C"] == "28P01"


def test_psql_and_libpq_take_it_as_a_password(gateway):
    secret = token(gateway)
    logged_in(gateway, secret).close()
    done = gateway.psql("-Atc", "SELECT 41 + 1", password=secret)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr


def test_Threat19_20_no_good_credential_looks_like_a_wrong_password(gateway):
    wrong = login(gateway, "slc_" + "x" * 49)
    good, other = token(gateway), token(gateway, "alice", "--database", "elsewhere")
    logged_in(gateway, good).close()
    short = token(gateway, "alice", "--for", "1s")
    of_bob = token(gateway, "bob")
    logged_in(gateway, of_bob, "bob").close()
    gateway.cli("token", "revoke", token_id_of(gateway, good))
    time.sleep(1.5)
    for secret in (good, other, short, of_bob):
        assert login(gateway, secret) == wrong, secret
    assert wrong["C"] == "28P01"
    for condition in (lambda m: "was revoked at" in m, lambda m: "expired at" in m,
                      lambda m: "is not for this database" in m, lambda m: m == "password authentication failed"):
        last_failure(gateway, "alice", condition)


def token_id_of(gateway, secret):
    """Told apart by a login on the record."""
    logged_in(gateway, secret).run(query("SELECT 'which'"))
    records = gateway.wait_for(lambda found: "'which'" in found[-1]["text"], "--user", "alice", "--type", "statement")
    return records[-1]["credential"]


def test_Threat20_revocation_ends_a_session_in_time(gateway):
    secret = token(gateway)
    idle, in_transaction = logged_in(gateway, secret), logged_in(gateway, secret)
    other = logged_in(gateway, PASSWORD)
    assert kinds(in_transaction.run(query("BEGIN"))) == "CZ"
    assert kinds(in_transaction.run(query("SELECT 1"))) == "TDCZ"
    idle.run(query("SELECT 1"))
    started = time.time()
    gateway.cli("token", "revoke", token_id(gateway, "alice"))
    for client in (idle, in_transaction):
        fields = ended(client)
        assert fields["C"] == "28000" and "revoked" in fields["M"] and "sluice login" in fields["H"]
    assert time.time() - started < 5
    assert kinds(other.run(query("SELECT 1"))) == "TDCZ", "the password's session goes on"


def test_Threat20_revocation_ends_a_session_in_the_middle_of_a_statement(gateway):
    client = logged_in(gateway, token(gateway))
    client.run(query("SELECT 1"))
    client.send(query("SELECT count(*) FROM generate_series(1, 2000000000)"))
    time.sleep(0.3)
    gateway.cli("token", "revoke", "--user", "alice")
    assert ended(client)["C"] == "28000"


def test_Threat20_expiry_ends_a_session_in_time(gateway):
    secret = token(gateway, "alice", "--for", "3s")
    client = logged_in(gateway, secret)
    started = time.time()
    assert kinds(client.run(query("BEGIN"))) == "CZ"
    fields = ended(client, within=8)
    assert fields["C"] == "28000" and "expired" in fields["M"]
    assert time.time() - started < 5
    assert login(gateway, secret)["C"] == "28P01"


def test_Threat20_a_users_time_ends(gateway):
    gateway.cli("user", "add", "temp", "--group", "engineering", "--password-stdin", "--valid-until", "4s", input=PASSWORD)
    secret = token(gateway, "temp")
    by_password, by_token = logged_in(gateway, PASSWORD, "temp"), logged_in(gateway, secret, "temp")
    started = time.time()
    assert kinds(by_token.run(query("BEGIN"))) == "CZ"
    for client in (by_password, by_token):
        assert ended(client, within=10)["C"] == "57P01"
    assert time.time() - started < 7
    assert login(gateway, PASSWORD, "temp")["C"] == login(gateway, secret, "temp")["C"] == "28P01"
    over = 'the time of user "temp" is over'
    assert over in [r["message"] for r in gateway.wait_for(lambda r: over in [each["message"] for each in r], "--type", "admin")]
    refused = gateway.cli("user", "enable", "temp", check=False)
    assert refused.returncode != 0
    assert "--valid-until" in refused.stderr
    gateway.cli("user", "set", "temp", "--valid-until", "never")
    (listed,) = [u for u in json.loads(gateway.cli("user", "list", "-o", "json").stdout) if u["name"] == "temp"]
    assert listed["enabled"] and listed["valid_until"] == ""
    assert kinds(logged_in(gateway, secret, "temp").run(query("SELECT 1"))) == "TDCZ"


def test_rights_change_with_the_next_statement(gateway):
    gateway.cli("user", "add", "carol", "--group", "guests", "--generate")
    client = logged_in(gateway, token(gateway, "carol"), "carol")
    refused = client.run(query("SELECT count(*) FROM customers"))
    assert kinds(refused) == "EZ"
    gateway.cli("user", "set", "carol", "--group", "engineering")

    def soon(wanted):
        deadline = time.time() + 5
        while kinds(client.run(query("SELECT count(*) FROM customers"))) != wanted:
            assert time.time() < deadline
            time.sleep(0.1)

    soon("TDCZ")
    assert kinds(client.run(query("BEGIN"))) == "CZ"
    gateway.cli("user", "set", "carol", "--group", "guests")
    soon("EZ")
    records = gateway.search("--user", "carol", "--type", "statement")
    assert [r["groups"] for r in records][0] == ["guests"] and ["engineering"] in [r["groups"] for r in records]


def test_the_age_of_an_authentication_is_the_credentials(gateway):
    gateway.cli("user", "add", "dora", "--group", "writing", "--generate")
    secret = token(gateway, "dora")
    client = logged_in(gateway, secret, "dora")
    time.sleep(4.2)
    again = logged_in(gateway, secret, "dora")
    for old in (client, again):
        answer = old.run(query("INSERT INTO customers (id) VALUES (-1)"))
        assert "fresh-only" in str(error_fields(answer[0][1])), "a new login with it is no new authentication"


def test_an_agent_may_no_more_than_the_person_it_acts_for(gateway):
    gateway.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--group", "writing", "--generate")
    own = logged_in(gateway, token(gateway, "robot"), "robot")
    assert kinds(own.run(query("INSERT INTO customers (id) VALUES (1)"))) == "CZ"
    client = logged_in(gateway, token(gateway, "robot", "--acts-for", "bob"), "robot")
    assert kinds(client.run(query("SELECT 1 FROM customers LIMIT 1")))[0] == "T"
    assert kinds(client.run(query("INSERT INTO customers (id) VALUES (1)"))) == "EZ", "bob may not"
    record = gateway.search("--user", "robot", "--type", "statement")[-1]
    assert record["groups"] == ["engineering"] and record["actors"] == ["robot", "bob"]
    assert record["principal_kind"] == "agent"
    gateway.cli("user", "set", "bob", "--group", "writing")
    deadline = time.time() + 5
    while kinds(client.run(query("SELECT 1 FROM customers LIMIT 1"))) != "EZ":
        assert time.time() < deadline, "what bob may no longer, the agent may not"
        time.sleep(0.1)
    gateway.cli("user", "disable", "bob")
    assert ended(client)["C"] == "28000"
    gateway.cli("user", "enable", "bob")
    gateway.cli("user", "set", "bob", "--group", "engineering")
    assert kinds(own.run(query("SELECT 1"))) == "TDCZ"


def test_nobody_acts_for_somebody_who_does_not_exist(gateway):
    done = gateway.cli("token", "create", "--user", "alice", "--acts-for", "nobody", check=False)
    assert done.returncode == 3 and "nobody" in done.stderr


def test_Threat20_a_disabled_users_tokens(gateway):
    gateway.cli("user", "add", "erin", "--group", "engineering", "--generate")
    secret = token(gateway, "erin")
    client = logged_in(gateway, secret, "erin")
    gateway.cli("user", "disable", "erin")
    assert ended(client)["C"] == "57P01"
    time.sleep(0.6)  # The other worker learns of it at the same time, or a moment later.
    assert login(gateway, secret, "erin")["C"] == "28P01"
    gateway.cli("user", "remove", "erin")
    gateway.cli("user", "add", "erin", "--group", "engineering", "--generate")
    time.sleep(0.6)
    assert login(gateway, secret, "erin")["C"] == "28P01", "the name is not the person"


def test_Threat19_how_many_credentials_there_are_cannot_be_seen(gateway):
    def salt(user):
        client = WireClient(gateway.port)
        fields = login(gateway, "wrong", user)
        client.close()
        return fields

    for _ in range(9):
        token(gateway, "bob")
    time.sleep(0.5)
    assert {k: v.replace("bob", "X") for k, v in salt("bob").items()} == \
        {k: v.replace("who", "X") for k, v in salt("who").items()}


def test_Threat23_no_secret_of_a_credential_is_kept(server):
    running = Gateway(server, extra="log: { level: trace }", environment="staging")
    try:
        secret = token(running)
        logged_in(running, secret).run(query("SELECT 1"))
        running.cli("token", "list", "-o", "json")
        running.signal(15)
        assert running.process.wait(timeout=30) == 0
        found = [str(path) for path in running.root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert not found
    finally:
        running.stop()


def test_Threat54_nothing_of_one_users_session_is_left_for_the_next(gateway):
    """Pooled connections: what one user set, the next does not find."""
    first = logged_in(gateway, token(gateway), application_name="first")
    first.run(query("SET statement_timeout = 12345"))
    first.close()
    time.sleep(0.3)
    second = logged_in(gateway, token(gateway, "bob"), "bob")
    rows = second.run(query("SHOW statement_timeout"))
    assert b"12345" not in b"".join(body for kind, body in rows if kind == b"D")


def test_when_it_was_last_used_is_told(server):
    import json
    running = Gateway(server, environment="staging")
    try:
        logged_in(running, token(running)).close()
        running.signal(15)
        assert running.process.wait(timeout=30) == 0
        assert json.loads(running.cli("token", "list", "-o", "json").stdout)[0]["last_used"] != "never"
    finally:
        running.stop()
