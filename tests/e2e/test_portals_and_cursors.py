"""What was decided on at a Bind or a DECLARE stays decided on: however it is taken from, arrives, or fails."""

import time

import pytest
from harness.gateway import Gateway
from harness.wire import FLUSH, SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - name: all
    effect: allow
  - name: functions
    effect: allow
    on: { functions: ["*"] }
    do: [function]
  - name: few
    effect: allow
    on: { tables: [public.pc] }
    do: [read, update]
    limit: { rows: 100, rows_changed: 50 }
  - name: closed
    effect: deny
    on: { tables: [app.po] }
    do: [write]
    message: "closed"
"""

SCHEMA = """
DROP SCHEMA IF EXISTS app, scratch CASCADE; DROP TABLE IF EXISTS public.pc, public.said CASCADE;
CREATE SCHEMA app; CREATE SCHEMA scratch;
CREATE TABLE app.po AS SELECT i AS id, 'kept ' || i AS v FROM generate_series(1, 20) i;
CREATE TABLE scratch.po AS SELECT i AS id, 'mine ' || i AS v FROM generate_series(1, 3) i;
CREATE TABLE public.pc AS SELECT i AS id, 0 AS v FROM generate_series(1, 1000) i;
CREATE TABLE public.said (v text);
SET check_function_bodies = off;
CREATE OR REPLACE FUNCTION public.po_wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM po WHERE id > 0; RETURN 1; END $$;
CREATE OR REPLACE FUNCTION public.po_read(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT v FROM po WHERE id = i); END $$;
CREATE OR REPLACE FUNCTION public.twice(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN i * 2; END $$;
"""

KEPT = "SELECT count(*) FROM app.po"


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    client = WireClient(gateway.port, timeout=20)
    client.login()
    yield client
    client.close()


def run(client, *texts):
    return [client.run(query(text)) for text in texts]


def states(answer):
    return [error_fields(body)["C"] for kind, body in answer if kind == b"E"]


def ext(text, portal="", rows=0):
    return parse(text) + bind("", portal) + execute(portal, rows)


# --- A Bind that arrives in parts -------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_bind_in_parts_behind_a_parse_that_fails(gateway, client, cut):
    run(client, "SELECT twice(1)")
    whole = bind("s", values=[b"seven"])
    client.send(parse("SELECT 'x'::int + $1::int", "s") + whole[:cut])
    time.sleep(0.05)
    client.send(whole[cut:] + execute() + SYNC)
    answer = client.read_until()
    assert states(answer) == ["22P02"] and kinds(answer).endswith("Z"), answer
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_a_bind_in_parts_that_has_to_wait(gateway, client):
    client.run(parse("SELECT id FROM public.pc WHERE id = $1 /* sluice_run='r1' */", "s1") + SYNC)
    run(client, "SELECT 1")
    whole = bind("s1", values=[b"7"])
    client.send(query("SELECT pg_sleep(0.4)") + whole[:6])
    time.sleep(0.1)
    client.send(whole[6:] + execute() + SYNC)
    client.read_until()
    answer = client.read_until()
    assert kinds(answer) in ("2DCZ", "EZ"), answer  # Never the end of the connection.
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_a_long_bind_is_taken_in_parts(gateway, client):
    """Longer than what is gathered."""
    value = b"v" * (9 * 1024 * 1024)
    client.run(parse("SELECT length($1::text)", "long") + SYNC)
    whole = bind("long", values=[value])
    for start in range(0, len(whole), 1 << 20):
        client.send(whole[start:start + (1 << 20)])
    client.send(execute() + SYNC)
    answer = client.read_until()
    assert answer[1][1].endswith(str(len(value)).encode()), kinds(answer)


# --- Portals that SQL takes from -------------------------------------------------------------------

OF_PORTALS = {
    "code under another path": ("SET search_path = scratch, public", "SELECT po_wipe()", ["SET search_path = app, public", "FETCH ALL FROM p"]),
    "MOVE": ("SET search_path = scratch, public", "SELECT po_wipe()", ["SET search_path = app, public", "MOVE ALL FROM p"]),
    "more rows than it may": ("SELECT 1", "SELECT id FROM public.pc", ["FETCH ALL FROM p"]),
    "more changes than it may": ("SELECT 1", "UPDATE public.pc SET v = v + 1 WHERE id > 10 RETURNING id", ["FETCH ALL FROM p", "COMMIT"]),
    "settings": ("SELECT 1", "SELECT set_config('search_path', 'app,public', false)", ["FETCH ALL FROM p"]),
}


@pytest.mark.parametrize("pipelined", [False, True], ids=["apart", "pipelined"])
@pytest.mark.parametrize("name", OF_PORTALS)
def test_a_portal_is_not_taken_from_by_sql(gateway, server, client, name, pipelined):
    first, text, then = OF_PORTALS[name]
    run(client, "BEGIN", first)
    opens = parse(text) + bind("", "p")
    if pipelined:
        answer = client.run(opens + b"".join(ext(each) for each in then) + SYNC)
    else:
        answer = client.run(opens + SYNC) + sum(run(client, *then), [])
    assert "34000" in states(answer), answer
    run(client, "ROLLBACK")
    assert server.sql(KEPT, "orders") == ["20"]
    assert server.sql("SELECT sum(v) FROM public.pc", "orders") == ["0"]
    assert run(client, "SHOW search_path")[0][1][1].find(b"app") < 0


def test_fetch_that_was_bound_before_the_portal(gateway, client):
    run(client, "BEGIN")
    answer = client.run(parse("FETCH ALL FROM p", "f") + SYNC)
    answer = client.run(bind("f", "q") + parse("SELECT id FROM public.pc") + bind("", "p") + execute("q") + SYNC)
    assert states(answer) and states(answer)[0] == "34000", answer
    run(client, "ROLLBACK")


# --- Names that are taken away in the same text, or before code runs ---------------------------------


@pytest.mark.parametrize("texts", [
    ["DROP TABLE po; DELETE FROM po WHERE id > 5"],
    ["DROP TABLE po; UPDATE po SET v = '' WHERE id > 5"],
    ["ALTER TABLE po RENAME TO oo; DELETE FROM po WHERE id > 5"],
    ["DROP TABLE po; INSERT INTO public.said SELECT po_wipe()"],
    ["BEGIN; DROP TABLE po; DELETE FROM po WHERE id > 5; COMMIT"],
], ids=lambda texts: texts[0][:40])
def test_what_hid_another_table_goes_in_the_same_text(gateway, server, client, texts):
    run(client, "SET search_path = app, public", "CREATE TEMP TABLE po (id int, v text)")
    answers = run(client, *texts)
    assert any("42501" in states(answer) for answer in answers), answers
    assert server.sql(KEPT, "orders") == ["20"]


@pytest.mark.parametrize("texts", [
    ["DECLARE c CURSOR FOR SELECT po_wipe()", "DROP TABLE pg_temp.po; FETCH ALL FROM c"],
    ["DECLARE c CURSOR FOR SELECT po_wipe()", "ALTER TABLE po RENAME TO oo; FETCH ALL FROM c"],
    ["DECLARE c CURSOR WITH HOLD FOR SELECT po_wipe()", "DROP TABLE pg_temp.po; COMMIT"],
    ["DECLARE c CURSOR WITH HOLD FOR SELECT po_wipe()", "SET search_path = app; COMMIT"],
    ["DECLARE c CURSOR WITH HOLD FOR SELECT po_wipe(); DROP TABLE pg_temp.po", "COMMIT"],
], ids=lambda texts: " ".join(texts)[15:80])
def test_code_of_cursors_does_not_run_under_other_names(gateway, server, client, texts):
    run(client, "SET search_path = app, public", "CREATE TEMP TABLE po (id int, v text)", "BEGIN")
    answers = run(client, *texts, "COMMIT", "FETCH ALL FROM c")
    assert any(states(answer) for answer in answers), answers
    assert server.sql(KEPT, "orders") == ["20"]


def test_code_of_a_held_cursor_at_the_end_of_a_pipeline(gateway, server, client):
    run(client, "SET search_path = app, public", "CREATE TEMP TABLE po (id int, v text)")
    answer = client.run(ext("DECLARE c CURSOR WITH HOLD FOR SELECT po_wipe()") + ext("DROP TABLE pg_temp.po") + SYNC)
    assert "55000" in states(answer), answer
    assert server.sql(KEPT, "orders") == ["20"]


# --- Code that somebody else replaces ---------------------------------------------------------------

WORD = "CREATE OR REPLACE FUNCTION public.word(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN {}; END $$"
READS = "SELECT word(i) FROM generate_series(1, 3) i"
OPEN_CODE = {
    "a portal": (parse(READS) + bind("", "p") + SYNC, execute("p") + SYNC),
    "one half fetched": (parse(READS) + bind("", "p") + execute("p", 1) + SYNC, execute("p") + SYNC),
    "the unnamed one": (parse(READS) + bind() + FLUSH, execute() + SYNC),
    "a cursor": (query("DECLARE p CURSOR FOR " + READS), query("FETCH ALL FROM p")),
    "a cursor by Execute": (query("DECLARE p CURSOR FOR " + READS), execute("p") + SYNC),
}


@pytest.mark.parametrize("form", OPEN_CODE)
def test_code_that_somebody_else_replaces_is_not_run(gateway, client, form):
    other = WireClient(gateway.port)
    other.login()
    run(other, WORD.format("'mild'"))
    run(client, "SELECT word(1)", "BEGIN")
    opens, takes = OPEN_CODE[form]
    client.send(opens)
    assert not states(client.read_until((b"2",) if opens.endswith(FLUSH) else (b"Z",)))
    assert not states(run(other, WORD.format("(SELECT v FROM app.po LIMIT 1)"))[0])
    answer = client.run(takes)
    assert states(answer) == ["55000"] and not any(b"kept" in body for _, body in answer), answer
    run(client, "ROLLBACK")
    assert not states(client.run(ext(READS) + SYNC)), "bound anew it is decided on anew"
    other.close()


def test_a_portal_without_code_goes_on_whatever_others_change(gateway, client):
    other = WireClient(gateway.port)
    other.login()
    run(client, "BEGIN")
    client.run(parse("SELECT id FROM public.pc ORDER BY id LIMIT 4") + bind("", "p") + execute("p", 2) + SYNC)
    run(other, WORD.format("'changed'"))
    answer = client.run(execute("p") + SYNC)
    assert not states(answer) and kinds(answer).startswith("DD"), answer
    run(client, "COMMIT")
    other.close()


# --- What honest drivers do goes on -----------------------------------------------------------------


def test_a_held_cursor_over_a_function_survives_its_commit(gateway, server, client):
    run(client, "BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT twice(id) FROM public.pc WHERE id < 4 ORDER BY id",
        "INSERT INTO public.said VALUES ('x')")
    server.sql("DROP TABLE IF EXISTS scratch.x; CREATE TABLE scratch.x (a int)", "orders")
    committed, fetched, _ = run(client, "COMMIT", "FETCH ALL FROM c", "CLOSE c")
    assert not states(committed) and kinds(fetched) == "TDDDCZ", (committed, fetched)


@pytest.mark.parametrize("between", ["SET LOCAL statement_timeout = '1min'", "SET LOCAL work_mem = '8MB'", "SET LOCAL application_name = 'x'"])
def test_settings_between_fetches_with_a_temporary_table(gateway, client, between):
    answers = run(client, "CREATE TEMP TABLE tt (a int)", "BEGIN",
                  "DECLARE c CURSOR FOR SELECT twice(id) FROM public.pc WHERE id < 5 ORDER BY id",
                  "FETCH 2 FROM c", between, "FETCH 2 FROM c", "COMMIT")
    assert not any(states(answer) for answer in answers), answers


def test_two_cursors_over_functions_in_turns(gateway, client):
    answers = run(client, "BEGIN", "DECLARE a CURSOR FOR SELECT twice(id) FROM public.pc ORDER BY id",
                  "DECLARE b CURSOR FOR SELECT 'plain ' || id FROM public.pc ORDER BY id",
                  "FETCH b", "FETCH a", "SELECT twice(5)", "FETCH b", "FETCH a", "COMMIT")
    assert not any(states(answer) for answer in answers), answers
    assert [answers[i][1][1][6:] for i in (3, 4, 6, 7)] == [b"plain 1", b"2", b"plain 2", b"4"]
