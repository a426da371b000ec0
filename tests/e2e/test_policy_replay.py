"""Replay: what a proposed policy would have made of what really ran, its limits included, and what it cannot tell."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

POLICY = """
rules:
  - { name: all, effect: allow, do: [read, write, transaction, session_setting] }
  - name: short-results
    effect: allow
    do: [read]
    on: { tables: [public.long] }
    limit: { rows: 10 }
  - name: few-rows-expected
    effect: deny
    do: [read]
    on: { tables: [public.many] }
    when: { estimated_rows: { more_than: 5000 } }
  - name: drops-wait
    effect: hold
    do: [drop]
    approve: { by: [dba], wait: 0s }
"""

SCHEMA = """
SET ROLE sluice;
CREATE TABLE stock AS SELECT i AS id, 0 AS v FROM generate_series(1, 100) i;
CREATE TABLE watched AS SELECT i AS id, 0 AS v FROM generate_series(1, 100) i;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER noted AFTER UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TABLE long AS SELECT i AS id FROM generate_series(1, 100) i;
CREATE TABLE many AS SELECT i AS id FROM generate_series(1, 2000) i;
CREATE TABLE doomed (id int);
CREATE TABLE people AS SELECT i AS id, 'a' || i || '@example.org' AS email FROM generate_series(1, 50) i;
ANALYZE
"""


@pytest.fixture(scope="module")
def replayed():
    """A gateway with a history, and how to replay it: (policy text, user, *options) -> report."""
    server = PostgresServer()
    server.sql(SCHEMA, "orders")
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for user in ("bob", "carol", "dora", "erin", "frank", "grace", "henry", "ida"):
        gateway.cli("user", "add", user, "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()

    def replay(text, user, *options, check=True):
        proposed = gateway.root / "proposed.yaml"
        proposed.write_text(text or POLICY)
        return gateway.cli("policy", "replay", "--policy", str(proposed), "--user", user, *options, check=check).stdout

    yield gateway, replay
    assert gateway.stop() == 0
    server.stop()


def run(gateway, user, *texts, good=True):
    for text in texts:
        done = gateway.psql("-Atc", text, user=user)
        assert (done.returncode == 0) is good, (text, done.stderr)
        gateway.wait_for(lambda found: any(r.get("text") == text for r in found), "--user", user, "--type", "statement")


def report(replay, text, user):
    return json.loads(replay(text, user, "-o", "json"))


ALL = "rules:\n  - { name: all, effect: allow, do: [read, write, drop, transaction, session_setting]%s }\n"


def test_recorded_figures_are_judged_by_the_proposed_limits(replayed):
    gateway, replay = replayed
    run(gateway, "bob", "UPDATE stock SET v = 1 WHERE id <= 50", "UPDATE stock SET v = 1 WHERE id <= 5", "SELECT id FROM stock")
    tight = report(replay, ALL % ", limit: { rows_changed: 5 }", "bob")
    assert (tight["newly_limited"], tight["unchanged"], tight["not_judged"]) == (1, 2, 0), tight
    change = tight["changes"][0]
    assert (change["was"], change["would_be"], change["new_rule"]) == ("allow", "limited", "all")
    assert (change["limit"], change["most"], change["got"]) == ("rows_changed", 5, 50)
    assert change["example"] == "UPDATE stock SET v = 1 WHERE id <= 50"
    table = replay(ALL % ", limit: { rows_changed: 5 }", "bob")
    assert "rows_changed 50 > 5" in table and "1 newly limited" in table, table
    rows = report(replay, ALL % ", limit: { rows: 99 }", "bob")["changes"]
    assert [(c["limit"], c["got"], c["example"]) for c in rows] == [("rows", 100, "SELECT id FROM stock")]
    rate = report(replay, ALL % ", limit: { statements_per_minute: 1 }", "bob")
    assert (rate["newly_limited"], rate["changes"][0]["limit"]) == (2, "statements_per_minute"), rate
    unlimited = gateway.root / "unlimited.yaml"
    unlimited.write_text(ALL % "")
    limited = gateway.root / "limited.yaml"
    limited.write_text(ALL % ", limit: { rows_changed: 5 }")
    effect = json.loads(gateway.cli("policy", "diff", str(unlimited), str(limited), "--since", "1h", "-o", "json").stdout)
    changes = [change for change in effect["effect"]["changes"] if change["user"] == "bob"]
    assert [(c["would_be"], c["limit"], c["got"], c["statements"]) for c in changes] == [("limited", "rows_changed", 50, 1)], effect


def test_what_a_trigger_may_have_changed_is_not_guessed(replayed):
    gateway, replay = replayed
    run(gateway, "carol", "UPDATE watched SET v = 1 WHERE id <= 5")
    told = report(replay, ALL % ", limit: { rows_changed: 10 }", "carol")
    assert told["not_judged"] == 1 and "rows_changed" in told["not_judged_why"][0]["why"], told
    assert report(replay, ALL % ", limit: { rows_changed: 4 }", "carol")["newly_limited"] == 1


def test_what_a_limit_ended_is_as_it_was_under_the_same_policy(replayed):
    gateway, replay = replayed
    run(gateway, "dora", "SELECT id FROM long", good=False)
    record = gateway.search("--user", "dora", "--type", "statement")[0]
    assert record["decision"] == "limited", record
    assert report(replay, None, "dora")["unchanged"] == 1
    assert report(replay, ALL % "", "dora")["newly_allowed"] == 1
    assert report(replay, ALL % ", limit: { rows: 11 }", "dora")["not_judged"] == 1


def test_a_write_that_a_limit_undid_is_past_it_still(replayed):
    gateway, replay = replayed
    tight, proposed = ALL % ", limit: { rows_changed: 10 }", gateway.root / "policy.yaml"

    def put(text):
        before = gateway.log.read_text().count("policy reloaded")
        proposed.write_text(text)
        deadline = time.monotonic() + 20
        while gateway.log.read_text().count("policy reloaded") == before:
            assert time.monotonic() < deadline, "the policy was not reloaded"
            time.sleep(0.05)

    put(tight)
    try:
        run(gateway, "ida", "UPDATE long SET id = id WHERE id <= 15", good=False)
    finally:
        put(POLICY)
    assert gateway.search("--user", "ida", "--type", "statement")[-1]["decision"] == "limited"
    for most in (10, 9, 14):
        told = report(replay, ALL % f", limit: {{ rows_changed: {most} }}", "ida")
        assert (told["unchanged"], told["changes"]) == (1, []), told
    assert report(replay, ALL % ", limit: { rows_changed: 15 }", "ida")["newly_allowed"] == 1


def test_what_the_gateway_itself_refuses_is_no_change(replayed):
    gateway, replay = replayed
    run(gateway, "erin", "SELECT id FROM people WHERE email LIKE '%a%'", good=False)
    assert gateway.search("--user", "erin", "--type", "statement")[-1]["rule"] == "masked-columns"
    told = report(replay, None, "erin")
    assert (told["unchanged"], told["by_gateway"], told["changes"]) == (1, 1, []), told
    assert "whatever the policy says" in replay(None, "erin")


def test_what_people_approved_is_held_now_as_then(replayed):
    gateway, replay = replayed
    run(gateway, "frank", "DROP TABLE doomed", good=False)
    number = json.loads(gateway.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]
    gateway.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    done = gateway.psql("-Atc", "DROP TABLE doomed", user="frank")
    assert done.returncode == 0, done.stderr
    gateway.wait_for(lambda found: sum(r.get("text") == "DROP TABLE doomed" for r in found) == 2, "--user", "frank", "--type", "statement")
    told = report(replay, None, "frank")
    assert (told["statements"], told["unchanged"], told["changes"]) == (2, 2, []), told
    changes = report(replay, ALL % "", "frank")["changes"]
    assert [(c["was"], c["would_be"], c["statements"]) for c in changes] == [("hold", "allow", 2)]


def test_what_hangs_on_what_is_not_recorded_is_not_judged(replayed):
    gateway, replay = replayed
    run(gateway, "henry", "SELECT id FROM stock", "SELECT 1 AS one")
    told = report(replay, POLICY.replace("public.many", "public.stock"), "henry")
    assert told["not_judged_why"] == [{"why": "the record does not tell: estimated_rows", "statements": 1}], told
    assert (told["unchanged"], told["changes"]) == (1, [])
    old = POLICY + "  - { name: fresh, effect: deny, do: [read], on: { tables: [public.stock] }, when: { authentication: { older_than: 1h } } }\n"
    told = report(replay, old, "henry")
    assert (told["not_judged"], told["unchanged"], told["changes"]) == (0, 2, []), "the record tells when they logged in"
    told = report(replay, old.replace("older_than: 1h", "max_age: 1h"), "henry")
    assert [(c["new_rule"], c["statements"]) for c in told["changes"]] == [("fresh", 1)]


def test_what_the_planner_was_asked_is_judged_by_its_word(replayed):
    gateway, replay = replayed
    run(gateway, "henry", "SELECT id FROM many WHERE id > 0")
    gateway.wait_for(lambda found: any(r.get("estimated_rows") for r in found), "--user", "henry", "--type", "statement")
    for most, changes in ((3000, []), (1000, [("few-rows-expected", 1)])):
        told = report(replay, POLICY.replace("5000", str(most)), "henry")
        assert told["not_judged"] == 0 and [(c["new_rule"], c["statements"]) for c in told["changes"]] == changes, told


def test_who_replays_is_on_the_record(replayed):
    gateway, replay = replayed

    def readings():
        return [r for r in gateway.search("--type", "audit_read") if "replayed" in r["message"]]

    before = len(readings())
    run(gateway, "bob", "SELECT 'looked at' AS it")
    report(replay, ALL % "", "bob")
    gateway.wait_for(lambda r: sum("replayed" in e["message"] for e in r) == before + 1, "--type", "audit_read")
    (reading,) = readings()[before:]
    assert reading["message"] == "replayed over HTTP" and reading["user"], reading
    # A policy that cannot be read asks for nothing.
    assert replay("rules: [", "bob", check=False) == ""
    assert len(readings()) == before + 1


def test_a_limit_takes_the_newest(replayed):
    gateway, replay = replayed
    run(gateway, "grace", *(f"SELECT {i} AS it" for i in range(5)))
    told = json.loads(replay(ALL % ", limit: { rows: 0 }", "grace", "--limit", "2", "-o", "json"))
    assert (told["statements"], told["truncated"]) == (2, True), told
    assert told["changes"][0]["example"] in ("SELECT 3 AS it", "SELECT 4 AS it")
    assert json.loads(replay(ALL % "", "grace", "-o", "json"))["truncated"] is False
