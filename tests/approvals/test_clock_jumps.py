"""The machine's clock is set ahead and back, by hours: what is over does not come to life again, nothing is used past its
time, nobody waits longer for it, and it is on the record (threat cases 60 and 62)."""

import json
import re
import time

import psycopg
import pytest
from harness.clock import MachineClock
from harness.gateway import PASSWORD, Gateway
from holding import Running, call, exists, requests, server, sql, vote, wait_for_request  # noqa: F401

POLICY = """
rules:
  - { name: all, effect: allow, do: [read, create, update] }
  - { name: writes, effect: allow, who: { groups: [writers] }, do: [insert] }
  - { name: drops-wait, effect: hold, do: [drop, truncate], approve: { by: [dba], wait: 20s, wait_in_transaction: 2s, valid: 1h } }
  - { name: later, effect: hold, do: [delete], approve: { by: [dba], wait: 0s, valid: 1h } }
  - name: fresh
    effect: hold
    do: [update]
    on: { tables: [public.items] }
    approve: { by: [dba], wait: 0s, automatic: { when: { authentication: { max_age: 5m } } } }
  - { name: soon, effect: hold, do: [alter], approve: { by: [dba], wait: 0s, valid: 2s } }
roles:
  - { name: writer, groups: [writers], who: { groups: [engineering] }, at_most: 8h, approve: { by: [dba] } }
"""
DELETE, ALTER = "DELETE FROM numbers WHERE i = 1", "ALTER TABLE numbers ADD COLUMN note text"


@pytest.fixture
def gateway(server):  # noqa: F811
    gateway = Gateway(server, start=False)
    gateway.clock = MachineClock(gateway.root)
    gateway.env = gateway.clock.environment()
    (gateway.root / "policy.yaml").write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {gateway.root}/policy.yaml }}\n")
    for name in ("dora", "erin"):
        gateway.cli("user", "add", name, "--group", "dba" if name == "dora" else "interns", "--password-stdin", input=PASSWORD + "\n")
    sql(server, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice; "
                "CREATE TABLE victim (id int); CREATE TABLE items (id int); CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


def ask(gateway, text):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute(text)
    return wait_for_request(gateway)


def approved(gateway, text):
    number = ask(gateway, text)
    vote(gateway, "approve", number, "dora")
    return number


def shown(gateway, number):
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def test_Threat60_what_has_expired_stays_so(gateway):
    number = approved(gateway, DELETE)
    time.sleep(1.5)  # So that the log has seen what time it was.
    for hours, recorded in ((2, r"ahead by (7199|7200)\."), (0, r"back by (7199|7200)\."), (-3, r"back by (10799|10800)\.")):
        gateway.clock.ahead(hours)
        assert ask(gateway, DELETE) != number and shown(gateway, number)["state"] == "expired"
        until(lambda: any(re.search("the clock was set " + recorded, r["message"]) for r in gateway.search("--type", "evidence")))


@pytest.mark.parametrize("ahead,back", [(0, -3), (2, 0)])
def test_Threat60_a_clock_that_is_set_back_makes_nothing_last_longer(gateway, server, ahead, back):  # noqa: F811
    """Also not where it had been set ahead by mistake when it was approved."""
    gateway.clock.ahead(ahead)
    number = approved(gateway, ALTER)
    gateway.clock.ahead(back)
    time.sleep(2.5)
    assert ask(gateway, ALTER) != number and shown(gateway, number)["state"] == "expired"
    assert sql(server, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'numbers'") == ["1"]


def test_Threat60_nor_does_a_restart(gateway):
    gateway.clock.ahead(hours=2)
    number = approved(gateway, ALTER)
    gateway.kill9()
    gateway.clock.ahead(hours=0)
    gateway.start()
    time.sleep(2.5)
    assert ask(gateway, ALTER) != number and shown(gateway, number)["state"] == "expired"


def test_Threat60_who_waits_while_the_clock_is_set_ahead_is_told_at_once(gateway, server):  # noqa: F811
    running = Running(gateway, "DROP TABLE victim")
    number = wait_for_request(gateway)
    gateway.clock.ahead(hours=2)
    running.join(5)
    assert not running.is_alive() and "is expired" in str(running.error), running.error
    gateway.clock.ahead(hours=0)
    late = vote(gateway, "approve", number, "dora", check=False)
    assert late.returncode != 0 and "expired" in late.stderr
    assert exists(server, "victim")


def test_Threat60_who_waits_while_it_is_set_back_waits_no_longer(gateway, server):  # noqa: F811
    with psycopg.connect(gateway.dsn()) as connection:
        connection.execute("UPDATE numbers SET i = i WHERE i = 1")
        gateway.clock.ahead(hours=-3)
        began = time.monotonic()
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute("TRUNCATE victim")
        assert 1.5 < time.monotonic() - began < 8
        connection.rollback()
    running = Running(gateway, "DROP TABLE victim")
    until(lambda: len(requests(gateway, "--state", "waiting")) == 2)
    gateway.clock.ahead(hours=-6)
    time.sleep(0.5)
    assert running.is_alive()
    vote(gateway, "approve", requests(gateway, "--state", "waiting")[0]["number"], "dora")
    running.join(5)
    assert running.error is None and not exists(server, "victim")


def test_Threat60_a_vote_that_was_lent_until_then(gateway):
    def by_erin(number):
        return vote(gateway, "approve", number, "erin", "--for", "dora", check=False).returncode

    gateway.cli("approval", "delegate", "--to", "erin", "--until", "1h", "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    assert by_erin(ask(gateway, DELETE)) == 0
    for hours in (2, 0, -3):
        gateway.clock.ahead(hours)
        number = ask(gateway, DELETE)
        assert by_erin(number) != 0 and shown(gateway, number)["state"] == "waiting", hours


def test_Threat60_a_login_does_not_become_fresh_again(gateway):
    """What is approved automatically for who has proved just now who they are."""
    fresh = "UPDATE items SET id = 2"
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute(fresh)
        gateway.clock.ahead(hours=-3)
        time.sleep(0.2)
        with pytest.raises(psycopg.Error, match="not approved yet") as refused:
            connection.execute(fresh)
        assert "its age is not known" in refused.value.diag.message_detail
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute(fresh)


def may_write(connection):
    try:
        connection.execute("INSERT INTO items VALUES (1)")
        return True
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.OperationalError as ended:  # the grant ended while its statement ran, and the session with it
        assert connection.closed and ("is over" in str(ended) or "is closed" in str(ended)), ended
        return False


@pytest.mark.parametrize("lasts,given_at,jumps", [("1h", 0, [2, 0, -3]), ("4s", 0, [-3]), ("4s", 2, [0])])
def test_Threat62_a_grant_ends_in_its_time_and_once(gateway, lasts, given_at, jumps):
    """In a session that is open, and for those that begin."""
    gateway.clock.ahead(given_at)
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        given = json.loads(gateway.cli("request", "orders", "--role", "writer", "--for", lasts, "--reason", "x", "--no-wait", "-o",
                                       "json", "--user", "alice", "--password-stdin", input=PASSWORD + "\n").stdout)
        vote(gateway, "approve", given["request"], "dora")
        until(lambda: may_write(connection))
        for hours in jumps:
            gateway.clock.ahead(hours)
            until(lambda: grant_state(gateway, given) == "expired")
            until(lambda: not may_write(connection))
            time.sleep(0.5)
            with psycopg.connect(gateway.dsn(), autocommit=True) as other:
                assert not may_write(connection) and not may_write(other), hours


def grant_state(gateway, grant):
    return json.loads(gateway.cli("grant", "show", str(grant["number"]), "-o", "json").stdout)["state"]


@pytest.mark.parametrize("jumps", [[2, 0], [-3]], ids=["ahead and back", "back"])
def test_Threat60_an_approvers_token_ends_in_its_time_and_once(gateway, jumps):
    """One that a clock set ahead has ended does not live again; one set back makes none live longer."""
    lasts = "60m" if jumps[0] > 0 else "4s"
    token = gateway.cli("token", "create", "--user", "dora", "--scope", "approvals", "--for", lasts).stdout.strip()
    number = ask(gateway, DELETE)
    look = lambda: call(gateway, "GET", f"/api/v1/approvals/{number}", bearer=token)[0]  # noqa: E731
    until(lambda: look() == 200)
    for hours in jumps:
        gateway.clock.ahead(hours)
        if hours > 0:
            until(lambda: look() == 401)
            time.sleep(1)
    until(lambda: look() == 401)
    time.sleep(1)
    assert look() == 401
