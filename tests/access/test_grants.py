"""Access in time: roles that people ask for, hold for a while and lose again, also in sessions that are open
(threat case 62)."""

import json
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
roles:
  - name: writer
    groups: [writers]
    who: { groups: [engineering, agents, dba] }
    on: { databases: [orders] }
    at_most: 1h
    approve: { by: [dba] }
    break_glass: { who: { groups: [engineering] }, at_most: 10m, review: { by: [security], within: 2s } }
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


def wait_for(gateway, number, state, seconds=5):
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


def until(condition, seconds):
    """How long it took."""
    start = time.time()
    while not condition():
        assert time.time() - start < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.time() - start


def open_session(gateway, user="alice", **options):
    return psycopg.connect(gateway.dsn(user=user, **options), autocommit=True)


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
        assert until(lambda: may_write(connection), 3) < 2
        assert any("in force" in text for text in notices), notices
        as_user(gateway, "alice", "grant", "return", str(grant["number"]), "--comment", "done")
        assert until(lambda: not may_write(connection), 5) < 2
    statements = gateway.wait_for(lambda found: any(r.get("grants") for r in found), "--type", "statement")
    under = [r for r in statements if r.get("grants") == [f"{grant['number']} writer"]]
    assert under and all("writers" in r["groups"] for r in under)
    told = "\n".join(r["message"] for r in gateway.search("--type", "grant"))
    assert "asks for role" in told and "is in force until" in told and "is returned: done" in told
    assert wait_for(gateway, grant["number"], "returned")["ended_by"] == "alice"


def test_the_request_waits_and_tells(gateway):
    waiting = subprocess.Popen(
        [SLUICE, "request", "orders", "--role", "writer", "--for", "20m", "--reason", "x",
         "--user", "alice", "--password-stdin", "--config", str(gateway.config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    waiting.stdin.write(PASSWORD + "\n")
    waiting.stdin.close()
    until(lambda: grants(gateway, "--state", "waiting"), 10)
    assert approve(gateway, grants(gateway)[0]).returncode == 0
    assert waiting.wait(10) == 0
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
    with open_session(gateway, "robot", password=secret) as agent:
        assert not may_write(agent), "alice is no writer"
        grant = given(gateway)
        assert until(lambda: may_write(agent), 3) < 2, "both are"
        gateway.cli("grant", "revoke", str(grant["number"]))
        until(lambda: not may_write(agent), 5)


def test_Threat62_for_one_database_and_what_was_shown_for_it(gateway):
    secret = gateway.cli("token", "create", "--user", "alice", "--database", "elsewhere", "--for", "1h",
                         "--scope", "grants").stdout.strip()
    body = json.dumps({"role": "writer", "database": "orders", "seconds": 60, "reason": "x"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/v1/grants", body, method="POST",
                                     headers={"Authorization": "Bearer " + secret})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403


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
    grant = given(gateway, lasts="3s")
    with open_session(gateway) as connection:
        until(lambda: may_write(connection), 3)
        before = server.sql("SELECT count(*) FROM items", database="orders")
        connection.execute("BEGIN")
        connection.execute(WRITE)
        wait_for(gateway, grant["number"], "expired", 6)
        time.sleep(1)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert server.sql("SELECT count(*) FROM items", database="orders") == before
    with open_session(gateway) as connection:
        assert not may_write(connection)


def test_Threat62_expired_while_a_statement_runs(gateway):
    given(gateway, lasts="2s")
    with open_session(gateway) as connection:
        until(lambda: may_write(connection), 3)
        start = time.time()
        with pytest.raises(psycopg.OperationalError):
            with connection.cursor().copy("COPY items FROM STDIN") as copy:
                while time.time() - start < 15:
                    copy.write("1\n")
                    time.sleep(0.1)
        assert time.time() - start < 7


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
        assert until(lambda: may_write(connection), 3) < 2
    number = str(taken["number"])
    alarms = gateway.wait_for(lambda found: any(r.get("kind") == "break_glass" for r in found), "--type", "grant")
    assert any("BREAK GLASS" in r["message"] and r["user"] == "alice" for r in alarms)
    until(lambda: metric(gateway, "sluice_break_glass_active") == 1, 3)
    ask(gateway)
    assert grants(gateway)[0]["number"] == taken["number"], "above what is newer"
    assert "has not been reviewed" in break_glass().stderr
    assert "has not been reviewed" in break_glass("alice2").stderr
    until(lambda: metric(gateway, "sluice_break_glass_overdue") == 1, 6)
    assert grants(gateway)[0]["attention"] == "BREAK GLASS, REVIEW OVERDUE"
    gateway.wait_for(lambda found: any("REVIEW OVERDUE" in r["message"] for r in found), "--type", "grant")
    as_user(gateway, "alice", "grant", "return", number)
    for user in ("alice", "alice2", "dora"):
        assert as_user(gateway, user, "grant", "review", number, "--ok", check=False).returncode != 0, user
    as_user(gateway, "sam", "grant", "review", number, "--ok", "--comment", "order 7 was repaired")
    until(lambda: metric(gateway, "sluice_break_glass_unreviewed") == 0, 3)
    assert break_glass().returncode == 0


def test_who_holds_what(gateway):
    grant = given(gateway)
    with open_session(gateway) as connection:
        until(lambda: may_write(connection), 3)
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
    for path, method in (("/v1/grants", "GET"), ("/v1/grants", "POST"), ("/v1/access", "GET"),
                         ("/v1/grants/1/review", "POST")):
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", b"{}" if method == "POST" else None,
                                         method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 401, path
