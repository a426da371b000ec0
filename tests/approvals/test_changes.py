"""Changes: scripts that are approved as a whole and run by the gateway on several databases, in order."""

import json
import time
import urllib.error
import urllib.request

import psycopg
import pytest
from changing import (POLICY, ROLLBACK, SCRIPT, Background, act, approve, approved, columns,  # noqa: F401
                      gateway, has, live_credentials, refused, rows, server, somebody, status, steps, submit,
                      wait_until)
from harness.gateway import PASSWORD


def test_approved_by_somebody_else_it_runs_in_order_with_progress(gateway, server):
    change = submit(gateway, SCRIPT, "--ticket", "OPS-12", rollback=ROLLBACK)
    assert change["state"] == "waiting" and change["targets"] == ["staging", "orders"]
    refused(gateway, "run", change, "is not approved")
    shown = gateway.cli("approval", "show", str(change["request"])).stdout
    for text in ("support asks", "ALTER TABLE numbers ADD COLUMN note text", "staging step 1 (line 1)", "orders step 3 (line 5)",
                 "lock access_exclusive", "DROP TABLE notes", "one transaction on each database", "lock_timeout 5s",
                 "in a session with:\nstaging:\nrole sluice\n", "\norders:\nrole sluice\n", "\nTimeZone "):
        assert text in shown, shown
    assert somebody(gateway, "alice", "approval", "approve", str(change["request"]), check=False).returncode != 0
    approve(gateway, change)
    assert status(gateway, change)["state"] == "approved"
    done = act(gateway, "run", change)
    # Those whose transaction has not been committed yet have only run.
    assert [line.split(" (")[0].replace(": ran,", ": done,") for line in done.stdout.splitlines()] == [
        "staging step 1: done, ALTER TABLE", "staging step 2: done, CREATE TABLE", "staging step 3: done, INSERT 0 1",
        "orders step 1: done, ALTER TABLE", "orders step 2: done, CREATE TABLE", "orders step 3: done, INSERT 0 1",
        "change 1 is done"]
    for database in ("staging", "orders"):
        assert has(server, database) and columns(server, database) == ["i", "note"]
    records = gateway.wait_for(lambda found: any(r.get("change") for r in found), "--user", "alice", "--database", "orders",
                               "--type", "statement")
    assert [(r["change"], r["kind"]) for r in records if r.get("change")] == [
        ("1", "BEGIN"), ("1 step 1 of 3", "ALTER TABLE"), ("1 step 2 of 3", "CREATE TABLE"), ("1 step 3 of 3", "INSERT"), ("1", "COMMIT")]
    assert {r.get("approval") for r in records if r["kind"] == "ALTER TABLE"} == {f"{change['request']} by dora"}
    steps = [r["kind"] for r in gateway.search("--ticket", "OPS-12", "--database", "orders", "--type", "statement")]
    assert steps == ["BEGIN", "ALTER TABLE", "CREATE TABLE", "INSERT", "COMMIT"]
    assert [r["kind"] for r in gateway.search("--change", "1", "--database", "orders", "--type", "statement")] == steps
    assert [r["kind"] for r in gateway.search("--approval", str(change["request"]), "--database", "orders", "--type", "statement")] == steps[1:3]
    assert gateway.search("--change", "11") == gateway.search("--ticket", "OPS-1") == []
    said = [r["message"] for r in gateway.wait_for(lambda found: any("change 1: done" in r["message"] for r in found),
                                                   "--type", "approval")]
    assert any("change 1: submitted for staging, orders: notes; support asks" in text for text in said)
    assert any("change 1: run on staging, orders" in text for text in said) and "change 1: done" in said
    listed = json.loads(gateway.cli("change", "list", "-o", "json").stdout)
    assert [(c["number"], c["state"]) for c in listed] == [(1, "done")]
    assert live_credentials(gateway) == 0, "they went with it"


def test_what_no_rule_holds_is_ready_at_once(gateway, server):
    change = submit(gateway, "INSERT INTO numbers VALUES (77)", on=("--on", "orders"))
    assert change["state"] == "ready" and change["request"] == 0
    act(gateway, "run", change)
    assert rows(server, "orders", "SELECT count(*) FROM numbers WHERE i = 77") == ["1"]
    refused(gateway, "run", change, "is done")


@pytest.mark.parametrize("script,why", [
    ("SELECT 1;\nUPDATE ledger SET v = 1;", "step 2 (line 2) on staging"),
    ("SELECT 1;\n\nDROP TABBLE x;", "line 3"),
    ("SELECT * FROM nowhere", "does not have"),
    ("BEGIN; SELECT 1; COMMIT", "the gateway begins and ends"),
    ("PREPARE p AS SELECT 1", "write the statement itself"),
    ("COPY numbers FROM STDIN", "use INSERT"),
    ("-- nothing\n", "no statement"),
])
def test_refused_at_once_with_its_place(gateway, script, why):
    done = submit(gateway, script, check=False)
    assert done.returncode != 0 and why in done.stderr, done.stderr
    assert json.loads(gateway.cli("change", "list", "-o", "json").stdout) == []


def test_it_stops_at_the_first_error_and_the_rest_is_not_touched(gateway, server):
    rows(server, "orders", "INSERT INTO ledger VALUES (1, 0)")
    script = "ALTER TABLE numbers ADD COLUMN note text;\nINSERT INTO numbers SELECT 1 / (2 - count(*)) FROM ledger, generate_series(1, 2);\nSELECT 3;"
    change = approved(gateway, script, rollback="ALTER TABLE numbers DROP COLUMN note")
    done = act(gateway, "run", change, check=False)
    assert done.returncode == 1 and "orders: step 2 of 3 (line 2): 22012: division by zero" in done.stderr
    assert steps(gateway, change) == [
        ("script", "staging", 1, "done"), ("script", "staging", 2, "done"), ("script", "staging", 3, "done"),
        ("script", "orders", 1, "undone"), ("script", "orders", 2, "failed")]
    assert columns(server, "staging") == ["i", "note"] and columns(server, "orders") == ["i"]
    assert status(gateway, change)["state"] == "failed"
    refused(gateway, "run", change, "is failed")
    # What was done is taken back; what was not, is left.
    act(gateway, "rollback", change)
    assert columns(server, "staging") == ["i"] and columns(server, "orders") == ["i"]
    assert steps(gateway, change)[-1] == ("rollback", "staging", 1, "done")
    assert status(gateway, change)["state"] == "rolled_back"


def test_a_failure_on_the_first_leaves_the_second_alone(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT 1 / 0 FROM numbers")
    act(gateway, "run", change, check=False)
    assert {step[1] for step in steps(gateway, change)} == {"staging"}
    assert columns(server, "staging") == columns(server, "orders") == ["i"]
    refused(gateway, "rollback", change, "no rollback script")


def test_lock_timeout(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text", "--lock-timeout", "300ms")
    with psycopg.connect(host=str(server.root), port=server.port, user="postgres", dbname="staging") as other:
        other.execute("LOCK TABLE numbers")
        began = time.time()
        done = act(gateway, "run", change, check=False)
        assert "55P03" in done.stderr and time.time() - began < 10
    assert columns(server, "staging") == columns(server, "orders") == ["i"]


def test_statement_timeout(gateway, server):
    change = submit(gateway, "SELECT pg_sleep(30)", "--statement-timeout", "400ms")
    assert "57014" in act(gateway, "run", change, check=False).stderr
    assert steps(gateway, change) == [("script", "staging", 1, "failed")]


def test_rollback_goes_backwards_and_once(gateway, server):
    change = approved(gateway, SCRIPT, rollback=ROLLBACK)
    refused(gateway, "rollback", change, "is waiting")
    act(gateway, "run", change)
    refused(gateway, "rollback", change, "by who submitted it", user="dora")
    done = act(gateway, "rollback", change)
    assert [line.split(":")[0] for line in done.stdout.splitlines()[:4]] == [
        "rollback, orders step 1", "rollback, orders step 2", "rollback, staging step 1", "rollback, staging step 2"]
    for database in ("staging", "orders"):
        assert not has(server, database) and columns(server, database) == ["i"]
    refused(gateway, "rollback", change, "is rolled_back")
    records = gateway.wait_for(lambda found: any(r.get("change") == "1 rollback step 2 of 2" for r in found), "--user", "alice")
    assert any(r.get("change") == "1 rollback step 2 of 2" and r["approval"].endswith("by dora") for r in records)


def test_Threat61_the_next_of_the_name_does_not_roll_it_back(gateway, server):
    change = approved(gateway, SCRIPT, rollback=ROLLBACK)
    waits = approved(gateway, "ALTER TABLE ledger ADD COLUMN note text")
    act(gateway, "run", change)
    gateway.cli("user", "remove", "alice")
    gateway.cli("user", "add", "alice", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    for _ in range(50):  # Until the gateway knows her.
        if "neither submitted it" in act(gateway, "rollback", change, check=False).stderr:
            break
        time.sleep(0.2)
    refused(gateway, "rollback", change, "you neither submitted it")
    refused(gateway, "run", waits, "you neither submitted it")
    assert has(server, "orders") and has(server, "staging")


def test_a_rollback_is_for_what_the_change_has_left(gateway, server):
    change = approved(gateway, SCRIPT, rollback=ROLLBACK)
    act(gateway, "run", change)
    rows(server, "orders", "ALTER TABLE notes ADD COLUMN precious text")
    refused(gateway, "rollback", change, "the schema of orders is not as the change has left it")
    assert has(server, "orders") and has(server, "staging")


@pytest.mark.parametrize("what", ["disabled", "policy"])
def test_a_rollback_needs_its_approval_still(gateway, server, what):
    change = approved(gateway, SCRIPT, rollback=ROLLBACK)
    act(gateway, "run", change)
    if what == "disabled":
        gateway.cli("user", "disable", "dora")
    else:
        (gateway.root / "policy.yaml").write_text(POLICY + "# changed\n")
    time.sleep(1)
    refused(gateway, "rollback", change, "may not approve any more" if what == "disabled" else "the policy")
    assert has(server, "orders")


def test_what_cannot_be_in_a_transaction_is_run_step_by_step(gateway, server):
    change = approved(gateway, "CREATE TABLE notes (id int);\nCREATE INDEX CONCURRENTLY numbers_i ON numbers (i);\nSELECT 1 / 0 FROM numbers")
    act(gateway, "run", change, check=False)
    assert steps(gateway, change) == [("script", "staging", 1, "done"), ("script", "staging", 2, "done"),
                                      ("script", "staging", 3, "failed")]
    assert has(server, "staging") and has(server, "staging", "numbers_i") and not has(server, "orders")


def test_a_step_that_takes_long_is_told_of(gateway):
    change = submit(gateway, "SELECT pg_sleep(6); SELECT pg_sleep(1)", on=("--on", "staging"))
    said = [line.split(" (")[0] for line in act(gateway, "run", change).stdout.splitlines()]
    assert said[0] == "staging step 1: running for 5 s", said
    assert [line for line in said if "running" in line] == said[:1], said


def test_interrupted_by_a_restart_it_is_never_run_again(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(60)")
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: len(now["steps"]) == 2)
    gateway.kill9()
    running.end()
    gateway.start()
    now = status(gateway, change)
    assert now["state"] == "failed" and "interrupted" in now["problem"]
    assert steps(gateway, change) == [("script", "staging", 1, "unknown"), ("script", "staging", 2, "unknown")]
    refused(gateway, "run", change, "is failed")
    for _ in range(100):
        if columns(server, "staging") == ["i"]:
            break
        time.sleep(0.1)
    assert columns(server, "staging") == columns(server, "orders") == ["i"]
    assert live_credentials(gateway) == 0


def test_the_end_of_the_gateway_stops_it(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(60)")
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: len(now["steps"]) == 2)
    began = time.time()
    gateway.process.terminate()
    assert gateway.process.wait(timeout=30) == 0 and time.time() - began < 20
    running.end()
    gateway.start()
    now = status(gateway, change)
    assert now["state"] == "failed" and "stopped by the end of the gateway" in now["problem"]
    assert columns(server, "staging") == ["i"]


def test_cancelled_before_and_while_it_runs(gateway, server):
    change = approved(gateway, SCRIPT)
    refused(gateway, "cancel", change, "neither submitted it", user="bob")
    refused(gateway, "cancel", change, "by who submitted it", user="dora")
    act(gateway, "cancel", change)
    refused(gateway, "run", change, "is cancelled")
    assert json.loads(gateway.cli("approval", "show", str(change["request"]), "-o", "json").stdout)["state"] == "withdrawn"
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(60)")
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: len(now["steps"]) == 2)
    began = time.time()
    act(gateway, "cancel", change)
    code, _, err = running.end()
    assert code == 1 and "stopped by alice" in err and time.time() - began < 10
    assert columns(server, "staging") == columns(server, "orders") == ["i"]


def test_rows_are_counted_as_ever(gateway, server):
    change = approved(gateway, "DELETE FROM numbers WHERE i < 3;\nDELETE FROM numbers WHERE i < 8;", on=("--on", "orders"))
    done = act(gateway, "run", change, check=False)
    assert "step 2 of 2" in done.stderr and rows(server, "orders", "SELECT count(*) FROM numbers") == ["10"]


def test_too_many_at_once_cost_nobody_anything(gateway, server):
    back = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text", rollback="ALTER TABLE numbers DROP COLUMN note", on=("--on", "staging"))
    act(gateway, "run", back)
    ninth = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text", on=("--on", "orders"))
    changes = [submit(gateway, f"SELECT pg_sleep(60), {i}", on=("--on", "staging" if i % 2 else "orders")) for i in range(8)]
    running = [Background(gateway, change) for change in changes]
    for change in changes:
        wait_until(gateway, change, lambda now: now["steps"])
    refused(gateway, "run", ninth, "8 changes run already")
    refused(gateway, "rollback", back, "8 changes run already")
    assert status(gateway, ninth)["state"] == "approved" and status(gateway, back)["state"] == "done"
    for change in changes:
        act(gateway, "cancel", change)
    for each in running:
        each.end()
    act(gateway, "run", ninth)
    act(gateway, "rollback", back)
    assert columns(server, "orders") == ["i", "note"] and columns(server, "staging") == ["i"]


def test_over_http(gateway, server):
    def ask(method, path, body=None, token=None):
        request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        if token:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def token(user, scope, database="orders"):
        secret = gateway.cli("token", "create", "--user", user, "--scope", scope, "--database", database).stdout.split()[0]
        time.sleep(0.8)  # The gateway looks at its store every now and then.
        return secret

    change = {"title": "t", "reason": "r", "targets": ["orders"], "script": "INSERT INTO numbers VALUES (99)"}
    assert ask("POST", "/api/v1/changes", change)[0] == 401 and ask("GET", "/api/v1/changes")[0] == 401
    assert ask("POST", "/api/v1/changes", change, token("alice", "approvals"))[0] == 403
    mine = token("alice", "changes")
    # A credential for one database changes no other.
    code, answer = ask("POST", "/api/v1/changes", {**change, "targets": ["staging"]}, mine)
    assert code == 403 and "not for this database" in answer["title"]
    assert ask("POST", "/api/v1/changes", {**change, "title": ""}, mine)[0] == 400
    assert ask("POST", "/api/v1/changes", {**change, "targets": ["nowhere"]}, mine)[0] in (403, 404)
    code, answer = ask("POST", "/api/v1/changes", change, mine)
    assert code == 200 and answer["state"] == "ready"
    others = token("bob", "changes")
    number = answer["number"]
    assert ask("GET", f"/api/v1/changes/{number}", None, others)[0] == 403 and ask("GET", "/api/v1/changes", None, others)[1] == []
    assert ask("POST", f"/api/v1/changes/{number}/run", None, others)[0] == 403
    # One of its own user's that is good elsewhere neither sees nor cancels it.
    elsewhere = token("alice", "changes", "staging")
    assert ask("GET", f"/api/v1/changes/{number}", None, elsewhere)[0] == 403 and ask("GET", "/api/v1/changes", None, elsewhere)[1] == []
    for what in ("run", "cancel"):
        assert ask("POST", f"/api/v1/changes/{number}/{what}", None, elsewhere)[0] == 403
    assert ask("GET", "/api/v1/changes", None, mine)[1][0]["number"] == number
    assert ask("POST", f"/api/v1/changes/{number}/run", None, mine)[0] == 200
    assert wait_until(gateway, answer, lambda now: now["state"] != "running")["state"] == "done"
    assert rows(server, "orders", "SELECT count(*) FROM numbers WHERE i = 99") == ["1"]
