"""What is open when its user's groups or the policy change shows its further rows as they are shown from then on."""

import time

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, execute, parse, query

SEEN = """
rules:
  - { name: all, effect: allow }
  - { name: see, effect: unmask, who: { groups: [engineering] }, classes: [email] }
"""
FOR_A_PURPOSE = """
rules:
  - { name: all, effect: allow }
  - { name: see, effect: unmask, classes: [email], when: { purpose: [support] } }
"""
HIDDEN = "rules:\n  - { name: all, effect: allow }\n"


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS persons CASCADE; CREATE TABLE persons (id int PRIMARY KEY, email text);"
               "INSERT INTO persons SELECT i, 'person' || i || '@mail.example' FROM generate_series(1, 200) i", "orders")
    running = Gateway(server, masking=True, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(SEEN)
    running.config.write_text(running.config.read_text() + f"policy: {{ file: {policy} }}\n")
    running.policy = policy
    running.start()
    yield running
    assert running.stop() == 0


def shown(answer):
    return [body[6:].decode() for kind, body in answer if kind == b"D"]


def other_groups(gateway):
    gateway.cli("user", "set", "alice", "--group", "nobody")


def other_policy(gateway):
    gateway.policy.write_text(HIDDEN)


OPEN = {
    "portal": (lambda c: c.run(query("BEGIN") + parse("SELECT email FROM persons") + bind(portal="p") + SYNC), execute("p", 1) + SYNC),
    "portal of an expression": (lambda c: c.run(query("BEGIN") + parse("SELECT lower(email) FROM persons") + bind(portal="p") + SYNC),
                                execute("p", 1) + SYNC),
    "cursor": (lambda c: c.run(query("BEGIN; DECLARE p CURSOR FOR SELECT email FROM persons")), query("FETCH 1 FROM p")),
    "cursor executed": (lambda c: c.run(query("BEGIN; DECLARE p CURSOR FOR SELECT email FROM persons")), execute("p", 1) + SYNC),
    "cursor with hold": (lambda c: c.run(query("DECLARE p CURSOR WITH HOLD FOR SELECT email FROM persons")), query("FETCH 1 FROM p")),
}


@pytest.mark.parametrize("change", [other_groups, other_policy])
@pytest.mark.parametrize("kind", OPEN)
def test_further_rows_are_masked(gateway, kind, change):
    gateway.policy.write_text(SEEN)
    gateway.cli("user", "set", "alice", "--group", "engineering")
    begin, take = OPEN[kind]
    client, beside = WireClient(gateway.port), WireClient(gateway.port)
    for wire in (client, beside):
        assert wire.login()[-1][0] == b"Z"

    def sees():
        return "person1@" in shown(beside.run(query("SELECT email FROM persons WHERE id = 1")))[0]

    def until(condition):
        deadline = time.time() + 60
        while not condition():
            assert time.time() < deadline
            time.sleep(0.05)

    until(sees)
    time.sleep(0.5)  # The other worker.
    begin(client)
    if kind.startswith("portal"):
        client.read_until()  # BEGIN has a ReadyForQuery of its own.
    [row] = shown(client.run(take))
    assert "person1@" in row
    change(gateway)
    until(lambda: not sees())
    time.sleep(0.5)
    [row] = shown(client.run(take))
    assert "person" not in row, row
    client.close()
    beside.close()


def test_further_rows_are_masked_once_it_is_for_no_purpose(gateway):
    gateway.policy.write_text(FOR_A_PURPOSE)
    client = WireClient(gateway.port)
    assert client.login()[-1][0] == b"Z"

    def sees():
        client.run(query("SET sluice.purpose = 'support'"))
        return "person1@" in shown(client.run(query("SELECT email FROM persons WHERE id = 1")))[0]

    deadline = time.time() + 60
    while not sees():
        assert time.time() < deadline
        time.sleep(0.05)
    client.run(query("BEGIN") + parse("SELECT lower(email) FROM persons") + bind(portal="p") + SYNC)
    client.read_until()
    [row] = shown(client.run(execute("p", 1) + SYNC))
    assert "person1@" in row
    client.run(query("SET sluice.purpose = ''"))
    [row] = shown(client.run(execute("p", 1) + SYNC))
    assert "person" not in row, row
    client.close()
