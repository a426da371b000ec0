"""Access in time: roles that people ask for, hold for a while and lose again, also in sessions that are open
(threat case 62)."""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import time
import urllib.error
import urllib.request

import psycopg
import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: reads, effect: allow, who: { groups: [engineering, dba, security, agents] }, do: [read] }
  - { name: writes, effect: allow, who: { groups: [writers] }, do: [read, write, copy_in], on: { tables: [public.items] } }
  - { name: schema, effect: allow, who: { groups: [writers] }, do: [create, alter] }
  - name: cleans
    effect: allow
    who: { groups: [cleaners] }
    do: [read, delete]
    on: { tables: [public.items] }
    when: { authentication: { mfa: true } }
  - { name: sleeping, effect: allow, on: { functions: [sleep] }, do: [function] }
roles:
  - name: writer
    groups: [writers]
    who: { groups: [engineering, agents, dba] }
    on: { databases: [orders] }
    at_most: 1h
    approve: { by: [dba] }
    break_glass: { who: { groups: [engineering] }, at_most: 10m, review: { by: [security], within: 2s } }
  - name: careful
    groups: [cleaners]
    who: { groups: [engineering], kinds: [human] }
    when: { authentication: { mfa: true } }
    at_most: 1h
    approve: { by: [dba], automatic: { who: { groups: [engineering] } } }
  - name: self-service
    groups: [writers]
    who: { groups: [engineering], kinds: [human] }
    at_most: 1h
    approve: { by: [dba], automatic: { who: { groups: [engineering] } } }
access_review: { by: [security] }
"""

WRITE = "INSERT INTO items VALUES (1)"
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def gateway(server):
    gateway = Gateway(server, start=False)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name, groups, extra in (("dora", ["dba"], []), ("sam", ["security"], []),
                                ("alice2", ["dba", "security", "engineering"], ["--attribute", "person=alice"]),
                                ("robot", ["agents", "writers"], ["--kind", "agent"])):
        gateway.cli("user", "add", name, *[word for group in groups for word in ("--group", group)], *extra,
                    "--password-stdin", input=PASSWORD + "\n")
    server.sql("DROP TABLE IF EXISTS items; SET ROLE sluice; CREATE TABLE items (id int)", database="orders")
    gateway.start()
    yield gateway
    gateway.stop()


def as_user(gateway, user, *words, check=True):
    return gateway.cli(*words, "--user", user, "--password-stdin", input=PASSWORD + "\n", check=check)


def ask(gateway, user="alice", role="writer", lasts="1h", check=True):
    done = as_user(gateway, user, "request", "orders", "--role", role, "--for", lasts, "--reason", "repair order 7",
                   "--ticket", "OPS-7", "--no-wait", "-o", "json", check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done


def approve(gateway, grant, user="dora"):
    return as_user(gateway, user, "approval", "approve", str(grant["request"]), check=False)


def grants(gateway, *words):
    return json.loads(gateway.cli("grant", "list", "-o", "json", *words).stdout)


def wait_for(gateway, number, state, seconds=60):
    deadline = time.time() + seconds
    while True:
        grant = json.loads(gateway.cli("grant", "show", str(number), "-o", "json").stdout)
        if grant["state"] == state or time.time() > deadline:
            assert grant["state"] == state, grant
            return grant
        time.sleep(0.1)


def given(gateway, **wish):
    grant = ask(gateway, **wish)
    assert approve(gateway, grant).returncode == 0
    return wait_for(gateway, grant["number"], "active")


def may_write(connection):
    try:
        connection.execute(WRITE)
        return True
    except DENIED:
        return False


def until(condition, seconds=60):
    """A second or two, on a machine that has nothing else to do."""
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def ended(connection):
    try:
        connection.execute("SELECT 1")
        return False
    except psycopg.OperationalError:
        return True


def open_session(gateway, user="alice", **options):
    return psycopg.connect(gateway.dsn(user=user, **options), autocommit=True)


def knows(gateway, user, secret):
    """Whether the gateway has seen in the store that there is this credential."""
    try:
        open_session(gateway, user, password=secret).close()
        return True
    except psycopg.OperationalError:
        return False


def metric(gateway, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics").read().decode()
    return float(next(line for line in text.splitlines() if line.startswith(name + " ")).split()[1])


def test_asked_for_approved_used_and_given_back(gateway):
    with open_session(gateway) as connection:
        assert not may_write(connection)
        notices = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        grant = ask(gateway)
        assert grant["state"] == "waiting" and grant["groups"] == ["writers"]
        shown = gateway.cli("approval", "show", str(grant["request"])).stdout
        assert 'role "writer" at "orders" for 1h' in shown and "OPS-7" in shown
        assert not may_write(connection)
        assert approve(gateway, grant).returncode == 0
        until(lambda: may_write(connection))
        assert any("in force" in text for text in notices), notices
        as_user(gateway, "alice", "grant", "return", str(grant["number"]), "--comment", "done")
        until(lambda: not may_write(connection))
    statements = gateway.wait_for(lambda found: any(r.get("grants") for r in found), "--type", "statement")
    under = [r for r in statements if r.get("grants") == [f"{grant['number']} writer"]]
    assert under and all("writers" in r["groups"] for r in under)
    told = "\n".join(r["message"] for r in gateway.wait_for(
        lambda found: any("is returned: done" in r["message"] for r in found), "--type", "grant"))
    assert "asks for role" in told and "is in force until" in told and "is returned: done" in told
    assert wait_for(gateway, grant["number"], "returned")["ended_by"] == "alice"


def test_the_request_waits_and_tells(gateway):
    waiting = subprocess.Popen(
        [SLUICE, "request", "orders", "--role", "writer", "--for", "20m", "--reason", "x",
         "--user", "alice", "--password-stdin", "--config", str(gateway.config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    waiting.stdin.write(PASSWORD + "\n")
    waiting.stdin.close()
    until(lambda: grants(gateway, "--state", "waiting"))
    assert approve(gateway, grants(gateway)[0]).returncode == 0
    assert waiting.wait(60) == 0
    assert "is active until" in waiting.stdout.read()
    assert "waits for approval: request" in waiting.stderr.read()


def test_automatic_and_rejected(gateway):
    assert ask(gateway, role="self-service")["state"] == "active"
    grant = ask(gateway)
    as_user(gateway, "dora", "approval", "reject", str(grant["request"]), "--comment", "not today")
    assert "not today" in wait_for(gateway, grant["number"], "refused")["ended_why"]


def test_Threat62_nobody_gives_themselves(gateway):
    grant = ask(gateway)
    for user in ("alice", "alice2", "robot", "sam"):
        assert approve(gateway, grant, user).returncode != 0, user
    assert ask(gateway, user="sam", check=False).returncode != 0
    wait_for(gateway, grant["number"], "waiting")


def test_Threat62_an_agent_has_no_more_than_its_person(gateway):
    secret = gateway.cli("token", "create", "--user", "robot", "--acts-for", "alice", "--for", "1h").stdout.strip()
    until(lambda: knows(gateway, "robot", secret))
    with open_session(gateway, "robot", password=secret) as agent:
        assert not may_write(agent), "alice is no writer"
        grant = given(gateway)
        until(lambda: may_write(agent))  # Both are.
        gateway.cli("grant", "revoke", str(grant["number"]))
        until(lambda: not may_write(agent))
        grant = given(gateway)
        until(lambda: may_write(agent))
        agent.execute("BEGIN")
        agent.execute(WRITE)
        gateway.cli("grant", "revoke", str(grant["number"]))
        until(lambda: ended(agent))  # What began by its person's grant does not outlive it either.
    under = [r["grants"] for r in gateway.search("--type", "statement", "--user", "robot") if r.get("grants")]
    assert under and all(name.endswith(" writer") for names in under for name in names)


def test_Threat62_for_one_database_and_what_was_shown_for_it(gateway):
    secret = gateway.cli("token", "create", "--user", "alice", "--database", "elsewhere", "--for", "1h",
                         "--scope", "grants").stdout.strip()
    body = json.dumps({"role": "writer", "database": "orders", "seconds": 60, "reason": "x"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1/grants", body, method="POST",
                                     headers={"Authorization": "Bearer " + secret})

    def refused():
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        return error.value.code

    until(lambda: refused() != 401)  # The gateway knows the token.
    assert refused() == 403


def test_Threat62_a_credential_sees_and_ends_grants_of_its_databases_alone(gateway):
    grant = ask(gateway, lasts="20m")
    tokens = {database: gateway.cli("token", "create", "--user", "alice", "--database", database, "--for", "1h", "--scope", "grants",
                                    "--scope", "api").stdout.strip() for database in ("elsewhere", "orders")}

    def call(database, method, path):
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1/{path}", b"{}" if method == "POST" else None,
                                         method=method, headers={"Authorization": "Bearer " + tokens[database]})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None

    number = grant["number"]
    for database in tokens:
        until(lambda database=database: call(database, "GET", "grants")[0] == 200)
    assert number not in [each["number"] for each in call("elsewhere", "GET", "grants")[1]]
    assert call("elsewhere", "GET", f"grants/{number}")[0] == 403
    assert call("elsewhere", "POST", f"grants/{number}/return")[0] == 403
    waiting = {database: call(database, "GET", "overview")[1]["waiting"] for database in tokens}
    assert waiting["elsewhere"]["grants"] == 0 and waiting["orders"]["grants"] >= 1, waiting
    assert call("orders", "POST", f"grants/{number}/return")[0] == 200


def test_Threat62_extension_not_beyond_at_most(gateway):
    grant = given(gateway, lasts="40m")
    def extend(lasts):
        return as_user(gateway, "alice", "grant", "extend", str(grant["number"]), "--for", lasts, "--reason", "more",
                       "--no-wait", "-o", "json", check=False)
    refused = extend("30m")
    assert refused.returncode != 0 and "with all extensions" in refused.stderr
    more = json.loads(extend("15m").stdout)
    assert approve(gateway, more).returncode == 0
    wait_for(gateway, more["number"], "extended")
    after = wait_for(gateway, grant["number"], "active")
    assert after["until"] > grant["until"]
    assert extend("10m").returncode != 0


def test_Threat62_expired_in_an_open_transaction(gateway, server):
    grant = given(gateway, lasts="12s")
    with open_session(gateway) as connection:
        until(lambda: may_write(connection))
        before = server.sql("SELECT count(*) FROM items", database="orders")
        connection.execute("BEGIN")
        connection.execute(WRITE)
        wait_for(gateway, grant["number"], "expired")
        until(lambda: ended(connection))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert server.sql("SELECT count(*) FROM items", database="orders") == before
    with open_session(gateway) as connection:
        assert not may_write(connection)


def test_Threat62_expired_while_a_statement_runs(gateway, server):
    given(gateway, lasts="10s")
    with open_session(gateway) as connection:
        until(lambda: may_write(connection))
        copying = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY items%'"
        with pytest.raises(psycopg.OperationalError):
            with connection.cursor().copy("COPY items FROM STDIN") as copy:
                copy.write("1\n")
                until(lambda: server.sql(copying, database="orders") == ["1"])
                # The driver looks at what it is told only at the end.
                until(lambda: copy.write("1\n") or server.sql(copying, database="orders") == ["0"])


def test_revoked_with_the_user_and_by_those_who_decide(gateway):
    grant = given(gateway)
    assert as_user(gateway, "robot", "grant", "revoke", str(grant["number"]), check=False).returncode != 0
    as_user(gateway, "dora", "grant", "revoke", str(grant["number"]), "--comment", "enough")
    assert wait_for(gateway, grant["number"], "revoked")["ended_by"] == "dora"
    grant = given(gateway)
    gateway.cli("user", "disable", "alice")
    assert "disabled" in wait_for(gateway, grant["number"], "revoked")["ended_why"]


def test_a_restart_loses_nothing(gateway):
    grant = given(gateway)
    waiting = ask(gateway, lasts="7m")
    gateway.kill9()
    gateway.start()
    with open_session(gateway) as connection:
        assert may_write(connection)
        assert approve(gateway, waiting).returncode == 0
        wait_for(gateway, waiting["number"], "active")
    wait_for(gateway, grant["number"], "active")


def test_Threat62_break_glass_is_loud_and_reviewed(gateway):
    def break_glass(user="alice"):
        return as_user(gateway, user, "break-glass", "orders", "--role", "writer", "--for", "5m", "--reason",
                       "orders do not go out", "-o", "json", check=False)
    assert break_glass("dora").returncode != 0
    with open_session(gateway) as connection:
        taken = json.loads(break_glass().stdout)
        assert taken["state"] == "active"
        until(lambda: may_write(connection))
    number = str(taken["number"])
    alarms = gateway.wait_for(lambda found: any(r.get("kind") == "break_glass" for r in found), "--type", "grant")
    assert any("BREAK GLASS" in r["message"] and r["user"] == "alice" for r in alarms)
    until(lambda: metric(gateway, "sluice_break_glass_active") == 1)
    ask(gateway)
    assert grants(gateway)[0]["number"] == taken["number"], "above what is newer"
    assert "has not been reviewed" in break_glass().stderr
    assert "has not been reviewed" in break_glass("alice2").stderr
    until(lambda: metric(gateway, "sluice_break_glass_overdue") == 1)
    assert grants(gateway)[0]["attention"] == "BREAK GLASS, REVIEW OVERDUE"
    gateway.wait_for(lambda found: any("REVIEW OVERDUE" in r["message"] for r in found), "--type", "grant")
    as_user(gateway, "alice", "grant", "return", number)
    for user in ("alice", "alice2", "dora"):
        assert as_user(gateway, user, "grant", "review", number, "--ok", check=False).returncode != 0, user
    as_user(gateway, "sam", "grant", "review", number, "--ok", "--comment", "order 7 was repaired")
    until(lambda: metric(gateway, "sluice_break_glass_unreviewed") == 0)
    assert break_glass().returncode == 0


def submit(gateway, script, check=True):
    (gateway.root / "script.sql").write_text(script)
    done = as_user(gateway, "alice", "change", "submit", str(gateway.root / "script.sql"), "--on", "orders", "--title",
                   "items", "--reason", "repair order 7", "-o", "json", check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done


def run_change(gateway, change):
    return as_user(gateway, "alice", "change", "run", str(change["number"]), check=False)


def test_a_change_runs_under_its_requesters_grant(gateway, server):
    script = "ALTER TABLE items ADD COLUMN note text;\nINSERT INTO items VALUES (7, 'x');\n"
    assert submit(gateway, script, check=False).returncode != 0, "without it, nothing of it is allowed"
    grant = given(gateway)
    done = run_change(gateway, submit(gateway, script))
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.sql("SELECT note FROM items WHERE id = 7", database="orders") == ["x"]
    steps = [r for r in gateway.search("--type", "statement", "--user", "alice") if r.get("change")]
    assert steps and all(r["grants"] == [f"{grant['number']} writer"] for r in steps)
    # Judged under the grant, it does not run without it.
    late = submit(gateway, "INSERT INTO items VALUES (8);\n")
    with open_session(gateway) as connection:
        as_user(gateway, "alice", "grant", "return", str(grant["number"]))
        until(lambda: not may_write(connection))
    done = run_change(gateway, late)
    assert done.returncode != 0, done.stdout
    assert server.sql("SELECT count(*) FROM items WHERE id = 8", database="orders") == ["0"]


def test_Threat62_a_change_does_not_outlive_the_grant_that_it_runs_under(gateway, server):
    grant = given(gateway)
    change = submit(gateway, "INSERT INTO items VALUES (9);\nSELECT pg_sleep(300);\n")
    running = subprocess.Popen([SLUICE, "change", "run", str(change["number"]), "--user", "alice", "--password-stdin",
                                "--config", str(gateway.config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    running.stdin.write(PASSWORD + "\n")
    running.stdin.close()
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    until(lambda: server.sql(asleep, database="orders") == ["1"])
    as_user(gateway, "dora", "grant", "revoke", str(grant["number"]))
    assert running.wait(60) != 0
    assert f"grant {grant['number']} writer is over" in running.stdout.read() + running.stderr.read()
    until(lambda: server.sql(asleep, database="orders") == ["0"])
    assert server.sql("SELECT count(*) FROM items WHERE id = 9", database="orders") == ["0"]


def login(gateway, state, *options):
    done = subprocess.run([SLUICE, "login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", "alice",
                           "--password-stdin", *options], input=PASSWORD + "\n", text=True, capture_output=True,
                          env={**os.environ, "XDG_STATE_HOME": str(state)}, timeout=60)
    assert done.returncode == 0, done.stderr
    return re.search(r"slc_\w{49}", (state / "sluice/credentials.json").read_text()).group()


def code(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack("!Q", int(time.time()) // 30), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('!I', digest[at:at + 4])[0] & 0x7fffffff) % 10**6:06d}"


def test_a_second_factor_counts_for_roles_and_under_them(gateway, tmp_path):
    secret = login(gateway, tmp_path)
    refused = ask(gateway, role="careful", check=False)
    assert refused.returncode != 0 and "may not ask for" in refused.stderr
    uri = gateway.cli("user", "totp", "alice").stdout
    totp = uri.split("secret=")[1].split("&")[0].strip()

    def with_code():
        return as_user(gateway, "alice", "request", "orders", "--role", "careful", "--for", "1h", "--reason", "x",
                       "--totp", code(totp), "--no-wait", "-o", "json", check=False)

    with open_session(gateway, password=secret) as connection:
        # A code is taken once, and the gateway knows of the secret in a moment.
        until(lambda: with_code().returncode == 0, 120)

        def deletes():
            try:
                connection.execute("DELETE FROM items")
                return True
            except DENIED as error:
                return error.diag.message_hint or ""
            except psycopg.OperationalError as error:
                # The grant ended while this was under way.
                assert "is over, and with it what was under way" in str(error), error
                return "over"

        # The session has the group, and its login was without a code.
        until(lambda: "with a second factor" in str(deletes()))
        until(lambda: login_again(gateway, tmp_path, totp), 120)
        until(lambda: deletes() is True)
        gateway.cli("grant", "revoke", str(grants(gateway, "--state", "active")[0]["number"]))
        until(lambda: deletes() is not True)


def login_again(gateway, state, totp):
    try:
        return bool(login(gateway, state, "--totp", code(totp)))
    except AssertionError:
        time.sleep(1)
        return False


def test_who_holds_what(gateway):
    grant = given(gateway)
    with open_session(gateway) as connection:
        until(lambda: may_write(connection))
    lines = gateway.cli("grant", "review", "-o", "csv").stdout.splitlines()
    assert lines[0].startswith("user,kind,disabled,what,name,database,since,until,last_used")
    assert any(line.startswith(f"alice,human,false,grant,{grant['number']},orders") for line in lines)
    assert any(line.startswith("alice,human,false,group,engineering") for line in lines)
    assert as_user(gateway, "dora", "grant", "review", check=False).returncode != 0
    as_user(gateway, "sam", "grant", "review", "--of", "alice", "--group", "engineering", "--keep")
    as_user(gateway, "sam", "grant", "review", "--of", "alice", "--grant", str(grant["number"]), "--revoke",
            "--comment", "no more")
    wait_for(gateway, grant["number"], "revoked")
    held = json.loads(gateway.cli("grant", "review", "--of", "alice", "-o", "json").stdout)
    assert [row["decided"][:11] for row in held if row["what"] == "group"] == ["keep by sam"]


def test_nobody_asks_without_saying_who_they_are(gateway):
    for path, method in (("/api/v1/grants", "GET"), ("/api/v1/grants", "POST"), ("/api/v1/access", "GET"),
                         ("/api/v1/grants/1/review", "POST")):
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", b"{}" if method == "POST" else None,
                                         method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 401, path
