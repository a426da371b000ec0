"""What is open when its user's groups change, or a grant ends, is decided on anew before more rows are taken from it."""

import json
import time

import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - { name: all, effect: allow, do: [temporary, lock] }
  - { name: code, effect: allow, do: [function], on: { functions: ['public.*'] } }
  - { name: engineers, effect: allow, who: { groups: [engineering, readers] }, do: [read] }
  - { name: sales, effect: allow, who: { groups: [sales] }, do: [read], on: { tables: [public.stock] }, limit: { rows: 5 } }
  - { name: other, effect: allow, do: [read], on: { tables: [public.other] } }
  - { name: opening, effect: allow, who: { groups: [engineering] }, do: [call, dynamic_sql] }
roles:
  - name: reader
    groups: [readers]
    who: { groups: [support] }
    at_most: 1h
    approve: { by: [dba], automatic: { who: { groups: [support] } } }
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    server.sql("DROP TABLE IF EXISTS stock, other; CREATE TABLE stock AS SELECT i AS id FROM generate_series(1, 100) i;"
               "CREATE TABLE other AS SELECT 1 AS id; CREATE OR REPLACE FUNCTION may_open() RETURNS int LANGUAGE sql AS 'SELECT 1';"
               "CREATE OR REPLACE FUNCTION opens(c text) RETURNS int LANGUAGE plpgsql AS "
               "$$ BEGIN EXECUTE 'DECLARE ' || c || ' CURSOR WITH HOLD FOR SELECT id FROM public.stock'; RETURN 1; END $$", "orders")
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    running.cli("user", "add", "sue", "--group", "support", "--password-stdin", input=PASSWORD + "\n")
    yield running
    assert running.stop() == 0


def login(gateway, user):
    wire = WireClient(gateway.port)
    assert wire.login(user=user)[-1][0] == b"Z"
    return wire


def refused_by(messages):
    return [error_fields(body)["M"] for kind, body in messages if kind == b"E"]


def until(condition, seconds=60):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def reads_all(gateway, client):
    """In a session of its own: what is asked in the one that is looked at would change it."""
    try:
        return refused_by(client.run(query("SELECT id FROM stock LIMIT 6"))) == []
    except EOFError:
        return False  # The grant ended while this was under way, and the session with it.


@pytest.fixture
def alice(gateway):
    """Her session, and how she is put into groups: it counts by the time that it returns."""
    gateway.cli("user", "set", "alice", "--group", "engineering")
    client, beside = login(gateway, "alice"), login(gateway, "alice")
    until(lambda: reads_all(gateway, beside))

    def put(group):
        gateway.cli("user", "set", "alice", "--group", group)
        until(lambda: not reads_all(gateway, beside))
        time.sleep(0.5)  # The other worker's sessions.

    yield client, put
    client.close()
    beside.close()


TAKE = {
    "query": query("FETCH 3 FROM c"),
    "execute": execute("c", 3) + SYNC,
    "extended": parse("FETCH 3 FROM c") + bind() + execute() + SYNC,
    "move": query("MOVE 3 FROM c"),
}
DECLARE = {"in a block": "BEGIN; DECLARE c CURSOR", "with hold": "DECLARE c CURSOR WITH HOLD"}


@pytest.mark.parametrize("take", TAKE)
@pytest.mark.parametrize("declare", DECLARE)
def test_other_groups_end_a_cursor(alice, declare, take):
    client, put = alice
    client.run(query(f"{DECLARE[declare]} FOR SELECT id FROM stock"))
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDDDCZ"
    put("nobody")
    answer = client.run(TAKE[take])
    assert "D" not in kinds(answer) and "public.stock" in refused_by(answer)[0], answer


@pytest.mark.parametrize("declare", DECLARE)
def test_a_cursor_comes_under_the_limits_of_the_new_groups(alice, declare):
    client, put = alice
    client.run(query(f"{DECLARE[declare]} FOR SELECT id FROM stock"))
    client.run(query("FETCH 3 FROM c"))
    put("sales")
    answer = client.run(query("FETCH 4 FROM c"))
    assert kinds(answer).count("D") <= 2 and "5 rows" in refused_by(answer)[0], answer


def test_a_portal_is_decided_on_anew(alice):
    client, put = alice
    client.run(query("BEGIN"))
    assert kinds(client.run(parse("SELECT id FROM stock") + bind(portal="p") + execute("p", 3) + SYNC)) == "12DDDsZ"
    put("nobody")
    answer = client.run(execute("p", 3) + SYNC)
    assert "D" not in kinds(answer) and "public.stock" in refused_by(answer)[0], answer


def test_what_others_may_read_too_goes_on(alice):
    client, put = alice
    client.run(query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM other"))
    put("nobody")
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDCZ"


def test_what_code_may_have_opened_is_opened_anew(alice):
    client, put = alice
    client.run(query("BEGIN"))
    assert kinds(client.run(query("SELECT may_open()"))) == "TDCZ"
    put("nobody")
    [why] = refused_by(client.run(query("FETCH 3 FROM theirs")))
    assert "for whom this is has changed" in why
    client.run(query("ROLLBACK"))
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


HELD = "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM stock"
OPENED = {
    "beside a thousand others": [HELD, *(f"DECLARE other{i} CURSOR WITH HOLD FOR SELECT 1" for i in range(1000))],
    "before code ran": [HELD, "SELECT opens('d')"],
    "by DO": ["DO $$ BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT id FROM public.stock'; END $$"],
    "by a function": ["SELECT opens('c')"],
    "by a prepared statement": ["PREPARE p AS SELECT opens('c')", "EXECUTE p"],
    "by a portal of a prepared statement": [parse("SELECT opens('c')", "s"), bind("s", portal="q") + execute("q") + SYNC],
}


def open_cursor(client, how):
    for part in OPENED[how]:
        answer = client.run(query(part) if isinstance(part, str) else part if part.endswith(SYNC) else part + SYNC)
        assert not refused_by(answer), (part, answer)


@pytest.mark.parametrize("take", ["query", "execute"])
@pytest.mark.parametrize("how", OPENED)
def test_a_held_cursor_that_nobody_knows_by_name_is_opened_anew(alice, how, take):
    client, put = alice
    open_cursor(client, how)
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDDDCZ"
    put("nobody")
    answer = client.run(TAKE[take])
    assert "D" not in kinds(answer) and "for whom this is has changed" in refused_by(answer)[0], answer
    assert "CLOSE ALL" in error_fields(answer[0][1])["H"]
    assert kinds(client.run(query("SELECT id FROM other"))) == "TDCZ"
    # What is opened now is known again, also where cursors are still open that are not.
    client.run(query("DECLARE mine CURSOR WITH HOLD FOR SELECT id FROM other"))
    assert kinds(client.run(query("FETCH 3 FROM mine"))) == "TDCZ"
    client.run(query("CLOSE ALL"))
    gone = client.run(query("FETCH 3 FROM c"))
    assert error_fields(gone[0][1])["C"] == "34000", gone


@pytest.mark.parametrize("take", ["query", "execute"])
def test_what_a_prepared_statement_may_have_opened_is_opened_anew(alice, take):
    client, put = alice
    client.run(query("PREPARE p AS SELECT may_open()"))
    client.run(query("BEGIN"))
    assert kinds(client.run(query("EXECUTE p"))) == "TDCZ"
    put("nobody")
    [why] = refused_by(client.run(TAKE[take]))
    assert "for whom this is has changed" in why


def test_cursors_of_ended_transactions_are_not_counted(alice):
    """Of a thousand names only those count that may be open."""
    client, put = alice
    client.run(query("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM other"))
    for start in range(0, 1200, 100):
        client.run(query("BEGIN"))
        for i in range(start, start + 100):
            client.run(query(f"DECLARE gone{i} CURSOR FOR SELECT 1"))
        client.run(query("COMMIT"))
    put("nobody")
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDCZ"


@pytest.mark.parametrize("declare", DECLARE)
def test_a_cursor_ends_with_the_grant_it_was_opened_under(gateway, declare):
    asked = gateway.cli("request", "orders", "--role", "reader", "--for", "1h", "--reason", "case 7", "--ticket", "T-7",
                        "-o", "json", "--user", "sue", "--password-stdin", input=PASSWORD + "\n")
    grant = json.loads(asked.stdout)
    client, beside = login(gateway, "sue"), login(gateway, "sue")
    until(lambda: reads_all(gateway, beside))
    client.run(query(f"{DECLARE[declare]} FOR SELECT id FROM stock"))
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDDDCZ"
    gateway.cli("grant", "revoke", str(grant["number"]))
    until(lambda: not reads_all(gateway, beside))
    time.sleep(0.5)
    try:
        answer = client.run(query("FETCH 3 FROM c"))
    except EOFError:
        answer = []
    assert "D" not in kinds(answer), answer
    assert declare != "with hold" or "public.stock" in refused_by(answer)[0], answer
