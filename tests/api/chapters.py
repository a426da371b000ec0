"""What is asked of the gateway over HTTP, chapter by chapter: every operation once at least."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid

import psycopg
from client import ask
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness.gateway import PASSWORD
from harness.postgres import SERVER_PASSWORD
from story import PEOPLE, POLICY, WEBHOOK_KEY

# Who somebody is.


def log_in(story):
    for name in ("alice", *(name for name, _ in PEOPLE)):
        story.tokens[name] = story.ask(None, "POST", "/login", {"user": name, "password": PASSWORD})["secret"]
    story.ask(None, "POST", "/login", {"user": "alice", "password": "wrong"}, 401)
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    story.ask("alice", "POST", "/login/certificate", {"public_key": key})
    story.ask(None, "GET", "/users", status=401)
    story.ask("alice", "GET", "/users", status=403)


def log_in_by_a_provider(story):
    story.ask(None, "GET", "/login/issuers")
    begun = story.ask(None, "POST", "/login/oidc", {"issuer": "corp", "redirect_uri": "http://127.0.0.1:8765/callback"})
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun["url"]).query))
    story.issuer.nonce = query["nonce"]
    story.issuer.claims = {"acr": "urn:example:mfa", "amr": ["pwd", "otp"]}
    came = {"attempt": begun["attempt"], "secret": begun["secret"], "code": "c", "state": query["state"]}
    story.tokens["mallory"] = story.ask(None, "POST", "/login/oidc/finish", came)["secret"]
    begun = story.ask(None, "POST", "/login/device", {"issuer": "corp"})
    poll = {"attempt": begun["attempt"], "secret": begun["secret"]}
    story.ask(None, "POST", "/login/device/poll", poll, 202)
    story.issuer.pending, story.issuer.nonce = False, None
    time.sleep(begun["interval"])
    story.ask(None, "POST", "/login/device/poll", poll)
    story.ask(None, "POST", "/login/oidc/logout", urllib.parse.urlencode({"logout_token": story.issuer.logout_token("repo:a")}))
    story.ask(None, "POST", "/login/oidc/logout", urllib.parse.urlencode({"logout_token": "x"}), 400)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
    story.ask(None, "POST", "/token", urllib.parse.urlencode({**form, "subject_token": story.issuer.token("repo:a")}))
    story.ask(None, "POST", "/token", urllib.parse.urlencode({**form, "subject_token": "x"}), 400)


def log_a_browser_in(story):
    answer = ask(story.gateway, "POST", "/session", {"user": "alice", "password": PASSWORD})
    story.compare("POST", "/session", {"user": "alice", "password": PASSWORD}, answer)
    cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrf"]}
    story.ask(None, "GET", "/session", headers=cookie)
    story.ask(None, "DELETE", "/session", headers=cookie)
    story.ask(None, "POST", "/session", {"credential": story.tokens["alice"]})
    answer = ask(story.gateway, "POST", "/session/oidc", {"issuer": "corp"})
    story.compare("POST", "/session/oidc", {"issuer": "corp"}, answer)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.json["url"]).query))
    story.issuer.nonce = query["nonce"]
    back = story.ask(None, "GET", "/session/oidc/callback?" + urllib.parse.urlencode({"code": "c", "state": query["state"]}),
                    status=303, headers={"Cookie": answer.headers["Set-Cookie"].split(";")[0]})
    assert back.headers["Location"] == "/", back.headers["Location"]


# What the policy is, and what it says.


def put_a_policy(story):
    story.ask("dora", "GET", "/policy")
    for number, comment in enumerate(("first", "again")):
        story.ask("root", "PUT", "/policy", {"text": POLICY + f"# {comment}\n", "expected": number, "comment": comment})
    story.ask("root", "PUT", "/policy", {"text": POLICY, "expected": 0}, 409)
    story.ask("root", "PUT", "/policy", {"text": "rules: 7", "expected": 2}, 400)
    assert story.ask("dora", "GET", "/policy")["number"] == 2
    story.ask("sam", "GET", "/policy/versions")
    story.ask("sam", "GET", "/policy/versions/1")
    story.ask("sam", "GET", "/policy/versions/77", status=404)


def explain(story):
    def facts(sql, **more):
        return story.ask("sam", "POST", "/policy/explain", {"database": "orders", "user": "alice", "sql": sql, **more})

    story.until(lambda: not facts("SELECT 1 FROM people")["facts"].get("unresolved"))
    for sql in ("SELECT upper(p.email), count(*) FROM people p JOIN numbers n ON p.id = n.id WHERE p.name > 'a' "
                "GROUP BY upper(p.email) ORDER BY 1 LIMIT 5", "DELETE FROM numbers", "DROP TABLE numbers CASCADE",
                "SELECT * FROM addresses", "CREATE TEMP TABLE t AS SELECT 1", "INSERT INTO pg_temp.t VALUES (1)",
                "SELECT * FROM people, numbers", "SELECT pg_sleep(1)", "DO 'BEGIN EXECUTE ''SELECT 1''; END'",
                "SELECT * FROM nothing", "SELECT (", "UPDATE numbers SET v = 'x' WHERE id = 1 RETURNING v",
                "SELECT * FROM pg_temp.t", "CREATE TEMP TABLE u (id int); DROP TABLE u",
                "SELECT query_to_xml('SELECT 1', true, true, '')", "SELECT * FROM sleepy", "TRUNCATE numbers"):
        facts(sql)
    facts("SELECT 1 FROM people", policy=POLICY, file="mine.yaml")
    assert facts("SELECT id FROM people; SELECT email FROM people")["masking"]["columns"][1]["statement"] == 2
    assert facts("SELECT id FROM people WHERE email LIKE 'a%'")["masking"]["refused"]["hint"]
    few = "rules:\n  - { name: all, effect: allow }\n  - { name: few, effect: deny, when: { estimated_rows: { more_than: 1e6 } } }\n"
    assert facts("SELECT id FROM people", policy=few, file="few.yaml")["estimate"]["rows"] > 0
    assert facts("SELECT id FROM people WHERE id = $1", policy=few, file="few.yaml")["estimate"]["why_not"]
    story.ask("alice", "POST", "/policy/explain", {"database": "nowhere", "sql": "SELECT 1"}, 404)
    for more in ({"acts_for": "sam"}, {"end_user": "sam"}):
        assert any("for sam: " in reason for rule in facts("SELECT id FROM people", **more)["rules"]
                   for reason in rule["why"])
        story.ask("alice", "POST", "/policy/explain", {"database": "orders", "sql": "SELECT 1", **more}, 403)
    for script in ("ALTER TABLE people ALTER COLUMN id TYPE bigint", "DROP TABLE old;\nSELECT 1",
                   "CREATE TABLE made (id int); ALTER TABLE made ADD COLUMN v int NOT NULL"):
        assert story.ask("alice", "POST", "/lint", {"database": "orders", "sql": script})
    case = "cases:\n  - { name: reads, user: alice, database: orders, environment: production, sql: SELECT 1, expect: %s }\n"
    for expected in ("allow", "deny"):
        story.ask("sam", "POST", "/policy/test", {"cases": case % expected, "cases_file": "cases.yaml"})


def replay(story):
    strict = POLICY.replace("do: [truncate]", "do: [truncate, read]")
    for old in ({}, {"old": POLICY}):
        report = story.ask("sam", "POST", "/policy/replay", {"policy": strict, "database": "orders", **old})
        assert report["changes"], report
    tight = POLICY.replace("limit: { rows: 100000,", "limit: { rows: 5,")
    report = story.ask("sam", "POST", "/policy/replay", {"policy": tight, "database": "orders"})
    assert any(change.get("limit") == "rows" and change["got"] == 300 for change in report["changes"]), report
    assert story.ask("sam", "POST", "/policy/shadow", {"database": "orders"})["complete"]
    assert not report["truncated"], report
    assert story.ask("sam", "POST", "/policy/replay", {"policy": tight, "database": "orders", "limit": 1})["truncated"]


# Statements.


def run_statements(story):
    rows = story.query("SELECT id, email, NULL FROM people ORDER BY id")
    assert len(rows["rows"]) == 300
    story.query("SELECT email FROM people WHERE id < 4", who="dora")
    story.query("SELECT 1 FROM people", who="mallory")
    story.query(f"SELECT '{'x' * 200_000}'")
    story.query("DO 'BEGIN RAISE NOTICE ''hello''; END'")
    story.query("TRUNCATE numbers", 422)
    story.query("SELECT 1/0", 422)
    one = {"database": "orders", "sql": "UPDATE numbers SET v = 'x' WHERE id < 4"}
    assert story.until(lambda: ask(story.gateway, "POST", "/query/dry-run", one, story.tokens["alice"]).status == 200)
    assert story.ask("alice", "POST", "/query/dry-run", one)["rows"] == 3
    assert story.ask("alice", "POST", "/query/dry-run", {**one, "sql": "DELETE FROM numbers WHERE id = 1"})["decision"] == "hold"
    story.ask("alice", "POST", "/query/dry-run", {**one, "sql": "SELECT 1"}, 422)
    story.ask("alice", "DELETE", "/query/none", status=404)
    with concurrent.futures.ThreadPoolExecutor() as others:
        sleeps = others.submit(story.ask, "alice", "POST", "/query", {"database": "orders", "sql": "SELECT count(*) FROM people a, people b, people c, people d", "id": "long"}, 422)
        ended = story.until(lambda: [a for a in [ask(story.gateway, "DELETE", "/query/long", token=story.tokens["alice"])] if a.status == 202])[0]
        story.compare("DELETE", "/query/long", None, ended)
        assert sleeps.result()["sqlstate"] == "57014"
    story.query("SELECT 1 FROM nothing", 422)
    story.ask("alice", "GET", "/databases")
    story.ask("root", "GET", "/databases")
    story.until(lambda: any("class" in column for table in story.ask("alice", "GET", "/databases/orders/schema")["tables"]
                           for column in table["columns"] if column["name"] == "email"))
    items = next(table for table in story.ask("alice", "GET", "/databases/orders/schema")["tables"] if table["name"] == "items")
    assert items["comment"] == "What is sold" and (items["columns"][0]["default"], items["columns"][0]["comment"]) == ("7", "Its number")
    wrong = story.ask("alice", "POST", "/query", {"database": "orders", "sql": "SELECT nothing FROM items"}, 422)
    assert wrong["sqlstate"] == "42703" and wrong["position"] == 8, wrong
    story.ask("alice", "GET", "/databases/nowhere/schema", status=404)
    story.ask("alice", "GET", "/history?limit=5")
    connect = story.gateway.dsn(application_name="psycopg, billing")
    with psycopg.connect(connect, autocommit=True) as connection:
        connection.prepare_threshold = 0
        connection.execute("SELECT email FROM people WHERE id = %s", (7,))
        with connection.transaction():
            connection.execute("UPDATE numbers SET v = %s WHERE id = %s", ("w", 5))
        with connection.transaction(force_rollback=True):
            connection.execute("UPDATE numbers SET v = 'z' WHERE id = 6")
        connection.execute("SELECT length(%s)", ("x" * 10_000,))
        connection.execute("SELECT 1 /*action='show',framework='none'*/")


# Requests for approval.


def decide(story):
    first = story.held("DELETE FROM numbers WHERE id = 1")
    story.ask("alice", "GET", f"/approvals/{first}")
    story.ask("dora", "GET", "/approvals?state=waiting&requester=alice&limit=10")
    story.ask("dora", "GET", "/approvals?before=0", status=400)
    story.ask("dora", "GET", "/approvals?state=odd", status=400)
    story.ask("dora", "POST", f"/approvals/{first}/comment", {"comment": "why?"})
    story.ask("alice", "POST", f"/approvals/{first}/approve", status=403)
    made = story.ask("dora", "POST", "/approvals/delegations", {"to": "erin", "until": "3d", "reason": "away"})
    story.ask("erin", "POST", f"/approvals/{first}/approve", {"for": "dora", "comment": "fine", "max_rows": 9})
    story.ask("dora", "GET", "/approvals/delegations")
    story.query("DELETE FROM numbers WHERE id = 1")
    assert story.ask("dora", "GET", f"/approvals/{first}")["used"]
    story.ask("dora", "POST", f"/approvals/delegations/{made['number']}/end")
    second = story.held("DELETE FROM numbers WHERE id IN (2, 3) AND v IN (SELECT v FROM numbers WHERE id > 1 AND id < 5)")
    assert story.ask("dora", "GET", f"/approvals/{second}")["similar"]
    story.ask("dora", "POST", f"/approvals/{second}/reject", {"comment": "no"})
    third = story.held("DROP TABLE old CASCADE")
    story.held("DELETE FROM few /*reason='they%20are%20too%20many',ticket='OPS-12'*/")
    story.ask("alice", "POST", f"/approvals/{third}/withdraw", {"comment": "not needed"})
    columns = story.held("ALTER TABLE people DROP COLUMN name")
    story.ask("dora", "GET", f"/approvals/{columns}")
    story.held("DELETE FROM people WHERE id < 300 AND pg_catalog.random() < 2")
    with psycopg.connect(story.gateway.dsn(), autocommit=True) as connection:
        connection.prepare_threshold = 0
        try:
            connection.execute("DELETE FROM numbers WHERE id = %s AND v = %s", (90, None))
        except psycopg.Error:
            pass
    for each in story.ask("dora", "GET", "/approvals"):
        story.ask("dora", "GET", f"/approvals/{each['number']}")
    (newest,) = story.ask("dora", "GET", "/approvals?limit=1")
    older = story.ask("dora", "GET", f"/approvals?before={newest['number']}")
    whole = story.ask("dora", "GET", "/approvals")
    assert [each["number"] for each in [newest, *older]] == [each["number"] for each in whole]


def decide_elsewhere(story):
    number = story.held("DELETE FROM numbers WHERE id = 4")
    told = story.until(lambda: [body for body in story.receiver.bodies("/tool") if body["data"]["event"] == "asked" and
                               body["data"]["request"]["number"] == number])[0]
    said = {"request": number, "token": told["data"]["request"]["token"], "verdict": "approve",
            "person": "dora@example.com", "comment": "from there"}
    name, stamp, body = str(uuid.uuid4()), str(int(time.time())), json.dumps(said)
    mac = hmac.new(WEBHOOK_KEY, f"{name}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    headers = {"webhook-id": name, "webhook-timestamp": stamp,
               "webhook-signature": "v1," + base64.b64encode(mac).decode()}
    story.ask(None, "POST", "/approvals/answers/tool", said, headers=headers)
    story.ask(None, "POST", "/approvals/answers/tool", said, 401)


def undo(story):
    kept = story.until(lambda: story.ask("dora", "GET", "/undo?limit=10"))[0]["request"]
    with psycopg.connect(story.gateway.dsn(), autocommit=True) as connection:
        connection.execute("INSERT INTO numbers VALUES (1, 'other')")
    assert story.ask("dora", "GET", f"/undo/{kept}")["entries"][0]["conflicts"]
    story.ask("dora", "POST", f"/undo/{kept}")
    assert story.ask("dora", "POST", f"/undo/{kept}", {"skip_conflicts": True})["entries"][0]["undone"]
    whole = story.ask("dora", "GET", "/undo")
    assert story.walk("dora", "/undo?limit=1") == whole, whole
    story.ask("dora", "GET", "/undo?cursor=x", status=400)
    story.ask("dora", "GET", "/undo/777777", status=404)


# Changes, grants, access.


def change(story):
    script = {"title": "notes", "reason": "support asks", "ticket": "OPS-7", "targets": ["orders"], "lock_timeout": "2s",
              "script": "CREATE TABLE notes (id int);\nINSERT INTO notes VALUES (1);\n", "rollback": "DROP TABLE notes;\n"}
    made = story.ask("alice", "POST", "/changes", script)
    number = made["number"]
    story.ask("dora", "GET", f"/approvals/{made['request']}")
    story.ask("alice", "GET", "/changes?state=waiting&requester=alice&limit=5")
    assert story.ask("alice", "GET", "/changes?before=1") == []
    story.ask("alice", "POST", f"/changes/{number}/run", status=403)
    story.ask("dora", "POST", f"/approvals/{made['request']}/approve")
    ran = story.ask("alice", "POST", f"/changes/{number}/run")
    assert ran["state"] in ("running", "done"), ran
    story.until(lambda: story.ask("alice", "GET", f"/changes/{number}")["state"] == "done")
    story.ask("alice", "POST", f"/changes/{number}/rollback")
    story.until(lambda: story.ask("alice", "GET", f"/changes/{number}")["state"] == "rolled_back")
    other = story.ask("alice", "POST", "/changes", {**script, "title": "again"})
    story.ask("alice", "POST", f"/changes/{other['number']}/cancel")
    third = story.ask("alice", "POST", "/changes", {**script, "title": "refused"})
    story.ask("dora", "POST", f"/approvals/{third['request']}/reject", {"comment": "no"})
    story.ask("alice", "GET", "/changes")
    story.ask("alice", "POST", "/changes", {"title": "x"}, 400)


def hold_for_a_while(story):
    wish = {"role": "writer", "database": "orders", "seconds": 600, "reason": "repair", "ticket": "OPS-8"}
    grant = story.ask("alice", "POST", "/grants", wish, 201)
    story.ask("dora", "GET", f"/approvals/{grant['request']}")
    story.ask("dora", "POST", f"/approvals/{grant['request']}/approve")

    def active(number):
        return story.ask("alice", "GET", f"/grants/{number}")["state"] == "active"

    story.until(lambda: active(grant["number"]))
    longer = story.ask("alice", "POST", f"/grants/{grant['number']}/extend", {"seconds": 300, "reason": "not done"})
    story.ask("dora", "GET", f"/approvals/{longer['request']}")

    def used():
        story.query("SELECT 1 FROM items")
        return [r for r in story.ask("sam", "GET", "/audit/records?user=alice&limit=50")["records"] if r.get("grants")]

    records = story.until(used)
    story.ask("sam", "GET", f"/audit/records/{records[0]['id']}")
    story.ask("alice", "POST", f"/grants/{grant['number']}/return", {"comment": "done"})
    glass = story.ask("alice", "POST", "/grants", {**wish, "break_glass": True}, 201)
    story.until(lambda: active(glass["number"]))
    story.ask("sam", "GET", "/access?user=alice")
    story.ask("sam", "POST", f"/grants/{glass['number']}/revoke", {"comment": "enough"})
    story.ask("sam", "POST", f"/grants/{glass['number']}/review", {"verdict": "concern", "comment": "too long"})
    story.ask("alice", "GET", "/grants?holder=alice&limit=9")
    story.ask("alice", "GET", "/grants?state=odd", status=400)
    story.ask("alice", "GET", "/grants?cursor=7", status=400)
    whole = story.ask("alice", "GET", "/grants?holder=alice")
    assert story.walk("alice", "/grants?limit=1&holder=alice") == whole, whole
    assert len(whole) > 1
    story.ask("alice", "GET", "/access", status=403)
    story.ask("sam", "POST", "/access", {"decision": "keep", "user": "alice", "what": "group", "name": "engineering", "comment": "ok"})
    story.ask("sam", "GET", "/access")


def act_for_somebody(story):
    story.ask("root", "POST", "/users", {"name": "robot", "kind": "agent", "groups": ["agents"]}, 201)
    made = story.ask("root", "POST", "/users/robot/tokens", {"for": "1h", "scopes": ["api", "grants", "mcp"], "acts_for": "alice"}, 201)
    story.tokens["robot"] = made["secret"]
    story.ask("robot", "GET", "/session")
    own = story.ask("robot", "GET", "/session/credentials")
    assert [(each["id"], each["shown"]) for each in own] == [(made["id"], True)]
    story.ask("robot", "DELETE", "/session/credentials/nothing", status=404)
    spare = story.ask("root", "POST", "/users/robot/tokens", {"for": "1h", "acts_for": "alice"}, 201)
    story.ask("robot", "DELETE", f"/session/credentials/{spare['id']}")
    wish = {"role": "helper", "database": "orders", "seconds": 60, "reason": "as alice asks"}
    grant = story.ask("robot", "POST", "/grants", wish, 201)
    story.ask("dora", "GET", f"/approvals/{grant['request']}")
    story.query("SELECT 2 FROM items", who="robot")


def say_what_was_asked(story):
    asked = {"text": "How many are there?", "run": "run-1", "model": "some-model-7", "call": "call-1"}
    first = story.ask("robot", "POST", "/agents/prompts", asked, 201)
    second = story.ask("robot", "POST", "/agents/prompts", {**asked, "parent": first["prompt"], "text": "And now?"}, 201)
    with psycopg.connect(story.gateway.dsn(user="robot", password=story.tokens["robot"]), autocommit=True) as connection:
        connection.execute("SET sluice.run = 'run-1'")
        connection.execute("SELECT 'of no prompt'")
        connection.execute(f"SET sluice.prompt = '{first['prompt']}'")
        connection.execute("SET sluice.call = 'call-1'")
        connection.execute("SELECT email FROM people WHERE name = 'Name 3'")
        connection.execute("UPDATE numbers SET v = 'r' WHERE id = 9")
        for wrong in ("TRUNCATE numbers", "SELECT 1/0", "CREATE TABLE wanted (id int)"):
            try:
                connection.execute(wrong)
            except psycopg.Error:
                pass
    story.until(lambda: len(story.ask("robot", "GET", "/agents/runs/run-1")["without_prompt"]) > 0)
    for run in ("run-2", "run-3"):
        story.ask("robot", "POST", "/agents/prompts", {**asked, "run": run}, 201)
    whole = story.ask("robot", "GET", "/agents/runs?limit=5")
    assert [each["run"] for each in whole] == ["run-3", "run-2", "run-1"], whole
    assert story.walk("robot", "/agents/runs?limit=1") == whole
    story.ask("robot", "GET", "/agents/runs?cursor=x", status=400)
    assert story.ask("robot", "GET", "/agents/budgets")
    story.ask("robot", "GET", f"/agents/prompts/{first['prompt']}")
    story.ask("alice", "GET", "/agents/runs/none", status=404)
    story.ask("root", "DELETE", f"/agents/prompts/{second['prompt']}", {"reason": "it named a person"})
    story.ask("sam", "GET", f"/agents/prompts/{second['prompt']}")


# What columns hold, who there is.


def look_at_columns(story):
    story.until(lambda: story.ask("dora", "POST", "/data/list", {"database": "orders", "class": "email", "limit": 10}))
    story.ask("dora", "POST", "/data/list", {"all": True})
    column = {"database": "orders", "schema": "public", "table": "people", "column": "name"}
    story.ask("root", "PUT", "/data/column", {**column, "class": "none", "comment": "made up"})
    story.until(lambda: story.ask("dora", "POST", "/data/explain", column)[0]["corrected_by"])
    story.ask("dora", "POST", "/data/explain", {**column, "table": "nothing"}, 404)
    story.ask("dora", "GET", "/data/history")


def keep_users(story):
    story.ask("root", "POST", "/users", {"name": "ci", "kind": "service", "groups": ["bots"], "attributes": {"team": "data"}}, 201)
    story.ask("root", "POST", "/users", {"name": "ci"}, 409)
    story.ask("root", "PATCH", "/users/ci", {"groups": ["bots", "etl"], "disabled": False})
    token = story.ask("root", "POST", "/users/ci/tokens",
                      {"for": "1h", "label": "build", "scopes": ["api"], "databases": ["orders"]}, 201)
    story.tokens["ci"] = token["secret"]
    story.ask("ci", "GET", "/databases")
    assert {user["name"] for user in story.ask("sam", "GET", "/users")} >= {"alice", "ci", *(name for name, _ in PEOPLE)}
    names = [user["name"] for user in story.ask("sam", "GET", "/users")]
    assert [user["name"] for user in story.walk("sam", "/users?limit=2")] == names == sorted(names)
    story.ask("sam", "GET", "/users?colour=red", status=400)
    story.ask("root", "DELETE", f"/users/ci/credentials/{token['id']}")
    made = story.ask("root", "POST", "/scim/tokens", {"for": "1h", "label": "Entra ID"}, 201)
    listed = ask(story.gateway, "GET", "/scim/v2/Users", None, made["secret"], prefix="")
    assert listed.status == 200, listed.raw
    story.until(lambda: story.ask("sam", "GET", "/scim/tokens")[0]["last_used"])
    story.ask("root", "POST", "/users", {"name": "newcomer"}, 201)
    story.ask("root", "POST", "/scim/adopt", {"user": "newcomer"})
    story.ask("root", "POST", "/scim/adopt", {"user": "ci"}, 403)
    story.ask("root", "DELETE", f"/scim/tokens/{made['id']}")
    story.ask("root", "DELETE", f"/scim/tokens/{made['id']}", status=404)
    assert [each["state"] for each in story.ask("sam", "GET", "/scim/tokens")] == ["revoked"]
    story.ask("root", "PUT", "/users/ci/one-time-codes")
    story.ask("root", "DELETE", "/users/ci/one-time-codes")
    story.ask("root", "PUT", "/users/ci/assertion-key")
    story.ask("root", "DELETE", "/users/ci/assertion-key")
    story.ask("root", "POST", "/users/ci/identities", {"issuer": "https://login.example.com", "subject": "ci"}, 201)
    story.ask("root", "POST", "/users/ci/identities", {"issuer": "https://login.example.com", "subject": "ci"}, 409)
    story.ask("root", "DELETE", "/users/ci")
    story.ask("root", "DELETE", "/users/ci", status=404)


# What auditors read.


def read_the_trail(story):
    first = story.ask("sam", "GET", "/audit/records?user=alice&type=statement&limit=3&order=oldest")
    story.ask("sam", "GET", f"/audit/records?user=alice&type=statement&limit=3&order=oldest&cursor={first['next']}")
    story.ask("sam", "GET", "/audit/records?limit=10000")
    story.ask("sam", "GET", "/audit/records?colour=red", status=400)
    story.ask("sam", "GET", "/audit/records/777777777", status=404)
    story.ask("sam", "GET", "/audit/counts?by=user,decision&over=1h&limit=20")
    story.ask("sam", "GET", "/audit/counts")
    story.ask("sam", "GET", "/audit/tail?user=alice")
    story.ask("sam", "PUT", "/audit/searches/denied", {"query": "decision=denied"})
    story.ask("sam", "GET", "/audit/searches")
    story.ask("sam", "GET", "/audit/records?saved=denied&limit=5")
    story.ask("sam", "DELETE", "/audit/searches/denied")
    assert story.until(lambda: story.ask("sam", "POST", "/audit/who-saw", {"value": "p7@example.com", "masked_too": True, "limit": 50})["records"])
    assert story.ask("sam", "GET", "/audit/subjects?limit=50")["subjects"]
    assert story.ask("sam", "GET", "/audit/history?table=numbers&where=id%3D1&limit=50")["records"]
    story.ask("sam", "GET", "/audit/history?table=numbers")
    story.ask("sam", "GET", "/audit/history", status=400)
    page = story.ask("sam", "GET", "/audit/history?definitions=true&database=orders&limit=1")
    assert page["next"] and story.ask("sam", "GET", f"/audit/history?definitions=true&database=orders&cursor={page['next']}")["records"]
    session = next(r["session"] for r in first["records"])
    page = story.ask("sam", "GET", f"/audit/transcripts/{session}?limit=1")
    story.ask("sam", "GET", f"/audit/transcripts/{session}?cursor={page['next']}" if page["next"] else f"/audit/transcripts/{session}")
    story.ask("sam", "GET", "/audit/transcripts/777777777", status=404)


def prove_the_trail(story):
    story.ask("sam", "GET", "/audit/receipts/1")
    story.ask("sam", "GET", "/audit/receipts/777777777", status=404)
    own = story.ask("alice", "POST", "/query", {"database": "orders", "sql": "SELECT 'with a receipt'"})["record"]
    story.ask("alice", "GET", f"/audit/receipts/{own}")
    story.ask("alice", "GET", "/audit/receipts/1", status=404)
    for path in ("/audit/key", "/audit/witness-key", "/audit/retention"):
        story.ask("sam", "GET", path)
    story.ask("sam", "POST", "/audit/retention", status=403)
    story.ask("root", "POST", "/audit/retention")
    case = {"name": "case 17", "query": "user=alice&since=7d", "reason": "inquiry 17/2026"}
    story.ask("root", "POST", "/audit/holds", case, 201)
    story.ask("root", "POST", "/audit/holds", case, 409)
    story.ask("root", "POST", "/audit/holds", {**case, "name": "x", "query": "colour=red"}, 400)
    (hold,) = story.ask("sam", "GET", "/audit/holds")
    assert hold["query"].startswith("user=alice&since=20") and hold["author"] == "root (over HTTP)", hold
    story.ask("root", "DELETE", "/audit/holds/case%2017", {"reason": ""}, 400)
    story.ask("root", "DELETE", "/audit/holds/case%2017", {"reason": "closed"})
    story.ask("root", "DELETE", "/audit/holds/case%2017", {"reason": "closed"}, 404)
    story.ask("root", "POST", "/audit/reconciliations", {"database": "nothing"}, 404)
    made = story.ask("root", "POST", "/audit/reconciliations", {"database": "orders", "create_slot": True})
    story.server.sql("INSERT INTO few VALUES (7)", "orders")
    found = story.ask("root", "POST", "/audit/reconciliations", {"database": "orders", "slot": made["slot"], "limit": 10})
    assert made["created"] and found["from"] == made["to"] and found["unexplained"] == 1 and not found["more"], found
    story.server.sql(f"SELECT pg_drop_replication_slot('{made['slot']}')", "orders")
    assert story.ask("root", "POST", "/directories/check", {}) == []
    story.ask("root", "POST", "/audit/key/rotate")
    assert story.ask("sam", "POST", "/audit/verification")["good"]


def add_a_database(story):
    place = {"environment": "test", "url": f"postgres://127.0.0.1:{story.server.port}/postgres", "user": "sluice"}
    body = {"name": "more", **place, "password": SERVER_PASSWORD, "stamp_writes": True, "pool_size": 3}
    assert story.ask("root", "POST", "/databases", {**body, "check_only": True})["warnings"]
    assert story.ask("root", "POST", "/databases", {**body, "password": "wrong"}, 422)["reason"] == "login"
    assert story.ask("root", "POST", "/databases", body, 201)["name"] == "more"
    story.ask("root", "POST", "/databases", body, 409)
    story.ask("root", "PUT", "/databases/more", {**place, "masking": False, "password": SERVER_PASSWORD})
    story.ask("root", "GET", "/databases")
    story.ask("root", "DELETE", "/databases/more")


def look_after_it(story):
    with psycopg.connect(story.gateway.dsn(application_name="to be ended"), autocommit=True) as connection:
        connection.execute("SELECT 'here'")
        mine = next(each for each in story.ask("sam", "GET", "/sessions") if each["application"] == "to be ended")
        with psycopg.connect(story.gateway.dsn(application_name="another"), autocommit=True):
            numbers = [each["id"] for each in story.walk("sam", "/sessions?limit=1")]
            assert len(numbers) > 1 and numbers == sorted(numbers) and mine["id"] in numbers
        story.ask("sam", "GET", "/sessions?cursor=x", status=400)
        story.ask("root", "DELETE", f"/sessions/{mine['id']}")
        story.ask("root", "DELETE", "/sessions/777777777", status=404)
    story.ask("root", "POST", "/databases/orders/check")
    story.ask("root", "POST", "/databases/nowhere/check", status=404)
    add_a_database(story)
    story.until(lambda: all(each["last_error_time"] or each["last_success"] for each in story.ask("sam", "GET", "/streams")))
    story.ask("root", "GET", "/settings")
    story.ask("sam", "GET", "/version")
    story.ask("alice", "GET", "/overview")
    story.ask("root", "GET", "/overview")
    story.ask(None, "GET", "/openapi.json")


CHAPTERS = (log_in, log_in_by_a_provider, log_a_browser_in, put_a_policy, run_statements, explain, decide, decide_elsewhere, undo,
            change, hold_for_a_while, act_for_somebody, say_what_was_asked, look_at_columns, keep_users, replay, read_the_trail, prove_the_trail,
            look_after_it)
