"""People who log in by a directory: TLS, groups, names that are no names, who is gone, directories that are down or lie
(threats 71 to 73)."""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse

import psycopg2
import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, SLUICE, Gateway
from issuers import call
from scim import Scim
from slapd import SERVICE, SERVICE_PASSWORD, SUFFIX, Slapd

WORD = "a long enough word"


@pytest.fixture(scope="module")
def authority():
    made = Authority()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def directory(authority):
    running = Slapd(authority)
    yield running
    running.stop()


def entry(running, name, url, more):
    return f"""\
    - name: {name}
      url: '{url}'
      tls: {{ ca: '{running.ca}' }}
      timeout: 2s
      {more}
"""


def with_service(gateway, base="ou=people"):
    return f"""bind_dn: '{SERVICE}'
      password_file: {gateway.root}/ldap-password
      base: '{base},{SUFFIX}'"""


def make_gateway(server, entries):
    """`entries` of a gateway whose folder is known."""
    gateway = Gateway(server, start=False, environment="staging")
    secret = gateway.root / "ldap-password"
    secret.touch(0o600)
    secret.write_text(SERVICE_PASSWORD + "\n")
    gateway.write_config(server, environment="staging",
                         extra="log: { level: debug }\nidentity:\n  directories:\n" + entries(gateway))
    gateway.start()
    return gateway


@pytest.fixture(scope="module")
def gateway(server, directory):
    directory.person("bob", WORD, employeeType="active")
    directory.person("greta", WORD, unit="branch")
    directory.group("dba", f"uid=bob,ou=people,{SUFFIX}")
    directory.group("unmapped", f"uid=bob,ou=people,{SUFFIX}")
    inner = directory.group("inner", f"uid=greta,ou=branch,{SUFFIX}")
    outer = directory.group("outer", inner)
    directory.modify(inner, "add", member=outer)  # A circle.
    running = make_gateway(server, lambda gateway: entry(directory, "corp", directory.url(), f"""{with_service(gateway)}
      active_filter: '(!(employeeType=disabled))'
      groups_attribute: memberOf
      groups_map: {{ 'CN=dba,OU=groups,{SUFFIX}': admins, readers: readers }}
      provision: true
      recheck: 1s
      recheck_grace: 1h
""") + entry(directory, "branch", directory.url(tls=False), f"""{with_service(gateway, "ou=branch")}
      start_tls: true
      groups_base: 'ou=groups,{SUFFIX}'
      groups_nested: true
      groups_prefix: 'b:'
      provision: true
""") + entry(directory, "template", directory.url(tls=False), f"""bind_template: 'uid={{user}},ou=people,{SUFFIX}'
      recheck: 0s
"""))
    yield running
    log = running.log.read_bytes()
    assert running.stop() == 0
    for secret in (SERVICE_PASSWORD, WORD, "slc_"):
        assert secret.encode() not in log, "a secret is in the log"


def login(gateway, user, password=WORD, **more):
    return call(gateway, "POST", "/api/v1/login", {"user": user, "password": password, **more})


def session(gateway, user, password=WORD, **more):
    status, answer = login(gateway, user, password, **more)
    assert status == 200, (answer, gateway.search("--type", "login_failed")[-1:])
    connection = psycopg2.connect(gateway.dsn(answer["user"], answer["secret"]))
    connection.autocommit = True
    return connection


def ends(connection, seconds=40):
    deadline = time.time() + seconds
    while time.time() < deadline:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error as error:
            assert connection.closed, error
            return True
        time.sleep(0.2)
    return False


def users(gateway):
    return {u["name"]: u for u in json.loads(gateway.cli("user", "list", "-o", "json").stdout)}


def eventually(condition, seconds=30):
    deadline = time.time() + seconds
    while time.time() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


def test_a_person_logs_in(gateway):
    connection = session(gateway, "bob")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'by directory'")
    made = users(gateway)["bob"]
    assert made["groups"] == ["admins"] and made["kind"] == "human" and made["kept_by"] == "ldap:corp"
    record = gateway.wait_for(lambda found: found, "--user", "bob", "--type", "statement")[-1]
    assert record["authentication"] == "ldap"
    connection.close()
    # The name is the directory's, however it was typed.
    assert login(gateway, "BOB")[1]["user"] == "bob"
    # What psql is given is not the directory's password: SCRAM has no place for that.
    assert gateway.psql("-c", "SELECT 1", user="bob", password=WORD).returncode != 0


def test_groups_within_groups_and_starttls(gateway):
    session(gateway, "greta").close()
    made = users(gateway)["greta"]
    assert made["groups"] == ["b:inner", "b:outer"] and made["kept_by"] == "ldap:branch"


def test_a_template_needs_no_search(gateway, directory):
    # bob is known there too, and is somebody else until an operator says so.
    status, refused = login(gateway, "bob", directory="template")
    assert status == 403 and "sluice user link bob" in refused["title"], refused
    assert login(gateway, "bob", "wrong word", directory="template")[0] == 401
    directory.person("tess", WORD)
    gateway.cli("user", "add", "tess", "--generate")
    assert eventually(lambda: login(gateway, "tess", directory="template")[0] == 200)
    assert users(gateway)["tess"]["groups"] == []


def test_those_of_this_installation_stay_as_they_are(gateway, directory):
    directory.person("alice", WORD)
    assert login(gateway, "alice", PASSWORD)[0] == 200
    assert login(gateway, "alice", WORD)[0] == 401
    # A user who is here already is not taken over by who is called so there.
    status, refused = login(gateway, "alice", WORD, directory="corp")
    assert status == 403 and "not known to be the same" in refused["title"], refused
    assert login(gateway, "alice", WORD, directory="nowhere")[0] == 404


def test_the_command_line(gateway, tmp_path):
    done = subprocess.run([SLUICE, "login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", "bob", "--directory", "corp",
                           "--password-stdin"], input=WORD + "\n", text=True, capture_output=True, timeout=60,
                          env={**os.environ, "XDG_STATE_HOME": str(tmp_path)})
    assert done.returncode == 0 and 'as "bob"' in done.stderr, done.stderr


def test_an_operator_can_look(gateway, directory):
    found = json.loads(gateway.cli("directory", "check", "corp", "--user", "BOB", "-o", "json").stdout)
    assert [(f["directory"], f["user"], f["groups"]) for f in found] == [("corp", "bob", ["admins"])]
    everything = gateway.cli("directory", "check", "-o", "json")
    assert {f["directory"]: f["state"] for f in json.loads(everything.stdout)} == {"corp": "good", "branch": "good", "template": "good"}
    unknown = gateway.cli("directory", "check", "branch", "--user", "nobody", "-o", "json", check=False)
    assert unknown.returncode == 3 and json.loads(unknown.stdout)[0]["state"] == "nobody"
    assert gateway.cli("directory", "check", "nowhere", check=False).returncode == 3
    # The same over HTTP, for machines that have no configuration.
    over_http = json.loads(subprocess.run(
        ["curl", "-fsS", "--unix-socket", str(gateway.root / "state" / "control.sock"), "http://x/api/v1/directories/check",
         "-d", json.dumps({"name": "corp", "user": "BOB"})], text=True, capture_output=True, timeout=60, check=True).stdout)
    assert over_http == [{**found[0], "good": True}]
    text = gateway.config.read_text()
    try:
        gateway.config.write_text(text.replace(f"base: 'ou=branch,{SUFFIX}'", "base: 'ou=gone,dc=example'").replace(SERVICE, SERVICE + ",dc=x", 1))
        done = gateway.cli("directory", "check", "--user", "greta", "-o", "json", check=False)
        states = {f["directory"]: f["state"] for f in json.loads(done.stdout)}
        assert done.returncode == 5 and "Invalid credentials" in states["corp"] and "No such object" in states["branch"], states
        assert SERVICE_PASSWORD not in done.stdout + done.stderr
    finally:
        gateway.config.write_text(text)


def test_Threat71_no_password_is_no_password(gateway):
    # This slapd says yes to a bind without one.
    for directory in ("", "corp", "branch", "template"):
        for user in ("bob", "greta"):
            assert login(gateway, user, "", directory=directory)[0] in (401, 429), (user, directory)
    records = gateway.wait_for(lambda found: any("password is empty" in r["message"] for r in found), "--type", "login_failed")
    assert any("password is empty" in r["message"] for r in records)


def test_Threat71_names_are_names(gateway):
    names = ["*", "b*", "bob)(uid=*", "*)(objectClass=*", "bob)(|(uid=*", "bo\\62", "bob\x00", "bob,ou=people", f"bob,ou=people,{SUFFIX}",
             "bob+uid=bob", " bob", "bob ", "", "x" * 64, "(", "\\", "bob)(userPassword=*)", f"uid=bob,ou=people,{SUFFIX}"]
    answers = {login(gateway, name, WORD, directory=directory)[0]
               for name in names for directory in ("corp", "branch", "template")}
    assert answers <= {401, 429}, answers
    assert not {name for name in users(gateway)} & set(names)


def test_Threat71_guessing_is_slowed(server, directory):
    gateway = make_gateway(server, lambda gateway: entry(directory, "corp", directory.url(), with_service(gateway)))
    try:
        answers = [login(gateway, name, "wrong word") for name in ("bob", "BOB", "Bob", "bOb") * 4]
        assert [a[0] for a in answers[:10]] == [401] * 10
        assert answers[-1][0] == 429, answers[-1]
        assert {a[1]["title"] for a in answers[:10]} == {"the login failed"}
        assert login(gateway, "nobody-at-all", "wrong word")[1]["title"] == "the login failed"
    finally:
        assert gateway.stop() == 0


@pytest.mark.parametrize("how", ["disabled", "removed"])
def test_Threat72_who_leaves_the_directory_is_out(gateway, directory, how):
    name = f"leaver-{how}"
    dn = directory.person(name, WORD)
    connection = session(gateway, name)
    token = gateway.cli("token", "create", "--user", name).stdout.strip()
    if how == "disabled":
        directory.modify(dn, "add", employeeType="disabled")
    else:
        directory.remove(dn)
    assert ends(connection)
    assert login(gateway, name, directory="corp")[0] == 401
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(gateway.dsn(name, token))
    text = f'credentials of "{name}" ended'
    found = gateway.wait_for(lambda records: any(text in r["message"] for r in records), "--type", "admin")
    assert any(text in r["message"] for r in found)


def test_Threat72_groups_follow_the_directory(gateway, directory):
    dn = directory.person("mover", WORD)
    connection = session(gateway, "mover")
    assert users(gateway)["mover"]["groups"] == []
    group = directory.group("readers", dn)
    assert eventually(lambda: users(gateway)["mover"]["groups"] == ["readers"])
    directory.remove(group)
    assert eventually(lambda: users(gateway)["mover"]["groups"] == [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def test_one_time_codes_are_asked_for(gateway, directory):
    directory.person("coder", WORD)
    assert login(gateway, "coder")[0] == 200
    uri = gateway.cli("user", "totp", "coder").stdout.strip()
    secret = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)["secret"][0]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    assert eventually(lambda: login(gateway, "coder")[1].get("title") == "a one-time code is needed")
    mac = hmac.digest(key, (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 15
    code = f"{(int.from_bytes(mac[at:at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
    assert login(gateway, "coder", totp=code)[0] == 200
    assert login(gateway, "coder", totp=code)[0] == 401


def test_Threat72_who_is_kept_over_scim_logs_in_by_the_directory(server, directory):
    gateway = make_gateway(server, lambda gateway: entry(directory, "corp", directory.url(), with_service(gateway) + "\n      scim: true"))
    try:
        scim = Scim(gateway, gateway.cli("scim", "token", "create").stdout.strip())
        directory.person("nina", WORD)
        status, refused = login(gateway, "nina")
        assert status == 403 and "not provisioned" in refused["title"], refused
        nina = scim.user("nina")
        scim.group("staff", nina)
        connection = session(gateway, "nina")
        assert users(gateway)["nina"]["groups"] == ["staff"]
        assert scim.patch("/Users/" + nina["id"], {"op": "Replace", "path": "active", "value": "False"})[0] == 200
        assert ends(connection)
        status, refused = login(gateway, "nina")
        assert status == 403 and "inactive" in refused["title"], refused
        assert scim("DELETE", "/Users/" + nina["id"])[0] == 204
        assert eventually(lambda: "not provisioned" in login(gateway, "nina")[1]["title"])
    finally:
        assert gateway.stop() == 0


def test_Threat73_a_directory_that_is_not_what_it_says(server, directory, authority):
    """Another authority's certificate, and a name that is not in it: the password is not sent."""
    other = Authority("another")
    try:
        gateway = make_gateway(server, lambda gateway: entry(directory, "unknown", directory.url(), with_service(gateway)).replace(
            str(directory.ca), str(other.certificate)) + entry(
                directory, "misnamed", directory.url().replace("127.0.0.1", "localhost"), with_service(gateway)) + entry(
                    directory, "stripped", directory.url(tls=False), f"start_tls: true\n      {with_service(gateway)}").replace(
                        str(directory.ca), str(other.certificate)))
        try:
            for name in ("unknown", "misnamed", "stripped"):
                assert login(gateway, "bob", directory=name)[0] == 503, name
        finally:
            assert gateway.stop() == 0
    finally:
        other.remove()


def test_Threat73_entries_that_cannot_be_told_apart(gateway, directory):
    directory.person("twin", WORD)
    directory.add(f"cn=twin,ou=people,{SUFFIX}", objectClass="inetOrgPerson", cn="twin", sn="twin", uid="twin", userPassword=WORD)
    status, refused = login(gateway, "twin")
    assert status == 403 and "several people" in refused["title"], refused
    directory.person("two", WORD)
    directory.modify(f"uid=two,ou=people,{SUFFIX}", "add", uid="second")
    status, refused = login(gateway, "second")
    assert status == 403 and "2 values of uid" in refused["title"], refused
    # Somebody new under an old name is nobody who was here.
    dn = directory.person("again", WORD)
    assert login(gateway, "again")[0] == 200
    directory.remove(dn)
    directory.person("again", WORD)
    status, refused = login(gateway, "again")
    assert status == 403 and "somebody else here" in refused["title"], refused


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.kept = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                self.kept.append(self.server.accept()[0])
            except OSError:
                return

    def url(self, scheme):
        return f"{scheme}://127.0.0.1:{self.server.getsockname()[1]}"

    def stop(self):
        self.server.close()


def test_Threat73_a_silent_directory_holds_nobody(server, directory):
    silent = Silent()
    gateway = make_gateway(server, lambda gateway: entry(directory, "silent", silent.url("ldaps"), with_service(gateway)) + entry(
        directory, "corp", directory.url(), with_service(gateway) + "\n      provision: true"))
    try:
        began = time.time()
        waiting = threading.Thread(target=login, args=(gateway, "bob"))
        waiting.start()
        # The rest goes on meanwhile.
        assert call(gateway, "GET", "/healthz")[0] == 200
        assert login(gateway, "alice", PASSWORD)[0] == 200
        assert gateway.psql("-Atc", "SELECT 1").stdout == "1\n"
        waiting.join(60)
        assert time.time() - began < 30
        # Who is in the first is not looked for in the second.
        assert login(gateway, "bob")[0] == 503
        assert login(gateway, "bob", directory="corp")[0] == 200
    finally:
        silent.stop()
        assert gateway.stop() == 0


def test_Threat73_one_that_goes_away(server, authority):
    directory = Slapd(authority)
    directory.person("dora", WORD)
    gateway = make_gateway(server, lambda gateway: entry(directory, "corp", directory.url(), f"""{with_service(gateway)}
      provision: true
      recheck: 1s
      recheck_grace: 15s
"""))
    try:
        connection = session(gateway, "dora")
        directory.halt()
        began = time.time()
        assert login(gateway, "dora")[0] == 503
        time.sleep(2)
        with connection.cursor() as cursor:  # For a while what was known counts.
            cursor.execute("SELECT 1")
        directory.start()
        time.sleep(17)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        directory.halt()
        assert ends(connection, 90)
        assert time.time() - began > 30
        assert "away for too long" in json.dumps(gateway.wait_for(
            lambda found: any("away for too long" in r["message"] for r in found), "--type", "admin"))
        directory.start()
        assert eventually(lambda: login(gateway, "dora")[0] == 200)
    finally:
        assert gateway.stop() == 0
        directory.stop()
