"""Held statements: they wait for people, and what was approved runs once, exactly as it was."""

import json
import os
import pathlib
import subprocess
import sys
import time

import psycopg
import pytest
from harness.gateway import PASSWORD
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query
from holding import (CLEAN, CONSOLE, POLICY, Running, call, count, exists, fails, gateway, requests,  # noqa: F401
                     run, server, sql, vote, wait_for_request)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import ask as api, known_token  # noqa: E402


def test_it_waits_and_runs_once_approved(gateway, server):
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    time.sleep(0.3)
    assert running.is_alive() and exists(server, "victim")
    assert running.notices[0][0] == f"waiting for approval: request {number}"
    assert "drops-wait" in running.notices[0][1] and f"approval show {number}" in running.notices[0][2]
    assert f"at {CONSOLE}/approvals/{number} or with: sluice" in running.notices[0][2]
    shown = json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)
    assert shown["statement"] == "DROP TABLE victim" and shown["requester"] == "alice"
    assert {"do": "drop", "object": "public.victim", "object_kind": "table", "lock": "access_exclusive"} in shown["facts"]["actions"]
    assert shown["missing"] == ['rule "drops-wait": 1 more of dba']
    assert "request 1: approved" not in gateway.cli("approval", "show", str(number)).stdout
    sessions = json.loads(gateway.cli("session", "list", "-o", "json").stdout)
    assert [s["state"] for s in sessions] == ["waiting for approval"]
    vote(gateway, "approve", number, "dora", "--comment", "seen")
    running.join(5)
    assert not running.is_alive() and running.error is None and not exists(server, "victim")
    record = gateway.wait_for(lambda records: any(r.get("approval") for r in records), "--user", "alice")
    assert [r["approval"] for r in record if r.get("approval")] == [f"{number} by dora"]
    said = [r["message"] for r in gateway.wait_for(lambda records: len(records) >= 4, "--type", "approval")]
    assert any("approved: seen" in text for text in said) and any(text.endswith("by dora: run") for text in said)
    assert requests(gateway)[0]["state"] == "used"


def test_who_does_not_wait_learns_where_it_is_decided_on_too(gateway):
    error = fails(gateway, "DELETE FROM numbers WHERE i = 3")
    number = wait_for_request(gateway)
    assert f"request {number} is not approved yet" in error.diag.message_primary
    assert f"at {CONSOLE}/approvals/{number} or with: sluice approval show {number}." in error.diag.message_hint


def test_rejected(gateway, server):
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    vote(gateway, "reject", number, "dora", "--comment", "not at midnight")
    running.join(5)
    assert running.error.sqlstate == "42501" and "not at midnight" in str(running.error)
    assert exists(server, "victim")


def test_extended_protocol_and_parameters(gateway, server):
    error = fails(gateway, "DELETE FROM numbers WHERE i = %s", (3,))
    assert "not approved yet" in str(error) and "run exactly the same" in error.diag.message_hint
    number = wait_for_request(gateway)
    assert json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)["facts"]["parameters"] == ["3"]
    vote(gateway, "approve", number, "dora")
    # Another parameter is another statement.
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i = %s", (4,)))
    assert run(gateway, "DELETE FROM numbers WHERE i = %s", (3,)) == 1
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i = %s", (3,)))
    assert count(server, "numbers") == "19"


def bound_and_approved(gateway, text):
    """A session in a block, with a portal "p" of a statement that was approved, and the request's number."""
    client = WireClient(gateway.port, timeout=30)
    client.login()
    bound = parse(text) + bind(portal="p") + SYNC
    assert kinds(client.run(bound)) == "1EZ"
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    client.run(query("BEGIN"))
    assert kinds(client.run(bound)) == "12Z"
    return client, number


@pytest.mark.parametrize("between", ["SET search_path = away", "SET LOCAL work_mem = '1MB'", "UPDATE other SET id = id", "CREATE TEMP TABLE t (i int)"])
def test_what_was_approved_at_bind_is_executed_at_once(gateway, server, between):
    client, _ = bound_and_approved(gateway, "DELETE FROM numbers WHERE i = 3")
    assert kinds(client.run(query(between)))[-1] == "Z"
    answer = client.run(execute("p") + SYNC)
    assert error_fields(answer[0][1])["C"] == "42501" and "at once" in error_fields(answer[0][1])["M"], answer
    client.run(query("COMMIT"))
    assert count(server, "numbers") == "20" and count(server, "away.numbers") == "20"


def test_what_was_approved_at_bind_runs(gateway, server):
    client, number = bound_and_approved(gateway, "DELETE FROM numbers WHERE i = 3")
    client.run(query("SELECT 1"))
    assert kinds(client.run(execute("p") + SYNC)) == "CZ"
    client.run(query("COMMIT"))
    assert count(server, "numbers") == "19"
    assert requests(gateway, "--state", "used")[0]["number"] == number


def test_a_portal_is_executed_by_the_rules_of_now(gateway, server):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("BEGIN"))
    assert kinds(client.run(parse("UPDATE numbers SET i = i") + bind(portal="p") + SYNC)) == "12Z"
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY + "  - { name: frozen, effect: deny, do: [update], on: { tables: [public.numbers] } }\n")
    gateway.reload()
    other = WireClient(gateway.port, timeout=30)
    other.login()
    for _ in range(300):
        if kinds(other.run(query("UPDATE numbers SET i = i WHERE i = -1"))) == "EZ":
            break
        time.sleep(0.05)
    answer = client.run(execute("p") + SYNC)
    assert "frozen" in error_fields(answer[0][1])["M"], answer
    client.close()


def test_an_execution_is_recorded_with_the_rule_that_allowed_it(gateway):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("BEGIN"))
    assert kinds(client.run(parse("UPDATE numbers SET i = i WHERE i = -1") + bind(portal="p") + SYNC)) == "12Z"
    (gateway.root / "policy.yaml").write_text(POLICY.replace("rules:", "rules:\n  - { name: of-now, effect: allow, do: [update], limit: { rows_changed: 7 } }", 1))
    gateway.reload()
    other = WireClient(gateway.port, timeout=30)
    other.login()
    gateway.wait_for(lambda rs: other.run(query("UPDATE numbers SET i = i WHERE i = -2")) and any(r.get("rule") == "of-now" for r in rs), "--database", "orders")
    assert kinds(client.run(execute("p") + SYNC)) == "CZ"
    client.run(query("ROLLBACK"))
    found = gateway.wait_for(lambda rs: any("= -1" in r.get("text", "") and r.get("phase") == "execute" for r in rs), "--database", "orders")
    assert {r["rule"] for r in found if "= -1" in r.get("text", "") and r.get("phase") == "execute"} == {"of-now"}
    client.close()


def test_in_a_transaction_locks_are_not_held_for_long(gateway, server):
    with psycopg.connect(gateway.dsn()) as connection:
        connection.execute("INSERT INTO other VALUES (1)")
        began = time.time()
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute("TRUNCATE victim")
        assert 2 < time.time() - began < 10
        connection.rollback()
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    with psycopg.connect(gateway.dsn()) as connection:
        connection.execute("INSERT INTO other VALUES (2)")
        connection.execute("TRUNCATE victim")
    assert count(server, "victim") == "0" and count(server, "other") == "1"


def test_cancel_withdraws(gateway, server):
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    running.connection.cancel()
    running.join(5)
    assert running.error.sqlstate == "57014"
    assert wait_for_request(gateway, "withdrawn") == number
    assert vote(gateway, "approve", number, "dora", check=False).returncode != 0
    assert exists(server, "victim")


def test_psql_shows_the_notice(gateway, server):
    psql = subprocess.Popen(["psql", "-X", "-h", "127.0.0.1", "-p", str(gateway.port), "-U", "alice", "-d", "orders",
                             "-c", "DROP TABLE victim"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PGPASSWORD": PASSWORD})
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    out, err = psql.communicate(timeout=10)
    assert out == "DROP TABLE\n" and f"NOTICE:  waiting for approval: request {number}" in err


def test_expiry(gateway, server):
    fails(gateway, "CREATE TABLE short_lived ()")
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    time.sleep(2.5)
    assert "not approved yet" in str(fails(gateway, "CREATE TABLE short_lived ()"))
    shown = json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)
    assert shown["state"] == "expired" and not exists(server, "short_lived")


def test_nobody_could_approve(gateway):
    error = fails(gateway, "INSERT INTO ledger VALUES (2, 2)")
    assert "asks for somebody of martians, and nobody could" in str(error)
    assert requests(gateway) == []


def test_automatic_with_its_evidence(gateway, server):
    assert run(gateway, CLEAN + "ALTER TABLE other ADD COLUMN note text", user="dora") is not None
    request = requests(gateway)[0]
    assert request["state"] == "used" and request["automatic"]
    told = gateway.cli("approval", "explain", str(request["number"])).stdout
    assert "lint: nothing worse than advice" in told and 'human "dora"' in told
    records = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "dora")
    assert {r["approval"] for r in records if r.get("approval")} == {f"{request['number']} automatically"}
    # Lint has something to say; and Alice is no DBA.
    assert "not approved yet" in str(fails(gateway, CLEAN + "ALTER TABLE other ALTER COLUMN id TYPE bigint", user="dora"))
    assert "lint: " in gateway.cli("approval", "explain", str(requests(gateway)[0]["number"])).stdout
    assert "not approved yet" in str(fails(gateway, CLEAN + "ALTER TABLE other ADD COLUMN note2 text"))
    assert "alice is in engineering" in gateway.cli("approval", "explain", str(requests(gateway)[0]["number"])).stdout


def test_a_lost_connection_runs_nothing(gateway, server):
    psql = subprocess.Popen(["psql", "-X", "-h", "127.0.0.1", "-p", str(gateway.port), "-U", "alice", "-d", "orders",
                             "-c", "DROP TABLE victim"], stderr=subprocess.DEVNULL, env={**os.environ, "PGPASSWORD": PASSWORD})
    number = wait_for_request(gateway)
    psql.kill()
    psql.wait()
    for _ in range(50):
        if json.loads(gateway.cli("session", "list", "-o", "json").stdout) == []:
            break
        time.sleep(0.1)
    assert json.loads(gateway.cli("session", "list", "-o", "json").stdout) == []
    vote(gateway, "approve", number, "dora")
    time.sleep(0.7)
    assert exists(server, "victim")
    assert run(gateway, "DROP TABLE victim") is not None
    assert not exists(server, "victim")


def test_a_restart_keeps_requests_and_runs_nothing(gateway, server):
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    gateway.kill9()
    running.join(5)
    gateway.start()
    vote(gateway, "approve", number, "dora")
    time.sleep(0.7)
    assert exists(server, "victim")
    run(gateway, "DROP TABLE victim")
    assert not exists(server, "victim")


def test_what_cannot_be_approved_says_so(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute("PREPARE p AS DELETE FROM numbers WHERE i = 1")
    assert "send the statement itself" in caught.value.diag.message_hint


def test_over_http(gateway, server):
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    assert call(gateway, "GET", "/api/v1/approvals")[0] == 401
    assert call(gateway, "GET", "/api/v1/approvals", bearer="slc_nonsense")[0] == 401
    assert call(gateway, "GET", "/api/v1/approvals", "frank") == (200, [])
    assert call(gateway, "GET", f"/api/v1/approvals/{number}", "frank")[0] == 403
    assert call(gateway, "POST", f"/api/v1/approvals/{number}/approve", "frank", body={})[0] == 403
    assert call(gateway, "POST", f"/api/v1/approvals/{number}/approve", body={})[0] == 401
    assert call(gateway, "POST", f"/api/v1/approvals/{number}/approve", "dora", body={"max_rows": -1})[0] == 400
    status, shown = call(gateway, "POST", f"/api/v1/approvals/{number}/approve", "dora", body={"comment": "fine"})
    assert status == 200 and shown["votes"][0]["comment"] == "fine"
    running.join(5)
    assert running.error is None and not exists(server, "victim")


def test_holding_costs_no_worker(gateway, server):
    """A hundred held statements, and everybody else is answered as before."""
    gateway.reload()
    sql(server, "".join(f"CREATE TABLE held_{n} ();" for n in range(40)))
    time.sleep(0.2)
    held = [Running(gateway, f"DROP TABLE held_{n}") for n in range(40)]
    for _ in range(100):
        if len(requests(gateway, "--state", "waiting")) == 40:
            break
        time.sleep(0.1)
    assert len(requests(gateway, "--state", "waiting")) == 40
    with psycopg.connect(gateway.dsn(user="frank"), autocommit=True) as connection:
        began = time.time()
        for _ in range(50):
            connection.execute("SELECT 1")
        assert time.time() - began < 2
    for request in requests(gateway, "--state", "waiting"):
        vote(gateway, "reject", request["number"], "dora")
    for each in held:
        each.join(10)
        assert each.error is not None


def test_a_credential_decides_on_its_databases_alone(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i = 3")
    number = wait_for_request(gateway)
    for database, status in (("elsewhere", 403), ("orders", 200)):
        token = known_token(gateway, "--user", "dora", "--scope", "approvals", "--scope", "api", "--database", database)
        listed = [each["number"] for each in api(gateway, "GET", "/approvals", token=token).json]
        assert listed == ([number] if status == 200 else [])
        for method, path, body in (("GET", f"/approvals/{number}", None), ("POST", f"/approvals/{number}/comment", {"comment": "hm"}),
                                   ("POST", f"/approvals/{number}/approve", {})):
            answer = api(gateway, method, path, body, token=token)
            assert answer.status == status, (database, path, answer.raw)
        undone = api(gateway, "POST", f"/undo/{number}", {}, token=token)
        assert undone.status == (403 if status == 403 else 404), undone.raw
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        assert connection.execute("DELETE FROM numbers WHERE i = 3").rowcount == 1


def test_a_name_that_is_given_to_somebody_else_ends_sessions(gateway, server):
    client = WireClient(gateway.port, timeout=30)
    client.login(user="frank")
    gateway.cli("user", "remove", "frank")
    gateway.cli("user", "add", "frank", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    deadline = time.time() + 20
    with pytest.raises((EOFError, ConnectionError, BrokenPipeError)):
        while time.time() < deadline:
            client.run(query("SELECT 1"))
            time.sleep(0.05)
