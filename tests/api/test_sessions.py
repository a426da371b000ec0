"""Browsers that log in, and what must not get through them."""

import json
import pathlib
import time

import pytest
from client import Browser, ask, known_token
from harness.gateway import PASSWORD, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS people; CREATE TABLE people (id int, email text); "
               "INSERT INTO people SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 600) i; "
               "ALTER TABLE people OWNER TO sluice", database="orders")
    running = Gateway(server, start=False, masking=True)
    (running.root / "policy.yaml").write_text("""
rules:
  - { name: all, effect: allow }
  - { name: drops, effect: hold, do: [drop], approve: { by: [dba] } }
  - { name: no-truncate, effect: deny, do: [truncate] }
""")
    running.write_config(server, extra=f"policy: {{ file: {running.root}/policy.yaml }}\n"
                         "api: { admins: [platform], auditors: [security] }")
    running.cli("user", "add", "root", "--group", "platform", "--password-stdin", input=PASSWORD + "\n")
    running.cli("user", "add", "dana", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    running.stop()


@pytest.fixture()
def browser(gateway):
    return Browser(gateway)


def test_log_in_and_out(gateway, browser):
    answer = browser.log_in("alice", PASSWORD)
    assert answer.status == 200, answer.raw
    assert answer.json["user"] == "alice" and answer.json["roles"] == ["member"] and "secret" not in answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "slc_" not in answer.raw.decode()
    again = browser.ask("GET", "/session")
    assert again.status == 200 and again.json["csrf"] == browser.csrf
    kept = dict(browser.cookies)
    assert browser.ask("DELETE", "/session").status == 200 and not browser.cookies
    # Whoever has copied the cookie is out too.
    browser.cookies = kept
    assert browser.ask("GET", "/session").status == 401


def test_a_wrong_password_is_no_session(browser):
    answer = browser.log_in("alice", "wrong")
    assert answer.status == 401 and not browser.cookies and answer.headers["Content-Type"] == "application/problem+json"


def test_a_credential_of_the_command_line_stays_good(gateway, browser):
    secret = ask(gateway, "POST", "/login", {"user": "alice", "password": PASSWORD}).json["secret"]
    answer = browser.ask("POST", "/session", {"credential": secret})
    assert answer.status == 200
    browser.csrf = answer.json["csrf"]
    assert browser.ask("DELETE", "/session").status == 200
    assert ask(gateway, "GET", "/session", token=secret).status == 200
    wrong = browser.ask("POST", "/session", {"credential": "slc_wrong"})
    assert wrong.status == 401 and not browser.cookies


def test_a_login_that_is_shown_as_it_is_ends_and_a_token_stays(gateway):
    secret = ask(gateway, "POST", "/login", {"user": "alice", "password": PASSWORD}).json["secret"]
    assert ask(gateway, "DELETE", "/session", token=secret).json == {"logged_out": True}
    assert ask(gateway, "GET", "/session", token=secret).status == 401
    gateway.cli("user", "add", "logs-out", "--kind", "service", "--no-password")
    token = known_token(gateway, "--user", "logs-out", "--scope", "api")
    assert ask(gateway, "DELETE", "/session", token=token).json == {"logged_out": False}
    assert ask(gateway, "GET", "/session", token=token).status == 200


def test_what_changes_something_needs_the_token_of_the_page(gateway, browser):
    browser.log_in("root", PASSWORD)
    body = {"name": "mallory", "kind": "human"}
    for token in (None, "0" * 64, ""):
        headers = {} if token is None else {"X_CSRF_Token": token}
        refused = browser.ask("POST", "/users", body, csrf=False, **headers)
        assert refused.status == 403 and "own pages" in refused.title
    other = Browser(gateway)
    other.log_in("alice", PASSWORD)
    refused = browser.ask("POST", "/users", body, csrf=False, X_CSRF_Token=other.csrf)
    assert refused.status == 403
    assert all(user["name"] != "mallory" for user in browser.ask("GET", "/users").json)


def test_pages_of_other_sites_get_nothing(gateway, browser):
    browser.log_in("root", PASSWORD)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
                    {"Sec_Fetch_Site": "same-site"}):
        assert browser.ask("GET", "/users", **headers).status == 403
        assert browser.ask("DELETE", "/users/alice", **headers).status == 403
    # Nor do they log anybody in as somebody else.
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}):
        refused = Browser(gateway).ask("POST", "/session", {"user": "alice", "password": PASSWORD}, **headers)
        assert refused.status == 403 and not refused.headers.get_all("Set-Cookie"), headers
    assert browser.ask("GET", "/users", Origin=f"http://127.0.0.1:{gateway.http}").status == 200


def test_a_cookie_of_a_user_who_is_disabled_ends(gateway):
    gateway.cli("user", "add", "leaver", "--password-stdin", input=PASSWORD + "\n")
    root = Browser(gateway)
    root.log_in("root", PASSWORD)
    deadline = time.time() + 30
    while all(user["name"] != "leaver" for user in root.ask("GET", "/users").json):
        assert time.time() < deadline
        time.sleep(0.1)
    leaver = Browser(gateway)
    assert leaver.log_in("leaver", PASSWORD).status == 200
    assert leaver.ask("GET", "/session").status == 200
    assert root.ask("PATCH", "/users/leaver", {"disabled": True}).json["disabled"] is True
    assert leaver.ask("GET", "/session").status == 401


def test_statements_run_as_whoever_asks(gateway, browser):
    browser.log_in("alice", PASSWORD)
    answer = browser.ask("POST", "/query", {"database": "orders", "sql": "SELECT id, email FROM people ORDER BY id"})
    assert answer.status == 200, answer.raw
    found = answer.json
    assert [column["name"] for column in found["columns"]] == ["id", "email"] and found["columns"][0]["type"] == "integer"
    assert len(found["rows"]) == 500 and found["truncated"] and found["rows"][0][0] == "1"
    assert "p1@example.com" not in answer.raw.decode()  # Masked, as on the wire.
    record = gateway.wait_for(lambda r: r, "--user", "alice", "--text", "FROM people ORDER")[0]
    assert record["application"] == "console" and record["masked"]
    denied = browser.ask("POST", "/query", {"database": "orders", "sql": "TRUNCATE people"})
    assert denied.status == 422 and denied.json["sqlstate"] == "42501" and "no-truncate" in denied.raw.decode()
    held = browser.ask("POST", "/query", {"database": "orders", "sql": "DROP TABLE people"})
    assert held.status == 202 and held.json["waiting_for_approval"] > 0
    two = browser.ask("POST", "/query", {"database": "orders", "sql": "SELECT 1; DROP TABLE people"})
    assert two.status == 422
    long = browser.ask("POST", "/query", {"database": "orders", "sql": "SELECT repeat('x', 300000000)"})
    assert long.status >= 400 and "longer than what can be told" in long.raw.decode(), long.raw[:300]
    peak = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]
    assert int(peak) < 400_000, "kilobytes: the row was not kept"
    assert browser.ask("POST", "/query", {"database": "nowhere", "sql": "SELECT 1"}).status >= 400
    assert ask(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 1"}).status == 401


def test_the_schema_with_what_is_sensitive(browser):
    browser.log_in("alice", PASSWORD)
    answer = browser.ask("GET", "/databases/orders/schema")
    assert answer.status == 200, answer.raw
    people = next(table for table in answer.json["tables"] if table["name"] == "people")
    columns = {column["name"]: column for column in people["columns"]}
    assert columns["email"]["class"] == "email" and columns["email"]["masked"] and columns["id"]["type"] == "integer"
    assert browser.ask("GET", "/databases/nowhere/schema").status >= 400


def test_users_over_http(gateway, browser):
    browser.log_in("root", PASSWORD)
    made = browser.ask("POST", "/users", {"name": "ci", "kind": "service", "groups": ["bots"], "attributes": {"team": "data"}})
    assert made.status == 201 and made.json["groups"] == ["bots"] and made.json["attributes"] == {"team": "data"}
    assert browser.ask("POST", "/users", {"name": "ci", "kind": "service"}).status == 409
    assert browser.ask("POST", "/users", {"name": "x", "kind": "alien"}).status == 400
    assert browser.ask("POST", "/users", {"name": "x", "groups": "bots"}).status == 400
    token = browser.ask("POST", "/users/ci/tokens", {"for": "1h", "scopes": ["api"]})
    assert token.status == 201 and ask(gateway, "GET", "/session", token=token.json["secret"]).json["user"] == "ci"
    assert browser.ask("POST", "/users/alice/tokens", {"for": "1h"}).status == 403  # Nobody becomes another person.
    changed = browser.ask("PATCH", "/users/ci", {"groups": ["bots", "etl"]})
    assert changed.json["groups"] == ["bots", "etl"] and changed.json["credentials"][0]["id"] == token.json["id"]
    assert browser.ask("DELETE", f"/users/alice/credentials/{token.json['id']}").status == 404
    assert browser.ask("DELETE", f"/users/ci/credentials/{token.json['id']}").json["credentials"] == []
    assert ask(gateway, "GET", "/session", token=token.json["secret"]).status == 401
    assert browser.ask("DELETE", "/users/ci").json == {"removed": "ci"}
    assert browser.ask("DELETE", "/users/ci").status == 404
    who = gateway.wait_for(lambda r: any("root (over HTTP)" in json.dumps(one) for one in r), "--type", "admin")
    assert any("root (over HTTP)" in json.dumps(one) for one in who)


def test_what_a_member_sees_of_it(gateway, browser):
    browser.log_in("alice", PASSWORD)
    assert set(browser.ask("GET", "/overview").json) == {"time", "waiting"}
    assert [row["name"] for row in browser.ask("GET", "/databases").json] == ["orders"]
    own = browser.ask("POST", "/policy/explain", {"database": "orders", "sql": "SELECT 1"})
    assert own.status == 200, own.raw
    assert browser.ask("POST", "/policy/explain", {"user": "root", "database": "orders", "sql": "SELECT 1"}).status == 403
    history = browser.ask("GET", "/history?limit=5&user=root")
    assert history.status == 200 and {r["user"] for r in history.json["records"]} <= {"alice"}


def test_overview_of_whoever_runs_it(gateway, browser):
    browser.log_in("root", PASSWORD)
    found = browser.ask("GET", "/overview").json
    assert found["totals"]["statements"] > 0 and found["totals"]["masked_values"] > 0 and found["audit"]["writable"]
    assert found["problems"] == {}
    settings = browser.ask("GET", "/settings").json
    assert "databases:" in settings["config_text"] and settings["listen"]["http"] == gateway.http
    record = found["audit"]["last_sequence"]
    assert browser.ask("GET", f"/audit/records/{record}").json["id"] == record
    assert browser.ask("GET", "/audit/records/99999999").status == 404


def test_once_for_a_key(browser):
    browser.log_in("root", PASSWORD)
    first = browser.ask("POST", "/users", {"name": "once"}, Idempotency_Key="k1")
    again = browser.ask("POST", "/users", {"name": "once"}, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 201) and first.raw == again.raw
    assert browser.ask("POST", "/users", {"name": "twice"}, Idempotency_Key="k1").status == 422
    assert browser.ask("POST", "/users", {"name": "once"}, Idempotency_Key="k2").status == 409


def test_what_has_not_changed_is_not_sent_again(browser):
    browser.log_in("root", PASSWORD)
    first = browser.ask("GET", "/databases")
    again = browser.ask("GET", "/databases", If_None_Match=first.headers["ETag"])
    assert again.status == 304 and again.raw == b""
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_a_head_is_that_of_the_answer(gateway, browser):
    browser.log_in("root", PASSWORD)
    for path in ("/users", "/overview", "/session", "/policy", "/audit/records?limit=1", "/openapi.json", "/audit/tail"):
        head, whole = browser.ask("HEAD", path), browser.ask("GET", path)
        assert head.status == whole.status == 200 and head.raw == b"", (path, head.status)
        assert head.headers["Content-Type"] == whole.headers["Content-Type"], path
    assert browser.ask("HEAD", "/users").headers["ETag"] == browser.ask("GET", "/users").headers["ETag"]
    assert browser.ask("HEAD", "/query").status == 405


def test_too_many_requests_wait(server):
    slow = Gateway(server, start=False)
    slow.write_config(server, extra="api: { requests_per_second: 2 }")
    slow.start()
    try:
        token = ask(slow, "POST", "/login", {"user": "alice", "password": PASSWORD}).json["secret"]
        answers = [ask(slow, "GET", "/databases", token=token) for _ in range(30)]
        refused = [answer for answer in answers if answer.status == 429]
        assert 10 <= len(refused) < 30 and refused[0].headers["Retry-After"] == "1"
        # Who shows what nobody has waits too, for themselves alone; and a wait answers it nothing.
        time.sleep(1)
        unknown = [ask(slow, "GET", "/databases", token="slc_" + "A" * 43) for _ in range(30)]
        refused = [answer for answer in unknown if answer.status == 429]
        assert {answer.status for answer in unknown} == {401, 429}
        assert 10 <= len(refused) < 30 and refused[0].headers["Retry-After"] == "1"
        assert ask(slow, "GET", "/databases", token=token).status == 200
        stranger = Browser(slow)
        stranger.cookies = {name: "slc_" + "B" * 43 for name in ("sluice", "__Host-sluice")}
        assert stranger.ask("GET", "/databases").status == 429
        assert ask(slow, "GET", "/healthz", prefix="").status == 200
    finally:
        slow.stop()


