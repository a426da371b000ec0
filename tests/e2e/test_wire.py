"""The protocol itself: the same bytes a direct connection would have answered, however they are cut,
and refusals that look like the server's own errors."""

import random
import struct
import time

import pytest
from harness.postgres import SERVER_PASSWORD
from harness.wire import (FLUSH, GSS_REQUEST, SSL_REQUEST, SYNC, TERMINATE, WireClient, bind, close, describe,
                          error_fields, execute, kinds, message, parse, query, startup)


@pytest.fixture(scope="module")
def tables(server):
    server.sql("DROP TABLE IF EXISTS wire; CREATE TABLE wire (a int PRIMARY KEY, b text);"
               "INSERT INTO wire SELECT i, 'value ' || i FROM generate_series(1, 50) i;"
               "CREATE OR REPLACE FUNCTION stepping(n int) RETURNS int LANGUAGE plpgsql AS $$DECLARE c refcursor; r int;"
               " BEGIN OPEN c FOR SELECT n; FETCH c INTO r; CLOSE c; RETURN r; END$$", "orders")


def test_a_bind_in_parts_behind_an_unanswered_parse(gateway, tables):
    client = WireClient(gateway.port, timeout=30)
    client.login()
    whole = bind("s", values=[b"seven"])
    client.send(parse("SELECT pg_sleep(0.3), $1::text", "s") + SYNC + whole[:-3])
    time.sleep(0.1)
    client.send(whole[-3:] + execute() + SYNC)
    answer = client.read_until() + client.read_until()
    assert kinds(answer) == "1Z2DCZ", answer
    assert answer[3][1].endswith(b"seven")
    client.close()


def direct(server):
    client = WireClient(server.port)
    assert client.login(user="sluice", password=SERVER_PASSWORD)[-1][0] == b"Z"
    return client


COPY_ROWS = b"".join(message(b"d", b"%d\tcopied\n" % i) for i in range(1000, 1010))

# Scripts of whole conversations: bytes to send and how many ReadyForQuery they lead to.
SCRIPTS = {
    "simple": (query("SELECT a, b FROM wire WHERE a < 4 ORDER BY a"), 1),
    "empty": (query("") + query("  ; ;"), 2),
    "several": (query("SELECT 1; SELECT 2; SELECT 'three'"), 1),
    "several with an error": (query("SELECT 1; SELECT 1/0; SELECT 2"), 1),
    "error": (query("SELECT * FROM nowhere"), 1),
    "notice": (query("DO $$ BEGIN RAISE NOTICE 'noted'; END $$"), 1),
    "transaction": (query("BEGIN") + query("SELECT 1/0") + query("SELECT 1") + query("ROLLBACK"), 4),
    "a portal whose own code moves cursors": (query("BEGIN") + parse("SELECT stepping(a) FROM wire WHERE a < 6 ORDER BY a") + bind("", "p")
                                              + execute("p", 2) + SYNC + execute("p", 2) + SYNC + execute("p") + SYNC + query("ROLLBACK"), 5),
    "extended": (parse("SELECT a FROM wire WHERE a = $1") + bind(values=[b"7"]) + describe() + execute() + SYNC, 1),
    "named": (parse("SELECT b FROM wire WHERE a = $1::int", "s1") + describe(b"S", "s1") + bind("s1", "p1", [b"9"])
              + execute("p1") + close(b"P", "p1") + close(b"S", "s1") + SYNC, 1),
    "null": (parse("SELECT $1::text IS NULL") + bind(values=[None]) + execute() + SYNC, 1),
    "rows at a time": (query("BEGIN") + parse("SELECT a FROM wire ORDER BY a") + bind("", "c") + execute("c", 20)
                       + execute("c", 20) + execute("c", 20) + SYNC + query("COMMIT"), 3),
    "pipeline with an error": (parse("SELECT 1") + bind() + execute() + parse("SELECT 1/0") + bind() + execute()
                               + parse("SELECT 2") + bind() + execute() + SYNC + parse("SELECT 3") + bind()
                               + execute() + SYNC, 2),
    "bind to nothing": (bind("nosuch") + execute() + SYNC, 1),
    "duplicate name": (parse("SELECT 1", "dup") + SYNC + parse("SELECT 2", "dup") + SYNC + bind("dup") + execute()
                       + SYNC + close(b"S", "dup") + SYNC, 4),
    "flush without sync": (parse("SELECT 1") + FLUSH + bind() + FLUSH + execute() + FLUSH + SYNC, 1),
    "simple between extended": (parse("SELECT 1") + bind() + query("SELECT 2") + execute() + SYNC, 2),
    "many syncs": (SYNC * 500, 500),
    "copy out": (query("COPY (SELECT a, b FROM wire ORDER BY a) TO STDOUT"), 1),
    "copy in": (query("BEGIN") + query("COPY wire FROM STDIN") + COPY_ROWS + message(b"c") + query("ROLLBACK"), 3),
    "copy in, given up": (query("COPY wire FROM STDIN") + COPY_ROWS + message(b"f", b"changed my mind\0"), 1),
    "copy in, extended": (parse("COPY wire FROM STDIN") + bind() + execute() + SYNC + COPY_ROWS
                          + message(b"f", b"no\0") + SYNC, 1),
    "copy data uninvited": (COPY_ROWS + message(b"c") + query("SELECT 1"), 1),
    "listen": (query("LISTEN here") + query("NOTIFY here, 'hello'") + query("UNLISTEN *"), 3),
    "setting": (query("SET application_name TO 'renamed'") + query("SHOW application_name"), 2),
    "discard": (parse("SELECT 1", "gone") + SYNC + query("DISCARD ALL") + bind("gone") + SYNC, 3),
}


def conversation(client, data, readies):
    messages = client.run(data, readies)
    # What names a backend or depends on time differs between any two connections.
    return [(kind, body) for kind, body in messages if kind != b"A"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_bytes_as_direct(gateway, server, tables, name):
    data, readies = SCRIPTS[name]
    expected = conversation(direct(server), data, readies)
    client = WireClient(gateway.port)
    client.login()
    assert conversation(client, data, readies) == expected
    # And the session is fit for more.
    assert kinds(client.run(query("SELECT 'still here'"))) == "TDCZ"


@pytest.mark.parametrize("name", ["extended", "pipeline with an error", "copy in", "several", "named"])
def test_Threat32_split_at_each_byte(gateway, server, tables, name):
    data, readies = SCRIPTS[name]
    expected = conversation(direct(server), data, readies)
    client = WireClient(gateway.port)
    client.login()
    for cut in random.Random(1).sample(range(1, len(data)), min(25, len(data) - 1)):
        client.send(data[:cut])
        client.send(b"")
        assert conversation(client, data[cut:], readies) == expected, f"cut at {cut}"
    for byte in data:
        client.send(bytes([byte]))
    assert conversation(client, b"", readies) == expected


def test_Threat32_coalesced(gateway, server, tables):
    data, readies = SCRIPTS["extended"]
    expected = conversation(direct(server), data, readies)
    client = WireClient(gateway.port)
    client.login()
    client.send(data * 1000)
    for _ in range(1000):
        assert conversation(client, b"", 1) == expected


def test_start_up_answers_like_the_server(gateway, server):
    wire, there = WireClient(gateway.port), WireClient(server.port)
    ours = wire.login(application_name="x", client_encoding="LATIN1", options="-c DateStyle=German")
    theirs = there.login(user="sluice", password=SERVER_PASSWORD, application_name="x", client_encoding="LATIN1",
                         options="-c DateStyle=German")
    assert wire.parameters == there.parameters
    assert kinds(ours) == kinds(theirs) == "RRKZ"
    assert wire.parameters["DateStyle"] == "German, DMY"
    # The second login with these settings needs no server connection, and looks the same.
    again = WireClient(gateway.port)
    again.login(application_name="x", client_encoding="LATIN1", options="-c DateStyle=German")
    assert again.parameters == there.parameters
    assert again.run(query("SHOW DateStyle"))[1][1].endswith(b"German, DMY")


def test_Threat34_refusal_in_a_pipeline(tables, guarded, server):
    client = WireClient(guarded.port)
    client.login()
    client.run(parse("SELECT 'old'", "s") + SYNC)
    answer = client.run(parse("INSERT INTO wire VALUES (900, 'x')") + bind() + execute()
                        + parse("DELETE FROM wire", "s") + bind("s") + execute() + SYNC)
    assert kinds(answer) == "12CEZ"
    error = error_fields(answer[-2][1])
    assert error["C"] == "42501" and "WHERE" in error["H"] and error["S"] == "ERROR"
    assert answer[-1][1] == b"I"
    assert server.sql("SELECT count(*) FROM wire WHERE a = 900", "orders") == ["0"], "one pipeline, one transaction"
    assert kinds(client.run(bind("s") + execute() + SYNC)) == "2DCZ", "the old statement is still there"


def test_refusal_alone_and_in_a_transaction(tables, guarded, server):
    client = WireClient(guarded.port)
    client.login()
    assert kinds(client.run(query("TRUNCATE wire"))) == "EZ"
    assert kinds(client.run(parse("TRUNCATE wire") + bind() + execute() + SYNC)) == "EZ"
    client.run(query("BEGIN"))
    answer = client.run(query("TRUNCATE wire"))
    assert kinds(answer) == "EZ" and answer[-1][1] == b"E"
    assert error_fields(client.run(query("SELECT 1"))[0][1])["C"] == "25P02"
    assert client.run(query("COMMIT"))[0] == (b"C", b"ROLLBACK\0")
    client.run(query("BEGIN"))
    answer = client.run(parse("TRUNCATE wire") + bind() + execute() + SYNC)
    assert kinds(answer) == "EZ" and answer[-1][1] == b"E"
    assert server.sql("SELECT count(*) FROM wire", "orders") == ["50"]


def test_Threat52_all_or_nothing(tables, guarded, server):
    client = WireClient(guarded.port)
    client.login()
    assert kinds(client.run(query("INSERT INTO wire VALUES (901, 'x'); TRUNCATE wire"))) == "EZ"
    assert server.sql("SELECT count(*) FROM wire WHERE a = 901", "orders") == ["0"]


def test_Threat37_function_call_is_refused(gateway):
    client = WireClient(gateway.port)
    client.login()
    call = message(b"F", struct.pack("!IHHH", 1598, 0, 0, 0))
    answer = client.run(call)
    assert kinds(answer) == "EZ" and error_fields(answer[0][1])["C"] == "42501"
    assert gateway.search("--decision", "denied")[-1]["phase"] == "function_call"


def test_query_during_copy_is_not_run(gateway, server, tables):
    client = WireClient(gateway.port)
    client.login()
    answer = client.run(query("COPY wire FROM STDIN") + query("INSERT INTO wire VALUES (902, 'x')"))
    assert kinds(answer) == "GEZ"
    assert server.sql("SELECT count(*) FROM wire WHERE a = 902", "orders") == ["0"]
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_Threat01_bytes_behind_ssl_request(gateway):
    for request in (SSL_REQUEST, GSS_REQUEST):
        client = WireClient(gateway.port)
        client.send(request + startup(user="alice", database="orders"))
        data = client.read_to_end()
        assert data[:1] == b"E" and b"08P01" in data


def test_Threat06_requests_only_once(gateway):
    client = WireClient(gateway.port)
    client.send(SSL_REQUEST)
    assert client.read_exactly(1) == b"N"
    client.send(GSS_REQUEST)
    assert client.read_exactly(1) == b"N"
    client.send(SSL_REQUEST)
    assert b"08P01" in client.read_to_end()


@pytest.mark.parametrize("length", [0, 1, 4, 7, 10001, 2**31 - 1, 2**32 - 1])
def test_Threat11_start_up_lengths(gateway, length):
    client = WireClient(gateway.port)
    client.send(struct.pack("!I", length) + b"\0" * 16)
    assert b"08P01" in client.read_to_end()


@pytest.mark.parametrize("parameters, sqlstate", [
    ({"replication": "true"}, "0A000"), ({"replication": "database"}, "0A000"), ({"role": "postgres"}, "42501"),
    ({"session_authorization": "postgres"}, "42501"), ({"options": "-c role=postgres"}, "42501"),
    ({"options": "--session-authorization=x"}, "42501"), ({"options": "nonsense"}, "42601")])
def test_Threat13_parameters_by_allow_list(gateway, parameters, sqlstate):
    client = WireClient(gateway.port)
    ((kind, body),) = client.login(**parameters)
    assert kind == b"E" and error_fields(body)["C"] == sqlstate


def test_Threat14_protocol_versions(gateway):
    client = WireClient(gateway.port)
    assert client.login(version=196610)[-1][0] == b"Z"
    assert len(client.key) == 4 + 32
    client = WireClient(gateway.port)
    client.send(startup(196707, user="alice", database="orders", **{"_pq_.something": "1"}))
    kind, body = client.read_message()
    assert kind == b"v" and body == struct.pack("!II", 196610, 1) + b"_pq_.something\0"
    for version in (131072, 262144):
        client = WireClient(gateway.port)
        client.send(startup(version, user="alice", database="orders"))
        assert b"08P01" in client.read_to_end()


def test_Threat22_nothing_before_authentication(gateway):
    for early in (query("SELECT 1"), parse("SELECT 1"), message(b"d", b"x"), startup(user="alice")):
        client = WireClient(gateway.port)
        client.send(startup(user="alice", database="orders"))
        assert client.read_message()[0] == b"R"
        client.send(early)
        data = client.read_to_end()
        assert data[:1] == b"E" and b"08P01" in data


@pytest.mark.parametrize("frame", [b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"Q\x7f\xff\xff\xff", b"\0\0\0\0\4", b"Z\0\0\0\5I",
                                   b"D\0\0\0\4", b"p\0\0\0\4", message(b"P", b"name only\0"), message(b"Q", b"a\0b\0"),
                                   message(b"Q", b"unterminated")])
def test_Threat29_malformed_frames_end_the_session(gateway, frame):
    client = WireClient(gateway.port)
    client.login()
    client.send(frame)
    data = client.read_to_end()
    assert data[:1] == b"E" and b"08P01" in data
    assert gateway.psql("-Atc", "SELECT 'others unaffected'").stdout == "others unaffected\n"


def test_Threat24_cancel_needs_the_key(gateway):
    client = WireClient(gateway.port)
    client.login()
    client.send(query("SELECT pg_sleep(1.5)"))
    guess = bytearray(client.key)
    guess[-1] ^= 1
    for key in (bytes(guess), b"\0" * 8, client.key[:4] + b"\0" * 4, client.key + b"\0"):
        other = WireClient(gateway.port)
        other.send(struct.pack("!II", 8 + len(key), 80877102) + key)
        assert other.read_to_end() == b""
    assert kinds(client.run(b"")) == "TDCZ"
    client.send(query("SELECT pg_sleep(30)"))
    other = WireClient(gateway.port)
    other.send(struct.pack("!II", 16, 80877102) + client.key)
    assert other.read_to_end() == b""
    answer = client.run(b"")
    assert error_fields(answer[-2][1])["C"] == "57014"


def test_Threat50_too_deep_and_too_long(gateway):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    for text in ("SELECT " + "(" * 100_000 + "1" + ")" * 100_000, "SELECT 1" + "+1" * 500_000,
                 " UNION ".join(["SELECT 1"] * 20_000), "SELECT '" + "x" * (17 << 20) + "'"):
        answer = client.run(query(text))
        assert kinds(answer) == "EZ"
        assert error_fields(answer[0][1])["C"] in ("54001", "54000"), error_fields(answer[0][1])
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_long_insert_passes(gateway, server):
    server.sql("DROP TABLE IF EXISTS longer; CREATE TABLE longer (a int, b text)", "orders")
    client = WireClient(gateway.port, timeout=60)
    client.login()
    values = ", ".join(f"({i}, 'row number {i}')" for i in range(100_000))
    assert client.run(query("INSERT INTO longer VALUES " + values))[0] == (b"C", b"INSERT 0 100000\0")


def test_messages_larger_than_any_buffer(gateway):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    big = b"x" * (30 << 20)
    answer = client.run(parse("SELECT length($1)") + bind(values=[big]) + execute() + SYNC)
    assert kinds(answer) == "12DCZ" and answer[2][1].endswith(str(len(big)).encode())
    answer = client.run(query("SELECT repeat('y', 30000000)"))
    assert kinds(answer) == "TDCZ" and len(answer[1][1]) > 30_000_000
    record = gateway.search("--text", "SELECT length($1)")[-1]
    assert len(record["parameters_sha256"]) == 64


def test_Threat47_backslashes_while_settings_change(gateway):
    client = WireClient(gateway.port)
    client.login()
    client.run(query("SET standard_conforming_strings = off"))
    answer = client.run(query(r"SELECT '\'; DELETE FROM wire --'"))
    assert kinds(answer) == "EZ"
    client.run(query("SET standard_conforming_strings = on"))
    # Sent in one go: the second is read while it is not known what the first does.
    answer = client.run(parse("SET standard_conforming_strings = off") + bind() + execute()
                        + parse(r"SELECT '\', 1 --'") + bind() + execute() + SYNC)
    assert "E" in kinds(answer)


def test_Threat54_nothing_leaks_to_the_next_session(server):
    from harness.gateway import Gateway
    gateway = Gateway(server, pool="size: 1")
    try:
        first = WireClient(gateway.port)
        first.login()
        first.run(query("SET search_path = nowhere; SET work_mem = '1MB'"))
        first.run(query("CREATE TEMP TABLE left_over (a int); SELECT pg_advisory_lock(7); LISTEN left_over"))
        first.run(parse("SELECT 'left over'", "left_over") + SYNC)
        first.send(TERMINATE)
        second = WireClient(gateway.port, timeout=20)
        second.login()
        assert second.run(query("SHOW search_path"))[1][1].endswith(b'"$user", public')
        assert kinds(second.run(query("SELECT * FROM left_over"))) == "EZ"
        assert kinds(second.run(bind("left_over") + SYNC)) == "EZ"
        (row,) = [b for k, b in second.run(query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) if k == b"D"]
        assert row.endswith(b"0")
        (row,) = [b for k, b in second.run(query("SELECT count(*) FROM pg_listening_channels()")) if k == b"D"]
        assert row.endswith(b"0")
        # Left in the middle of a transaction: that server connection is not used again.
        second.run(query("BEGIN; CREATE TABLE half_done (a int)"))
        second.close()
        third = WireClient(gateway.port, timeout=20)
        third.login()
        assert kinds(third.run(query("SELECT * FROM half_done"))) == "EZ"
    finally:
        gateway.stop()


def test_pool_exhausted_says_so(server):
    from harness.gateway import Gateway
    gateway = Gateway(server, pool="size: 1, wait_timeout: 1s")
    try:
        first, second = WireClient(gateway.port), WireClient(gateway.port)
        first.login()
        first.run(query("SELECT 1"))
        second.login()
        second.send(query("SELECT 1"))
        error = error_fields(second.read_message()[1])
        assert error["C"] == "53300" and "pool" in error["D"]
    finally:
        gateway.stop()


@pytest.mark.parametrize("way", ["own doubt", "schema of another", "to a savepoint"])
def test_rollback_leaves_an_aborted_transaction_by_the_extended_protocol(gateway, server, tables, way):
    """As JDBC rolls back: nothing about names can be asked in an aborted transaction."""
    client, other = WireClient(gateway.port), WireClient(gateway.port)
    client.login()
    other.login()
    assert kinds(client.run(query("BEGIN"))) == "CZ"
    assert kinds(client.run(query("SAVEPOINT s"))) == "CZ"
    failed = {"schema of another": "SELECT 1/0"}.get(way, "CREATE TEMP TABLE pg_class_not (a no_such_type)")
    assert kinds(client.run(query(failed)))[-2:] == "EZ"
    if way == "schema of another":
        assert kinds(other.run(query("CREATE TABLE of_another (a int)"))) == "CZ"
        assert kinds(other.run(query("DROP TABLE of_another"))) == "CZ"
    text = "ROLLBACK TO s" if way == "to a savepoint" else "ROLLBACK"
    answer = client.run(parse(text) + bind() + execute() + SYNC)
    assert kinds(answer) == "12CZ", answer
    assert answer[-1][1] == (b"T" if way == "to a savepoint" else b"I")
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_a_lost_server_connection_is_not_kept_for_the_next(server):
    from harness.gateway import Gateway
    gateway = Gateway(server, pool="size: 1, wait_timeout: 2s")
    try:
        first = WireClient(gateway.port)
        first.login()
        (row,) = [body for kind, body in first.run(query("SELECT pg_backend_pid()")) if kind == b"D"]
        server.sql(f"SELECT pg_terminate_backend({int(row[6:])})")
        assert first.read_message()[0] == b"E"
        second = WireClient(gateway.port, timeout=20)
        second.login()
        assert kinds(second.run(query("SELECT 1"))) == "TDCZ"
    finally:
        gateway.stop()


def test_named_portals_are_bounded(gateway, server, tables):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    client.run(query("BEGIN"))
    binds = b"".join(bind("s", f"p{i}") for i in range(10_000))
    assert kinds(client.run(parse("SELECT 1", "s") + binds + SYNC)) == "1" + "2" * 10_000 + "Z"
    answers = client.run(bind("s", "one more") + SYNC)
    assert kinds(answers) == "EZ"
    assert error_fields(answers[-2][1])["C"] == "53400"
    assert kinds(client.run(query("ROLLBACK"))) == "CZ"
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def test_as_many_statements_leave_room_for_portals(gateway, server, tables):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    assert kinds(client.run(b"".join(parse("SELECT 1", f"s{i}") for i in range(10_000)) + SYNC)) == "1" * 10_000 + "Z"
    assert kinds(client.run(parse("SELECT 1", "one more") + SYNC)) == "EZ"
    assert kinds(client.run(bind("s1", "C_1") + execute("C_1") + SYNC)) == "2DCZ"


def test_a_rollback_that_follows_before_the_error_is_known(gateway, server, tables):
    """As drivers send it that drop a transaction."""
    for doubtful in ("CREATE TEMP TABLE x (a no_such_type)", "SET search_path = 1 / 0", "ALTER TABLE wire ADD COLUMN a int"):
        client = WireClient(gateway.port, timeout=60)
        client.login()
        client.run(query("BEGIN"))
        client.send(query(doubtful) + query("ROLLBACK"))
        assert kinds(client.read_until()) == "EZ", doubtful
        assert client.read_until()[-1] == (b"Z", b"I"), doubtful
        assert kinds(client.run(query("SELECT a FROM wire WHERE a = 1"))) == "TDCZ"
