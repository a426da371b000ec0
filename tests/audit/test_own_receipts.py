"""Receipts over HTTP: whoever has run a statement gets the proof that it is on the record, and of nobody else's."""

import http.client
import json

import pytest
from harness.gateway import PASSWORD, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS told; CREATE TABLE told (id int); INSERT INTO told VALUES (1)", "orders")
    running = Gateway(server, environment="staging", start=False, extra="api: { auditors: [auditors] }")
    for name, groups in (("bob", ["engineering"]), ("dora", ["auditors"])):
        running.cli("user", "add", name, "--password-stdin", *[word for group in groups for word in ("--group", group)], input=PASSWORD + "\n")
    running.tokens = {name: running.cli("token", "create", "--user", name, "--for", "1h", "--scope", "api").stdout.split()[-1]
                      for name in ("alice", "bob", "dora")}
    running.start()
    yield running
    assert running.stop() == 0


def call(gateway, user, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    headers = {"Authorization": f"Bearer {gateway.tokens[user]}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def ask(gateway, user, sql):
    status, text = call(gateway, user, "POST", "/api/v1/query", {"database": "orders", "sql": sql})
    return status, json.loads(text)


def test_a_query_tells_its_record_and_its_receipt_is_its_owners(gateway, tmp_path):
    status, answer = ask(gateway, "alice", "SELECT 'mine' FROM told")
    assert status == 200 and answer["rows"] == [["mine"]], answer
    status, receipt = call(gateway, "alice", "GET", f"/api/v1/audit/receipts/{answer['record']}")
    assert status == 200 and receipt.startswith("c2sp.org/tlog-proof@v1\n"), receipt
    file = tmp_path / "mine.tlog-proof"
    file.write_text(receipt)
    key = gateway.cli("audit", "key").stdout.strip()
    shown = json.loads(gateway.cli("audit", "verify", "--receipt", str(file), "--public-key", key, "-o", "json").stdout)
    assert (shown["text"], shown["user"], shown["id"]) == ("SELECT 'mine' FROM told", "alice", answer["record"])
    status, refused = call(gateway, "bob", "GET", f"/api/v1/audit/receipts/{answer['record']}")
    assert status == 404 and "no record" in refused, "nor that there is one"
    assert call(gateway, "bob", "GET", "/api/v1/audit/receipts/999999")[0] == 404
    status, same = call(gateway, "dora", "GET", f"/api/v1/audit/receipts/{answer['record']}")
    assert status == 200 and same.startswith("c2sp.org/tlog-proof@v1\n")
    read = gateway.wait_for(lambda r: any(e["user"] == "dora" for e in r), "--type", "audit_read")
    assert [e["message"] for e in read if e["user"] == "dora"] == [f"receipt of record {answer['record']}"]


def test_what_is_no_statement_of_theirs_is_not_shown(gateway):
    (start,) = gateway.search("--type", "gateway_start")
    assert call(gateway, "alice", "GET", f"/api/v1/audit/receipts/{start['id']}")[0] == 404


def test_statements_that_fail_have_a_record_too(gateway):
    status, answer = ask(gateway, "alice", "SELECT 1 / (id - 1) FROM told")
    assert status == 422 and answer["sqlstate"] == "22012", answer
    assert json.loads(gateway.cli("audit", "show", str(answer["record"]), "-o", "json").stdout)["sqlstate"] == "22012"


def test_each_answer_tells_its_own_record(gateway):
    numbers = [ask(gateway, "alice", f"SELECT {n} FROM told")[1]["record"] for n in range(5)]
    assert len(set(numbers)) == 5
    for n, number in enumerate(numbers):
        assert json.loads(gateway.cli("audit", "show", str(number), "-o", "json").stdout)["text"] == f"SELECT {n} FROM told"


def test_show_says_where_to_ask(gateway):
    status, answer = ask(gateway, "alice", "SHOW sluice.receipt")
    assert status == 422 and "/api/v1/audit/receipts/N" in answer["hint"], answer
