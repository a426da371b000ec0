"""Who may decide on a held statement, and what exactly is allowed by it."""

import json
import time

import pytest
from holding import (POLICY, SCHEMA, Running, count, fails, gateway, requests, run, server, sql,  # noqa: F401
                     vote, wait_for_request)


@pytest.mark.parametrize("voter,why", [
    ("alice", "does not decide"), ("alice2", "does not decide"), ("frank", "none of the groups"), ("robot", "only people")])
def test_who_may_not_approve(gateway, server, voter, why):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    number = wait_for_request(gateway)
    refused = vote(gateway, "approve", number, voter, check=False)
    assert refused.returncode != 0 and (why in refused.stderr or "neither asked" in refused.stderr)
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i < 3"))


def test_a_wrong_password_approves_nothing(gateway):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    number = wait_for_request(gateway)
    refused = vote(gateway, "approve", number, "dora", password="guess", check=False)
    nobody = vote(gateway, "approve", number, "martian", password="guess", check=False)
    assert refused.returncode != 0 and refused.stderr == nobody.stderr
    assert requests(gateway)[0]["state"] == "waiting"


def test_one_person_is_not_two(gateway, server):
    fails(gateway, "UPDATE ledger SET v = 2 WHERE id = 1")
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "erin")
    again = vote(gateway, "approve", number, "erin", check=False)
    assert again.returncode != 0 and "somebody else" in again.stderr
    assert "not approved yet" in str(fails(gateway, "UPDATE ledger SET v = 2 WHERE id = 1"))
    vote(gateway, "approve", number, "dora")
    assert run(gateway, "UPDATE ledger SET v = 2 WHERE id = 1") == 1
    records = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "alice")
    assert [r["approval"] for r in records if r.get("approval")] == [f"{number} by erin, dora"]


@pytest.mark.parametrize("change", ["disabled", "removed", "group"])
def test_an_approver_who_may_not_any_more(gateway, change):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    gateway.cli(*{"disabled": ["user", "disable", "dora"], "removed": ["user", "remove", "dora"],
                  "group": ["user", "set", "dora", "--group", "interns"]}[change])
    time.sleep(0.7)
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i < 3"))
    assert wait_for_request(gateway) != number, "it is asked for anew"
    before = requests(gateway, "--state", "withdrawn")[0]
    assert before["number"] == number and "may not approve any more" in json.loads(
        gateway.cli("approval", "show", str(number), "-o", "json").stdout)["reason"]


@pytest.mark.parametrize("text,before", [
    ("DELETE FROM numbers WHERE  i < 3", []),
    ("DELETE FROM numbers WHERE i < 3 -- a comment", []),
    ("DELETE FROM numbers WHERE i < 4", []),
    ("DELETE FROM numbers WHERE i < 3", ["SET search_path = away, public"]),
    ("DELETE FROM numbers WHERE i < 3", ["SET session_replication_role = replica"]),
    ("DELETE FROM numbers WHERE i < 3", ["SET ROLE tester"]),
    ("DELETE FROM numbers WHERE i < 3", ["SET client_encoding = LATIN1"]),
    ("DELETE FROM numbers WHERE i < 3", ["CREATE TABLE one_more ()"]),
])
def test_only_what_was_approved(gateway, server, text, before):
    sql(server, "CREATE ROLE tester; GRANT ALL ON numbers TO tester; GRANT USAGE ON SCHEMA public TO tester; GRANT tester TO sluice; ALTER ROLE sluice SUPERUSER")
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    try:
        assert "not approved yet" in str(fails(gateway, text, before=before))
        assert count(server, "numbers") == "20" and count(server, "away.numbers") == "20"
    finally:
        sql(server, "ALTER ROLE sluice NOSUPERUSER; DROP OWNED BY tester; DROP ROLE tester")


def test_not_for_another_user(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i < 3", user="frank"))
    assert run(gateway, "DELETE FROM numbers WHERE i < 3") == 2


def test_a_changed_policy_asks_again(gateway):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY + "# changed\n")
    time.sleep(1)
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i < 3"))


def test_a_schema_changed_past_the_gateway_asks_again(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    sql(server, "CREATE VIEW surprise AS SELECT 1")
    assert "not approved yet" in str(fails(gateway, "DELETE FROM numbers WHERE i < 3"))
    assert count(server, "numbers") == "20"


def test_two_uses_at_once(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i < 3")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    runs = [Running(gateway, "DELETE FROM numbers WHERE i < 3") for _ in range(6)]
    for each in runs:
        each.join(15)
    assert sum(1 for each in runs if each.error is None) == 1
    assert requests(gateway, "--state", "used") and len(requests(gateway, "--state", "used")) == 1


def test_row_limit_is_enforced_at_commit(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i < 10")
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    error = fails(gateway, "DELETE FROM numbers WHERE i < 10")  # max_rows: 5
    assert "5" in str(error) and count(server, "numbers") == "20"


def test_the_approver_may_allow_fewer_rows(gateway, server):
    fails(gateway, "DELETE FROM numbers WHERE i < 5")
    vote(gateway, "approve", wait_for_request(gateway), "dora", "--max-rows", "2")
    assert count(server, "numbers") == "20"
    fails(gateway, "DELETE FROM numbers WHERE i < 5")
    assert count(server, "numbers") == "20"
