"""Who approves, when: schedules of those on call, escalation, votes in the hands of others (threat case 67)."""

import json
import time
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer


def now_window():
    """Hours of the clock in UTC that are open now and for long, and others that are not."""
    now = datetime.now(timezone.utc)
    early, late = now - timedelta(hours=3), now + timedelta(hours=3)
    return f'from: "{early:%H:%M}", to: "{late:%H:%M}"', f'from: "{late:%H:%M}", to: "{early:%H:%M}"'


def policy():
    is_open, closed = now_window()
    return f"""
rules:
  - {{ name: all, effect: allow }}
  - name: on-call
    effect: hold
    do: [delete]
    approve:
      by: [dba]
      wait: 0s
      on_call: [ {{ {is_open}, zone: UTC, by: [today] }}, {{ {closed}, zone: UTC, by: [tonight] }} ]
  - name: nobody-on-call
    effect: hold
    do: [update]
    approve: {{ by: [dba], wait: 0s, on_call: [ {{ {closed}, zone: UTC, by: [tonight] }} ] }}
  - name: escalates
    effect: hold
    do: [truncate]
    approve: {{ by: [dba], wait: 0s, escalate: [ {{ after: 3s, to: [leads] }} ] }}
  - name: two
    effect: hold
    do: [alter]
    approve: {{ by: [dba, leads], people: 2, wait: 0s }}
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def gateway(server):
    gateway = Gateway(server, start=False)
    (gateway.root / "policy.yaml").write_text(policy())
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {gateway.root}/policy.yaml }}\n")
    for name, groups, extra in (("dora", ["dba"], []), ("tom", ["today"], []), ("nina", ["tonight"], []), ("lea", ["leads"], []),
                                ("frank", ["engineering"], []), ("alice2", ["dba"], ["--attribute", "person=alice"]),
                                ("dora2", ["dba"], ["--attribute", "person=dora"]), ("robot", ["dba"], ["--kind", "agent"])):
        gateway.cli("user", "add", name, *[w for g in groups for w in ("--group", g)], *extra,
                    "--password-stdin", input=PASSWORD + "\n")
    server.sql("DROP TABLE IF EXISTS numbers; CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i; "
               "ALTER TABLE numbers OWNER TO sluice", database="orders")
    gateway.start()
    yield gateway
    gateway.stop()


def ask(gateway, text="DELETE FROM numbers WHERE i = 1"):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text)
    assert "not approved yet" in str(caught.value), caught.value
    return json.loads(gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]


def act(gateway, what, *arguments, user, check=False):
    return gateway.cli("approval", what, *map(str, arguments), "--user", user, "--password-stdin",
                       input=PASSWORD + "\n", check=check)


def show(gateway, number):
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)


def soon(connected):
    """A new token is known within a second or so."""
    deadline = time.time() + 10
    while True:
        try:
            return connected()
        except psycopg.OperationalError:
            assert time.time() < deadline
            time.sleep(0.1)


def run(gateway, text="DELETE FROM numbers WHERE i = 1"):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute(text)


def asked_anew(gateway, number):
    """What was approved is not by now: the statement waits again."""
    assert ask(gateway) != number
    before = show(gateway, number)
    assert before["state"] == "withdrawn" and "may not approve any more" in before["reason"], before


def delegate(gateway, user, to, *extra, check=True):
    return act(gateway, "delegate", "--to", to, "--until", "1h", *extra, user=user, check=check)


def test_who_is_on_call_decides(gateway):
    number = ask(gateway)
    assert show(gateway, number)["missing"] == ['rule "on-call": 1 more of today']
    for other in ("dora", "nina"):
        refused = act(gateway, "approve", number, user=other)
        assert refused.returncode != 0 and "in none of the groups that decide now: today" in refused.stderr
    act(gateway, "approve", number, user="tom", check=True)
    run(gateway)


def test_whom_an_agent_acts_for_does_not_decide_by_another_account(gateway):
    token = gateway.cli("token", "create", "--user", "robot", "--acts-for", "dora2", "--for", "1h").stdout.strip()

    def connected():
        with psycopg.connect(gateway.dsn("robot", token), autocommit=True) as connection:
            connection.execute("SELECT 1")
        return True
    assert soon(connected)
    with psycopg.connect(gateway.dsn("robot", token), autocommit=True) as connection:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute("UPDATE numbers SET i = 2 WHERE i = 2")
    number = json.loads(gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]
    for user in ("dora", "dora2"):
        refused = act(gateway, "approve", number, user=user)
        assert refused.returncode != 0 and "does not decide" in refused.stderr, refused.stderr
    act(gateway, "approve", number, user="alice2", check=True)


def test_who_runs_a_service_does_not_decide_on_what_it_asks(gateway):
    gateway.cli("user", "add", "loader", "--kind", "service", "--no-password", "--group", "engineering", "--attribute", "person=dora")
    token = gateway.cli("token", "create", "--user", "loader", "--for", "1h").stdout.strip()
    service = soon(lambda: psycopg.connect(gateway.dsn("loader", token), autocommit=True))
    with pytest.raises(psycopg.Error, match="not approved yet"):
        service.execute("UPDATE numbers SET i = 3 WHERE i = 3")
    number = json.loads(gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]
    for user in ("dora", "dora2"):
        assert act(gateway, "approve", number, user=user).returncode != 0, user
    assert show(gateway, number)["state"] == "waiting"
    act(gateway, "approve", number, user="alice2", check=True)
    assert service.execute("UPDATE numbers SET i = 3 WHERE i = 3").rowcount == 1


def test_where_nobody_is_on_call_the_others_decide(gateway):
    number = ask(gateway, "UPDATE numbers SET i = 2 WHERE i = 2")
    assert act(gateway, "approve", number, user="nina").returncode != 0
    act(gateway, "approve", number, user="dora", check=True)


def test_who_has_left_the_group_since_has_not_approved(gateway):
    number = ask(gateway)
    act(gateway, "approve", number, user="tom", check=True)
    gateway.cli("user", "set", "tom", "--group", "interns")
    time.sleep(0.7)
    asked_anew(gateway, number)


def test_escalation(gateway):
    number = ask(gateway, "TRUNCATE numbers")
    early = act(gateway, "approve", number, user="lea")
    assert early.returncode != 0 and "decide now: dba" in early.stderr
    deadline = time.time() + 30
    while show(gateway, number)["missing"] != ['rule "escalates": 1 more of dba, leads'] and time.time() < deadline:
        time.sleep(0.2)
    told = gateway.wait_for(lambda found: any("leads decide too" in r.get("message", "") for r in found), "--type", "approval")
    assert len([r for r in told if "leads decide too" in r["message"]]) == 1
    act(gateway, "approve", number, user="lea", check=True)
    run(gateway, "TRUNCATE numbers")


def test_a_vote_in_other_hands(gateway):
    number = ask(gateway)
    assert act(gateway, "approve", number, "--for", "tom", user="frank").returncode != 0
    delegate(gateway, "tom", "frank", "--reason", "on holiday")
    listed = json.loads(gateway.cli("approval", "delegations", "-o", "json").stdout)
    assert [(d["from"], d["to"], d["reason"]) for d in listed] == [("tom", "frank", "on holiday")]
    assert act(gateway, "approve", number, user="frank").returncode != 0, "for themselves they may not"
    act(gateway, "approve", number, "--for", "tom", "--comment", "seen", user="frank", check=True)
    vote = show(gateway, number)["votes"][0]
    assert (vote["voter"], vote["on_behalf"]) == ("frank", "tom")
    run(gateway)
    records = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "alice")
    assert [r["approval"] for r in records if r.get("approval")] == [f"{number} by frank for tom"]
    for all_of in (("frank may vote for tom", "on holiday"), ("approved for tom: seen",)):
        told = lambda found: any(all(words in r["message"] for words in all_of) for r in found)
        assert told(gateway.wait_for(told, "--type", "approval")), all_of



def test_a_delegation_begins_and_ends(gateway):
    number = ask(gateway)
    act(gateway, "delegate", "--to", "frank", "--from", "1h", "--until", "2h", user="tom", check=True)
    assert act(gateway, "approve", number, "--for", "tom", user="frank").returncode != 0
    act(gateway, "delegate", "--to", "frank", "--until", "3s", user="tom", check=True)
    time.sleep(3.5)
    assert act(gateway, "approve", number, "--for", "tom", user="frank").returncode != 0


def test_Threat67_a_delegation_that_was_taken_back(gateway):
    number = ask(gateway)
    delegate(gateway, "tom", "frank")
    act(gateway, "approve", number, "--for", "tom", user="frank", check=True)
    mine = json.loads(gateway.cli("approval", "delegations", "-o", "json").stdout)[0]["number"]
    assert act(gateway, "undelegate", mine, user="dora").returncode != 0
    act(gateway, "undelegate", mine, user="tom", check=True)
    asked_anew(gateway, number)


@pytest.mark.parametrize("gone", ["tom", "frank"])
def test_Threat67_both_must_still_be_who_they_were(gateway, gone):
    number = ask(gateway)
    delegate(gateway, "tom", "frank")
    act(gateway, "approve", number, "--for", "tom", user="frank", check=True)
    gateway.cli("user", "disable", gone)
    time.sleep(0.7)
    asked_anew(gateway, number)


def test_Threat67_never_by_who_asks(gateway):
    number = ask(gateway)
    delegate(gateway, "tom", "alice")
    refused = act(gateway, "approve", number, "--for", "tom", user="alice")
    assert refused.returncode != 0 and "does not decide" in refused.stderr
    delegate(gateway, "tom", "alice2")
    assert "does not decide" in act(gateway, "approve", number, "--for", "tom", user="alice2").stderr
    # Nor may somebody else give the requester's own.
    delegate(gateway, "alice", "dora")
    assert "does not decide" in act(gateway, "approve", number, "--for", "alice", user="dora").stderr
    assert show(gateway, number)["state"] == "waiting"


def test_Threat67_never_two_votes_by_one_person(gateway):
    text = "ALTER TABLE numbers ADD COLUMN x int"
    number = ask(gateway, text)
    delegate(gateway, "lea", "dora")
    act(gateway, "approve", number, user="dora", check=True)
    refused = act(gateway, "approve", number, "--for", "lea", user="dora")
    assert refused.returncode != 0 and "somebody else" in refused.stderr
    assert show(gateway, number)["state"] == "waiting"
    # The other way round neither of the two has a vote left.
    number = ask(gateway, text + "2")
    act(gateway, "approve", number, "--for", "lea", user="dora", check=True)
    for again in ("dora", "lea", "dora2"):
        assert act(gateway, "approve", number, user=again).returncode != 0
    assert show(gateway, number)["state"] == "waiting"


def test_Threat67_who_may_delegate_to_whom(gateway):
    for user, to, why in (("dora", "dora2", "another name of one's own"), ("dora", "dora", "another name"),
                          ("dora", "robot", "only people"), ("robot", "dora", "only people"), ("dora", "martian", "no user")):
        refused = delegate(gateway, user, to, check=False)
        assert refused.returncode != 0 and why in refused.stderr, (user, to, refused.stderr)
    for until in ("2020-01-01T00:00:00Z", "100d", "tomorrow"):
        assert act(gateway, "delegate", "--to", "lea", "--until", until, user="dora").returncode != 0
    # A delegate's delegate is nobody.
    delegate(gateway, "tom", "frank")
    delegate(gateway, "frank", "lea")
    number = ask(gateway)
    assert act(gateway, "approve", number, "--for", "tom", user="lea").returncode != 0
    assert act(gateway, "approve", number, "--for", "frank", user="lea").returncode != 0
