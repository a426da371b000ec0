"""What the Model Context Protocol offers besides tools: resources, prompts, and completion of their arguments; with the same rights."""

import json
import pathlib
import sys

import pytest
from harness import npm
from harness.gateway import Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import Agent, token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: no-payroll, effect: deny, on: { tables: [public.payroll] } }
  - { name: not-about-agents, effect: deny, who: { kinds: [human] }, do: [drop] }
  - { name: only-tried, effect: deny, mode: shadow, do: [drop] }
  - { name: agents-name-their-runs, effect: deny, who: { users: [careful] }, when: { run: false } }
roles:
  - { name: writer, groups: [writers], who: { groups: [engineering] }, at_most: 1h, approve: { by: [dba] } }
  - { name: owner, groups: [owners], who: { groups: [dba] }, at_most: 1h, approve: { by: [dba] } }
budgets:
  - { name: robots, who: { kinds: [agent] }, per: agent, every: 31d, statements: 1000 }
  - { name: people, who: { kinds: [human] }, per: agent, every: 31d, statements: 5000 }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(1, 500) i;
CREATE TABLE "odd / name" (id int);
"""


@pytest.fixture(scope="module")
def packages():
    return npm.packages("mcp-sdk", "@modelcontextprotocol/sdk@1")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    server.sql("CREATE DATABASE secrets")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text().rstrip() + f"""
  - name: secrets
    environment: production
    url: postgres://127.0.0.1:{server.port}/secrets?sslmode=disable
    user: sluice
    password_file: {gateway.root}/server-password
policy: {{ file: {policy} }}
""")
    for name in ("helper", "careful"):
        gateway.cli("user", "add", name, "--kind", "agent", "--group", "engineering", "--no-password")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0


def agent_of(gateway, packages, *words, user="helper"):
    token = gateway.cli("token", "create", "--user", user, "--for", "1h", "--scope", "mcp", *words).stdout.split()[-1]
    until_known(gateway, token)
    return Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)


@pytest.fixture(scope="module")
def agent(gateway, packages):
    agent = agent_of(gateway, packages, "--database", "orders")
    yield agent
    agent.close()


def read(agent, uri, **params):
    """What a resource holds, or the error."""
    answer = agent.ask("readResource", uri=uri, **params)
    if "failed" in answer:
        return answer
    (content,) = answer["contents"]
    assert content["uri"] == uri and content["mimeType"] == "application/json"
    return json.loads(content["text"])


def test_what_is_offered(agent):
    assert {"tools", "resources", "prompts", "completions"} <= set(agent.greeting["capabilities"])
    listed = {each["uri"] for each in agent.ask("listResources")["resources"]}
    assert listed == {"sluice://databases", "sluice://budgets", "sluice://history", "sluice://databases/orders/schema",
                      "sluice://databases/orders/policy"}, listed
    templates = {each["uriTemplate"] for each in agent.ask("listResourceTemplates")["resourceTemplates"]}
    assert "sluice://databases/{database}/tables/{schema}/{table}" in templates


def test_resources_are_read(agent, gateway):
    assert read(agent, "sluice://databases") == {"databases": [{"name": "orders", "environment": "production"}]}
    tables = {table["table"]: table for table in read(agent, "sluice://databases/orders/schema")["tables"]}
    assert set(tables) == {"customers", "odd / name"}
    assert {column["name"]: column.get("class") for column in tables["customers"]["columns"]}["email"] == "email"
    (one,) = read(agent, "sluice://databases/orders/tables/public/odd%20%2F%20name")["tables"]
    assert one["table"] == "odd / name"
    assert read(agent, "sluice://databases/orders/tables/public/nothing")["tables"] == []
    agent.call("query", database="orders", sql="SELECT 'by an agent'")
    gateway.wait_for(lambda r: any("by an agent" in x["text"] for x in r), "--user", "helper", "--type", "statement")
    assert "by an agent" in json.dumps(read(agent, "sluice://history"))
    (budget,) = read(agent, "sluice://budgets")["budgets"]
    assert budget["budget"] == "robots" and budget["of"] == "helper" and 0 < budget["amounts"][0]["used"] < 1000


def test_the_policy_that_is_about_the_caller(agent):
    found = read(agent, "sluice://databases/orders/policy")
    assert [rule["name"] for rule in found["rules"]] == ["all", "no-payroll"], found
    assert "public.payroll" in found["rules"][1]["text"]
    assert [role["name"] for role in found["roles"]] == ["writer"]
    assert found["budgets"] == [{"name": "robots", "per": "agent", "most": {"statements": 1000}}]


def test_Threat94_no_more_rights_than_tools(agent, gateway, packages):
    """A database that the credential is not good for, that does not exist, other addresses; a rule that asks for a run."""
    for uri in ("sluice://databases/secrets/policy", "sluice://databases/nowhere/policy", "sluice://databases/secrets/schema"):
        answer = read(agent, uri)
        assert answer["code"] == -32010, answer
    assert read(agent, "sluice://databases/secrets/policy")["failed"] == \
        read(agent, "sluice://databases/nowhere/policy")["failed"].replace("nowhere", "secrets")
    for uri in ("file:///etc/passwd", "sluice://databases/../history", "sluice://runs", ""):
        assert read(agent, uri)["code"] == -32002, uri
    careful = agent_of(gateway, packages, user="careful")
    answer = read(careful, "sluice://databases/orders/schema")
    assert answer["code"] == -32010 and "agents-name-their-runs" in answer["failed"], answer
    assert read(careful, "sluice://databases/orders/schema", _meta={"sluice/run": "one"})["tables"]
    record = gateway.wait_for(lambda r: r, "--user", "careful", "--run", "one")[-1]
    assert record["application"].startswith("mcp"), record
    careful.close()
    token = token_of(gateway, "approvals")
    refused = Agent(packages, "http", f"http://127.0.0.1:{gateway.http}/mcp", token)
    assert "failed" in refused.greeting


def test_prompts(agent):
    prompts = {prompt["name"]: prompt for prompt in agent.ask("listPrompts")["prompts"]}
    assert {"explore_database", "propose_schema_change", "ask_for_access"} <= set(prompts)
    assert [a["name"] for a in prompts["propose_schema_change"]["arguments"] if a["required"]] == ["database", "change"]
    got = agent.ask("getPrompt", name="propose_schema_change", arguments={"database": "orders", "change": "a column for notes"})
    text = got["messages"][0]["content"]["text"]
    assert "a column for notes" in text and "asked for in" not in text and "propose_change" in text
    assert agent.ask("getPrompt", name="nothing", arguments={})["code"] == -32602
    wrong = agent.ask("getPrompt", name="explore_database", arguments={"question": "?"})
    assert wrong["code"] == -32602 and "database is missing" in wrong["failed"]


def test_names_are_completed(agent):
    def complete(ref, name, value):
        return agent.ask("complete", ref=ref, argument={"name": name, "value": value})["completion"]["values"]

    prompt = {"type": "ref/prompt", "name": "explore_database"}
    template = {"type": "ref/resource", "uri": "sluice://databases/{database}/schema"}
    assert complete(prompt, "database", "or") == ["orders"] and complete(template, "database", "") == ["orders"]
    assert complete(prompt, "database", "x") == [] and complete(prompt, "question", "") == []
    assert complete({"type": "ref/prompt", "name": "nothing"}, "database", "") == []
