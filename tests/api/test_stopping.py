"""A statement that nobody wants any more is cancelled at the server, not only waited for no longer."""

import http.client
import json
import socket
import threading
import time
import uuid

import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, start=False)
    running.write_config(server, extra="api: { admins: [platform], requests_per_second: 10000 }")
    running.cli("user", "add", "bob", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def tokens(gateway):
    return {user: ask(gateway, "POST", "/login", {"user": user, "password": PASSWORD}).json["secret"] for user in ("alice", "bob")}


def slow(seconds=30):
    """A statement that takes long, and can be told from others."""
    return f"SELECT '{uuid.uuid4().hex}', pg_sleep({seconds})"


def runs(server, sql):
    # Only the middle of it: what asks is not to be found itself.
    return server.sql(f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%' || '{sql[8:40]}' || '%' AND pid <> pg_backend_pid()",
                      database="orders") != ["0"]


def until(condition, seconds=20):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


class Asked:
    """Somebody who waits for the answer to a statement."""

    def __init__(self, gateway, server, token, sql, **more):
        self.answer = None
        self.thread = threading.Thread(target=self._ask, args=(gateway, token, {"database": "orders", "sql": sql, **more}), daemon=True)
        self.thread.start()
        until(lambda: runs(server, sql))

    def _ask(self, gateway, token, body):
        self.answer = ask(gateway, "POST", "/query", body, token)

    def end(self):
        self.thread.join(30)
        assert self.answer is not None, "no answer came"
        return self.answer


def sent(gateway, server, token, sql, **headers):
    """A request of which the answer is not read: a connection to be closed."""
    connection = socket.create_connection(("127.0.0.1", gateway.http))
    body = json.dumps({"database": "orders", "sql": sql}).encode()
    lines = [f"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    until(lambda: runs(server, sql))
    return connection


def test_one_is_cancelled_by_its_name(gateway, server, tokens):
    sql = slow()
    waits = Asked(gateway, server, tokens["alice"], sql, id="mine / 1")
    told = ask(gateway, "DELETE", "/query/mine%20%2F%201", token=tokens["alice"])
    assert told.status == 202 and told.json == {"id": "mine / 1", "ending": True}, told.raw
    answer = waits.end()
    assert answer.status == 422 and answer.json["sqlstate"] == "57014", answer.raw
    assert not runs(server, sql)
    record = gateway.wait_for(lambda found: found, "--text", sql[8:40], "--type", "statement")[-1]
    assert record["sqlstate"] == "57014", record
    again = ask(gateway, "DELETE", "/query/mine%20%2F%201", token=tokens["alice"])
    assert again.status == 404 and "It may be over" in again.title, again.raw


def test_what_it_changed_is_undone(gateway, server, tokens):
    server.sql("DROP TABLE IF EXISTS stopped; CREATE TABLE stopped (id int); ALTER TABLE stopped OWNER TO sluice", database="orders")
    sql = f"INSERT INTO stopped SELECT 1 FROM ({slow()}) s"
    waits = Asked(gateway, server, tokens["alice"], sql, id="writes")
    assert ask(gateway, "DELETE", "/query/writes", token=tokens["alice"]).status == 202
    assert waits.end().json["sqlstate"] == "57014"
    assert server.sql("SELECT count(*) FROM stopped", database="orders") == ["0"]


def test_nobody_cancels_what_others_run(gateway, server, tokens):
    sql = slow(1.5)
    waits = Asked(gateway, server, tokens["alice"], sql, id="hers")
    assert ask(gateway, "DELETE", "/query/hers", token=tokens["bob"]).status == 404
    twice = ask(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 1", "id": "hers"}, tokens["alice"])
    assert twice.status == 409 and "each its own" in twice.title, twice.raw
    assert ask(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 1", "id": "hers"}, tokens["bob"]).status == 200
    assert waits.end().status == 200
    long = ask(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 1", "id": "x" * 101}, tokens["alice"])
    assert long.status == 400 and "100 bytes" in long.title, long.raw


def test_cancelling_waits_behind_nothing(gateway, server, tokens):
    """Four run, and others of the same user wait: the one that ends one of them does not."""
    statements = [slow(20) for _ in range(4)]
    waiting = [Asked(gateway, server, tokens["alice"], sql, id=f"of four {n}") for n, sql in enumerate(statements)]
    fifth = threading.Thread(target=ask, args=(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 5", "id": "fifth"}, tokens["alice"]))
    fifth.start()
    for n in range(4):
        begun = time.time()
        assert ask(gateway, "DELETE", f"/query/of%20four%20{n}", token=tokens["alice"]).status == 202
        assert time.time() - begun < 5
    assert [each.end().json["sqlstate"] for each in waiting] == ["57014"] * 4
    fifth.join(20)
    assert not fifth.is_alive()


@pytest.mark.parametrize("how", ["close", "half", "reset"])
def test_a_connection_that_closes_cancels(gateway, server, tokens, how):
    sql = slow()
    connection = sent(gateway, server, tokens["alice"], sql)
    if how == "half":
        connection.shutdown(socket.SHUT_WR)
    elif how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    else:
        connection.close()
    until(lambda: not runs(server, sql), 10)
    connection.close()
    record = gateway.wait_for(lambda found: found, "--text", sql[8:40], "--type", "statement")[-1]
    assert record["sqlstate"] == "57014", record


def test_what_may_be_asked_again_runs_on(gateway, server, tokens):
    sql, key = slow(1), uuid.uuid4().hex
    sent(gateway, server, tokens["alice"], sql, Idempotency_Key=key).close()
    time.sleep(0.6)
    assert runs(server, sql)
    until(lambda: not runs(server, sql))
    body = {"database": "orders", "sql": sql}

    def again():
        return ask(gateway, "POST", "/query", body, tokens["alice"], {"Idempotency-Key": key})

    until(lambda: again().status != 409)
    assert again().status == 200, again().raw


def test_a_kept_connection_goes_on_serving(gateway, server, tokens):
    """Looking whether somebody is there takes nothing of what they say next."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
    for _ in range(3):
        connection.request("POST", "/api/v1/query", json.dumps({"database": "orders", "sql": "SELECT pg_sleep(0.6)"}),
                           {"Authorization": f"Bearer {tokens['alice']}"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
    connection.close()


def test_a_dry_run_changes_nothing(gateway, server, tokens):
    server.sql("DROP TABLE IF EXISTS tried; CREATE TABLE tried AS SELECT 1 AS id; ALTER TABLE tried OWNER TO sluice", database="orders")

    def tried(sql):
        return ask(gateway, "POST", "/query/dry-run", {"database": "orders", "sql": sql}, tokens["alice"])

    until(lambda: tried("DELETE FROM tried WHERE id = 1").status == 200)
    told = tried("DELETE FROM tried WHERE id = 1").json
    assert told["rows"] == 1 and told["tables"] == ["public.tried: 0 inserted, 0 updated, 1 deleted"] and told["record"], told
    assert server.sql("SELECT count(*) FROM tried", database="orders") == ["1"]
    refused = tried("TRUNCATE tried")
    assert refused.status == 422 and "only one INSERT" in refused.title, refused.raw
    assert ask(gateway, "POST", "/query/dry-run", {"database": "nowhere", "sql": "SELECT 1"}, tokens["alice"]).status == 404


def test_a_token_reaches_only_its_user_s(gateway, server, tokens):
    sql = slow()
    token = known_token(gateway, "--user", "alice", "--scope", "api")
    waits = Asked(gateway, server, tokens["alice"], sql, id="by another credential")
    assert ask(gateway, "DELETE", "/query/by%20another%20credential", token=token).status == 202
    assert waits.end().json["sqlstate"] == "57014"
