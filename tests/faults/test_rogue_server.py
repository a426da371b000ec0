"""Servers that break the protocol: the client gets an error, nobody else notices, the gateway lives."""

import socket
import struct
import threading
import time

import pytest
from harness.gateway import Gateway
from harness.rogue import (AUTH_OK, GREETING, KEY, PARAMETERS, READY, RogueServer, complete, data_row, error,
                           row_description)
from harness.wire import WireClient, error_fields, message, query

ROW = row_description(b"a") + data_row(b"x")

# What a query is answered with, and whether the client may see the result.
BROKEN = {
    "a row without its description": data_row(b"x") + complete() + READY,
    "a row of too many columns": row_description(b"a") + data_row(b"x", b"y") + complete() + READY,
    "a row of too few columns": row_description(b"a", b"b") + data_row(b"x") + complete() + READY,
    "an answer nobody asked for": complete() + READY + complete() + READY,
    "ready before the answer is over": READY + complete() + READY,
    "a parse complete for a query": message(b"1") + complete() + READY,
    "copy both": message(b"W", b"\0\0\0") + READY,
    "copy in for a select": message(b"G", b"\0\0\0") + READY,
    "copy data outside of a copy": message(b"d", b"x") + complete() + READY,
    "a message of a type unknown": message(b"\x07", b"x") + complete() + READY,
    "a message of a client": message(b"Q", b"SELECT 1\0") + READY,
    "a length too short": b"C\0\0\0\x03",
    "a length beyond all bounds": b"D\xff\xff\xff\xff" + b"x" * 100,
    "an authentication request": message(b"R", struct.pack("!I", 3)) + READY,
    "a transaction state unknown": complete() + message(b"Z", b"?"),
    "a command complete without its end": message(b"C", b"SELECT 1") + READY,
    "a parameter status cut short": message(b"S", b"name") + complete() + READY,
}


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def rogue(request):
    server = RogueServer(answers={f"SELECT '{name}'": answer for name, answer in BROKEN.items()})
    gateway = Gateway(server, reactor=request.param)
    yield gateway, server
    assert gateway.stop() == 0
    server.stop()


def login(gateway):
    client = WireClient(gateway.port, timeout=10)
    assert client.login()[-1][0] == b"Z"
    return client


def serves(gateway):
    client = login(gateway)
    assert [k for k, _ in client.run(query("SELECT 'honest'"))] == [b"C", b"Z"]
    client.close()


@pytest.mark.parametrize("name", BROKEN)
def test_Threat39_answers_that_break_the_protocol(rogue, name):
    gateway, _ = rogue
    client = login(gateway)
    client.send(query(f"SELECT '{name}'"))
    errors, rows = [], 0
    try:
        while True:
            kind, body = client.read_message()
            errors += [error_fields(body)] if kind == b"E" else []
            rows += kind == b"D"
    except EOFError:
        pass
    assert errors and errors[-1]["S"] == "FATAL" and errors[-1]["C"] == "08P01", (name, errors)
    assert rows == 0, "a row that cannot be trusted was passed on"
    records = gateway.wait_for(lambda found: found, "--text", name)
    assert records, "no record"
    serves(gateway)


def test_Threat40_errors_of_every_shape(rogue):
    gateway, server = rogue
    shapes = {
        "no sqlstate": message(b"E", b"SERROR\0Mnothing\0\0"),
        "empty": message(b"E", b"\0"),
        "a megabyte": message(b"E", b"SERROR\0VERROR\0CXX000\0M" + b"m" * 1_000_000 + b"\0\0"),
        "not utf-8": error(text=b"\xff\xfe\x80 what"),
        "escape sequences": error(text=b"\x1b[31mred\r\n{\"json\": 1}"),
    }
    for name, answer in shapes.items():
        server.answers[f"SELECT '{name}'"] = answer + READY
        client = login(gateway)
        messages = client.run(query(f"SELECT '{name}'"))
        assert [kind for kind, _ in messages] == [b"E", b"Z"], name
        assert message(*messages[0]) == answer, "the server's error goes on as it is"
        records = gateway.wait_for(lambda found: found, "--text", name)
        assert "\x1b" not in gateway.cli("audit", "search", "--text", name).stdout
        assert records and len(records[0].get("message", "")) <= 4096
        client.close()


def test_a_server_that_falls_silent_or_leaves(rogue):
    gateway, server = rogue
    server.answers["SELECT 'bye'"] = None
    client = login(gateway)
    client.send(query("SELECT 'bye'"))
    assert client.read_message()[0] == b"E"
    server.answers["SELECT 'half'"] = lambda sock: sock.sendall(ROW[:-2]) or sock.close() or False
    client = login(gateway)
    client.send(query("SELECT 'half'"))
    assert [kind for kind, _ in read_all(client)] == [b"T"], "nothing may be put into half a message"
    lost = gateway.wait_for(lambda found: found, "--decision", "lost", "--text", "bye")
    assert lost and lost[0]["decision"] == "lost"
    serves(gateway)


def read_all(client):
    messages = []
    try:
        while True:
            messages.append(client.read_message())
    except (EOFError, ConnectionError):
        return messages


SASL = message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")

GREETINGS = {
    "closes": None,
    "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "ready without authentication": READY,
    "query result first": AUTH_OK + data_row(b"x"),
    "unknown authentication": message(b"R", struct.pack("!I", 77)),
    "kerberos": message(b"R", struct.pack("!I", 2)),
    "clear text password": message(b"R", struct.pack("!I", 3)),
    "unknown mechanism": message(b"R", struct.pack("!I", 10) + b"PLAIN\0\0"),
    "scram then ok": SASL + AUTH_OK + PARAMETERS + KEY + READY,
    "scram, final first": SASL + message(b"R", struct.pack("!I", 12) + b"v=AAAA"),
    "scram, foreign nonce": SASL + message(b"R", struct.pack("!I", 11) + b"r=abc,s=QUJD,i=4096"),
    "scram, no iterations": SASL + message(b"R", struct.pack("!I", 11) + b"r=abc,s=QUJD,i=0"),
    "scram, iterations without end": SASL + message(b"R", struct.pack("!I", 11) + b"r=abc,s=QUJD,i=4294967295"),
    "short authentication": message(b"R", b"\0"),
    "long authentication": message(b"R", struct.pack("!I", 10) + b"x" * 100_000),
    "key too long": AUTH_OK + PARAMETERS + message(b"K", b"x" * 300) + READY,
    "failed transaction": AUTH_OK + PARAMETERS + KEY + message(b"Z", b"E"),
    "fatal": message(b"E", b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"),
}


@pytest.mark.parametrize("name", GREETINGS)
def test_Threat21_logins_that_go_wrong(name):
    server = RogueServer(greeting=GREETINGS[name])
    gateway = Gateway(server, pool="size: 5, connect_timeout: 3s")
    try:
        client = WireClient(gateway.port, timeout=15)
        messages = client.login()
        assert messages[-1][0] == b"E", messages
        fields = error_fields(messages[-1][1])
        assert fields["S"] == "FATAL" and (fields["C"].startswith("08") or name == "fatal"), fields
        assert b"server-password" not in server.heard
        assert "server-password" not in gateway.log.read_text()
    finally:
        assert gateway.stop() == 0
        server.stop()


def test_a_flood_of_parameters_and_notices():
    flood = message(b"S", b"name\0" + b"v" * 1000 + b"\0") * 20_000
    notices = message(b"N", b"SNOTICE\0VNOTICE\0C00000\0M" + b"n" * 1000 + b"\0\0") * 20_000
    server = RogueServer(answers={"SELECT 'flood'": flood + notices + complete() + READY})
    gateway = Gateway(server)
    try:
        client = login(gateway)
        before = gateway.memory()
        messages = client.run(query("SELECT 'flood'"))
        assert len(messages) == 40_002
        assert gateway.memory() - before < 16 << 20
    finally:
        assert gateway.stop() == 0
        server.stop()


def test_endless_names_in_parameter_status_are_bounded():
    flood = b"".join(message(b"S", b"name%d\0v\0" % i) for i in range(50_000))
    server = RogueServer(greeting=AUTH_OK + PARAMETERS + flood + KEY + READY)
    gateway = Gateway(server, pool="size: 5, connect_timeout: 3s")
    try:
        messages = WireClient(gateway.port, timeout=15).login()
        assert messages[-1][0] == b"E"
    finally:
        assert gateway.stop() == 0
        server.stop()


def test_Threat56_a_server_that_never_answers():
    """Half-open: accepted by the kernel, heard by nobody."""
    listener = socket.create_server(("127.0.0.1", 0))

    class Silent:
        port = listener.getsockname()[1]

    gateway = Gateway(Silent, pool="size: 2, connect_timeout: 1s")
    try:
        start = time.time()
        messages = WireClient(gateway.port, timeout=15).login()
        assert messages[-1][0] == b"E" and time.time() - start < 10
        assert error_fields(messages[-1][1])["C"] == "08001"
        # Its place in the pool is free again.
        for _ in range(3):
            assert WireClient(gateway.port, timeout=15).login()[-1][0] == b"E"
    finally:
        assert gateway.stop() == 0
        listener.close()


def test_Threat27_a_flood_of_cancels_leaves_logins_alone(rogue):
    gateway, _ = rogue
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
                    sock.sendall(struct.pack("!IIII", 16, 80877102, 1, 2))
                    sock.recv(1)
            except OSError:
                pass

    threads = [threading.Thread(target=flood) for _ in range(16)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            serves(gateway)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
