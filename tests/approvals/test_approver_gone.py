"""Between the vote and the run an approver stops being one: their time passes, they are disabled, removed, moved to another
group, or are gone at the identity provider. Their vote counts no more, and nothing runs (threat case 60)."""

import json
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from identity.scim import Scim
from holding import (Running, call, count, exists, fails, requests, run, server, start_with_people, vote,  # noqa: F401
                     wait_for_request)

DELETE = "DELETE FROM numbers WHERE i < 3"
TWO = "UPDATE ledger SET v = 2 WHERE id = 1"


@pytest.fixture
def gateway(server):  # noqa: F811
    """With a third who decides where it takes two, and one whom an identity provider keeps."""
    gateway = Gateway(server, start=False)
    gateway.cli("user", "add", "gina", "--group", "leads", "--password-stdin", input=PASSWORD + "\n")
    start_with_people(gateway, server)
    yield gateway
    assert gateway.stop() == 0


def shown(gateway, number):
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)


def approve_by_token(gateway, number, token):
    return call(gateway, "POST", f"/api/v1/approvals/{number}/approve", bearer=token, body={})[0]


def time_passes(gateway, user):
    """Their account is good for a moment more."""
    gateway.cli("user", "set", user, "--valid-until", "2s")
    time.sleep(2.5)


GOES = {"time": time_passes,
        "disabled": lambda gateway, user: gateway.cli("user", "disable", user),
        "removed": lambda gateway, user: gateway.cli("user", "remove", user),
        "group": lambda gateway, user: gateway.cli("user", "set", user, "--group", "interns")}


def goes(gateway, user, how):
    GOES[how](gateway, user)
    time.sleep(0.7)


def asked_anew(gateway, number, text):
    assert "not approved yet" in str(fails(gateway, text))
    before = shown(gateway, number)
    assert before["state"] == "withdrawn" and "may not approve any more" in before["reason"], before
    assert wait_for_request(gateway) != number


def test_Threat60_an_approver_whose_time_has_passed(gateway, server):  # noqa: F811
    """Voted in their time, and not run in it; with more time they do not come back as somebody who has approved."""
    gateway.cli("user", "set", "dora", "--valid-until", "3s")
    fails(gateway, DELETE)
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    assert shown(gateway, number)["state"] == "approved"
    time.sleep(3.5)
    asked_anew(gateway, number, DELETE)
    again = wait_for_request(gateway)
    late = vote(gateway, "approve", again, "dora", check=False)
    assert late.returncode != 0 and count(server, "numbers") == "20"
    gateway.cli("user", "set", "dora", "--valid-until", "never")
    time.sleep(0.7)
    assert "not approved yet" in str(fails(gateway, DELETE))
    assert shown(gateway, number)["state"] == "withdrawn" and count(server, "numbers") == "20"
    vote(gateway, "approve", again, "erin")
    assert run(gateway, DELETE) == 2


@pytest.mark.parametrize("how", GOES)
def test_Threat60_the_first_of_two_goes_before_the_second_votes(gateway, server, how):  # noqa: F811
    fails(gateway, TWO)
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    goes(gateway, "dora", how)
    vote(gateway, "approve", number, "erin")
    assert shown(gateway, number)["state"] == "waiting" and len(shown(gateway, number)["missing"]) == 1
    assert "not approved yet" in str(fails(gateway, TWO))
    vote(gateway, "approve", number, "gina")
    assert run(gateway, TWO) == 1
    records = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "alice")
    assert [r["approval"] for r in records if r.get("approval")] == [f"{number} by erin, gina"]


@pytest.mark.parametrize("how", ["time", "group"])
def test_Threat60_one_of_two_goes_before_it_runs(gateway, server, how):  # noqa: F811
    fails(gateway, TWO)
    number = wait_for_request(gateway)
    for voter in ("dora", "erin"):
        vote(gateway, "approve", number, voter)
    goes(gateway, "dora", how)
    asked_anew(gateway, number, TWO)


def test_Threat60_who_waits_gets_nothing_by_who_is_gone(gateway, server):  # noqa: F811
    """The statement is held meanwhile, and goes on once somebody approves who may."""
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    gateway.cli("user", "disable", "dora")
    time.sleep(0.7)
    late = vote(gateway, "approve", number, "dora", check=False)
    assert late.returncode != 0 and running.is_alive() and exists(server, "victim")
    gateway.cli("user", "enable", "dora")
    time.sleep(0.7)
    vote(gateway, "approve", number, "dora")
    running.join(5)
    assert running.error is None and not exists(server, "victim")


def test_Threat60_an_approver_who_is_gone_at_the_identity_provider(gateway, server):  # noqa: F811
    scim = Scim(gateway, gateway.cli("scim", "token", "create").stdout.strip())
    sam = scim.user("sam")
    scim.group("dba", sam)
    token = gateway.cli("token", "create", "--user", "sam", "--scope", "approvals", "--for", "1h").stdout.strip()
    fails(gateway, DELETE)
    number = wait_for_request(gateway)
    deadline = time.monotonic() + 10
    while approve_by_token(gateway, number, token) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert scim.patch("/Users/" + sam["id"], {"op": "replace", "value": {"active": False}})[0] == 200
    time.sleep(0.7)
    asked_anew(gateway, number, DELETE)
    assert approve_by_token(gateway, wait_for_request(gateway), token) == 401
    assert count(server, "numbers") == "20"
