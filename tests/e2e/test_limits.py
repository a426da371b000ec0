"""Exact row limits: whatever a bounded write goes through, it never leaves more behind than its rule allows."""

import pytest
from harness.wire import SYNC, bind, close, error_fields, execute, kinds, message, parse, query
from limited import (FORMS, IN_A_BLOCK, LIMIT, RESET, WRITES, bytewise, check, direct, error_in,  # noqa: F401
                     gateway, psql_prepare, tables, write)


@pytest.mark.parametrize("form, name", [(form, name) for form in FORMS for name in WRITES
                                        if not (name == "deferred trigger" and form in IN_A_BLOCK)])
def test_exact_in_every_form(client, tables, form, name):
    check(client, tables, FORMS[form], name)


@pytest.mark.parametrize("name", ["insert", "update", "delete", "merge", "cte", "cascade", "trigger", "function"])
def test_exact_through_prepare_and_execute(client, tables, direct, name):
    """SQL's own, then the protocol's Bind of SQL's statement, SQL's EXECUTE in an extended message, and of the protocol's statement."""
    forms = [psql_prepare,
             lambda c, sql: c.run(query(f"PREPARE q AS {sql}") + bind("q") + execute() + SYNC + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(query(f"PREPARE q AS {sql}") + parse("EXECUTE q") + bind() + execute() + SYNC + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(sql, "q") + SYNC + query("EXECUTE q") + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(f"PREPARE q AS {sql}") + bind() + execute() + SYNC + query("EXECUTE q") + query("DEALLOCATE q"), 3),
             lambda c, sql: c.run(parse(f"PREPARE q AS {sql}") + bind() + execute() + bind("q") + execute() + SYNC + query("DEALLOCATE q"), 2)]
    for form in forms:
        direct.execute(RESET)
        check(client, tables, form, name)


def test_a_name_that_could_not_be_taken_is_judged_by_what_it_stands_for(client, tables):
    """The second Parse fails, what was named first is still there, and is what is bound and counted."""
    before = tables()
    sql = write("insert", LIMIT + 1)
    for again in (parse("SELECT 1", "n") + SYNC, query("PREPARE n AS SELECT 1"), parse("SELECT 1/0::int") + bind() + execute()
                  + close(b"S", "n") + parse("SELECT 1", "n") + SYNC, query("SELECT 1/0; DEALLOCATE n; PREPARE n AS SELECT 1")):
        client.run(parse(sql, "n") + SYNC)
        for use in (bind("n") + execute() + SYNC, query("EXECUTE n"), parse("EXECUTE n") + bind() + execute() + SYNC):
            answer = client.run(again + use, 2)
            errors = [error_fields(b)["M"] for k, b in answer if k == b"E"]
            assert len(errors) == 2 and "would change 101 rows" in errors[1], errors
            assert tables() == before
        client.run(close(b"S", "n") + SYNC)
    # The same with a portal that outlives the failure.
    client.run(query("BEGIN") + parse(sql, "n") + bind("n", "p") + SYNC + query("SAVEPOINT s"), 3)
    answer = client.run(parse("SELECT 1") + bind("", "p") + SYNC + query("ROLLBACK TO s") + execute("p") + SYNC, 3)
    assert any("would change 101 rows" in error_fields(b)["M"] for k, b in answer if k == b"E"), kinds(answer)
    client.run(query("ROLLBACK") + close(b"S", "n") + SYNC, 2)
    assert tables() == before


def test_parameters_decide_how_many(client, tables):
    before = tables()
    text = "INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, $1::int) i"
    assert error_in(client.run(parse(text, "n") + SYNC)) is None
    for rows, fits in ((101, False), (100, True), (5000, False), (1, True)):
        error = error_in(client.run(bind("n", values=[str(rows).encode()]) + execute() + SYNC))
        assert (error is None) == fits, (rows, error)
    assert dict((t, n) for t, n, _ in tables())["items"] == 101
    # A Bind that arrives in parts.
    data = bind("n", values=[b"101"]) + execute() + SYNC
    assert "would change 101 rows" in error_in(bytewise(client, data))["M"]
    data = bind("n", values=[b"99"]) + execute() + SYNC
    assert error_in(bytewise(client, data)) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    del before


def test_each_statement_has_the_limit_for_itself(client, tables):
    """In a transaction, and after what was rolled back to a savepoint: the server counts on, the rule does not."""
    start = tables()
    insert = query(write("insert", LIMIT))
    assert error_in(client.run(query("BEGIN") + insert * 3 + query("SAVEPOINT s") + insert, 6)) is None
    answer = client.run(query(write("insert", LIMIT + 1)))
    assert "would change 101 rows" in error_in(answer)["M"] and answer[-1] == (b"Z", b"E")
    assert kinds(client.run(query("ROLLBACK TO s"))) == "CZ"
    assert error_in(client.run(insert * 2 + query("COMMIT"), 3)) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 500
    # Several in one pipeline share its transaction: too much of one takes all of it back.
    before = tables()
    put = parse(write("insert", LIMIT)) + bind() + execute()
    answer = client.run(put + put + parse(write("insert", LIMIT + 1)) + bind() + execute() + put + SYNC)
    assert kinds(answer) == "12C12C12EZ"
    assert tables() == before
    assert kinds(client.run(put * 3 + SYNC)) == "12C12C12CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 800
    assert tables() != start


def test_counted_by_tag_and_by_the_server_in_turn(client, tables):
    """A plain write's tag tells; what the server counts next starts from behind it."""
    assert error_in(client.run(query("BEGIN"))) is None
    for name in ("function", "update", "trigger", "update", "cascade", "delete", "function"):
        n = 100 if name == "cascade" else 60
        assert error_in(client.run(query(write(name, n)))) is None, name
    assert error_in(client.run(query("COMMIT"))) is None
    counts = dict((t, n) for t, n, _ in tables())
    assert (counts["items"], counts["spilled"], counts["stock"]) == (120, 59, 940)


def test_a_trigger_made_meanwhile_is_counted(gateway, client, direct, tables):
    assert error_in(client.run(query("INSERT INTO lim.items VALUES (100, 0)"))) is None
    drifts = len(gateway.search("--type", "schema_drift"))
    direct.execute("CREATE TRIGGER late_spill AFTER INSERT ON lim.items FOR EACH ROW EXECUTE FUNCTION lim.spill_id()")
    try:
        gateway.wait_for(lambda found: len(found) > drifts, "--type", "schema_drift", seconds=30)
        before = tables()
        answer = client.run(query("INSERT INTO lim.items VALUES (100, 0)"))
        assert "would change 101 rows" in error_in(answer)["M"]
        assert tables() == before
    finally:
        direct.execute("DROP TRIGGER late_spill ON lim.items")


@pytest.mark.parametrize("text", [
    "INSERT INTO lim.items VALUES (1, 0); COMMIT",
    "INSERT INTO lim.items VALUES (1, 0); BEGIN; INSERT INTO lim.items VALUES (2, 0); COMMIT",
    "BEGIN; INSERT INTO lim.items VALUES (1, 0); COMMIT; INSERT INTO lim.items VALUES (2, 0); INSERT INTO lim.items VALUES (3, 0)",
])
def test_a_text_that_cannot_be_sent_in_pieces_is_refused(client, tables, text):
    """The server takes statements outside of transaction blocks for one transaction."""
    before = tables()
    answer = client.run(query(text))
    assert "the server would run as one transaction" in error_in(answer)["M"]
    assert tables() == before and answer[-1] == (b"Z", b"I")


def test_reads_around_a_transaction_in_one_text(client, tables):
    text = "SELECT 1; BEGIN; INSERT INTO lim.items VALUES (1, 0); COMMIT; SELECT 2; SELECT 3"
    assert kinds(client.run(query(text))) == "TDCCCCTDCTDCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 1


def test_several_executes_before_one_sync(client, tables):
    assert error_in(client.run(parse("INSERT INTO lim.items SELECT i, 0 FROM generate_series(1, $1::int) i", "n") + SYNC)) is None
    before = tables()
    data = b"".join(bind("n", f"p{i}", [str(n).encode()]) + execute(f"p{i}") for i, n in enumerate((10, 100, 101, 10)))
    answer = client.run(data + SYNC)
    assert kinds(answer) == "2C2C2EZ" and tables() == before
    data = b"".join(bind("n", f"p{i}", [b"100"]) for i in range(5)) + b"".join(execute(f"p{i}") for i in range(5))
    assert kinds(client.run(data + SYNC)) == "22222CCCCCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 500
    # Two pipelines sent at once: the first fails, the second stands.
    answer = client.run(bind("n", values=[b"500"]) + execute() + SYNC + bind("n", values=[b"50"]) + execute() + SYNC, 2)
    assert kinds(answer) == "2EZ2CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 550


def copy_rows(n):
    return b"".join(message(b"d", b"%d\t0\n" % i) for i in range(1, n + 1)) + message(b"c")


def test_copy_in(client, tables):
    before = tables()
    for n, fits in ((LIMIT + 1, False), (LIMIT, True)):
        client.send(query("COPY lim.items FROM STDIN"))
        client.read_until((b"G",))
        answer = client.run(copy_rows(n))
        assert (error_in(answer) is None) == fits and kinds(answer) == ("CZ" if fits else "EZ")
        assert fits or ("would change 101 rows" in error_in(answer)["M"] and tables() == before)
    # All at once, extended, and in a transaction.
    answer = client.run(parse("COPY lim.items FROM STDIN") + bind() + execute() + copy_rows(LIMIT + 1) + SYNC)
    assert kinds(answer) == "12GEZ"
    answer = client.run(parse("COPY lim.items FROM STDIN") + bind() + execute() + copy_rows(LIMIT) + SYNC)
    assert kinds(answer) == "12GCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    client.run(query("BEGIN"))
    client.send(query("COPY lim.items FROM STDIN"))
    client.read_until((b"G",))
    answer = client.run(copy_rows(LIMIT + 1))
    assert kinds(answer) == "EZ" and answer[-1][1] == b"E"
    assert kinds(client.run(query("COMMIT"))) == "CZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200
    # Given up, and what follows.
    client.send(query("COPY lim.items FROM STDIN"))
    client.read_until((b"G",))
    answer = client.run(message(b"d", b"1\t1\n") + message(b"f", b"no\0"))
    assert kinds(answer) == "EZ" and error_in(answer)["C"] == "57014"
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
    assert dict((t, n) for t, n, _ in tables())["items"] == 200


def test_what_a_cursor_writes_counts_where_it_is_fetched(client, tables):
    before = tables()
    for fetch in (query("FETCH ALL FROM c"), parse("FETCH ALL FROM c") + bind() + execute() + SYNC, execute("c") + SYNC,
                  execute("c", 11) + SYNC, query("FETCH 11 FROM c"), query("MOVE ALL FROM c")):
        client.run(query("BEGIN"))
        assert error_in(client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))) is None
        answer = client.run(fetch)
        assert error_in(answer) is not None and error_in(answer)["C"] == "42501", (fetch, kinds(answer))
        assert "rows, more than the 100" in error_in(answer)["M"]
        assert client.run(query("COMMIT"))[0] == (b"C", b"ROLLBACK\0")
        assert tables() == before
    client.run(query("BEGIN"))
    client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))
    assert error_in(client.run(query("FETCH 4 FROM c"))) is None
    assert error_in(client.run(execute("c", 6) + SYNC)) is None
    assert error_in(client.run(query("COMMIT"))) is None
    assert dict((t, n) for t, n, _ in tables())["items"] == 100
    # All that is taken from it counts together.
    client.run(query("BEGIN"))
    client.run(query("DECLARE c CURSOR FOR SELECT lim.put(10) FROM generate_series(1, 50)"))
    assert error_in(client.run(query("FETCH 10 FROM c"))) is None
    assert "would change 110 rows" in error_in(client.run(execute("c", 1) + SYNC))["M"]
    client.run(query("ROLLBACK"))


def test_deferred_work_counts_at_commit(client, tables):
    """What a constraint trigger puts off is done at COMMIT, and counted there."""
    before = tables()
    too_much = write("deferred trigger", LIMIT + 2)  # One row now, 101 at COMMIT.
    for script in ([query("BEGIN"), query(too_much), query("COMMIT")],
                   [query("BEGIN"), query(too_much), query("END")],
                   [parse("BEGIN") + bind() + execute() + SYNC, query(too_much),
                    parse("COMMIT") + bind() + execute() + SYNC],
                   [query("BEGIN"), query("SET CONSTRAINTS ALL DEFERRED"), query(too_much), query("COMMIT")],
                   [query("BEGIN"), query(too_much), query("SET CONSTRAINTS ALL IMMEDIATE"), query("COMMIT")]):
        messages = []
        for data in script:
            messages += client.run(data)
        assert tables() == before, script
        assert error_in(messages) is not None and "what COMMIT runs would change 101 rows" in error_in(messages)["M"]
        assert client.run(query("ROLLBACK"))[-1] == (b"Z", b"I")
    client.run(query("BEGIN"))
    client.run(query(write("deferred trigger", LIMIT + 1)))
    assert error_in(client.run(query("COMMIT"))) is None
    assert tables() != before


def test_deferred_keys_may_still_be_met_later(gateway, direct, client):
    """A counted write does not ask for deferred keys before the transaction ends."""
    direct.execute("DELETE FROM lim_keys.b; DELETE FROM lim_keys.a")
    client.run(query("BEGIN"))
    assert error_in(client.run(query("INSERT INTO lim_keys.b VALUES (1)"))) is None
    assert error_in(client.run(query("INSERT INTO lim_keys.a VALUES (1)"))) is None
    assert error_in(client.run(query("COMMIT"))) is None
    assert direct.execute("SELECT count(*) FROM lim_keys.b").fetchone() == (1,)


def test_counting_cannot_be_switched_off(client, tables):
    before = tables()
    big = write("update", 900)
    attempts = [
        [f"SET track_counts = off; {big}; SET track_counts = on"],
        ["SET track_counts = off", big, "SET track_counts = on"],
        ["BEGIN", "SET LOCAL track_counts = off", big, "SET LOCAL track_counts = on", "COMMIT"],
        [f"SELECT set_config('track_counts', 'off', false); {big}; SELECT set_config('track_counts', 'on', false)"],
        ["BEGIN", "SELECT set_config('track' || '_counts', 'off', true)", big, "SELECT set_config('track_counts', 'on', true)", "COMMIT"],
        ["DO $$ BEGIN SET LOCAL track_counts = off; UPDATE lim.stock SET v = 1 WHERE id < 900; SET LOCAL track_counts = on; END $$"],
        ["WITH a AS (SELECT set_config('track_counts', 'off', true) x) UPDATE lim.stock SET v = 2 FROM a WHERE id < 900"],
    ]
    for attempt in attempts:
        for text in attempt:
            client.run(query(text))
        assert tables() == before, attempt
        client.run(query("ROLLBACK"))
        client.run(query("RESET track_counts"))
    assert error_in(client.run(query(write("update", LIMIT)))) is None, "and counting works on"
