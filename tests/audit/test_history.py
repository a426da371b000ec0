"""Who changed a table, a column, a row; and how that ended."""

import json

import psycopg2
import pytest
from harness.gateway import Gateway


@pytest.fixture(scope="module")
def gateway(server):
    running = Gateway(server, environment="staging")
    connection = psycopg2.connect(running.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE past (id int PRIMARY KEY, status text, note text)")
        cursor.execute("INSERT INTO past VALUES (41, 'new', ''), (42, 'new', '')")
        cursor.execute("SELECT * FROM past WHERE id = 42")
        cursor.execute("UPDATE past SET status = 'paid' WHERE id = 42")
        cursor.execute("UPDATE past SET note = 'x' WHERE id = 42")
        cursor.execute("UPDATE past SET status = 'sent' WHERE id < 100")
        cursor.execute("BEGIN; DELETE FROM past WHERE id = 42")
        cursor.execute("ROLLBACK")
        cursor.execute("BEGIN")
        cursor.execute("UPDATE past SET status = 'kept' WHERE id = 41")
        cursor.execute("COMMIT")
        try:
            cursor.execute("INSERT INTO past VALUES (42, 'twice', '')")
        except psycopg2.Error:
            pass
    connection.close()
    running.wait_for(lambda r: any("twice" in e["text"] for e in r), "--table", "past")
    yield running
    assert running.stop() == 0


def history(gateway, *options):
    return json.loads(gateway.cli("audit", "history", *options, "-o", "json").stdout)


def texts(changes):
    return [c["text"].split("; ")[-1] for c in changes]


def test_a_tables_history_is_what_changed_it_and_how_that_ended(gateway):
    changes = history(gateway, "public.past")
    assert [(c["kind"].split("; ")[-1], c["outcome"]) for c in changes] == [
        ("CREATE TABLE", "committed"), ("INSERT", "committed"), ("UPDATE", "committed"), ("UPDATE", "committed"),
        ("UPDATE", "committed"), ("DELETE", "rolled_back"), ("UPDATE", "committed")]
    assert {c["user"] for c in changes} == {"alice"} and history(gateway, "past") == changes
    assert history(gateway, "other.past") == [] and history(gateway, "past", "--database", "elsewhere") == []


def test_of_a_column_updates_of_others_are_left_out(gateway):
    assert texts(history(gateway, "past", "--column", "note")) == [
        "CREATE TABLE past (id int PRIMARY KEY, status text, note text)", "INSERT INTO past VALUES (41, 'new', ''), (42, 'new', '')",
        "UPDATE past SET note = 'x' WHERE id = 42", "DELETE FROM past WHERE id = 42"]


def test_of_a_row_it_says_what_names_it_and_what_may_be_about_it(gateway):
    rows = {c["text"].split("; ")[-1]: c["row"] for c in history(gateway, "past", "--where", "id=42")}
    assert rows["UPDATE past SET status = 'paid' WHERE id = 42"] == "named"
    assert rows["UPDATE past SET status = 'sent' WHERE id < 100"] == "maybe"
    refused = gateway.cli("audit", "history", "past", "--where", "42", check=False)
    assert refused.returncode == 2 and "COLUMN=VALUE" in refused.stderr


def test_a_sessions_transcript_tells_all_of_it_in_order(gateway):
    session = str(history(gateway, "past")[0]["session"])
    told = gateway.cli("audit", "transcript", session).stdout
    assert told.startswith(f"session {session}: alice (human) on orders (staging) from 127.0.0.1:")
    wanted = ["session_start", "CREATE TABLE past", "INSERT INTO past", "SELECT * FROM past WHERE id = 42", "allowed, 1 row(s)",
              "SET status = 'kept'", "23505", "session_end"]
    assert [told.index(w) for w in wanted] == sorted(told.index(w) for w in wanted), told
    lines = [json.loads(line) for line in gateway.cli("audit", "transcript", session, "-o", "json").stdout.splitlines()]
    assert [r["id"] for r in lines] == sorted(r["id"] for r in lines) and {r["session"] for r in lines} == {int(session)}
    assert gateway.cli("audit", "transcript", "999999", check=False).returncode == 3


def test_what_was_only_parsed_or_explained_is_no_change(gateway):
    import psycopg
    from harness.wire import SYNC, WireClient, describe, parse
    client = WireClient(gateway.port)
    client.login()
    client.run(parse("UPDATE past SET note = 'only parsed' WHERE id = 41", name="p1") + describe(b"S", "p1") + SYNC)
    client.close()
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("UPDATE past SET note = %s WHERE id = 41", ("ran with a parameter",))
    (parsed,) = gateway.wait_for(lambda r: len(r) == 1, "--text", "only parsed")
    assert (parsed["phase"], parsed["decision"]) == ("parse", "parsed")
    assert [r["id"] for r in gateway.search("--decision", "parsed")] == [parsed["id"]]
    assert parsed["id"] not in [r["id"] for r in gateway.search("--decision", "allowed")]
    gateway.wait_for(lambda r: len(r) == 1, "--text", "SET note = $1")
    told = texts(history(gateway, "past", "--column", "note"))
    assert told[-1] == "UPDATE past SET note = $1 WHERE id = 41" and not any("only parsed" in each for each in told)


def test_what_changed_past_the_gateway_is_part_of_it(gateway, server):
    server.sql("ALTER TABLE past ADD COLUMN around text", "orders")
    gateway.wait_for(lambda r: any("past.around" in e["message"] for e in r), "--type", "schema_drift")
    last = history(gateway, "public.past")[-1]
    assert (last["type"], last["kind"]) == ("schema_drift", "schema drift") and "column public.past.around added" in last["text"], last
    assert history(gateway, "past", "--column", "around")[-1]["id"] == last["id"]
    assert last["id"] not in [c["id"] for c in history(gateway, "past", "--column", "note")]


def test_definitions_are_told_without_rows_and_for_all_tables(gateway, server):
    with psycopg2.connect(gateway.dsn()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE for_a_while (id int)")
        cursor.execute("ALTER TABLE past ADD COLUMN more int")
    connection.close()
    gateway.wait_for(lambda r: r, "--text", "ADD COLUMN more")
    told = history(gateway, "--definitions", "--database", "orders")
    made, drifted, added = told
    assert made["kind"].endswith("CREATE TABLE") and made["user"] == "alice"
    assert drifted["kind"] == "schema drift" and "past.around" in drifted["text"] and "user" not in drifted, drifted
    assert added["text"].endswith("ADD COLUMN more int") and added["outcome"] == "committed", added
    assert history(gateway, "past", "--definitions") == told
    assert history(gateway, "--definitions", "--database", "elsewhere") == []
    refused = gateway.cli("audit", "history", check=False)
    assert refused.returncode == 2 and "--definitions" in refused.stderr
