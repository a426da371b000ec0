"""What a server has committed against what was recorded: writes that pass through the gateway are stamped in the WAL, and
whatever has no stamp with a record behind it is reported."""

import calendar
import io
import json
import time

import psycopg2
import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import SYNC, WireClient, bind, execute, parse, query


@pytest.fixture(scope="module")
def wal_server():
    postgres = PostgresServer(settings=("wal_level = logical",))
    postgres.sql("CREATE TABLE acct (id int PRIMARY KEY, v text); CREATE TABLE plain (v text);"
                 "CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO plain VALUES ('a'); COMMIT;"
                 " INSERT INTO plain VALUES ('b'); END $$", "orders")
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module")
def gateway(wal_server):
    running = Gateway(wal_server, environment="staging", database_extra="stamp_writes: true")
    yield running
    assert running.stop() == 0


@pytest.fixture
def slot(gateway, wal_server):
    """A slot that begins with the test and ends with it."""
    gateway.cli("audit", "reconcile", "orders", "--create-slot", "--slot", "t")
    yield "t"
    wal_server.sql("SELECT pg_drop_replication_slot('t')", "orders")


@pytest.fixture
def db(gateway):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    yield connection
    connection.close()


def run(connection, *texts):
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)


def reconcile(gateway, *options):
    """Exit code and findings."""
    done = gateway.cli("audit", "reconcile", "orders", "--slot", "t", "-o", "json", *options, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert (done.returncode == 1) == bool(found), (done.stderr, found)
    return found, done.stderr


def transactions(wal_server, slot="t"):
    """Kinds of lines in the WAL, transaction by transaction."""
    lines = wal_server.sql(f"SELECT data FROM pg_logical_slot_peek_changes('{slot}', NULL, NULL)", "orders")
    out, now = [], []
    for line in lines:
        if line.startswith("COMMIT"):
            out.append(now)
        elif line.startswith("BEGIN"):
            now = []
        else:
            now.append(line.split(":")[0] if line.startswith("message") else line.split(":")[1].strip())
    return [t for t in out if t]


def test_simple_extended_copy_and_blocks_are_stamped_once_and_explained(gateway, wal_server, slot, db):
    run(db, "INSERT INTO acct VALUES (1, 'a')", "INSERT INTO acct VALUES (2, 'b'); UPDATE acct SET v = 'c' WHERE id = 2",
        "BEGIN", "INSERT INTO acct VALUES (3, 'a')", "UPDATE acct SET v = 'x'", "COMMIT",
        "PREPARE p AS INSERT INTO acct VALUES ($1, 'p')", "EXECUTE p(4)", "SELECT * FROM acct",
        "BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO acct VALUES (5, 's'); COMMIT",
        "CREATE TABLE made AS SELECT generate_series(1, 3) AS n", "TRUNCATE made", "VACUUM acct")
    with db.cursor() as cursor:
        cursor.copy_expert("COPY acct FROM STDIN", io.StringIO("6\tc\n7\tc\n"))
    found, told = reconcile(gateway, "--keep")
    assert found == [], told
    told = transactions(wal_server)
    assert told[:3] == [["message", "INSERT"], ["message", "INSERT", "UPDATE"],
                        ["message", "INSERT", "UPDATE", "UPDATE", "UPDATE"]], told
    assert all(t.count("message") == 1 for t in told if len(t) > 1), told
    record = gateway.search("--table", "acct", "--kind", "insert")[0]
    assert record["stamp"] > 0 and record["server_transaction"] > 0
    run(db, "DELETE FROM acct", "DROP TABLE made")


def test_extended_and_prepared_statements_in_pipelines(gateway, wal_server, slot, db):
    def insert(number, name=""):
        return bind(name, values=(str(number).encode(),)) + execute()

    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    statement = "INSERT INTO acct VALUES ($1, 'e')"
    wire.run(parse(statement, types=(23,)) + insert(1) + SYNC)
    wire.run(parse(statement, "named", (23,)) + insert(2, "named") + SYNC + insert(3, "named") + SYNC, 2)
    # Two in one implicit transaction; a block that begins and goes on across Syncs that nobody waits for.
    wire.run(insert(4, "named") + insert(5, "named") + SYNC)
    control = [parse(t) + bind() + execute() for t in ("BEGIN", "COMMIT")]
    wire.run(control[0] + insert(6, "named") + SYNC + insert(7, "named") + SYNC + control[1] + SYNC, 3)
    wire.run(control[0] + insert(8, "named") + SYNC)
    wire.run(insert(9, "named") + control[1] + insert(10, "named") + SYNC + insert(11, "named") + SYNC, 2)
    # One that fails takes its transaction along; behind it the next is stamped again.
    wire.run(insert(12, "named") + insert(12, "named") + SYNC + insert(13, "named") + SYNC, 2)
    wire.run(query("INSERT INTO acct VALUES (14, 'q')") + query("INSERT INTO acct VALUES (15, 'q')"), 2)
    wire.close()
    told = transactions(wal_server)
    assert [t.count("INSERT") for t in told] == [1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1], told
    assert all(t[0] == "message" for t in told), told
    assert told[3] == ["message", "INSERT", "INSERT"] and told[5] == told[3]
    found, errors = reconcile(gateway)
    assert found == [] and "11 explained" in errors
    run(db, "DELETE FROM acct")


def test_what_is_rolled_back_is_neither_there_nor_missed(gateway, wal_server, slot, db):
    run(db, "BEGIN", "SAVEPOINT s", "INSERT INTO acct VALUES (1, 'undone')", "ROLLBACK TO s",
        "INSERT INTO acct VALUES (2, 'stays')", "COMMIT", "BEGIN", "INSERT INTO acct VALUES (3, 'gone')", "ROLLBACK")
    with pytest.raises(psycopg2.Error):
        run(db, "INSERT INTO acct VALUES (2, 'twice')")
    run(db, "DELETE FROM acct WHERE id = 2")
    assert transactions(wal_server) == [["message", "INSERT"], ["message", "DELETE"]]
    assert reconcile(gateway)[0] == []


def test_what_went_around_is_reported_with_table_time_and_numbers(gateway, wal_server, slot, db):
    run(db, "INSERT INTO acct VALUES (1, 'through')")
    before = time.time()
    wal_server.sql("BEGIN; INSERT INTO acct VALUES (2, 'around'), (3, 'around'); DELETE FROM acct WHERE id = 1; COMMIT",
                   "orders")
    found, told = reconcile(gateway)
    assert [(f["finding"], f["tables"]) for f in found] == [
        ("unstamped", {"public.acct": {"inserts": 2, "updates": 0, "deletes": 1, "truncates": 0}})], told
    stamp = time.strptime(found[0]["time"].split(".")[0], "%Y-%m-%dT%H:%M:%S")
    assert abs(calendar.timegm(stamp) - before) < 60 and found[0]["changes"] == "public.acct: 2 inserted, 1 deleted"
    # It is told once, and stands on the record.
    assert reconcile(gateway)[0] == []
    records = gateway.wait_for(lambda r: any("unstamped" in e.get("message", "") for e in r), "--type", "evidence")
    assert any("1 explained, 1 not; the first: unstamped transaction" in e["message"] for e in records)
    wal_server.sql("DELETE FROM acct", "orders")


def messages(wal_server):
    """Stamps in the WAL, newest last."""
    lines = wal_server.sql("SELECT data FROM pg_logical_slot_peek_changes('t', NULL, NULL) "
                           "WHERE data LIKE 'message: transactional: 1 prefix: sluice,%'", "orders")
    return [line.split(" content:")[1] for line in lines]


def emit(wal_server, stamp, change="INSERT INTO plain VALUES ('x')"):
    wal_server.sql(f"BEGIN; SELECT pg_logical_emit_message(true, 'sluice', '{stamp}'); {change}; COMMIT", "orders")


def test_Threat59_stamps_that_are_forged_or_copied_explain_nothing(gateway, wal_server, slot, db):
    run(db, "INSERT INTO plain VALUES ('x')")
    stamp = messages(wal_server)[0]
    emit(wal_server, stamp)
    emit(wal_server, stamp[:-1] + ("0" if stamp[-1] != "0" else "1"))
    emit(wal_server, "1 elsewhere 7 5 " + 32 * "0")
    found, _ = reconcile(gateway)
    assert [f["finding"] for f in found] == ["copied", "forged", "foreign"]
    assert all(f["changes"] == "public.plain: 1 inserted" for f in found)


def test_Threat59_the_stamp_of_what_was_rolled_back_explains_nothing(gateway, wal_server, slot, db):
    run(db, "BEGIN", "INSERT INTO plain VALUES ('x')")
    session = gateway.wait_for(lambda r: r, "--table", "plain")[-1]
    active = wal_server.sql("SELECT query FROM pg_stat_activity WHERE query LIKE '%emit_message%' AND pid <> pg_backend_pid()",
                            "orders")
    run(db, "ROLLBACK")
    assert session["server_transaction"] > 0
    # A read of the WAL shows it all the same; here its text is made up of what the server showed, if it did.
    for text in active[:1]:
        emit(wal_server, text.split("'")[3])
        assert [f["finding"] for f in reconcile(gateway)[0]] == ["copied"]


def test_a_slot_that_others_have_moved_is_a_gap(gateway, wal_server, slot, db):
    wal_server.sql("INSERT INTO plain VALUES ('unseen')", "orders")
    wal_server.sql("SELECT pg_replication_slot_advance('t', pg_current_wal_flush_lsn())", "orders")
    found, _ = reconcile(gateway)
    assert [f["finding"] for f in found] == ["gap"]
    assert reconcile(gateway)[0] == []


def test_findings_behind_the_limit_are_told_the_next_time(gateway, wal_server, slot, db):
    for i in range(5):
        wal_server.sql(f"INSERT INTO plain VALUES ('around {i}')", "orders")
        run(db, f"INSERT INTO plain VALUES ('through {i}')")
    seen = []
    for count in (2, 2, 1, 0):
        found, said = reconcile(gateway, "--limit", "2")
        assert [f["finding"] for f in found] == count * ["unstamped"] and ("call it again" in said) == (count == 2), said
        seen += [f["xid"] for f in found]
    assert len(set(seen)) == 5
    wal_server.sql("INSERT INTO plain VALUES ('a'); INSERT INTO plain VALUES ('b')", "orders")
    wal_server.sql("INSERT INTO plain VALUES ('c')", "orders")
    for _ in range(2):
        found, said = reconcile(gateway, "--limit", "1", "--keep")
        assert len(found) == 1 and "--limit shows more" in said
    assert len(reconcile(gateway)[0]) == 2


def test_a_slot_in_place_of_one_that_is_gone_tells_of_the_gap(gateway, wal_server, slot, db):
    wal_server.sql("SELECT pg_drop_replication_slot('t')", "orders")
    wal_server.sql("INSERT INTO plain VALUES ('unseen')", "orders")
    said = gateway.cli("audit", "reconcile", "orders", "--create-slot", "--slot", "t").stderr
    assert "what lies between was not compared" in said

    def told(records):
        words = [record["message"] for record in records]
        return any(word.startswith("made slot t of database orders at") and "was not compared" in word for word in words)

    assert told(gateway.wait_for(told, "--type", "evidence"))
    assert reconcile(gateway)[0] == []


def test_procedures_that_commit_are_told_with_what_is_near(gateway, wal_server, slot, db):
    run(db, "CALL twice()")
    found, _ = reconcile(gateway)
    call = gateway.search("--kind", "call")[-1]["id"]
    assert [(f["finding"], f["nearby"], f["changes"]) for f in found] == 2 * [
        ("unstamped", [call], "public.plain: 1 inserted")]


def test_a_stamp_whose_record_is_gone_is_reported(wal_server):
    own = Gateway(wal_server, environment="staging", database_extra="stamp_writes: true")
    try:
        own.cli("audit", "reconcile", "orders", "--create-slot")
        with psycopg2.connect(own.dsn()) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO plain VALUES ('gone')")
        connection.close()
        record = [r for r in own.wait_for(lambda r: r, "--table", "plain", "--kind", "insert")][-1]
        own.stop_keeping = own.process.terminate() or own.process.wait(timeout=60)
        own.start()
        own.cli("audit", "erase", "--records", str(record["id"]), "--reason", "test")
        commits = [r for r in own.search("--type", "statement") if r.get("stamp") == record["stamp"]]
        for r in commits:
            own.cli("audit", "erase", "--records", str(r["id"]), "--reason", "test")
        done = own.cli("audit", "reconcile", "orders", "-o", "json", check=False)
        assert [f["finding"] for f in json.loads(done.stdout)] == ["unrecorded"] and done.returncode == 1
    finally:
        wal_server.sql("SELECT pg_drop_replication_slot('sluice_orders')", "orders")
        own.stop()


def test_off_by_default_nothing_is_written(wal_server, slot, db):
    plain = Gateway(wal_server, environment="staging")
    try:
        with psycopg2.connect(plain.dsn()) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO plain VALUES ('off')")
        connection.close()
        assert transactions(wal_server) == [["INSERT"]]
    finally:
        assert plain.stop() == 0


def test_errors_name_the_next_step(server, wal_server, gateway):
    plain = Gateway(server, environment="staging")
    try:
        refused = plain.cli("audit", "reconcile", "orders", check=False)
        assert refused.returncode == 5 and "set wal_level = logical" in refused.stderr
        assert plain.cli("audit", "reconcile", "other", check=False).returncode == 3
    finally:
        plain.stop()
    gateway.cli("audit", "reconcile", "orders", "--create-slot", "--slot", "twice")
    again = gateway.cli("audit", "reconcile", "orders", "--create-slot", "--slot", "twice", check=False)
    wal_server.sql("SELECT pg_drop_replication_slot('twice')", "orders")
    assert again.returncode == 4 and "Compare with it: sluice audit reconcile orders" in again.stderr
    missing = gateway.cli("audit", "reconcile", "orders", "--slot", "nowhere", check=False)
    assert missing.returncode == 3 and "--create-slot" in missing.stderr
    wal_server.sql("ALTER ROLE sluice NOSUPERUSER")
    try:
        refused = gateway.cli("audit", "reconcile", "orders", check=False)
        assert refused.returncode == 5 and "ALTER ROLE sluice REPLICATION" in refused.stderr
    finally:
        wal_server.sql("ALTER ROLE sluice SUPERUSER")


def test_slots_that_are_lost_or_too_few_say_what_to_do():
    server = PostgresServer(settings=("wal_level = logical", "max_replication_slots = 1", "max_slot_wal_keep_size = 1MB", "max_wal_size = 32MB"))
    gateway = Gateway(server, environment="staging", database_extra="stamp_writes: true")
    try:
        gateway.cli("audit", "reconcile", "orders", "--create-slot")
        few = "all 1 replication slots are in use: raise max_replication_slots"
        for more in ((), ("--create-slot", "--slot", "other")):
            refused = gateway.cli("audit", "reconcile", "orders", *more, check=False)
            assert refused.returncode == 5 and few in refused.stderr, refused.stderr
        server.sql("CREATE TABLE much AS SELECT repeat('x', 1000) FROM generate_series(1, 40000)", "orders")
        server.sql("SELECT pg_switch_wal()")
        server.sql("CHECKPOINT")
        for more in ((), ("--create-slot",)):
            lost = gateway.cli("audit", "reconcile", "orders", *more, check=False)
            assert lost.returncode == 5 and "SELECT pg_drop_replication_slot('sluice_orders')" in lost.stderr, lost.stderr
    finally:
        gateway.stop()
        server.stop()
