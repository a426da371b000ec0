"""A forbidden statement behind a gibibyte of blanks: refused unread, without room for it, and the session goes on."""

import pathlib
import re
import struct

import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import SYNC, WireClient, error_fields, kinds, query

LONGEST = 0x3FFFFFFF  # of a message, length word included: what PostgreSQL takes, a gibibyte less one byte
CHUNK = b" " * (1 << 20)
FORBIDDEN = b"DELETE FROM kept"


@pytest.fixture(scope="module")
def gateway():
    server = PostgresServer()
    server.sql("CREATE TABLE kept AS SELECT 1 AS id", "orders")
    gateway = Gateway(server)
    yield gateway
    assert gateway.stop() == 0
    server.stop()


def peak(gateway):
    """The most bytes that were resident at any time."""
    status = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024


@pytest.mark.parametrize("kind", ["simple", "extended"])
def test_a_gibibyte_of_padding_is_refused_in_little_room(gateway, kind):
    client = WireClient(gateway.port, timeout=300)
    client.login()
    assert kinds(client.run(query("SELECT id FROM kept"))) == "TDCZ"
    before = peak(gateway)
    head, tail = (b"Q", b"\0") if kind == "simple" else (b"P", b"\0\0\0")
    name = b"" if kind == "simple" else b"\0"
    blanks = LONGEST - 4 - len(name) - len(FORBIDDEN) - len(tail)
    client.send(head + struct.pack("!I", LONGEST) + name)
    for _ in range(blanks // len(CHUNK)):
        client.send(CHUNK)
    client.send(CHUNK[:blanks % len(CHUNK)] + FORBIDDEN + tail)
    if kind == "extended":
        client.send(SYNC)
    answer = client.read_until()
    assert kinds(answer) == "EZ"
    fields = error_fields(answer[0][1])
    assert fields["C"] == "54000" and "longer than the gateway analyses" in fields["M"], fields
    grown = peak(gateway) - before
    assert grown < 32 << 20, f"{grown >> 20} MiB for a text that is refused"
    assert kinds(client.run(query("SELECT id FROM kept"))) == "TDCZ"
    records = gateway.wait_for(lambda found: any(r.get("sqlstate") == "54000" for r in found), "--type", "statement")
    refused = next(r for r in reversed(records) if r.get("sqlstate") == "54000")
    assert refused["decision"] == "denied" and refused["text_sha256"], refused


def test_a_whole_gibibyte_ends_the_session_as_at_the_server(gateway):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    client.send(b"Q" + struct.pack("!I", LONGEST + 1) + b"SELECT 1")
    assert b"08P01" in client.read_to_end()
    assert gateway.psql("-Atc", "SELECT id FROM kept").stdout == "1\n"
