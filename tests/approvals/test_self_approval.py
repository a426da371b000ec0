"""Nobody approves what they ask for: not as the end user behind a service, nor through another account, group, service,
agent or vote in other hands (threat case 60)."""

import json
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from identity.test_end_user import assertion
from holding import (Running, call, count, exists, requests, server, start_with_people, vote,  # noqa: F401
                     wait_for_request)

DELETE = "DELETE FROM numbers WHERE i = 3"


@pytest.fixture
def gateway(server):  # noqa: F811
    """With a service that says for whom it asks; dora and erin decide, each under two names."""
    gateway = Gateway(server, start=False)
    for name, *options in (("shop", "--kind", "service", "--group", "engineering", "--group", "dba"),
                           ("dora2", "--group", "dba", "--attribute", "person=dora"),
                           ("gina", "--group", "dba", "--attribute", "email=gina@example.com"),
                           ("hugo", "--group", "dba", "--attribute", "person=hugo@example.com"),
                           ("iris@example.com", "--group", "dba")):
        gateway.cli("user", "add", name, *options, "--password-stdin", input=PASSWORD + "\n")
    gateway.key = gateway.cli("user", "assertion-key", "shop").stdout.strip()
    start_with_people(gateway, server)
    yield gateway
    gateway.stop()


class Shop:
    """The service's connection, in which it asks for one end user after the other."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.connection = psycopg.connect(gateway.dsn(user="shop"), autocommit=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def for_whom(self, name):
        said = "" if name is None else assertion(self.gateway.key, name)
        self.connection.execute(f"SET sluice.end_user = '{said}'")

    def asks(self, name, text=DELETE):
        """The number of the request that waits then."""
        self.for_whom(name)
        with pytest.raises(psycopg.Error, match="not approved yet"):
            self.connection.execute(text)
        return wait_for_request(self.gateway)

    def runs(self, name, text=DELETE):
        self.for_whom(name)
        return self.connection.execute(text).rowcount


def refused(gateway, number, user, *extra, why="does not decide"):
    said = vote(gateway, "approve", number, user, *extra, check=False)
    assert said.returncode != 0 and why in said.stderr, (user, said.stderr)
    assert state_of(gateway, number) == "waiting"


def state_of(gateway, number):
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)["state"]


def delegate(gateway, user, to):
    gateway.cli("approval", "delegate", "--to", to, "--until", "1h", "--user", user, "--password-stdin", input=PASSWORD + "\n")


def test_Threat60_the_end_user_behind_a_service_does_not_decide(gateway, server):
    with Shop(gateway) as shop:
        number = shop.asks("dora")
        for user in ("dora", "dora2"):
            refused(gateway, number, user)
            status, said = call(gateway, "POST", f"/api/v1/approvals/{number}/approve", user, body={})
            assert status == 403 and "does not decide" in json.dumps(said), said
        # Nor in somebody else's name, nor somebody else in theirs.
        delegate(gateway, "erin", "dora")
        refused(gateway, number, "dora", "--for", "erin")
        delegate(gateway, "dora", "erin")
        refused(gateway, number, "erin", "--for", "dora")
        # The service itself is nobody who decides, whatever its groups.
        refused(gateway, number, "shop", why="only people decide")
        assert count(server, "numbers") == "20"
        vote(gateway, "approve", number, "erin")
        assert shop.runs("dora") == 1
    record = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "shop")
    assert [(r["end_user"], r["approval"]) for r in record if r.get("approval")] == [("dora", f"{number} by erin")]


def test_Threat60_nor_while_it_waits(gateway, server):
    """The statement is held; who is behind it decides at once, by a comment as by a setting."""
    for said in ("SET", "comment"):
        asserted = assertion(gateway.key, "dora")
        text = "DROP TABLE victim" + (f" /*sluice_end_user='{asserted}'*/" if said == "comment" else "")
        before = [f"SET sluice.end_user = '{asserted}'"] if said == "SET" else []
        running = Running(gateway, text, before=before, user="shop")
        number = wait_for_request(gateway)
        refused(gateway, number, "dora")
        refused(gateway, number, "dora2")
        vote(gateway, "reject", number, "erin")
        running.join(5)
        assert running.error.sqlstate == "42501" and exists(server, "victim")


def test_Threat60_by_whatever_name_the_service_knows_them(gateway):
    with Shop(gateway) as shop:
        for asserted, user in (
                ("dora2", "dora"), ("DORA", "dora2"), ("hugo", "hugo"), ("hugo@example.com", "hugo"), ("gina@example.com", "gina"),
                ("Gina@Example.com", "gina"), ("iris@example.com", "iris@example.com"), ("Iris@example.com", "iris@example.com")):
            number = shop.asks(asserted)
            refused(gateway, number, user)
            vote(gateway, "approve", number, "erin")
            shop.runs(asserted)


def test_Threat60_what_was_approved_for_one_end_user_is_not_for_another(gateway, server):
    with Shop(gateway) as shop:
        number = shop.asks("frank")
        vote(gateway, "approve", number, "dora")
        for other in ("dora", "carl", None):
            assert shop.asks(other) != number
        assert count(server, "numbers") == "20" and state_of(gateway, number) == "approved"
        assert shop.runs("frank") == 1
    # Nor may the end user take it for a statement of their own.
    with psycopg.connect(gateway.dsn(user="frank"), autocommit=True) as own:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            own.execute(DELETE)


def test_Threat60_of_a_group_that_decides_one_decides_for_another(gateway, server):
    """Who asks is in the group that decides."""
    with psycopg.connect(gateway.dsn(user="dora"), autocommit=True) as own:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            own.execute(DELETE)
        number = wait_for_request(gateway)
        for user in ("dora", "dora2"):
            refused(gateway, number, user)
        # Neither does another group of theirs help.
        gateway.cli("user", "set", "dora", "--group", "dba", "--group", "leads")
        time.sleep(0.7)
        refused(gateway, number, "dora")
        vote(gateway, "approve", number, "erin")
        assert own.execute(DELETE).rowcount == 1


def test_Threat60_two_accounts_that_turn_out_to_be_one_person(gateway, server):
    """Between the vote and the run it becomes known whose account has approved."""
    with psycopg.connect(gateway.dsn(), autocommit=True) as own:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            own.execute(DELETE)
        number = wait_for_request(gateway)
        vote(gateway, "approve", number, "gina")
        gateway.cli("user", "set", "gina", "--attribute", "person=alice")
        time.sleep(0.7)
        with pytest.raises(psycopg.Error, match="not approved yet"):
            own.execute(DELETE)
        assert state_of(gateway, number) == "withdrawn" and count(server, "numbers") == "20"


def test_Threat60_two_names_of_one_person_in_another_case_are_not_two(gateway):
    gateway.cli("user", "set", "gina", "--group", "leads", "--attribute", "person=ERIN")
    time.sleep(0.7)
    with psycopg.connect(gateway.dsn(), autocommit=True) as own:
        with pytest.raises(psycopg.Error, match="not approved yet"):
            own.execute("UPDATE ledger SET v = 2 WHERE id = 1")
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "erin")
    refused(gateway, number, "gina", why="somebody else")
