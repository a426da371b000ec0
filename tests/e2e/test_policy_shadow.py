"""policy shadow tells by rule what rules on trial would have done to what really ran."""

import json

import pytest
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: no-drops, effect: deny, do: [drop] }
  - { name: reads-of-stock, effect: deny, mode: shadow, do: [read], on: { tables: [public.stock] } }
  - { name: writes-wait, effect: hold, mode: shadow, do: [write] }
  - { name: never, effect: deny, mode: shadow, do: [truncate] }
  - { name: drops-too, effect: deny, mode: shadow, do: [drop] }
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("DROP TABLE IF EXISTS stock; CREATE TABLE stock (id int); ALTER TABLE stock OWNER TO sluice", "orders")
    running = Gateway(server, start=False, extra=f"policy: {{ file: {policy} }}")
    running.cli("user", "add", "bob", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    for user, sql in (("alice", "SELECT id FROM stock"), ("alice", "SELECT id FROM stock"), ("bob", "SELECT count(*) FROM stock"),
                      ("bob", "INSERT INTO stock VALUES (1)"), ("bob", "SELECT 1")):
        done = running.psql("-Atc", sql, user=user)
        assert done.returncode == 0, done.stderr
    assert running.psql("-Atc", "DROP TABLE stock").returncode != 0
    running.wait_for(lambda found: sum(r.get("kind") == "DROP TABLE" for r in found) == 1, "--type", "statement")
    yield running
    assert running.stop() == 0


def shadow(gateway, *options):
    return json.loads(gateway.cli("policy", "shadow", "-o", "json", *options).stdout)


def test_by_rule(gateway):
    told = shadow(gateway)
    assert told["complete"] and told["statements"] >= 6
    rules = {rule["rule"]: rule for rule in told["rules"]}
    assert set(rules) == {"reads-of-stock", "writes-wait", "drops-too"}
    reads = rules["reads-of-stock"]
    assert (reads["effect"], reads["statements"], reads["would_be_stopped"], reads["texts"], reads["users"]) == ("deny", 3, 3, 2, 2)
    assert reads["by_user"][0] == {"user": "alice", "statements": 2}
    assert [sample["text"] for sample in reads["samples"]] == ["SELECT count(*) FROM stock", "SELECT id FROM stock"]
    assert rules["writes-wait"]["effect"] == "hold" and rules["writes-wait"]["would_be_stopped"] == 1
    assert (rules["drops-too"]["statements"], rules["drops-too"]["would_be_stopped"]) == (1, 0), "it was refused anyway"
    assert told["rules"][0]["rule"] == "reads-of-stock"


def test_some_of_them(gateway):
    assert {rule["rule"] for rule in shadow(gateway, "--user", "alice")["rules"]} == {"reads-of-stock", "drops-too"}
    assert shadow(gateway, "--until", "1d")["rules"] == []
    table = gateway.cli("policy", "shadow").stdout
    assert "reads-of-stock" in table and "statements looked at" in table
