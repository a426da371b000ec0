"""Names of portals and cursors that come to stand for something else between what asks for rows and the rows."""

import pytest

from harness import wire
from test_forms import SECRETS, database, masked, seen  # noqa: F401 (fixtures)

SECRET_ROW = "SELECT email || '' FROM people WHERE id = 7"


@pytest.fixture
def client(masked):  # noqa: F811
    one = wire.WireClient(masked.port)
    assert one.login()[-1][0] == b"Z"
    yield one
    one.close()


def answer(client, data):
    client.send(data)
    return client.read_until()


def assert_unseen(messages):
    text = seen(messages)
    assert not [secret for secret in SECRETS if secret.lower() in text]


def test_a_portal_that_becomes_a_cursor_in_one_pipeline(client):
    answer(client, wire.query("BEGIN"))
    messages = answer(client, wire.parse("SELECT 1") + wire.bind(portal="p") + wire.close(b"P", "p") + wire.parse(f"DECLARE p CURSOR FOR {SECRET_ROW}")
                      + wire.bind() + wire.execute() + wire.execute("p") + wire.SYNC)
    assert_unseen(messages)
    assert [wire.error_fields(body)["C"] for kind, body in messages if kind == b"E"] == ["34000"]


def test_a_portal_of_before_that_becomes_a_cursor_in_one_pipeline(client):
    answer(client, wire.query("BEGIN"))
    answer(client, wire.parse("SELECT 1") + wire.bind(portal="p") + wire.SYNC)
    messages = answer(client, wire.close(b"P", "p") + wire.parse(f"DECLARE p CURSOR FOR {SECRET_ROW}") + wire.bind() + wire.execute()
                      + wire.execute("p") + wire.SYNC)
    assert_unseen(messages)
    assert b"E" in [kind for kind, _ in messages]


@pytest.mark.parametrize("gone", ["CLOSE p", "ROLLBACK TO s"])
def test_a_portal_that_is_gone_and_whose_name_is_taken(client, gone):
    answer(client, wire.query("BEGIN"))
    answer(client, wire.query("SAVEPOINT s"))
    answer(client, wire.parse("SELECT 1") + wire.bind(portal="p") + wire.SYNC)
    answer(client, wire.query(gone))
    answer(client, wire.query(f"DECLARE p CURSOR FOR {SECRET_ROW}"))
    messages = answer(client, wire.execute("p") + wire.SYNC)
    assert_unseen(messages)
    assert b"D" in [kind for kind, _ in messages], "masked, and there"


@pytest.mark.parametrize("read, anew", [("FETCH ALL FROM c", ["CLOSE c", "DECLARE c CURSOR FOR SELECT 'x'::text FROM people"]),
                                        ("EXECUTE q", ["DEALLOCATE q", "PREPARE q AS SELECT 'x'::text FROM people"])])
def test_the_rest_of_a_result_is_masked_as_its_beginning(client, read, anew):
    answer(client, wire.query("BEGIN"))
    rows = "SELECT email || '' FROM people ORDER BY id"
    answer(client, wire.query(f"DECLARE c CURSOR FOR {rows}" if "c" in read.split() else f"PREPARE q AS {rows}"))
    messages = answer(client, wire.parse(read) + wire.bind(portal="p") + wire.execute("p", rows=1) + wire.SYNC)
    assert b"s" in [kind for kind, _ in messages], "there is more"
    for statement in anew:
        messages += answer(client, wire.query(statement))
    rest = answer(client, wire.execute("p") + wire.SYNC)
    assert_unseen(messages + rest)
    assert len([1 for kind, _ in rest if kind == b"D"]) > 100


def test_what_follows_the_end_of_an_aborted_transaction_is_judged_by_names_of_now(client, masked):  # noqa: F811
    answer(client, wire.query("CREATE OR REPLACE VIEW turning AS SELECT 'x'::text AS a"))
    answer(client, wire.query("SELECT a FROM turning"))
    answer(client, wire.query("BEGIN"))
    answer(client, wire.query("SELECT 1 / 0"))
    other = wire.WireClient(masked.port)
    other.login()
    assert not [1 for kind, _ in answer(other, wire.query("CREATE OR REPLACE VIEW turning AS SELECT email || '' AS a FROM people")) if kind == b"E"]
    other.close()
    parsed = answer(client, wire.parse("ROLLBACK; SELECT a FROM turning") + wire.SYNC)
    assert [kind for kind, _ in parsed] == [b"E", b"Z"], "one error, as the server's own"
    assert_unseen(answer(client, wire.parse("ROLLBACK") + wire.query("ROLLBACK; SELECT a FROM turning")))
    messages = answer(client, wire.query("ROLLBACK; SELECT a FROM turning"))
    assert_unseen(messages)
    assert "ROLLBACK alone" in wire.error_fields(next(body for kind, body in messages if kind == b"E"))["H"]
    assert_unseen(answer(client, wire.query("ROLLBACK")) + answer(client, wire.query("SELECT a FROM turning")))


def test_what_a_cursor_runs_may_take_the_name_of_another(client):
    answer(client, wire.query("CREATE OR REPLACE FUNCTION pg_temp.swap() RETURNS int LANGUAGE sql AS "
                              f"$$CLOSE k; DECLARE k CURSOR FOR {SECRET_ROW}; SELECT 1$$"))
    answer(client, wire.query("BEGIN"))
    answer(client, wire.query("DECLARE k CURSOR FOR SELECT 'x'::text"))
    answer(client, wire.query("DECLARE c CURSOR FOR SELECT pg_temp.swap()"))
    answer(client, wire.query("FETCH c"))
    assert_unseen(answer(client, wire.query("FETCH ALL FROM k")))


def test_what_is_prepared_behind_a_result_that_was_cut_off(masked):  # noqa: F811
    policy = masked.root / "cut.yaml"
    policy.write_text("rules:\n  - { name: all, effect: allow }\n  - { name: two, effect: allow, do: [read], on: { tables: [public.people] }, limit: { rows: 2 } }\n")
    before = masked.config.read_text()
    masked.config.write_text(before + f"policy: {{ file: {policy} }}\n")
    masked.reload()
    try:
        one = wire.WireClient(masked.port, timeout=30)
        one.login()
        masked.wait_for(lambda records: any("policy" in record["message"] for record in records), "--type", "admin")
        messages = answer(one, wire.query(f"SELECT 'x'::text FROM people; PREPARE behind AS {SECRET_ROW}; SELECT 'z' AS zed"))
        shown = [kind for kind, _ in messages]
        assert shown.count(b"E") == 1 and b"T" not in shown[shown.index(b"E"):] and b"D" not in shown[shown.index(b"E"):], shown
        assert_unseen(answer(one, wire.query("EXECUTE behind")))
        one.close()
    finally:
        masked.config.write_text(before)
        masked.reload()
