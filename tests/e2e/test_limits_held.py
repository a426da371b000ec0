"""Limits of rows hold whatever comes between: other writers, cancels, the end of the server; and how a refusal reads."""

import random
import struct
import threading
import time

import psycopg
import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import WireClient, error_fields, execute, kinds, query
from limited import FORMS, LIMIT, RESET, SCHEMA, direct, error_in, gateway, tables, write  # noqa: F401


def test_psycopg(gateway, tables):
    """As drivers speak: implicit transactions, prepared statements, executemany, pipelines, COPY."""
    with psycopg.connect(gateway.dsn()) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="would change 101 rows"):
            connection.execute("UPDATE lim.stock SET v = 1 WHERE id <= %s", (101,))
        connection.rollback()
        for i in range(10):  # Prepared by name after the fifth time.
            connection.execute("UPDATE lim.stock SET v = v + 1 WHERE id <= %s", (100,))
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            for i in range(10):
                connection.execute("UPDATE lim.stock SET v = v + 1 WHERE id <= %s", (100 + i,))
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO lim.items VALUES (%s, 0)", [(i,) for i in range(250)])
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            with connection.pipeline():
                connection.execute("INSERT INTO lim.items VALUES (1, 1)")
                connection.execute("UPDATE lim.stock SET v = 7 WHERE id <= 500")
                connection.execute("INSERT INTO lim.items VALUES (2, 2)")
        connection.rollback()
        with connection.cursor() as cursor:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="COPY"):
                with cursor.copy("COPY lim.items FROM STDIN") as copy:
                    for i in range(101):
                        copy.write_row((i, 0))
            connection.rollback()
            with cursor.copy("COPY lim.items FROM STDIN") as copy:
                for i in range(100):
                    copy.write_row((i, 0))
        connection.commit()
    state = {t: (n, s) for t, n, s in tables()}
    assert state["stock"] == (1000, 1000) and state["items"][0] == 350


def test_the_refusal_teaches_and_is_recorded(gateway, client, tables):
    marker = f"/* taught{random.random()} */"
    error = error_in(client.run(query(write("cascade", 101) + marker)))
    assert error["C"] == "42501" and error["H"]
    assert error["M"] == 'DELETE would change 101 rows, more than the 100 that rule "people-write-little" allows: undone'
    assert "lim.children: 100" in error["D"] and "lim.parents: 1" in error["D"]
    (record,) = gateway.wait_for(lambda r: r, "--text", marker)
    assert (record["decision"], record["rule"], record["sqlstate"]) == ("limited", "people-write-little", "42501")


def test_somebody_elses_row_cannot_slip_through(gateway, tables, direct):
    """A row inserted between look and run counts: the statement waits for it, then changes it as well."""
    client = WireClient(gateway.port, timeout=30)
    client.login()
    direct.execute("DELETE FROM lim.stock WHERE id > 100")
    with psycopg.connect(direct.info.dsn, autocommit=False, host=direct.info.host) as other:
        other.execute("UPDATE lim.stock SET v = 1 WHERE id = 50")
        other.execute("INSERT INTO lim.stock SELECT i, 0 FROM generate_series(1001, 1001) i")
        client.send(query("WITH seen AS (SELECT count(*) FROM lim.stock) UPDATE lim.stock SET v = v + 2 WHERE id > 0"))
        time.sleep(0.5)
        other.commit()
    answer = client.run(b"")
    # Its snapshot is older than the row: 100 are changed, not 101.
    assert error_in(answer) is None
    answer = client.run(query("UPDATE lim.stock SET v = v + 2 WHERE id > 0 AND v IS NOT NULL"))
    assert "would change 101 rows" in error_in(answer)["M"]


def cancel(client, port):
    """Of a client that may not have logged in yet."""
    if client.key is None:
        return
    asker = WireClient(port, timeout=30)
    asker.send(struct.pack("!II", 8 + len(client.key), 80877102) + client.key)
    asker.read_to_end()


@pytest.mark.parametrize("form", ["simple", "extended", "transaction"])
def test_a_storm_of_cancels_lets_nothing_through(gateway, tables, form):
    """Whatever a cancel hits, the statement, the counting, the COMMIT or the rollback: all or nothing, and never too much."""
    rng = random.Random(form)
    start = tables()
    client = WireClient(gateway.port, timeout=60)
    client.login()
    stop = threading.Event()

    def storm():
        while not stop.is_set():
            time.sleep(rng.uniform(0, 0.02))
            cancel(client, gateway.port)

    threads = [threading.Thread(target=storm, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    done, cancelled = 0, 0
    try:
        deadline = time.time() + 8
        while time.time() < deadline:
            too_much = rng.random() < 0.5
            sql = write("trigger", LIMIT + 1 if too_much else LIMIT)
            try:
                answer = FORMS[form](client, sql)
            except (EOFError, ConnectionError):  # A session may end over it; what it did is undone.
                client = WireClient(gateway.port, timeout=60)
                client.login()
                continue
            errors = [error_fields(body) for kind, body in answer if kind == b"E"]
            committed = not errors and (form != "transaction" or (b"C", b"COMMIT\0") in answer)
            assert not (too_much and committed), "too much was let through"
            done += committed
            cancelled += any(e["C"] == "57014" for e in errors)
            if answer[-1][1] != b"I":
                client.run(query("ROLLBACK"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    state = {t: (n, s) for t, n, s in tables()}
    assert start != tables() or done == 0
    spills, spilled = state["spills"][0], state["spilled"][0]
    assert spilled == spills * (LIMIT - 1), "only whole statements within the limit"
    # A COMMIT that was through when the cancel came is told as an error, never the other way round.
    assert spills >= done
    assert cancelled > 0 or done > 0
    for _ in range(50):
        if kinds(client.run(query("SELECT 'and on'"))) == "TDCZ":
            break


def test_server_killed_in_between(direct):
    """The server goes while bounded writes run: nothing beyond the limit is found when it is back."""
    own = PostgresServer()
    running = None
    try:
        own.sql(SCHEMA, "orders")
        own.sql(RESET, "orders")
        running = Gateway(own, environment="production", pool="size: 5, connect_timeout: 3s")
        for delay in (0.0, 0.01, 0.05):
            clients = [WireClient(running.port, timeout=30) for _ in range(3)]
            for client in clients:
                client.login()
                client.run(query("SELECT 1"))
            for client in clients:
                client.send(query(write("trigger", 101)) * 10 + query(write("trigger", 100)) * 5)
            time.sleep(delay)
            own.kill()
            for client in clients:
                client.read_to_end()
            own.start()
            (row,) = own.sql("SELECT (SELECT count(*) FROM lim.spilled), (SELECT count(*) FROM lim.spills)", "orders")
            spilled, spills = map(int, row.split("|"))
            assert spilled == spills * 99
        deadline = time.time() + 20
        while True:
            client = WireClient(running.port, timeout=30)
            if client.login()[-1][0] == b"Z" and error_in(client.run(query("SELECT 1"))) is None:
                break
            assert time.time() < deadline
            time.sleep(0.2)
        assert "would change 101 rows" in error_in(client.run(query(write("trigger", 101))))["M"]
        assert error_in(client.run(query(write("trigger", 100)))) is None
    finally:
        if running:
            running.stop()
        own.stop()
