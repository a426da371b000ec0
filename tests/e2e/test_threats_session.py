"""Hostile sessions: what a client that has logged in can do to the protocol (threats 30 to 38, 51, 53)."""

import struct
import threading
import time

import pytest
from harness.gateway import Gateway
from harness.postgres import SERVER_PASSWORD
from harness.wire import (FLUSH, SYNC, WireClient, bind, close, describe, error_fields, execute, kinds, message,
                          parse, query)


@pytest.fixture(scope="module")
def table(server):
    server.sql("DROP TABLE IF EXISTS hostile; CREATE TABLE hostile (a int PRIMARY KEY, b text);"
               "INSERT INTO hostile SELECT i, 'value ' || i FROM generate_series(1, 50) i", "orders")


def direct(server):
    client = WireClient(server.port)
    assert client.login(user="sluice", password=SERVER_PASSWORD)[-1][0] == b"Z"
    return client


def rows(*values):
    return b"".join(message(b"d", b"%d\trow\n" % value) for value in values)


DONE, GIVE_UP = message(b"c"), message(b"f", b"changed my mind\0")
COPY_IN = "COPY hostile FROM STDIN"


def run(text, name="", values=()):
    return parse(text, name) + bind(name, values=values) + execute()


def bind_raw(body):
    return message(b"B", b"\0\0" + body)


# Each is a list of steps: bytes, and how many ReadyForQuery they lead to.
BATCHES = {
    # Threat 30: what Bind and Parse say of themselves. The server's answer goes for the gateway's.
    "Threat30 parameter of 2 GiB": [(parse("SELECT $1::text") + bind_raw(struct.pack("!HHI", 0, 1, 2**31 - 1) + b"x\0\0") + SYNC, 1)],
    "Threat30 parameter of -2": [(parse("SELECT $1::text") + bind_raw(struct.pack("!HHi", 0, 1, -2) + b"\0\0") + SYNC, 1)],
    "Threat30 too few parameters": [(parse("SELECT $1::text") + bind_raw(struct.pack("!HHH", 0, 0, 0)) + execute() + SYNC, 1)],
    "Threat30 parameters that are not there": [(parse("SELECT $1::text") + bind_raw(struct.pack("!HHH", 0, 9, 0)) + SYNC, 1)],
    "Threat30 bytes behind a Bind": [(parse("SELECT 1") + bind_raw(struct.pack("!HHH", 0, 0, 0) + b"more") + execute() + SYNC, 1)],
    "Threat30 formats without parameters": [(parse("SELECT 1") + bind_raw(struct.pack("!HHHHH", 2, 0, 0, 0, 0)) + execute() + SYNC, 1)],

    # Threat 35: messages where others would send none.
    "Threat35 query between extended messages": [
        (parse("SELECT a FROM hostile WHERE a = 1", "s") + bind("s", "p") + query("SELECT 2") + execute("p") + SYNC, 2),
        (bind("s") + execute() + SYNC + close(b"S", "s") + SYNC, 2)],
    "Threat35 query in an implicit transaction": [
        (run("INSERT INTO hostile VALUES (700, 'x')") + query("SELECT 1/0") + SYNC, 2),
        (query("SELECT count(*) FROM hostile WHERE a = 700"), 1)],
    "Threat35 flush after flush": [(FLUSH * 50 + run("SELECT 1") + FLUSH * 50 + run("SELECT 2") + FLUSH + SYNC, 1)],
    "Threat35 flush and syncs around an error": [(parse("SELECT 1/0") + FLUSH + bind() + FLUSH + execute() + FLUSH + SYNC + SYNC, 2)],
    "Threat35 syncs between": [((parse("SELECT 1") + SYNC + bind() + SYNC + execute() + SYNC) * 3, 9)],

    # Threat 36: what a name means.
    "Threat36 name given twice": [(parse("SELECT 1", "n") + parse("SELECT 2", "n") + bind("n") + execute() + SYNC, 1),
                                  (bind("n") + execute() + SYNC, 1), (close(b"S", "n") + SYNC, 1)],
    "Threat36 close, then bind": [(parse("SELECT 1", "n") + close(b"S", "n") + bind("n") + execute() + SYNC, 1)],
    "Threat36 close what is not there": [(close(b"S", "never") + close(b"P", "never") + SYNC, 1)],
    "Threat36 close and parse again": [(parse("SELECT 1", "n") + close(b"S", "n") + parse("SELECT 'other'", "n") + bind("n") + execute()
                                        + close(b"S", "n") + SYNC, 1)],
    "Threat36 deallocate": [(parse("SELECT 1", "n") + SYNC + query("DEALLOCATE n") + bind("n") + execute() + SYNC, 3)],
    "Threat36 deallocate all": [(parse("SELECT 1", "n") + parse("SELECT 2", "m") + SYNC + query("DEALLOCATE ALL") + bind("m") + SYNC
                                 + parse("SELECT 3", "n") + bind("n") + execute() + close(b"S", "n") + SYNC, 4)],
    "Threat36 deallocate in the pipeline": [(parse("SELECT 1", "n") + run("DEALLOCATE n") + bind("n") + execute() + SYNC, 1)],
    "Threat36 discard in the pipeline": [(parse("SELECT 1", "n") + SYNC + run("DISCARD ALL") + SYNC + bind("n") + execute() + SYNC, 3)],
    "Threat36 failed parse takes the old unnamed away": [(parse("SELECT 1") + SYNC + parse("SELECT * FROM nowhere") + SYNC + bind() + execute() + SYNC, 3)],
    "Threat36 failed parse leaves the old name": [(parse("SELECT 'old'", "n") + SYNC + parse("SELECT * FROM nowhere", "n") + SYNC + bind("n")
                                                   + execute() + close(b"S", "n") + SYNC, 3)],
    "Threat36 prepare by SQL": [(query("PREPARE q AS SELECT 'by SQL'") + bind("q") + execute() + SYNC + parse("SELECT 2", "q") + SYNC
                                 + close(b"S", "q") + SYNC + query("EXECUTE q"), 5)],
    "Threat36 statement used by SQL": [(parse("SELECT 'by message'", "q") + SYNC + query("EXECUTE q") + close(b"S", "q") + SYNC, 3)],
    "Threat36 names of length": [(parse("SELECT 1", "n" * 63) + bind("n" * 63, "p" * 63) + execute("p" * 63)
                                  + close(b"S", "n" * 63) + SYNC, 1)],
    "Threat36 portal outlives its statement": [(query("BEGIN") + parse("SELECT a FROM hostile ORDER BY a", "n") + bind("n", "p")
                                                + close(b"S", "n") + execute("p", 2) + execute("p", 2) + SYNC + query("COMMIT"), 3)],
    "Threat36 portal over the end of a transaction": [(parse("SELECT 1", "n") + bind("n", "p") + SYNC + execute("p") + SYNC
                                                       + close(b"S", "n") + SYNC, 3)],
    "Threat36 portal name taken": [(query("BEGIN") + parse("SELECT 1") + bind("", "p") + bind("", "p") + execute("p") + SYNC
                                    + query("ROLLBACK"), 3)],
    "Threat36 cursor as portal": [(query("BEGIN") + query("DECLARE c CURSOR FOR SELECT a FROM hostile ORDER BY a") + describe(b"P", "c")
                                   + execute("c", 3) + execute("c", 2) + SYNC + query("COMMIT"), 4)],

    # Threat 38: COPY data late, uninvited, twice.
    "Threat38 data for nobody": [(rows(1, 2) + DONE + GIVE_UP + rows(3) + query("SELECT 1"), 1)],
    "Threat38 data behind the end": [(query("BEGIN") + query(COPY_IN), 1), (rows(801) + DONE + rows(802) + DONE + query("ROLLBACK"), 2)],
    "Threat38 done twice": [(query(COPY_IN), 0), (DONE + DONE + query("SELECT 1"), 2)],
    "Threat38 fail behind done": [(query(COPY_IN), 0), (DONE + GIVE_UP + query("SELECT 1"), 2)],
    "Threat38 given up at once": [(query(COPY_IN), 0), (GIVE_UP, 1)],
    "Threat38 error before the end": [(query(COPY_IN), 0), (message(b"d", b"not a number\n") * 5 + rows(803) + DONE + query("SELECT 1"), 2)],
    "Threat38 error in a transaction": [(query("BEGIN") + query(COPY_IN), 1),
                                        (rows(804) + message(b"d", b"x\n") + DONE + query("SELECT 1") + query("ROLLBACK"), 3)],
    "Threat38 duplicate key at the end": [(query(COPY_IN), 0), (rows(1) + DONE + query("SELECT 1"), 2)],
    "Threat38 extended, to the end": [(query("BEGIN"), 1), (run(COPY_IN) + FLUSH, 0), (rows(805, 806) + DONE + SYNC + query("ROLLBACK"), 2)],
    "Threat38 extended, given up": [(run(COPY_IN) + FLUSH, 0), (rows(807) + GIVE_UP + SYNC + query("SELECT 1"), 2)],
    "Threat38 extended, error": [(run(COPY_IN) + FLUSH, 0), (message(b"d", b"x\n") + rows(808) + DONE + SYNC + query("SELECT 1"), 2)],
    "Threat38 extended, flushes in between": [(run(COPY_IN) + FLUSH, 0), (FLUSH + FLUSH + rows(809) + FLUSH + GIVE_UP + SYNC, 1)],
    "Threat38 extended, data behind the end": [(query("BEGIN"), 1), (run(COPY_IN) + FLUSH, 0),
                                               (rows(810) + DONE + rows(811) + SYNC + query("ROLLBACK"), 2)],
    "Threat38 copy among others": [(query("BEGIN") + query(f"SELECT 1; {COPY_IN}; SELECT 2"), 1), (rows(812) + DONE + query("ROLLBACK"), 2)],
    "Threat38 two copies": [(query("BEGIN") + query(f"{COPY_IN}; {COPY_IN}"), 1), (rows(813) + DONE, 0), (rows(814) + DONE + query("ROLLBACK"), 2)],
    "Threat38 out and in": [(query("COPY (SELECT a FROM hostile WHERE a < 3 ORDER BY a) TO STDOUT") + rows(815) + query("SELECT 1"), 2)],
    "Threat38 binary without a header": [(query(COPY_IN + " (FORMAT binary)"), 0), (rows(816) + DONE, 1)],
    "Threat38 empty data": [(query("BEGIN") + query(COPY_IN), 1), (message(b"d") * 10 + rows(817) + message(b"d") + DONE + query("ROLLBACK"), 2)],
    "Threat38 rows cut anywhere": [(query("BEGIN") + query(COPY_IN), 1),
                                   (b"".join(message(b"d", bytes([c])) for c in b"818\tx\n819\ty\n") + DONE + query("ROLLBACK"), 2)],
    "Threat38 syncs during": [(query(COPY_IN), 0), (SYNC + rows(820) + SYNC + GIVE_UP, 1)],
}


def converse(client, steps):
    out = []
    for data, readies in steps:
        client.send(data)
        if readies == 0:
            out += client.read_until((b"G", b"E"))
        for _ in range(readies):
            out += client.read_until()
        if readies and data.endswith(query(COPY_IN)):
            out += client.read_until((b"G", b"E"))
    return out


@pytest.mark.parametrize("name", BATCHES)
def test_as_the_server_itself(gateway, server, table, name):
    """Threats 30, 35, 36, 38: byte for byte what a direct connection gets, and the session is fit for more."""
    steps = BATCHES[name]
    expected = converse(direct(server), steps)
    client = WireClient(gateway.port)
    client.login()
    for _ in range(2):
        assert converse(client, steps) == expected
        assert kinds(client.run(query("SELECT 'still here'"))) == "TDCZ"
    assert server.sql("SELECT count(*) FROM hostile", "orders") == ["50"]
    client.close()


@pytest.mark.parametrize("refused", [parse("SELEC 2") + bind() + execute() + SYNC, query("SELEC 2"), parse("TRUNCATE hostile") + SYNC,
                                     query("TRUNCATE hostile")])
def test_Threat36_a_refused_statement_takes_the_unnamed_one_away(table, guarded, server, refused):
    """As one that fails at the server does: what is bound next must not be the statement before."""
    there, here = direct(server), WireClient(guarded.port)
    here.login()
    broken = parse("SELEC 2") + SYNC if refused[:1] == b"P" else query("SELEC 2")
    expected = there.run(parse("SELECT 'old'") + SYNC + broken + bind() + execute() + SYNC, 3)
    here.run(parse("SELECT 'old'") + SYNC)
    answer = here.run(refused) + here.run(bind() + execute() + SYNC)
    assert kinds(answer) == "EZEZ" == kinds(expected[2:])
    assert answer[2:] == expected[-2:]
    # Alone, in one go, and with the named one untouched.
    here.run(parse("SELECT 'kept'", "n") + parse("SELECT 'old'") + SYNC)
    answer = here.run(refused + bind("n") + execute() + SYNC + bind() + execute() + SYNC, 3)
    assert kinds(answer) == "EZ" + "2DCZ" + "EZ"
    here.run(close(b"S", "n") + SYNC)


def in_background(client, data):
    thread = threading.Thread(target=client.send, args=(data,), daemon=True)
    thread.start()
    return thread


def test_Threat35_a_hundred_thousand_syncs(gateway):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    client.run(query("SELECT 1"))
    sender = in_background(client, SYNC * 100_000)
    for _ in range(100_000):
        assert client.read_message() == (b"Z", b"I")
    sender.join()
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


@pytest.mark.parametrize("flood", [SYNC, query(""), parse("") + bind() + execute() + SYNC], ids=["syncs", "queries", "extended"])
def test_Threat35_a_flood_behind_a_slow_statement_is_bounded(server, flood):
    """Every request waits for its answer in a queue: as many bytes as the sockets hold must not become many times as much."""
    running = Gateway(server)
    try:
        client = WireClient(running.port, timeout=60)
        client.login()
        client.run(query("SELECT 1"))
        before = running.memory()
        client.send(query("SELECT pg_sleep(4)"))
        count = 4_000_000 // len(flood)
        sender = in_background(client, flood * count)
        time.sleep(2.5)
        grown = running.memory() - before
        assert grown < 24 << 20, f"{grown >> 20} MiB for requests that wait"
        for _ in range(count + 1):
            while client.read_message()[0] != b"Z":
                pass
        sender.join(timeout=30)
        assert not sender.is_alive()
        assert kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"
    finally:
        assert running.stop() == 0


def test_Threat35_many_requests_without_a_sync(gateway):
    """No Sync, no Flush: the answers come as the server's buffer fills, and nothing waits for ever."""
    client = WireClient(gateway.port, timeout=60)
    client.login()
    count = 30_000
    sender = in_background(client, parse("SELECT 1", "s") + (bind("s") + execute()) * count + SYNC)
    messages = client.read_until()
    sender.join()
    assert kinds(messages) == "1" + "2DC" * count + "Z"


def test_Threat31_bytes_that_are_not_text(gateway, server):
    for raw in (b"SELECT '\xff\xfe'\0", b"SELECT '\xc0\xaf'\0", b"SELECT '\xed\xa0\x80'\0", b"\xff\0"):
        there, here = direct(server), WireClient(gateway.port)
        here.login()
        expected, answer = there.run(message(b"Q", raw)), here.run(message(b"Q", raw))
        assert kinds(answer) == kinds(expected) == "EZ", raw
        assert kinds(here.run(query("SELECT 1"))) == "TDCZ"
    for raw in (b"SELECT 1\0; DELETE FROM hostile\0", b"SELECT 1"):
        client = WireClient(gateway.port)
        client.login()
        client.send(message(b"Q", raw))
        assert b"08P01" in client.read_to_end()


def test_Threat51_what_cannot_be_read_is_refused_and_recorded(gateway):
    client = WireClient(gateway.port)
    client.login()
    for number, text in enumerate(("SELEKT {}", "SELECT ( {}", "MERGE {} PERHAPS", "SELECT {} FROM t FOR SYSTEM_TIME AS OF now()",
                                   "$$ {}", "/* {}", "ALTER SYSTEM ROTATE KEYS {}")):
        tag = f"threat51_{number}"
        answer = client.run(query(text.format(tag)))
        assert kinds(answer) == "EZ", text
        (record,) = gateway.wait_for(lambda r: r, "--text", tag)
        assert record["decision"] == "denied" and record["sqlstate"] == error_fields(answer[0][1])["C"]


HINTS = ["/*+ sluice:allow */", "-- sluice: allow\n", "/* policy=off */", "/*! */", "/*!50000 */", "/*+ SET(session_role=admin) */",
         "/* nosluice */", "/* user=postgres group=dba environment=development */", "/*NO LOAD BALANCE*/", "--+ bypass\n",
         "/* {\"decision\": \"allowed\"} */", "/*FORCE_MASTER*/", "/* toDatabase=development */"]


@pytest.mark.parametrize("hint", HINTS)
def test_Threat53_comments_raise_no_privilege(table, guarded, server, hint):
    client = WireClient(guarded.port)
    client.login(application_name=hint[:60])
    for text in (f"{hint}DELETE FROM hostile", f"DELETE {hint}FROM hostile", f"DELETE FROM hostile {hint}", f"{hint}TRUNCATE hostile"):
        answer = client.run(query(text))
        assert kinds(answer) == "EZ" and error_fields(answer[0][1])["C"] == "42501", text
        answer = client.run(parse(text) + bind() + execute() + SYNC)
        assert kinds(answer) == "EZ" and error_fields(answer[0][1])["C"] == "42501", text
    assert server.sql("SELECT count(*) FROM hostile", "orders") == ["50"]
    denied = guarded.search("--decision", "denied", "--table", "public.hostile")
    assert len([r for r in denied if hint.strip() in r["text"]]) >= 8


def test_Threat53_settings_raise_no_privilege(table, guarded, server):
    """Neither what a client calls itself nor a setting of its own is taken for an identity."""
    client = WireClient(guarded.port)
    client.login(application_name="sluice-admin")
    for text in ("SET sluice.user = 'postgres'", "SET sluice.environment = 'development'", "SET application_name = 'sluice'"):
        client.run(query(text))
    assert error_fields(client.run(query("DELETE FROM hostile"))[0][1])["C"] == "42501"
    record = guarded.search("--decision", "denied", "--table", "public.hostile")[-1]
    assert (record["user"], record["environment"], record["groups"]) == ("alice", "production", ["engineering"])
