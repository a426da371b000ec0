"""Searching the audit trail: by every filter, sorted, counted, saved, followed, over HTTP."""

import http.client
import json
import socket
import subprocess
import time
import urllib.parse

import pytest
from harness.gateway import SLUICE, Gateway
from harness.wire import WireClient, query


class Local(http.client.HTTPConnection):
    """HTTP over the gateway's control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("CREATE TABLE IF NOT EXISTS searched (id int PRIMARY KEY, email text);"
               "INSERT INTO searched SELECT n, 'a@example.org' FROM generate_series(1, 30) n ON CONFLICT DO NOTHING",
               "orders")
    gateway = Gateway(server)
    client = WireClient(gateway.port)
    client.login(application_name="searcher")
    for number in range(1, 11):
        client.run(query(f"SELECT email FROM searched WHERE id <= {number} /* as{number} */"))
    client.run(query("UPDATE searched SET email = 'b@example.org' WHERE id = 3"))
    client.run(query("SELECT pg_sleep(0.3)"))
    gateway.wait_for(lambda r: any("pg_sleep" in e["text"] for e in r), "--type", "statement")
    gateway.client = client
    yield gateway
    assert gateway.stop() == 0


def call(gateway, path, method="GET", body=None, **parameters):
    connection = Local(str(gateway.root / "state/control.sock"))
    target = path + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
    connection.request(method, target, body=json.dumps(body) if body is not None else None)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def texts(records):
    return [record["text"] for record in records]


@pytest.mark.parametrize("filters, count", [
    (["--column", "searched.email", "--kind", "select"], 10),
    (["--column", "public.searched.id"], 11),
    (["--action", "update searched"], 1),
    (["--action", "read", "--table", "public.searched", "--min-rows", "8"], 3),
    (["--min-duration", "250ms", "--type", "statement"], 1),
    (["--words", "SEARCHED as7"], 1),
    (["--words", "searched as1*"], 2),
    (["--application", "searcher", "--address", "127.0.0.1", "--environment", "production", "--table", "searched"], 11),
    (["--group", "engineering", "--principal-kind", "human", "--database", "orders", "--table", "searched"], 11),
    (["--group", "nobody"], 0),
    (["--max-rows", "2", "--kind", "select", "--words", "searched"], 2),
])
def test_filters(gateway, filters, count):
    assert len(gateway.search(*filters)) == count


def test_orders_and_pages(gateway):
    longest = gateway.search("--sort", "duration", "--type", "statement")
    assert "pg_sleep" in longest[0]["text"]
    most = gateway.search("--sort", "rows", "--table", "searched")
    assert [record["rows"] for record in most] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
    seen, cursor = [], []
    while True:
        done = gateway.cli("audit", "search", "-o", "json", "--limit", "4", "--sort", "oldest", "--table", "searched", *cursor)
        seen += texts(json.loads(done.stdout))
        if "--cursor" not in done.stderr:
            break
        cursor = ["--cursor", done.stderr.split("--cursor ")[1].strip()]
    assert len(seen) == 11 and seen == sorted(set(seen), key=seen.index)
    assert seen == texts(gateway.search("--table", "searched"))


def test_orders_by_any_field(gateway):
    every = gateway.search("--type", "statement")
    by_kind = gateway.search("--type", "statement", "--sort", "kind")
    kinds = [record.get("kind") or "" for record in by_kind]
    assert kinds == sorted(kinds, key=lambda kind: (not kind, kind)) and len(set(kinds)) > 1, kinds
    assert {record["id"] for record in by_kind} == {record["id"] for record in every}
    status, page = call(gateway, "/api/v1/audit/records", type="statement", order="kind", limit=3)
    ids = [record["id"] for record in page["records"]]
    while page["next"]:
        status, page = call(gateway, "/api/v1/audit/records", type="statement", order="kind", limit=3, cursor=page["next"])
        ids += [record["id"] for record in page["records"]]
    assert status == 200 and ids == [record["id"] for record in by_kind]
    for option, given, expected in (("--limit", "-1", "a whole number from 0"), ("-o", "xml", "table, json or csv")):
        wrong = gateway.cli("audit", "search", option, given, check=False)
        assert wrong.returncode == 2 and f'expected {expected}, got "{given}"' in wrong.stderr, wrong.stderr
    wrong = gateway.cli("audit", "search", "--sort", "colour", check=False)
    assert wrong.returncode == 2 and "ticket" in wrong.stderr


def test_the_index_tells_how_far_it_is_behind(gateway):
    gateway.psql("-c", "SELECT 'is it indexed'")

    def lag():
        audit = call(gateway, "/api/v1/overview")[1]["audit"]
        return audit["index_lag_records"], audit["index_lag_seconds"]

    behind = [lag()]
    while behind[-1] != (0, 0) and len(behind) < 100:
        time.sleep(0.1)
        behind.append(lag())
    assert behind[-1] == (0, 0) and max(seconds for _, seconds in behind) < 10, behind


def test_counts(gateway):
    counted = json.loads(gateway.cli("audit", "search", "--count-by", "table,action", "--table", "searched", "-o", "json").stdout)
    assert {"table": "public.searched", "action": "read public.searched", "records": 11} in counted or \
        any(c["action"] == "read public.searched" and c["records"] >= 10 for c in counted)
    spans = json.loads(gateway.cli("audit", "search", "--over", "1d", "--table", "searched", "-o", "json").stdout)
    assert sum(span["records"] for span in spans) == 11 and "time" in spans[0]
    wrong = gateway.cli("audit", "search", "--count-by", "colour", check=False)
    assert wrong.returncode == 2 and "principal_kind" in wrong.stderr


def test_saved_searches(gateway):
    gateway.cli("audit", "search", "--table", "searched", "--kind", "update", "--save", "writes & such")
    assert len(gateway.search("--saved", "writes & such")) == 1
    assert len(gateway.search("--saved", "writes & such", "--kind", "select")) == 10, "given besides, it replaces"
    assert "writes & such" in gateway.cli("audit", "searches").stdout
    status, answer = call(gateway, "/api/v1/audit/records", saved="writes & such")
    assert status == 200 and len(answer["records"]) == 1
    gateway.cli("audit", "forget-search", "writes & such")
    assert gateway.cli("audit", "search", "--saved", "writes & such", check=False).returncode == 3


def test_over_http(gateway):
    status, page = call(gateway, "/api/v1/audit/records", table="searched", limit=3, order="oldest")
    assert status == 200 and len(page["records"]) == 3 and page["next"]
    status, rest = call(gateway, "/api/v1/audit/records", table="searched", order="oldest", cursor=page["next"])
    assert len(rest["records"]) == 8 and rest["next"] is None
    assert texts(page["records"] + rest["records"]) == texts(gateway.search("--table", "searched"))
    status, counts = call(gateway, "/api/v1/audit/counts", by="user", table="searched")
    assert counts == {"records": 11, "counts": [{"values": {"user": "alice"}, "records": 11}]}
    assert call(gateway, "/api/v1/audit/records", colour="red")[0] == 400
    assert call(gateway, "/api/v1/openapi.json")[1]["openapi"] == "3.1.0"
    assert call(gateway, "/healthz")[0] == 404, "nothing of the public port here"


def test_live_tail_as_events(gateway):
    connection = Local(str(gateway.root / "state/control.sock"))
    connection.request("GET", "/api/v1/audit/tail?words=tailed&type=statement")
    response = connection.getresponse()
    assert response.status == 200 and response.getheader("Content-Type") == "text/event-stream"
    gateway.client.run(query("SELECT 'other'"))
    gateway.client.run(query("SELECT 'tailed one'"))
    gateway.client.run(query("SELECT 'tailed two'"))
    found = []
    while len(found) < 2:
        line = response.readline().decode()
        if line.startswith("data: "):
            found.append(json.loads(line[6:])["text"])
    assert found == ["SELECT 'tailed one'", "SELECT 'tailed two'"]
    connection.close()
    assert call(gateway, "/api/v1/openapi.json")[0] == 200, "others are answered meanwhile"


def test_a_tail_goes_on_where_it_was_lost(gateway):
    """As browsers connect again: with the id of the last event."""
    def tail(after=None):
        connection = Local(str(gateway.root / "state/control.sock"))
        connection.request("GET", "/api/v1/audit/tail?words=mended&type=statement", headers={"Last-Event-ID": str(after)} if after else {})
        return connection, connection.getresponse()

    def event(response, wanted="data"):
        while True:
            name, _, value = response.readline().decode().strip().partition(": ")
            if name == wanted:
                return json.loads(value)["text"] if wanted == "data" else int(value)

    connection, response = tail()
    gateway.client.run(query("SELECT 'mended one'"))
    assert event(response) == "SELECT 'mended one'"
    one = gateway.wait_for(lambda r: r, "--text", "mended one")[-1]["id"]
    while (last := event(response, "id")) < one:
        pass
    connection.close()
    gateway.client.run(query("SELECT 'mended two'"))
    gateway.wait_for(lambda r: r, "--text", "mended two")
    connection, response = tail(last)
    gateway.client.run(query("SELECT 'mended three'"))
    assert [event(response) for _ in range(2)] == ["SELECT 'mended two'", "SELECT 'mended three'"]
    connection.close()


def test_tail_on_the_command_line(gateway):
    tail = subprocess.Popen([SLUICE, "audit", "tail", "--config", str(gateway.config), "--limit", "1", "-o", "json",
                             "--column", "searched.email", "--words", "tailed"], stdout=subprocess.PIPE, text=True)
    try:
        gateway.wait_for(lambda r: any(e["message"] == "followed" for e in r), "--type", "audit_read")
        for attempt in range(50):
            gateway.client.run(query(f"SELECT email FROM searched WHERE email = 'tailed {attempt}'"))
            try:
                tail.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                continue
        assert "tailed" in json.loads(tail.stdout.read())["text"]
    finally:
        tail.kill()


def test_index_can_be_deleted(gateway, server):
    before = texts(gateway.search("--table", "searched"))
    gateway.process.terminate()
    gateway.process.wait(timeout=60)
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        (gateway.root / "state/audit" / name).unlink(missing_ok=True)
    assert texts(gateway.search("--table", "searched")) == before, "read from the log"
    gateway.start()
    assert texts(gateway.search("--table", "searched")) == before
    assert len(gateway.search("--words", "as7")) == 1
