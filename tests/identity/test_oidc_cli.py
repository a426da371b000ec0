"""sluice login by an identity provider, in the browser and by a code, and what its credential is good for."""

import os
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
from browser import Browser
from harness.gateway import PASSWORD, SLUICE, Gateway
from issuers import CLIENT, SECRET, OidcProvider

POLICY = """
rules:
  - { name: all, effect: allow }
  - name: drops
    effect: hold
    do: [drop]
    approve: { by: [dba], wait: 0s, automatic: { who: { groups: [dba] }, when: { authentication: { mfa: true } } } }
"""


@pytest.fixture(scope="module")
def provider():
    running = OidcProvider()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, provider):
    running = Gateway(server, start=False)
    secret = running.root / "client-secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    (running.root / "policy.yaml").write_text(POLICY)
    running.write_config(server, extra=f"""\
policy: {{ file: {running.root}/policy.yaml }}
identity:
  issuers:
    - {{ name: corp, issuer: '{provider.url}', client_id: {CLIENT}, client_secret_file: {secret}, allow_http: true,
        scopes: [openid, email, groups], groups_claim: groups, provision: true, device: true, acr_values: 'urn:example:mfa' }}
""")
    running.start()
    yield running
    running.stop()


class Home:
    """Somebody's home, on a machine without the gateway's configuration."""

    def __init__(self, gateway, path):
        self.url = f"http://127.0.0.1:{gateway.http}"
        self.env = {**os.environ, "HOME": str(path), "XDG_STATE_HOME": str(path)}
        self.env.pop("SLUICE_CONFIG", None)

    def login(self, *how):
        return subprocess.Popen([SLUICE, "login", "--gateway", self.url, *how], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def in_browser(self, account, *more):
        login = self.login("--issuer", "corp", *more)
        url = next(found.group(1) for found in (re.search(r"^  (http\S+)$", line.rstrip("\n")) for line in login.stderr) if found)
        home = re.search(r"redirect_uri=([^&]+)", url).group(1)
        home = urllib.parse.unquote(home)
        came = Browser().log_in(url, account, home)
        with urllib.request.urlopen(came, timeout=10) as page:
            assert b"go back to the terminal" in page.read()
        _, err = login.communicate(timeout=20)
        assert login.returncode == 0, err
        return err

    def sluice(self, *words, input=None):
        return subprocess.run([SLUICE, *words], env=self.env, text=True, capture_output=True, timeout=60, input=input)


def test_a_plain_login_is_as_the_last_time(gateway, provider, tmp_path):
    provider.account("sub-lena", email="lena@example.com", email_verified=True, groups=["staff"])
    home = Home(gateway, tmp_path)
    home.in_browser("sub-lena")
    again = home.login()
    first = again.stderr.readline()
    again.terminate()
    again.communicate(timeout=20)
    assert first == "Log in with a browser on this machine:\n", first


@pytest.mark.parametrize("words", [("--user", "alice", "--issuer", "corp"), ("--device", "--password-stdin"),
                                   ("--issuer", "corp", "--totp", "123456"), ("--device", "--directory", "corp")])
def test_ways_to_log_in_that_exclude_each_other_are_refused(gateway, tmp_path, words):
    done = Home(gateway, tmp_path).sluice("login", "--gateway", f"http://127.0.0.1:{gateway.http}", *words)
    assert done.returncode == 2 and "leave out one of them" in done.stderr, done.stderr
    assert next(word for word in words if word in ("--user", "--password-stdin", "--totp", "--directory")) in done.stderr


def test_in_the_browser_then_psql(gateway, provider, tmp_path):
    provider.account("sub-nora", email="nora@example.com", email_verified=True, groups=["staff"])
    home = Home(gateway, tmp_path)
    assert 'as "nora@example.com"' in home.in_browser("sub-nora")
    done = home.sluice("connect", "orders", "--", "-X", "-Atc", "SELECT 40 + 2")
    assert done.stdout == "42\n", done.stderr
    found = gateway.wait_for(lambda records: records, "--user", "nora@example.com", "--type", "session_start")
    assert found[0]["authentication"] == "oidc" and found[0]["issuer"] == provider.url


def test_for_one_database(gateway, provider, tmp_path):
    provider.account("sub-dana", email="dana@example.com", email_verified=True, groups=["staff"])
    home = Home(gateway, tmp_path)
    assert 'this gateway has no database "elsewhere"' in home.in_browser("sub-dana", "--database", "elsewhere")
    refused = home.sluice("connect", "orders", "--", "-X", "-Atc", "SELECT 1")
    assert refused.returncode != 0 and refused.stdout == ""
    home.in_browser("sub-dana", "--database", "orders")
    assert home.sluice("connect", "orders", "--", "-X", "-Atc", "SELECT 1").stdout == "1\n"


def test_by_a_code(gateway, provider, tmp_path):
    provider.account("sub-otto", email="otto@example.com", email_verified=True)
    home = Home(gateway, tmp_path)
    login = home.login("--issuer", "corp", "--device", "--database", "elsewhere")
    text = ""
    while "Enter no code" not in text:
        line = login.stderr.readline()
        assert line, text
        text += line
    page = Browser().log_in(re.search(r"Open (\S+) in", text).group(1), "sub-otto",
                            user_code=re.search(r"^  (\S+)$", text, re.MULTILINE).group(1))
    assert "success" in page.lower()
    _, err = login.communicate(timeout=40)
    assert login.returncode == 0 and 'as "otto@example.com"' in err
    assert home.sluice("connect", "orders", "--", "-X", "-Atc", "SELECT 1").returncode != 0, "it is good elsewhere alone"


def test_an_issuer_that_is_not_there(gateway, tmp_path):
    login = Home(gateway, tmp_path).login("--issuer", "nowhere")
    _, err = login.communicate(timeout=20)
    assert login.returncode == 3 and "--issuer: corp" in err


def test_automatic_only_with_several_factors_and_who_logged_in_decides(gateway, server, provider, tmp_path):
    server.sql("CREATE TABLE one (); CREATE TABLE two (); ALTER TABLE one OWNER TO sluice; ALTER TABLE two OWNER TO sluice",
               database="orders")
    provider.account("sub-petra", email="petra@example.com", email_verified=True, groups=["dba"], acr="urn:example:mfa", amr=["pwd", "mfa"])
    provider.account("sub-quinn", email="quinn@example.com", email_verified=True, groups=["dba"], acr="urn:example:mfa", amr=["pwd"])
    petra, quinn = Home(gateway, tmp_path / "petra"), Home(gateway, tmp_path / "quinn")
    for home, account in ((petra, "sub-petra"), (quinn, "sub-quinn")):
        os.mkdir(home.env["HOME"])
        home.in_browser(account)
    drop = ("connect", "orders", "--", "-X", "-c")
    done = petra.sluice(*drop, "DROP TABLE one")
    assert done.stdout == "DROP TABLE\n", done.stderr
    refused = quinn.sluice(*drop, "DROP TABLE two")
    assert "not approved yet" in refused.stderr and "authentication mfa" in refused.stderr, refused.stderr
    # From a machine that has nothing but the login: who asks does not decide, another of the group does.
    listed = petra.sluice("approval", "list", "--state", "waiting", "-o", "csv")
    number = listed.stdout.splitlines()[1].split(",")[0]
    assert "does not decide" in quinn.sluice("approval", "approve", number).stderr
    approved = petra.sluice("approval", "approve", number, "--comment", "seen")
    assert f"request {number} is approved" in approved.stdout, approved.stderr
    done = quinn.sluice(*drop, "DROP TABLE two")
    assert done.stdout == "DROP TABLE\n", done.stderr


def test_nobody_who_has_not_logged_in_decides(gateway, tmp_path):
    refused = Home(gateway, tmp_path).sluice("approval", "approve", "1")
    assert refused.returncode != 0 and "sluice login" in refused.stderr
    # Keeping the state folder is not enough either.
    by_operator = subprocess.run([SLUICE, "approval", "approve", "1", "--config", str(gateway.config)], text=True, capture_output=True,
                                 env={**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)})
    assert by_operator.returncode != 0 and "sluice login" in by_operator.stderr
    wrong = gateway.cli("approval", "approve", "1", "--user", "alice", "--password-stdin", input=PASSWORD + "x\n", check=False)
    assert wrong.returncode != 0
