"""What a name means is followed however a session changes it: the same word may be another table."""

import time

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - name: all
    effect: allow
  - name: functions
    effect: allow
    on: { functions: ["*"] }
    do: [function, dynamic_sql]
  - name: closed
    effect: deny
    on: { tables: [hidden.t] }
    message: "hidden"
"""

SCHEMA = """
DROP SCHEMA IF EXISTS open, hidden CASCADE; DROP SCHEMA IF EXISTS sluice CASCADE;
CREATE SCHEMA open; CREATE SCHEMA hidden;
CREATE TABLE open.t AS SELECT 'open' AS a; CREATE TABLE hidden.t AS SELECT 'secret' AS a;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hidden') THEN CREATE ROLE hidden; END IF; END $$;
GRANT USAGE ON SCHEMA open, hidden TO hidden; GRANT SELECT ON ALL TABLES IN SCHEMA open, hidden TO hidden;
CREATE OR REPLACE FUNCTION open.turn() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'hidden', false); END $$;
SET check_function_bodies = off;
CREATE OR REPLACE FUNCTION public.reads() RETURNS SETOF text LANGUAGE sql VOLATILE AS $$ SELECT a FROM t $$;
CREATE OR REPLACE FUNCTION open.within() RETURNS void LANGUAGE plpgsql SET search_path = hidden AS $$ BEGIN NULL; END $$;
"""


@pytest.fixture(scope="module")
def schema(server):
    server.sql(SCHEMA, "orders")


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, schema):
    running = Gateway(server, reactor=request.param, environment="staging", start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


def ext(text):
    return parse(text) + bind() + execute() + SYNC


OPEN, HIDDEN, TEMP, NEITHER = "open", "hidden", "temp", "neither"

# Steps, and what `t` must mean after each of them.
SCRIPTS = {
    "set": [("SET search_path = open", OPEN), ("SET search_path = hidden", HIDDEN), ("SET search_path TO open, hidden", OPEN),
            ("SET search_path TO hidden, open", HIDDEN), ("RESET search_path", NEITHER)],
    "set_config": [("SELECT set_config('search_path', 'open', false)", OPEN), ("SELECT set_config('search_path', 'hidden', false)", HIDDEN),
                   ("SELECT set_config('search' || '_path', 'op' || 'en', false)", OPEN)],
    "local": [("SET search_path = open", OPEN), ("BEGIN", OPEN), ("SET LOCAL search_path = hidden", HIDDEN), ("COMMIT", OPEN),
              ("BEGIN", OPEN), ("SELECT set_config('search_path', 'hidden', true)", HIDDEN), ("ROLLBACK", OPEN)],
    "rollback": [("SET search_path = hidden", HIDDEN), ("BEGIN", HIDDEN), ("SET search_path = open", OPEN), ("ROLLBACK", HIDDEN),
                 ("BEGIN", HIDDEN), ("SET search_path = open", OPEN), ("COMMIT", OPEN)],
    "savepoints": [("SET search_path = hidden", HIDDEN), ("BEGIN", HIDDEN), ("SAVEPOINT s", HIDDEN), ("SET search_path = open", OPEN),
                   ("ROLLBACK TO s", HIDDEN), ("SET search_path = open", OPEN), ("RELEASE s", OPEN), ("COMMIT", OPEN)],
    "savepoint local": [("SET search_path = open", OPEN), ("BEGIN", OPEN), ("SAVEPOINT s", OPEN), ("SET LOCAL search_path = hidden", HIDDEN),
                        ("ROLLBACK TO s", OPEN), ("COMMIT", OPEN)],
    "discard": [("SET search_path = open", OPEN), ("DISCARD ALL", NEITHER), ("SET search_path = hidden", HIDDEN), ("RESET ALL", NEITHER)],
    "temporary": [("SET search_path = hidden", HIDDEN), ("CREATE TEMP TABLE t AS SELECT 'temp' AS a", TEMP),
                  ("SET search_path = hidden, pg_temp", HIDDEN), ("SET search_path = hidden", TEMP), ("DROP TABLE pg_temp.t", HIDDEN),
                  ("CREATE TEMP TABLE t AS SELECT 'temp' AS a", TEMP), ("DISCARD TEMP", HIDDEN)],
    "temporary rolled back": [("SET search_path = hidden", HIDDEN), ("BEGIN", HIDDEN), ("CREATE TEMP TABLE t AS SELECT 'temp' AS a", TEMP),
                              ("ROLLBACK", HIDDEN)],
    "temporary on commit": [("SET search_path = hidden", HIDDEN), ("BEGIN", HIDDEN),
                            ("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 'temp' AS a", TEMP), ("COMMIT", HIDDEN)],
    "temporary renamed": [("SET search_path = hidden", HIDDEN), ("CREATE TEMP TABLE u AS SELECT 'temp' AS a", HIDDEN),
                          ("ALTER TABLE pg_temp.u RENAME TO t", TEMP), ("ALTER TABLE pg_temp.t RENAME TO u", HIDDEN)],
    "do": [("SET search_path = open", OPEN), ("DO $$ BEGIN SET search_path = hidden; END $$", HIDDEN),
           ("DO $$ BEGIN PERFORM set_config('search_path', 'op' || 'en', false); END $$", OPEN),
           ("DO $$ BEGIN PERFORM set_config('search_path', 'hidden', false); END $$", HIDDEN)],
    # turn() is refused: by which path the rest of its statement would be read cannot be known.
    "function": [("SET search_path = open", OPEN), ("SELECT open.turn()", OPEN), ("SET search_path = open", OPEN),
                 ("SELECT open.within()", OPEN)],
    "role": [("SET search_path = \"$user\"", NEITHER), ("SET ROLE hidden", HIDDEN), ("RESET ROLE", NEITHER), ("SET search_path = \"$user\", open", OPEN),
             ("SET SESSION AUTHORIZATION hidden", HIDDEN), ("RESET SESSION AUTHORIZATION", OPEN)],
    "several in a text": [("SET search_path = open; SET search_path = hidden", HIDDEN), ("SET search_path = hidden; SET search_path = open", OPEN)],
    "an error in between": [("SET search_path = hidden", HIDDEN), ("SET search_path = open; SELECT 1/0", HIDDEN),
                            ("SET search_path = open", OPEN), ("SET search_path = hidden; SELECT 1/0", OPEN)],
    "moved": [("SET search_path = open", OPEN), ("BEGIN", OPEN), ("ALTER TABLE open.t SET SCHEMA public", NEITHER),
              ("SET search_path = public", OPEN), ("ALTER TABLE public.t SET SCHEMA open", NEITHER), ("ROLLBACK", OPEN)],
    "renamed schemas": [("SET search_path = open", OPEN), ("BEGIN", OPEN), ("ALTER SCHEMA open RENAME TO x", NEITHER),
                        ("SET search_path = x", OPEN), ("ROLLBACK", OPEN)],
}


def means(client, send):
    """What `t` is now, by what reading it gives."""
    answer = client.run(send("SELECT a FROM t"))
    errors = [error_fields(b) for k, b in answer if k == b"E"]
    if errors:
        return HIDDEN if "hidden" in errors[0]["M"] else NEITHER
    (row,) = [b for k, b in answer if k == b"D"]
    assert b"secret" not in row, "the denied table was read"
    return {b"open": OPEN, b"temp": TEMP}[row[6:]]


def in_transaction(answer):
    return answer[-1][1] != b"I"


@pytest.mark.parametrize("send", [query, ext], ids=["simple", "extended"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_followed_however_it_is_changed(gateway, name, send):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    steps = SCRIPTS[name]
    for count in range(1, len(steps) + 1):
        # Each prefix anew: looking may abort a transaction.
        for text, _ in steps[:count]:
            if send is ext and ";" in text and "$$" not in text:
                answer = client.run(query(text))
            else:
                answer = client.run(send(text))
        found = means(client, send)
        expected = steps[count - 1][1]
        # A name that nothing has may come to be any table of that name: the rule is taken at its worst.
        allowed = (NEITHER, HIDDEN) if expected == NEITHER else (expected,)
        assert found in allowed, f"after {[s for s, _ in steps[:count]]}: t means {found}, not {expected}"
        client.run(query("ROLLBACK"))
        client.run(query("DISCARD ALL"))
    client.close()


@pytest.mark.parametrize("send", [query, ext], ids=["simple", "extended"])
def test_in_one_go_without_waiting_for_answers(gateway, send):
    """A pipelined statement is read as it will be when its turn comes."""
    client = WireClient(gateway.port, timeout=30)
    client.login()
    for first, second in (("open", "hidden"), ("hidden", "open")):
        data = b"".join(send(text) for text in (f"SET search_path = {first}", "SELECT a FROM t", f"SET search_path = {second}", "SELECT a FROM t"))
        answer = client.run(data, 4)
        rows = [b[6:] for k, b in answer if k == b"D"]
        assert rows == [b"open"], rows
        assert len([1 for k, _ in answer if k == b"E"]) == 1
    data = b"".join(parse(text) + bind() + execute() for text in ("SET search_path = open", "SELECT a FROM t", "SET search_path = hidden", "SELECT a FROM t"))
    answer = client.run(data + SYNC)
    assert [b[6:] for k, b in answer if k == b"D"] == [b"open"] and kinds(answer).endswith("EZ")


def test_prepared_statements_are_judged_by_what_they_mean_now(gateway):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("SET search_path = open"))
    client.run(parse("SELECT a FROM t", "n") + SYNC)
    client.run(query("PREPARE q AS SELECT a FROM t"))
    uses = [bind("n") + execute() + SYNC, query("EXECUTE q"), ext("EXECUTE q"), bind("q") + execute() + SYNC]
    for use in uses:
        assert [b[6:] for k, b in client.run(use) if k == b"D"] == [b"open"]
    client.run(query("SET search_path = hidden"))
    for use in uses:
        answer = client.run(use)
        assert "hidden" in [error_fields(b) for k, b in answer if k == b"E"][0]["M"], use
        assert not [1 for k, _ in answer if k == b"D"]
    # In one go with the change.
    client.run(query("SET search_path = open"))
    for use in uses:
        answer = client.run(query("SET search_path = hidden") + use + query("SET search_path = open"), 3)
        assert b"secret" not in b"".join(b for _, b in answer), use
        assert [1 for k, _ in answer if k == b"E"], use
    # A portal was bound when the name meant the other table.
    client.run(query("BEGIN") + parse("SELECT a FROM t", "p") + bind("p", "p") + SYNC, 2)
    answer = client.run(query("SET search_path = hidden") + execute("p") + SYNC, 2)
    assert [b[6:] for k, b in answer if k == b"D"] == [b"open"]
    client.run(query("ROLLBACK"))


# What is looked up when it runs, and not where it was decided on.
PORTALS = {
    "copy": (["SET LOCAL search_path = open"], "COPY t TO STDOUT"),
    "execute": (["SET LOCAL search_path = open", "PREPARE late AS SELECT a FROM t"], "EXECUTE late"),
    "function": (["SET LOCAL search_path = open"], "SELECT public.reads()"),
}


@pytest.mark.parametrize("pipelined", [False, True])
@pytest.mark.parametrize("name", PORTALS)
def test_a_portal_runs_by_the_names_that_it_was_decided_on(gateway, name, pipelined):
    before, text = PORTALS[name]
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("DEALLOCATE ALL") + query("BEGIN"), 2)
    for statement in before:
        client.run(query(statement))
    made, turned, run = parse(text) + bind(portal="p"), "SET LOCAL search_path = hidden", execute("p") + SYNC
    if pipelined:
        answer = client.run(made + parse(turned, "turned") + bind("turned") + execute() + run)
    else:
        assert kinds(client.run(made + SYNC)) == "12Z"
        client.run(query(turned))
        answer = client.run(run)
    assert b"secret" not in b"".join(b for _, b in answer), answer
    assert [error_fields(b)["C"] for k, b in answer if k == b"E"][0] in ("55000", "42501"), answer
    client.run(query("ROLLBACK"))
    # As it was decided on, it runs.
    client.run(query("DEALLOCATE ALL") + query("BEGIN"), 2)
    for statement in before:
        client.run(query(statement))
    assert b"open" in b"".join(b for _, b in client.run(made + run)), "undisturbed"
    client.run(query("ROLLBACK"))
    client.close()


CURSORS = {
    "fetched later": ["DECLARE c CURSOR FOR SELECT public.reads()", "SET LOCAL search_path = hidden", "FETCH ALL FROM c"],
    "in one text": ["DECLARE c CURSOR FOR SELECT public.reads(); SET LOCAL search_path = hidden; FETCH ALL FROM c"],
    "moved and held": ["DECLARE c CURSOR WITH HOLD FOR SELECT public.reads()", "SET search_path = hidden", "COMMIT", "FETCH ALL FROM c"],
    "turns as it is fetched": ["DECLARE c CURSOR FOR SELECT set_config('search_path', 'hidden', false)", "FETCH c", "SELECT a FROM t"],
    "several": ["DECLARE c CURSOR FOR SELECT public.reads()", "SET LOCAL search_path = public", "DECLARE d CURSOR FOR SELECT public.reads()",
                "SET LOCAL search_path = hidden", "FETCH ALL FROM c"],
}


@pytest.mark.parametrize("send", [query, ext], ids=["simple", "extended"])
@pytest.mark.parametrize("name", CURSORS)
def test_a_cursor_runs_code_by_the_names_that_it_was_decided_on(gateway, name, send):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("SET search_path = open"))
    client.run(query("BEGIN"))
    answers = [client.run((query if ";" in text else send)(text)) for text in CURSORS[name]]
    assert b"secret" not in b"".join(b for answer in answers for _, b in answer), answers
    assert [1 for answer in answers for k, _ in answer if k == b"E"], "refused somewhere"
    client.run(query("ROLLBACK"))
    client.run(query("SET search_path = open"))
    client.run(query("BEGIN"))
    client.run(send("DECLARE c CURSOR FOR SELECT public.reads()"))
    assert [b[6:] for k, b in client.run(send("FETCH c")) if k == b"D"] == [b"open"]
    client.run(query("COMMIT"))
    client.close()


def test_options_of_the_start_up_message(gateway):
    for options, expected in (("-c search_path=open", OPEN), ("-c search_path=hidden", HIDDEN), ("-csearch_path=open,hidden", OPEN),
                              ("--search_path=hidden,open", HIDDEN)):
        client = WireClient(gateway.port, timeout=30)
        assert client.login(options=options)[-1][0] == b"Z"
        assert means(client, query) == expected, options
        client.run(query("SET search_path = open"))
        assert means(client, query) == OPEN, options
        for reset in ("RESET search_path", "SET search_path TO DEFAULT", "RESET ALL", "DISCARD ALL"):
            client.run(query("SET search_path = open"))
            client.run(query(reset))
            assert means(client, query) == expected, f"{reset} goes back to what the client began with: {options}"
        client.run(query("BEGIN"))
        client.run(query("RESET ALL"))
        assert means(client, query) == expected, options
        client.run(query("ROLLBACK"))
        assert means(client, query) == expected, options
        client.close()
    client = WireClient(gateway.port, timeout=30)
    client.login(search_path="hidden")
    assert means(client, query) in (HIDDEN, NEITHER)
    client.close()


def test_a_connection_given_back_carries_nothing_over(server, schema):
    running = Gateway(server, environment="staging", pool="size: 1", start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    try:
        for _ in range(3):
            for path, expected in (("hidden", HIDDEN), ("open", OPEN)):
                client = WireClient(running.port, timeout=30)
                client.login()
                assert means(client, query) in (NEITHER, HIDDEN)
                client.run(query(f"SET search_path = {path}"))
                client.run(query("CREATE TEMP TABLE other (a int)"))
                assert means(client, query) == expected
                client.close()
    finally:
        assert running.stop() == 0


def test_schema_changes_count_for_the_next_statement_of_all(gateway, server):
    """Two sessions: what one changes, the other's next statement is judged by."""
    one, two = WireClient(gateway.port, timeout=30), WireClient(gateway.port, timeout=30)
    one.login()
    two.login()
    two.run(query("SET search_path = fresh, open"))
    assert means(two, query) == OPEN
    one.run(query("DROP SCHEMA IF EXISTS fresh CASCADE"))
    assert not [1 for k, _ in one.run(query("CREATE SCHEMA fresh; CREATE VIEW fresh.t AS SELECT a FROM open.t")) if k == b"E"]
    assert means(two, query) == OPEN
    one.run(query("CREATE OR REPLACE VIEW fresh.w AS SELECT 1 AS b"))
    one.run(query("DROP VIEW fresh.t; ALTER TABLE hidden.t RENAME TO u; ALTER TABLE hidden.u SET SCHEMA fresh; ALTER TABLE fresh.u RENAME TO t"))
    # The same table under another name is another name to the policy; moved back it is hidden again.
    one.run(query("ALTER TABLE fresh.t SET SCHEMA hidden"))
    assert means(two, query) == OPEN
    two.run(query("SET search_path = hidden"))
    assert means(two, query) == HIDDEN
    # In an open transaction: its own changes count for it alone.
    two.run(query("SET search_path = open"))
    one.run(query("SET search_path = open"))
    one.run(query("BEGIN; ALTER TABLE open.t RENAME TO away; ALTER TABLE hidden.t SET SCHEMA open"))
    assert not [1 for k, _ in one.run(query("ROLLBACK")) if k == b"E"]
    assert means(one, query) == OPEN
    assert means(two, query) == OPEN
    one.run(query("DROP SCHEMA fresh CASCADE"))


def test_drift_is_recorded_and_changes_through_the_gateway_are_none(gateway, server):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    client.run(query("DROP TABLE IF EXISTS public.drifted"))
    client.run(query("CREATE TABLE public.drifted (a int)"))
    client.run(query("ALTER TABLE public.drifted ADD COLUMN b text"))
    client.run(query("BEGIN") + query("CREATE INDEX drifted_b ON public.drifted (b)") + query("COMMIT"), 3)
    client.run(query("DO $$ BEGIN EXECUTE 'ALTER TABLE public.drifted ADD COLUMN c text'; END $$"))
    client.run(query("SELECT * FROM public.drifted"))
    time.sleep(6)
    about = [r for r in gateway.search("--type", "schema_drift") if "drifted" in r["message"]]
    assert about == [], "statements through the gateway made these"
    server.sql("ALTER TABLE public.drifted ALTER COLUMN a TYPE bigint", "orders")
    (record,) = gateway.wait_for(lambda rs: [r for r in rs if "drifted" in r["message"]], "--type", "schema_drift", seconds=20)[-1:]
    assert "integer -> bigint" in record["message"] and "public.drifted.a" in record["message"], record
    # And it is judged by what is there now.
    server.sql("ALTER TABLE open.t RENAME TO aside; ALTER TABLE hidden.t SET SCHEMA open", "orders")
    try:
        gateway.wait_for(lambda rs: any("aside" in r["message"] for r in rs), "--type", "schema_drift", seconds=20)
    finally:
        server.sql("ALTER TABLE open.t SET SCHEMA hidden; ALTER TABLE open.aside RENAME TO t", "orders")
    client.run(query("DROP TABLE public.drifted"))
