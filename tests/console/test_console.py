"""The console in a real browser, before a real gateway and PostgreSQL."""

import json
import time
import urllib.error
import urllib.request

import psycopg
import pytest
import rig
from harness.gateway import PASSWORD
from harness.postgres import SERVER_PASSWORD
from rig import browse

# Something waits for people all the while.
pytestmark = pytest.mark.usefixtures("held")


@pytest.mark.parametrize("story", ["login", "keyboard", "activity", "policy", "identity", "change"])
def test_story(packages, gateway, story):
    browse(packages, gateway, "stories.mjs", story)


def test_stopping_cancels_at_the_server(packages, gateway, server):
    browse(packages, gateway, "stories.mjs", "query")
    deadline = time.time() + 10
    while server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(50)%' AND pid <> pg_backend_pid()") != ["0"]:
        assert time.time() < deadline, "it still runs"
        time.sleep(0.1)
    for how in ("stopped", "left"):
        assert gateway.search("--text", f"'{how}', pg_sleep(50)", "--type", "statement")[-1]["sqlstate"] == "57014", how


def test_who_saw(packages, gateway, server):
    email = server.sql("SELECT email FROM customers ORDER BY id LIMIT 1", "orders")[0]
    browse(packages, gateway, "stories.mjs", "whoSaw", CONSOLE_VALUE=email)


def test_approving_lets_the_statement_run(packages, gateway, server):
    statement = "ALTER TABLE orders ADD COLUMN gift_note text"
    thread = rig.hold(gateway, "dan", statement)
    browse(packages, gateway, "stories.mjs", "approve", CONSOLE_HELD="gift_note")
    thread.join(60)
    assert server.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'gift_note'", "orders") == ["1"]


def test_what_became_of_a_schema_and_who_uses_it(packages, gateway):
    thread = rig.hold(gateway, "dan", "ALTER TABLE orders ADD COLUMN parcel text")
    rig.approve(gateway, "erin", "ADD COLUMN parcel")
    thread.join(60)
    browse(packages, gateway, "stories.mjs", "schema")


def test_a_session_is_ended(packages, gateway):
    connection = psycopg.connect(gateway.dsn("dora"), autocommit=True)
    browse(packages, gateway, "stories.mjs", "sessions")
    with pytest.raises(psycopg.Error):
        connection.execute("SELECT 1")


def test_a_run_of_an_agent(packages, gateway):
    token = gateway.cli("token", "create", "--user", "nightly-agent", "--for", "1h", "--acts-for", "alice", "--scope", "mcp").stdout.strip()
    body = json.dumps({"text": "What became of order seven?", "run": "console-run", "model": "some-model"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1/agents/prompts", body, {"Authorization": f"Bearer {token}"})
    deadline = time.time() + 60
    while True:  # The gateway knows a new token within a second or so.
        try:
            prompt = json.load(urllib.request.urlopen(request, timeout=30))["prompt"]
            break
        except urllib.error.HTTPError as error:
            assert error.code == 401 and time.time() < deadline, error.read()
            time.sleep(0.2)
    with psycopg.connect(gateway.dsn("nightly-agent", token), autocommit=True) as connection:
        for name, value in (("run", "console-run"), ("prompt", prompt), ("call", "call-7")):
            connection.execute(f"SET sluice.{name} = '{value}'")
        connection.execute("SELECT status FROM orders WHERE id = 7")
    gateway.wait_for(lambda found: found, "--text", "WHERE id = 7")
    browse(packages, gateway, "stories.mjs", "agent")


def test_budgets_of_agents(packages, gateway):
    with psycopg.connect(gateway.dsn("nightly-agent"), autocommit=True) as connection:
        connection.execute("SET sluice.run = 'budget-run'")
        connection.execute("SELECT 1")
    browse(packages, gateway, "stories.mjs", "budgets")


def test_the_first_start(packages, server):
    gateway = rig.start(server, fresh=True)
    try:
        browse(packages, gateway, "stories.mjs", "firstStart")
    finally:
        assert gateway.stop() == 0


def test_the_first_database(packages, server):
    gateway = rig.start(server, fresh=True, users=rig.USERS[:1], bare=True)
    try:
        browse(packages, gateway, "stories.mjs", "firstDatabase", CONSOLE_SERVER_PORT=str(server.port), CONSOLE_SERVER_PASSWORD=SERVER_PASSWORD)
        def told(records, what):
            return any(what in record["message"] for record in records)

        # Records are found a moment after what they are of.
        records = gateway.wait_for(lambda found: told(found, "database orders removed"), "--type", "admin")
        assert told(records, "database orders tried, and it did not work")
        assert told(records, "database orders removed")
        assert SERVER_PASSWORD not in json.dumps(records)
    finally:
        assert gateway.stop() == 0


def test_rules_that_somebody_else_approves(packages, server):
    gateway = rig.start(server, fresh=True, extra="policy: { approve_by: [approvers] }")
    try:
        browse(packages, gateway, "stories.mjs", "policyProposal")
    finally:
        assert gateway.stop() == 0


def test_it_fits_a_strict_policy(gateway):
    """No inline script or style, and nothing from elsewhere."""
    index = (rig.ROOT / "web/dist/index.html").read_text()
    assert "<style" not in index and "style=" not in index and "http" not in index.replace('content="width', "")
    assert all("src=" in tag for tag in index.split("<script")[1:])
