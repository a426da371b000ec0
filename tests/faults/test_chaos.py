"""A relay that cuts, delays and slices what it carries: a client gets the right result or an error, never a wrong
result, and never waits for ever."""

import hashlib
import random
import socket
import struct
import threading
import time

import psycopg2
import pytest
from harness.gateway import Gateway


class ChaosRelay:
    """Carries connections to `port` in slices of random length; some are reset after so many bytes. The same seed makes
    the same choices."""

    def __init__(self, port, seed, reset_within=None):
        self.target, self.random, self.reset_within = port, random.Random(seed), reset_within
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.resets = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            budget = [self.random.randrange(*self.reset_within)] if self.reset_within else None
            seeds = self.random.random(), self.random.random()
            for source, sink, seed in ((client, server, seeds[0]), (server, client, seeds[1])):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(source, sink, budget, random.Random(seed)), daemon=True).start()

    def _carry(self, source, sink, budget, dice):
        try:
            while True:
                data = source.recv(dice.choice([1, 7, 100, 5000, 65536]))
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                if dice.random() < 0.02:
                    time.sleep(dice.random() * 0.02)
                if budget is not None:
                    budget[0] -= len(data)
                    if budget[0] <= 0:
                        self.resets += 1
                        data = data[:max(0, len(data) + budget[0])]
                        sink.sendall(data)
                        for end in (source, sink):
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        for end in (source, sink):
                            # The other direction's thread sits in recv() and would keep the socket open for ever.
                            end.shutdown(socket.SHUT_RD)
                            end.close()
                        return
                sink.sendall(data)
        except OSError:
            source.close()
            sink.close()

    def stop(self):
        self.listener.close()


def work(port, outcomes, number):
    """Statements whose right answers are known; counts right ones and errors, keeps wrong ones."""
    dice = random.Random(number)
    deadline = time.time() + 4
    while time.time() < deadline:
        try:
            connection = psycopg2.connect(f"host=127.0.0.1 port={port} user=alice password='correct horse battery' dbname=orders "
                                          "connect_timeout=10")
            with connection, connection.cursor() as cursor:
                for _ in range(8):
                    rows = dice.choice([1, 10, 300])
                    tag = f"{number}-{dice.random()}"
                    cursor.execute("SELECT %s || i, md5(%s || i) FROM generate_series(1, %s) i", (tag, tag, rows))
                    got = cursor.fetchall()
                    right = [(f"{tag}{i}", hashlib.md5(f"{tag}{i}".encode()).hexdigest()) for i in range(1, rows + 1)]
                    outcomes["right" if got == right else "wrong"].append(tag)
            connection.close()
        except psycopg2.Error as error:
            outcomes["errors"].append(str(error))


def run_clients(port, count=6):
    outcomes = {"right": [], "wrong": [], "errors": []}
    threads = [threading.Thread(target=work, args=(port, outcomes, n)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive(), "a client waits for ever"
    return outcomes


@pytest.mark.parametrize("side", ["server", "client"])
@pytest.mark.parametrize("reset_within", [None, (200, 30_000)], ids=["slices", "resets"])
def test_Threat56_chaos(server, side, reset_within):
    relay = ChaosRelay(server.port, seed=20) if side == "server" else None
    gateway = Gateway(relay or server, pool="size: 4")
    # The catalog is a megabyte in one answer: nothing is let through before it has come whole.
    assert gateway.psql("-Atc", "SELECT 1").stdout == "1\n"
    if side == "server":
        relay.reset_within = reset_within
    if side == "client":
        relay = ChaosRelay(gateway.port, seed=21, reset_within=reset_within)
    try:
        outcomes = run_clients(gateway.port if side == "server" else relay.port)
        assert not outcomes["wrong"]
        assert len(outcomes["right"]) > 20
        if reset_within:
            assert relay.resets > 3 and outcomes["errors"]
        else:
            assert not outcomes["errors"], outcomes["errors"][:3]
        # What a client was told, stands on the record.
        records = gateway.wait_for(lambda found: True, "--kind", "select")
        texts = " ".join(record["text"] for record in records if record["decision"] == "allowed")
        assert all(tag in texts for tag in outcomes["right"])
        # No place in the pool is stuck; what is kept there from before may still be cut.
        relay.reset_within = None
        if side == "server":
            server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice'")
            gateway.wait_for(lambda _: gateway.psql("-Atc", "SELECT 1").stdout == "1\n")
        for _ in range(6):
            assert gateway.psql("-Atc", "SELECT 1").stdout == "1\n"
    finally:
        assert gateway.stop() == 0
        relay.stop()
