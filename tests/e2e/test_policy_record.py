"""What the record says of decisions: who somebody was, every rule that matched, and which policy it was."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - name: everybody-reads
    effect: allow
    do: [read, copy_out]
  - name: bots-read-too
    effect: allow
    who: { kinds: [agent], attributes: { team: [billing] } }
    do: [read, lock]
  - name: no-secrets
    effect: deny
    on: { tables: [public.secrets] }
    message: "Secrets are not for reading."
  - name: nobody-should-read-orders
    effect: deny
    mode: shadow
    on: { tables: [public.orders] }
"""
NO_AGENTS = """
rules:
  - name: people-read
    effect: allow
    who: { kinds: [human] }
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    server.sql("CREATE TABLE IF NOT EXISTS secrets (id int); CREATE TABLE IF NOT EXISTS orders (id int)", "orders")
    gateway = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    gateway.cli("user", "add", "bot", "--kind", "agent", "--attribute", "team=billing", "--attribute", "model=m1",
                "--password-stdin", input=PASSWORD + "\n")
    # The gateway looks for new users now and then.
    deadline = time.time() + 10
    while gateway.psql("-Atc", "SELECT 0", user="bot").returncode != 0 and time.time() < deadline:
        time.sleep(0.1)
    yield gateway
    assert gateway.stop() == 0


def record_of(gateway, text):
    records = gateway.wait_for(lambda found: any(r.get("text") == text for r in found), "--type", "statement")
    return next(record for record in records if record.get("text") == text)


def test_all_that_matched_is_on_the_record(gateway):
    assert gateway.psql("-Atc", "SELECT 1 AS one", user="bot").returncode == 0
    record = record_of(gateway, "SELECT 1 AS one")
    assert record["principal_kind"] == "agent"
    assert record["attributes"] == ["model=m1", "team=billing"]
    assert record["rule"] == "everybody-reads"
    assert record["rules_matched"] == ["everybody-reads", "bots-read-too"]
    assert record["policy_version"] == json.loads(gateway.cli("policy", "show", "-o", "json").stdout)["version"]
    assert "shadow_rules" not in record


def test_one_rule_is_told_once(gateway):
    assert gateway.psql("-Atc", "SELECT 2 AS two").returncode == 0
    record = record_of(gateway, "SELECT 2 AS two")
    assert (record["principal_kind"], record["rule"]) == ("human", "everybody-reads")
    assert "rules_matched" not in record and "attributes" not in record


@pytest.mark.parametrize("text", ["SELECT id FROM orders", "COPY orders TO STDOUT"])
def test_shadow_rules_are_recorded_and_refuse_nothing(gateway, text):
    assert gateway.psql("-Atc", text).returncode == 0
    record = record_of(gateway, text)
    assert record["decision"] == "allowed"
    assert record["shadow_rules"] == ["nobody-should-read-orders: deny"]


def test_a_refusal_has_them_too(gateway):
    assert "Secrets are not for reading" in gateway.psql("-c", "SELECT id FROM secrets", user="bot").stderr
    record = record_of(gateway, "SELECT id FROM secrets")
    assert (record["decision"], record["rule"], record["principal_kind"]) == ("denied", "no-secrets", "agent")
    assert set(record["rules_matched"]) == {"everybody-reads", "bots-read-too", "no-secrets"}
    assert record["policy_version"]


def test_replay_judges_who_somebody_was(gateway, tmp_path):
    text = "SELECT count(*) FROM orders"
    assert gateway.psql("-Atc", text, user="bot").returncode == 0
    record_of(gateway, text)
    gateway.cli("user", "set", "bot", "--kind", "human")
    policy = tmp_path / "no-agents.yaml"
    policy.write_text(NO_AGENTS)
    report = json.loads(gateway.cli("policy", "replay", "--policy", str(policy), "--user", "bot", "-o", "json").stdout)
    assert (report["newly_refused"], report["newly_allowed"]) == (1, 0), report
