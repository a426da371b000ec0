"""A rule that wants a fresh login or a second factor says so, and a login anew counts in sessions that are open (threat 63)."""

import base64
import hashlib
import hmac
import json
import os
import struct
import subprocess
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway

POLICY = """
rules:
  - { name: read, effect: allow, do: [read] }
  - name: fresh
    effect: allow
    do: [insert]
    when: { authentication: { max_age: 10s } }
  - name: strong
    effect: allow
    do: [delete]
    when: { authentication: { mfa: true } }
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("CREATE TABLE IF NOT EXISTS stepped (id int)", "orders")
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}\nlog: {{ level: trace }}")
    running.cli("user", "add", "bob", "--password-stdin", input=PASSWORD + "\n")
    yield running
    log = running.log.read_bytes()
    assert running.stop() == 0
    for secret in SEEDS:
        assert secret.encode() not in log, "the seed of one-time codes is in the log"


SEEDS = []


def login(gateway, state, user="alice", *options):
    done = subprocess.run([SLUICE, "login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", user,
                           "--password-stdin", *options], input=PASSWORD + "\n", text=True, capture_output=True,
                          env={**os.environ, "XDG_STATE_HOME": str(state)}, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads((state / "sluice/credentials.json").read_text())


def secret_of(kept):
    text = json.dumps(kept)
    at = text.index("slc_")
    return text[at:at + 53]


def code(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack("!Q", int(time.time()) // 30), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('!I', digest[at:at + 4])[0] & 0x7fffffff) % 10**6:06d}"


def eventually(connection, text, seconds=9):
    deadline = time.time() + seconds
    while True:
        try:
            return connection.execute(text)
        except psycopg.errors.InsufficientPrivilege:
            assert time.time() < deadline
            time.sleep(0.1)


def test_a_login_anew_counts_in_the_open_session(gateway, tmp_path):
    secret = secret_of(login(gateway, tmp_path))
    with psycopg.connect(gateway.dsn(password=secret), autocommit=True) as connection:
        connection.execute("INSERT INTO stepped VALUES (1)")
        time.sleep(10.2)
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute("INSERT INTO stepped VALUES (2)")
        assert "Prove anew who you are: sluice login; this session counts it" in refused.value.diag.message_hint
        login(gateway, tmp_path)
        eventually(connection, "INSERT INTO stepped VALUES (3)")
        time.sleep(10.2)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO stepped VALUES (4)")


def test_Threat63_only_the_holder_of_a_credential_makes_it_stronger(gateway, tmp_path):
    """Neither another login of the same user's, nor somebody else's who shows it."""
    secret = secret_of(login(gateway, tmp_path / "one"))
    with psycopg.connect(gateway.dsn(password=secret), autocommit=True) as connection:
        connection.execute("SELECT 1")
        time.sleep(10.2)
        login(gateway, tmp_path / "two")  # From elsewhere, without the credential.
        body = {"user": "bob", "password": PASSWORD, "renews": secret}
        wrong = {"user": "alice", "password": "wrong", "renews": secret}
        for said, status in ((body, "200"), (wrong, "401")):
            answer = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", json.dumps(said), "-H",
                                     "Content-Type: application/json", f"http://127.0.0.1:{gateway.http}/api/v1/login"],
                                    capture_output=True, text=True, timeout=30)
            assert answer.stdout == status
        time.sleep(1.5)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO stepped VALUES (5)")


def test_a_second_factor(gateway, tmp_path):
    uri = gateway.cli("user", "totp", "bob").stdout
    totp = uri.split("secret=")[1].split("&")[0].strip()
    gateway.cli("user", "totp", "bob", "--remove")
    time.sleep(1.2)
    secret = secret_of(login(gateway, tmp_path, "bob"))
    with psycopg.connect(gateway.dsn("bob", secret), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute("DELETE FROM stepped")
        assert "with a second factor: sluice login, with a one-time code; this session" in refused.value.diag.message_hint
        uri = gateway.cli("user", "totp", "bob").stdout
        totp = uri.split("secret=")[1].split("&")[0].strip()
        SEEDS.append(totp)
        time.sleep(1.2)
        login(gateway, tmp_path, "bob", "--totp", code(totp))
        eventually(connection, "DELETE FROM stepped")
    admin = gateway.wait_for(lambda found: any("stepped up by totp" in r["message"] for r in found), "--type", "admin")
    assert any("stepped up by totp" in r["message"] for r in admin)


def test_with_a_bare_password_a_new_connection_is_needed(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute("DELETE FROM stepped")
        assert "connect with what it keeps" in refused.value.diag.message_hint
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as other:
            connection.execute("TRUNCATE stepped")
        assert "Prove" not in (other.value.diag.message_hint or "")
