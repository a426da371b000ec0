"""Runs and prompts of agents: how they are said, who believes what of them, and what the record tells afterwards."""

import hashlib
import json
import pathlib
import sys
import urllib.parse

import psycopg
import pytest
from harness import npm
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import Agent, post, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: no-unbounded-writes, effect: deny, do: [update, delete], when: { without_where: true } }
  - name: agents-name-their-prompts
    effect: deny
    who: { kinds: [agent] }
    on: { tables: [public.vault] }
    when: { prompt: false }
    hint: Register the prompt, and name it.
  - { name: schema-waits, effect: hold, do: [create, alter], approve: { by: [dba], wait: 5m } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL);
INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 50) i;
CREATE TABLE vault (id int, what text);
ANALYZE orders;
"""


@pytest.fixture(scope="module")
def packages():
    return npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name, extra in (("dora", ("--group", "dba")), ("helper", ("--kind", "agent")), ("other", ("--kind", "agent")),
                        ("carol", ())):
        gateway.cli("user", "add", name, *extra, "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def token(gateway):
    token = token_of(gateway, "mcp", "approvals")
    until_known(gateway, token)
    return token


def api(gateway, method, path, token, body=None):
    status, _, answer = post(gateway, body or {}, token, path="/api/v1/agents/" + path, method=method)
    return status, json.loads(answer)


def register(gateway, token, text, **more):
    status, prompt = api(gateway, "POST", "prompts", token, {"text": text, **more})
    assert status == 201, prompt
    return prompt


def statement(gateway, text):
    """The record of the one that holds this text."""
    return [r for r in gateway.wait_for(lambda r: any(text in x["text"] for x in r), "--type", "statement") if text in r["text"]][-1]


def as_helper(gateway, token, **options):
    return psycopg.connect(gateway.dsn(user="helper", password=token, **options), autocommit=True)


def test_by_settings_of_the_session(gateway, token):
    prompt = register(gateway, token, "How many orders are open?", run="set-1", model="some-model-7")
    with as_helper(gateway, token) as db:
        db.execute("SELECT 'before any run'")
        db.execute("SET sluice.run = 'set-1'")
        db.execute(f"SET sluice.prompt = '{prompt['prompt']}'")
        db.execute("SELECT 'in the run', count(*) FROM orders")
        # The extended protocol, where what is parsed has not happened yet.
        db.execute("SELECT %s, 'bound'", ("value",))
        db.execute("RESET sluice.prompt")
        db.execute("SELECT 'without its prompt'")
        db.execute("DISCARD ALL")
        db.execute("SELECT 'of no run'")
    assert "run" not in statement(gateway, "before any run")
    record = statement(gateway, "in the run")
    assert record["run"] == "set-1" and record["prompt"] == prompt["prompt"], record
    assert statement(gateway, "'bound'")["prompt"] == prompt["prompt"]
    record = statement(gateway, "without its prompt")
    assert record["run"] == "set-1" and "prompt" not in record
    assert "run" not in statement(gateway, "of no run")
    found = gateway.search("--prompt", prompt["prompt"], "--type", "statement")
    assert {r["prompt"] for r in found} == {prompt["prompt"]} and any("in the run" in r["text"] for r in found)
    assert {r["run"] for r in gateway.search("--run", "set-1")} == {"set-1"}


def test_set_in_the_extended_protocol(gateway, token):
    with as_helper(gateway, token) as db:
        cursor = db.cursor()
        cursor.execute("SET sluice.run = 'extended-1'", prepare=True)
        cursor.execute("SELECT 'after an extended SET'")
    assert statement(gateway, "after an extended SET")["run"] == "extended-1"


def test_by_a_comment(gateway, token):
    prompt = register(gateway, token, "As a comment says", run="tag-1")
    with as_helper(gateway, token) as db:
        db.execute(f"SELECT 'tagged' /*sluice_run='tag-1',sluice_prompt='{prompt['prompt']}'*/")
        db.execute("SELECT 'conversing' /*gen_ai.conversation.id='conv_5'*/")
        db.execute("SELECT 'others' /*gen_ai.conversation.id='no%20name%20of%20a%20run',run='7'*/")
        db.execute("SELECT 'tagged no more'")
    record = statement(gateway, "'tagged'")
    assert record["run"] == "tag-1" and record["prompt"] == prompt["prompt"]
    assert statement(gateway, "conversing")["run"] == "conv_5"
    assert "run" not in statement(gateway, "'others'"), "others' tags are not ours"
    assert "run" not in statement(gateway, "tagged no more")


def test_Threat77_what_is_not_registered_is_not_believed(gateway, token):
    prompt = register(gateway, token, "Mine", run="mine-1")["prompt"]
    others = token_of(gateway, "mcp", user="other")
    until_known(gateway, others)
    theirs = register(gateway, others, "Theirs", run="mine-1")["prompt"]
    with as_helper(gateway, token) as db:
        for text in (f"SET sluice.prompt = '{prompt}'", f"SELECT 1 /*sluice_prompt='{prompt}'*/",
                     f"SELECT 1 /*sluice_run='mine-2',sluice_prompt='{prompt}'*/",
                     f"SELECT 1 /*sluice_run='mine-1',sluice_prompt='{theirs}'*/",
                     f"SELECT 1 /*sluice_run='mine-1',sluice_prompt='{prompt[:-1]}'*/",
                     "SELECT 1 /*sluice_run='with%20blanks'*/", "SET sluice.run = 'with blanks'",
                     "SET LOCAL sluice.run = 'x'", "SELECT set_config('sluice.run', 'x', false)",
                     "SET sluice.run = 'x'; SELECT 1", f"SET sluice.run = '{'x' * 129}'"):
            with pytest.raises(psycopg.Error) as refused:
                db.execute(text)
            assert refused.value.sqlstate == "22023", text
        db.execute("SET sluice.run = 'mine-1'")
        db.execute(f"SET sluice.prompt = '{prompt}'")
        db.execute("SET sluice.run = 'mine-2'")
        db.execute("SELECT 'another run has no prompt'")
    assert "prompt" not in statement(gateway, "another run has no prompt")


def test_it_is_nobody_by_it(gateway, token):
    """A prompt of an agent's, named by somebody else."""
    prompt = register(gateway, token, "Whose?", run="who-1")["prompt"]
    with psycopg.connect(gateway.dsn(), autocommit=True) as db:
        db.execute("SET sluice.run = 'who-1'")
        with pytest.raises(psycopg.Error, match="registered no such prompt"):
            db.execute(f"SET sluice.prompt = '{prompt}'")
        db.execute("SELECT 'still alice'")
    assert statement(gateway, "still alice")["user"] == "alice"


def test_a_rule_wants_a_prompt(gateway, token):
    with as_helper(gateway, token) as db:
        with pytest.raises(psycopg.Error, match="agents-name-their-prompts") as refused:
            db.execute("SELECT * FROM vault")
        assert "Register the prompt" in refused.value.diag.message_hint
        prompt = register(gateway, token, "What is in the vault?", run="vault-1")
        db.execute("SET sluice.run = 'vault-1'")
        with pytest.raises(psycopg.Error, match="agents-name-their-prompts"):
            db.execute("SELECT * FROM vault")
        db.execute(f"SET sluice.prompt = '{prompt['prompt']}'")
        db.execute("SELECT * FROM vault")
        db.execute("RESET ALL")
        with pytest.raises(psycopg.Error, match="agents-name-their-prompts"):
            db.execute("SELECT * FROM vault")
    with psycopg.connect(gateway.dsn(), autocommit=True) as db:
        db.execute("SELECT * FROM vault")


def test_a_prompt_is_on_the_record_and_kept_encrypted(gateway, token):
    text = "Give me the very secret number of the ninth order"
    prompt = register(gateway, token, text, run="kept-1", model="m-1", call="call_9")
    record = gateway.wait_for(lambda r: r, "--type", "prompt", "--prompt", prompt["prompt"])[0]
    assert record["user"] == "helper" and record["actors"] == ["helper", "alice"] and record["run"] == "kept-1"
    assert record["tool_call"] == "call_9" and "m-1" in record["message"] and f"{len(text)} bytes" in record["message"]
    assert prompt["sha256"] == __import__("base64").urlsafe_b64decode(prompt["prompt"])[:32].hex()
    assert prompt["sha256"] != hashlib.sha256(text.encode()).hexdigest(), "a digest that can be guessed at"
    for file in gateway.root.rglob("*"):
        if file.is_file():
            assert text.encode() not in file.read_bytes(), f"{file} holds the prompt in clear"
    state = gateway.root / "state"
    assert oct((state / "prompts.key").stat().st_mode)[-3:] == "600"


def test_who_may_read_a_prompt(gateway, token):
    prompt = register(gateway, token, "For alice alone", run="read-1")["prompt"]
    alice = token_of(gateway, "mcp", user="alice", acts_for=None)
    carol = token_of(gateway, "mcp", user="carol", acts_for=None)
    for each in (alice, carol):
        until_known(gateway, each)
    assert api(gateway, "GET", f"prompts/{prompt}", token)[1]["text"] == "For alice alone"
    status, seen = api(gateway, "GET", f"prompts/{prompt}", alice)
    assert status == 200 and seen["text"] == "For alice alone" and seen["acts_for"] == "alice"
    for path in (f"prompts/{prompt}", "runs/read-1"):
        assert api(gateway, "GET", path, carol)[0] == 404, path
    assert api(gateway, "GET", "runs", carol)[1] == []
    assert "read-1" in [run["run"] for run in api(gateway, "GET", "runs", alice)[1]]
    assert api(gateway, "GET", f"prompts/{prompt}", None)[0] == 401
    assert api(gateway, "DELETE", f"prompts/{prompt}", alice)[0] == 403
    readers = [r["user"] for r in gateway.wait_for(lambda r: len(r) >= 2, "--type", "audit_read", "--user", "alice")]
    assert "alice" in readers
    shown = gateway.cli("agent", "prompt", prompt).stdout
    assert "For alice alone" in shown
    gateway.cli("agent", "erase-prompt", prompt, "--reason", "asked for")
    assert "erased" in gateway.cli("agent", "prompt", prompt).stdout
    assert any("asked for" in r["message"] for r in gateway.wait_for(lambda r: any("erased" in x.get("message", "") for x in r),
                                                                       "--type", "evidence"))


def test_what_is_no_prompt(gateway, token):
    for wish in ({}, {"text": ""}, {"text": "x" * 65537}, {"text": "x", "run": "no name"}, {"text": "x", "call": "no name"},
                 {"text": "x", "parent": "none"}, {"text": "x", "model": "m" * 101}, {"text": "x", "model": "a\nb"}):
        assert api(gateway, "POST", "prompts", token, wish)[0] == 400, wish
    assert register(gateway, token, "x" * 65536)["run"].startswith("run-")


def test_an_agent_that_knows_nothing_of_sluice(gateway, packages, server, token):
    """Explores a schema, is refused a dangerous statement, asks for approval; its prompts are beside what they touched."""
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)

    def call(tool, prompt, call_id, **arguments):
        answer = agent.ask("callTool", name=tool, arguments=arguments,
                           _meta={"gen_ai.conversation.id": "conv-1", "sluice/prompt": prompt, "gen_ai.request.model": "m-9",
                                  "gen_ai.tool.call.id": call_id})
        return answer["structuredContent"], answer.get("isError", False), answer["_meta"]

    asked, order = "Close order 7, and note who did it", "Clean up all orders"
    found, failed, meta = call("describe_schema", asked, "call_1", database="orders")
    assert not failed and meta["sluice/run"] == "conv-1"
    first = meta["sluice/prompt_id"]
    found, failed, meta = call("execute", asked, "call_2", database="orders", sql="UPDATE orders SET status = 'closed' WHERE id = 7")
    assert not failed and meta["sluice/prompt_id"] == first, "the same prompt is not registered twice"
    alter = "ALTER TABLE orders ADD COLUMN closed_by text"
    found, failed, _ = call("execute", asked, "call_3", database="orders", sql=alter)
    number = found["waiting_for_approval"]
    gateway.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    found, failed, meta = call("execute", order, "call_4", database="orders", sql="DELETE FROM orders")
    assert failed and "no-unbounded-writes" in json.dumps(found)
    second = meta["sluice/prompt_id"]
    assert second != first
    # What was approved is the statement, for whatever prompt it is run again.
    found, failed, _ = call("execute", order, "call_5", database="orders", sql=alter)
    assert not failed and found["status"] == "ALTER TABLE", found
    agent.close()
    assert server.sql("SELECT count(*) FROM orders", database="orders") == ["50"]

    gateway.wait_for(lambda r: any("ADD COLUMN" in x["text"] for x in r), "--run", "conv-1", "--type", "statement")
    run = json.loads(gateway.cli("agent", "run", "conv-1", "-o", "json").stdout)
    prompts = {prompt["prompt"]: prompt for prompt in run["prompts"]}
    assert list(prompts) == [first, second] and prompts[first]["model"] == "m-9" and prompts[first]["acts_for"] == "alice"
    done = {s["text"]: s for s in prompts[first]["statements"]}
    update = done["UPDATE orders SET status = 'closed' WHERE id = 7"]
    assert update["tool_call"] == "call_2" and update["written_columns"] == ["public.orders.status"] and update["rows"] == 1
    denied = [s for s in prompts[second]["statements"] if s["text"] == "DELETE FROM orders"]
    assert denied and denied[0]["decision"] == "denied" and denied[0]["rule"] == "no-unbounded-writes"
    shown = gateway.cli("agent", "run", "conv-1").stdout
    assert "call call_2" in shown and "public.orders.status" in shown
    assert "conv-1" in gateway.cli("agent", "runs").stdout
    assert json.loads(gateway.cli("agent", "prompt", first, "-o", "json").stdout)["text"] == asked
    quoted = urllib.parse.quote("conv-1", safe="")
    assert api(gateway, "GET", f"runs/{quoted}", token)[1]["run"] == "conv-1"


def test_a_prompt_is_registered_by_a_tool(gateway, packages, token):
    agent = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    found, failed = agent.call("register_prompt", text="What is in the vault?", model="m-1")
    assert not failed and found["run"].startswith("run-"), found
    answer = agent.ask("callTool", name="query", arguments={"database": "orders", "sql": "SELECT * FROM vault"},
                       _meta={"sluice/run": found["run"], "sluice/prompt_id": found["prompt"]})
    assert not answer.get("isError"), answer
    # The next call on the same connection says nothing, and has none.
    answer = agent.ask("callTool", name="query", arguments={"database": "orders", "sql": "SELECT * FROM vault"})
    assert answer["isError"] and "agents-name-their-prompts" in json.dumps(answer)
    for meta in ({"sluice/run": "a'b"}, {"sluice/run": found["run"], "sluice/prompt_id": "x'; DROP TABLE vault; --"},
                 {"sluice/run": "another", "sluice/prompt_id": found["prompt"]}):
        answer = agent.ask("callTool", name="query", arguments={"database": "orders", "sql": "SELECT 1"}, _meta=meta)
        assert answer["isError"] and "22023" in json.dumps(answer), (meta, answer)
    agent.close()


def test_prompts_survive_a_restart(gateway, token):
    prompt = register(gateway, token, "Do you still know me?", run="restart-1")
    gateway.process.terminate()
    assert gateway.process.wait(timeout=60) == 0
    gateway.start()
    with as_helper(gateway, token) as db:
        db.execute("SET sluice.run = 'restart-1'")
        db.execute(f"SET sluice.prompt = '{prompt['prompt']}'")
    assert json.loads(gateway.cli("agent", "prompt", prompt["prompt"], "-o", "json").stdout)["text"] == "Do you still know me?"
