"""What a result costs in memory while it is masked: one row's worth, however long it is."""

import pathlib

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway

ROWS, NOTE = 60_000, 900
SCHEMA = f"""
DROP TABLE IF EXISTS long_result;
CREATE TABLE long_result AS SELECT i AS id, 'person' || i || '@mail.example' AS email, '+44 20 79' || lpad(i::text, 6, '0') AS phone,
    'called back about her order, see ticket ' || i || ' ' || repeat('and so on ', {NOTE // 10}) AS note
  FROM generate_series(1, {ROWS}) i;
ANALYZE long_result;
"""
MIB = 1 << 20


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True, reactor=request.param)
    yield running
    assert running.stop() == 0


def most_resident(gateway):
    for line in pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024


def forget_peak(gateway):
    pathlib.Path(f"/proc/{gateway.process.pid}/clear_refs").write_text("5")


def connect(gateway):
    return psycopg.connect(host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, dbname="orders", sslmode="disable")


def stream(link, sql, binary=False):
    """Rows, and whether any value of the column that is masked came through."""
    cursor, rows, clear = link.cursor(binary=binary), 0, False
    for row in cursor.stream(sql):
        rows += 1
        clear = clear or "person" in row[1]
    return rows, clear


def copy(link, sql):
    size, clear = 0, False
    with link.cursor().copy(sql) as data:
        for block in data:
            size += len(block)
            clear = clear or b"person1@" in block
    return size, clear


def test_a_long_result_costs_no_more_than_a_short_one(gateway):
    with connect(gateway) as link:
        stream(link, "SELECT * FROM long_result LIMIT 1000")
        forget_peak(gateway)
        before = most_resident(gateway)
        for binary in (False, True):
            assert stream(link, "SELECT * FROM long_result", binary) == (ROWS, False)
        for options in ("", " (FORMAT csv)", " (FORMAT binary)"):
            size, clear = copy(link, f"COPY long_result TO STDOUT{options}")
            assert size > 50 * MIB and not clear
        link.execute("DECLARE c CURSOR FOR SELECT * FROM long_result")
        assert len(link.execute("FETCH 20000 FROM c").fetchall()) == 20000
        grown = most_resident(gateway) - before
    assert grown < 16 * MIB, f"{grown / MIB:.1f} MiB more for results of over 50 MiB"
