"""What is not exactly what was approved does not run (threat cases of changes)."""

import json
import time

import psycopg
import pytest
from changing import (POLICY, ROLLBACK, SCRIPT, Background, act, approve, approved, columns,  # noqa: F401
                      gateway, has, refused, rows, server, somebody, status, steps, submit, wait_until)


def test_automatic_approval_at_every_step_or_not_at_all(gateway, server):
    change = submit(gateway, "UPDATE numbers SET i = i + 1 WHERE i = 10;\nSELECT 1;")
    assert change["state"] == "approved"
    assert "step 1 (line 1) on staging" in gateway.cli("approval", "explain", str(change["request"])).stdout
    act(gateway, "run", change)
    assert rows(server, "orders", "SELECT max(i) FROM numbers") == ["11"]
    change = submit(gateway, "UPDATE numbers SET i = 5 WHERE i = 6;\nALTER TABLE numbers ADD COLUMN note text;")
    assert change["state"] == "waiting"
    # What is judged only when it runs is nothing that could be approved unseen, although no rule holds it by now.
    change = submit(gateway, "UPDATE numbers SET i = 5 WHERE i = 6", rollback="SELECT count(*) FROM later")
    assert change["state"] == "waiting"
    told = gateway.cli("approval", "explain", str(change["request"])).stdout
    assert "rollback step 1 (line 1) on orders: judged when it runs" in told, told


@pytest.mark.parametrize("before,step,held_there", [
    ("SET search_path = big, public", "UPDATE numbers SET i = 0 WHERE i > 0", "big.numbers"),
    ("SELECT set_config('search_path', 'big, public', false)", "UPDATE numbers SET i = 0 WHERE i > 0", "big.numbers"),
    # No rule holds it where it is looked at; one that holds another step does, where it runs.
    ("SET search_path = big, public", "UPDATE others SET i = 0 WHERE i > 0", "big.others"),
])
def test_a_step_that_may_mean_another_table_when_it_runs_is_not_approved_unseen(gateway, server, before, step, held_there):
    first = "UPDATE numbers SET i = 11 WHERE i = 10"
    assert submit(gateway, f"UPDATE {held_there} SET i = 0 WHERE i > 0", on=("--on", "orders"))["state"] == "waiting"
    assert submit(gateway, f"{first};\n{step};", on=("--on", "orders"))["state"] == "approved"
    change = submit(gateway, f"{first};\n{before};\n{step};", on=("--on", "orders"))
    assert change["state"] == "waiting"
    told = gateway.cli("approval", "explain", str(change["request"])).stdout
    assert "step 3 (line 3) on orders: judged when it runs: an earlier step may change what it names" in told, told
    refused(gateway, "run", change, "is not approved")
    assert rows(server, "orders", f"SELECT count(*) FROM {held_there} WHERE i > 0") == ["1000"]


def test_what_let_it_through_without_people_must_still_hold(gateway, server):
    change = submit(gateway, "UPDATE numbers SET i = i + 1 WHERE i = 10", on=("--on", "orders"))
    assert change["state"] == "approved"
    gateway.cli("user", "set", "alice", "--group", "interns")
    time.sleep(1)
    refused(gateway, "run", change, "would not be by now")
    assert rows(server, "orders", "SELECT max(i) FROM numbers") == ["10"]


# What was not approved.

def test_only_who_submitted_it_runs_it_and_once(gateway, server):
    change = approved(gateway, SCRIPT)
    refused(gateway, "run", change, "neither submitted it", user="bob")
    refused(gateway, "run", change, "by who submitted it", user="dora")
    runs = [Background(gateway, change) for _ in range(4)]
    codes = sorted(each.end()[0] for each in runs)
    # Who comes late may find it running and see it end well; it was run once.
    assert codes.count(0) >= 1 and status(gateway, change)["state"] == "done"
    assert [rows(server, database, "SELECT count(*) FROM notes") for database in ("staging", "orders")] == [["1"], ["1"]]
    assert len(steps(gateway, change)) == 6
    refused(gateway, "run", change, "is done")


@pytest.mark.parametrize("column,value", [
    ("script", "'DROP TABLE numbers'"), ("rollback_script", "'DROP TABLE numbers'"), ("targets", "'[\"orders\"]'"),
    ("lock_timeout_ms", "3600000"), ("statement_timeout_ms", "1")])
def test_edited_in_the_store_after_its_approval(gateway, server, column, value):
    change = approved(gateway, SCRIPT, rollback=ROLLBACK)
    gateway.in_state(f"UPDATE changes SET {column} = {value}")
    refused(gateway, "run", change, "was approved for something else")
    for database in ("staging", "orders"):
        assert columns(server, database) == ["i"]


@pytest.mark.parametrize("what", ["schema", "path", "policy", "approver", "waiting", "rejected"])
def test_something_is_not_as_it_was_approved(gateway, server, what):
    change = submit(gateway, SCRIPT)
    if what not in ("waiting", "rejected"):
        approve(gateway, change)
    if what == "schema":
        rows(server, "orders", "CREATE VIEW surprise AS SELECT 1")
    elif what == "path":
        rows(server, "orders", "ALTER DATABASE orders SET search_path = elsewhere, public")
    elif what == "policy":
        (gateway.root / "policy.yaml").write_text(POLICY + "# changed\n")
    elif what == "approver":
        gateway.cli("user", "disable", "dora")
    elif what == "rejected":
        somebody(gateway, "dora", "approval", "reject", str(change["request"]), "--comment", "no")
    time.sleep(1)
    try:
        refused(gateway, "run", change, {"schema": "the schema of the database has changed", "path": "has changed since",
                                         "policy": "the policy has changed", "approver": "may not approve any more",
                                         "waiting": "is waiting", "rejected": "is rejected"}[what])
    finally:
        rows(server, "orders", "ALTER DATABASE orders RESET search_path")
    for database in ("staging", "orders"):
        assert columns(server, database) == ["i"] and not has(server, database)


def test_a_rule_that_nobody_was_asked_about_stops_it(gateway, server):
    """What a step means is known for certain only when it runs: here a view that an earlier step makes leads to a
    table that others decide on."""
    script = "CREATE VIEW way AS SELECT * FROM ledger;\nINSERT INTO way VALUES (1, 1);"
    change = submit(gateway, script, on=("--on", "orders"))
    asked = json.loads(gateway.cli("approval", "show", str(change["request"]), "-o", "json").stdout)
    assert {need["rule"] for need in asked["needs"]} == {"schema-waits"}
    approve(gateway, change)
    refused(gateway, "run", change, 'was not approved for rule "leads-decide"')
    assert rows(server, "orders", "SELECT count(*) FROM ledger") == ["0"]
    assert not has(server, "orders", "way")


def test_its_text_is_not_approved_for_other_sessions(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(3)", on=("--on", "orders"))
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: now["steps"])
    for user in ("alice", "bob"):
        with psycopg.connect(gateway.dsn(user=user, database="staging"), autocommit=True) as connection:
            with pytest.raises(psycopg.Error, match="not approved yet"):
                connection.execute("ALTER TABLE numbers ADD COLUMN note text")
    assert running.end()[0] == 0
    assert columns(server, "staging") == ["i"] and columns(server, "orders") == ["i", "note"]


def test_who_is_disabled_runs_nothing_more(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(20)")
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: len(now["steps"]) == 2)
    gateway.cli("user", "disable", "alice")
    running.end()
    now = wait_until(gateway, change, lambda now: now["state"] != "running")
    assert now["state"] == "failed" and columns(server, "staging") == columns(server, "orders") == ["i"]


def test_without_the_credential_that_started_it_it_stops_before_the_next_step(gateway, server):
    change = approved(gateway, "ALTER TABLE numbers ADD COLUMN note text; SELECT pg_sleep(3); CREATE TABLE notes (id int)")
    running = Background(gateway, change)
    wait_until(gateway, change, lambda now: len(now["steps"]) == 2)
    # The newest of the logins; the run has one of its own.
    logins = [c for c in json.loads(gateway.cli("token", "list", "--user", "alice", "-o", "json").stdout)
              if not (c["label"] or "").startswith("change")]
    gateway.cli("token", "revoke", logins[0]["id"])
    running.end()
    now = wait_until(gateway, change, lambda now: now["state"] != "running")
    assert now["state"] == "failed" and "revoked or has expired" in now["problem"], now
    assert [step["state"] for step in now["steps"]] == ["undone", "undone", "failed"]
    assert not has(server, "staging") and columns(server, "staging") == columns(server, "orders") == ["i"]
