"""Cancel requests that guess, flood, or go astray (threats 24, 27, 28)."""

import json
import socket
import struct
import threading
import time

import pytest
from harness.certificates import Authority
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.rogue import READY, RogueServer, complete
from harness.wire import WireClient, error_fields, kinds, query

CANCEL = 80877102


def cancel_packet(key):
    return struct.pack("!II", 8 + len(key), CANCEL) + key


def ask(port, key):
    """Sends a cancel request; what came back until the gateway closed."""
    client = WireClient(port, timeout=30)
    client.send(cancel_packet(key))
    return client.read_to_end()


@pytest.mark.parametrize("length", [0, 3, 4 + 3, 4 + 257, 2000])
def test_Threat28_secrets_of_odd_lengths(gateway, length):
    client = WireClient(gateway.port, timeout=20)
    client.login()
    client.send(query("SELECT pg_sleep(0.5), 'not cancelled'"))
    key = (client.key * 300)[:length]
    answer = ask(gateway.port, key)
    assert answer == b"" or error_fields(answer[5:])["S"] == "FATAL"
    assert kinds(client.read_until()) == "TDCZ"


@pytest.mark.parametrize("how", ["killed", "gone"])
def test_what_runs_for_nobody_is_cancelled(gateway, server, how):
    """A session that ends takes the statement that it runs with it: it would be committed otherwise."""
    client = WireClient(gateway.port, timeout=20)
    client.login()
    client.send(query("SELECT pg_sleep(600), 'for nobody'"))
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(600)%'"
    wait_until(lambda: server.sql(running, database="orders") == ["1"])
    if how == "killed":
        (session,) = [s for s in json.loads(gateway.cli("session", "list", "-o", "json").stdout) if "for nobody" in s["last_statement"]]
        gateway.cli("session", "kill", str(session["id"]))
    else:
        client.close()
    wait_until(lambda: server.sql(running, database="orders") == ["0"])


def wait_until(condition, seconds=60):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline
        time.sleep(0.05)


def test_Threat24_a_key_serves_one_session_and_one_life(gateway):
    """Neither another's key nor that of a session that is gone reaches anybody."""
    first = WireClient(gateway.port)
    first.login()
    first.run(query("SELECT 1"))
    key = first.key
    first.close()
    second, third = WireClient(gateway.port, timeout=20), WireClient(gateway.port, timeout=20)
    for client in (second, third):
        client.login(version=196610)
        client.send(query("SELECT pg_sleep(0.7)"))
    assert len({key, second.key, third.key}) == 3
    assert ask(gateway.port, key) == b""
    for guess in (second.key[:8], second.key[:-1], second.key[:4] + third.key[4:], bytes(36)):
        assert ask(gateway.port, guess) == b"", "no word on whether a guess was close"
    assert kinds(second.read_until()) == kinds(third.read_until()) == "TDCZ"
    second.send(query("SELECT pg_sleep(30)"))
    time.sleep(0.2)
    assert ask(gateway.port, second.key) == b""
    assert error_fields([b for k, b in second.read_until() if k == b"E"][0])["C"] == "57014"


class CountingServer(RogueServer):
    """Holds cancel connections open, as a server does that is slow to take them."""

    def __init__(self):
        self.hang, self.open, self.most, self.cancels = threading.Event(), 0, 0, 0
        self.lock = threading.Lock()
        super().__init__(answers={"SELECT 'hangs'": self._hang})

    def _hang(self, connection):
        self.hang.wait(30)
        connection.sendall(complete() + READY)

    def on_cancel(self, connection):
        with self.lock:
            self.cancels += 1
            self.open += 1
            self.most = max(self.most, self.open)
        self.hang.wait(30)
        with self.lock:
            self.open -= 1


def test_Threat27_a_flood_with_the_right_keys_is_bounded():
    server = CountingServer()
    gateway = Gateway(server, pool="size: 2")
    try:
        victims = [WireClient(gateway.port, timeout=40) for _ in range(2)]
        for client in victims:
            assert client.login()[-1][0] == b"Z"
            client.send(query("SELECT 'hangs'"))
        time.sleep(0.3)
        askers = []
        for _ in range(40):
            for client in victims:
                asker = WireClient(gateway.port, timeout=40)
                asker.send(cancel_packet(client.key))
                askers.append(asker)
        time.sleep(0.5)
        assert 1 <= server.most <= len(victims), f"{server.most} cancel connections at once"
        # Logins go on meanwhile, though the pool is taken.
        for _ in range(5):
            other = WireClient(gateway.port)
            assert other.login()[-1][0] == b"Z"
            other.close()
        server.hang.set()
        for client in victims:
            assert kinds(client.read_until()) == "CZ"
        for asker in askers:
            assert asker.read_to_end() == b""
        assert server.cancels <= len(askers)
    finally:
        server.hang.set()
        assert gateway.stop() == 0
        server.stop()


class Tap:
    """Carries connections to `port` and keeps what the client's side said on each. `intercept` takes new ones instead."""

    def __init__(self, port):
        self.target, self.said, self.intercept = port, [], None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                if self.intercept:
                    self.intercept(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            said = bytearray()
            self.said.append(said)
            threading.Thread(target=self._carry, args=(client, server, said), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, bytearray()), daemon=True).start()

    @staticmethod
    def _carry(source, sink, kept):
        try:
            while data := source.recv(65536):
                kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


def test_Threat28_a_cancel_goes_on_under_the_tls_of_its_session():
    authority = Authority()
    certificate, key = authority.issue("server", owner="postgres")
    server = PostgresServer(host_lines=["hostssl all all 127.0.0.1/32 scram-sha-256"], settings=[
        "ssl = on", f"ssl_cert_file = '{certificate}'", f"ssl_key_file = '{key}'"])
    tap = Tap(server.port)
    gateway = Gateway(tap, url_options=f"sslmode=verify-full&sslrootcert={authority.certificate}")
    try:
        client = WireClient(gateway.port, timeout=30)
        client.login()
        client.send(query("SELECT pg_sleep(30)"))
        gateway.wait_for(lambda _: "pg_sleep" in gateway.cli("session", "list", "-o", "json").stdout)
        before = len(tap.said)
        assert ask(gateway.port, client.key) == b""
        assert error_fields([b for k, b in client.read_until() if k == b"E"][0])["C"] == "57014"
        assert len(tap.said) == before + 1, "one connection for the cancel"
        for said in tap.said:
            assert said.startswith(struct.pack("!II", 8, 80877103)), "TLS is asked for first"
            assert struct.pack("!I", CANCEL) not in said and b"pg_sleep" not in said and b"user" not in said
    finally:
        assert gateway.stop() == 0
        tap.stop()
        server.stop()
        authority.remove()


def test_Threat04_no_cancel_in_clear_where_the_session_was_encrypted():
    """The server offered TLS to the session, and refuses it to the cancel request: somebody is in between."""
    authority = Authority()
    certificate, key = authority.issue("server", owner="postgres")
    server = PostgresServer(host_lines=["host all all 127.0.0.1/32 scram-sha-256"], settings=[
        "ssl = on", f"ssl_cert_file = '{certificate}'", f"ssl_key_file = '{key}'"])
    tap = Tap(server.port)
    gateway = Gateway(tap, url_options="sslmode=prefer")
    heard = []

    def say_no(connection):
        connection.settimeout(10)
        heard.append(connection.recv(100))
        connection.sendall(b"N")
        heard.append(connection.recv(100))

    try:
        client = WireClient(gateway.port, timeout=30)
        client.login()
        client.send(query("SELECT pg_sleep(1.5)"))
        gateway.wait_for(lambda _: "pg_sleep" in gateway.cli("session", "list", "-o", "json").stdout)
        tap.intercept = say_no
        assert ask(gateway.port, client.key) == b""
        deadline = time.time() + 10
        while len(heard) < 2 and time.time() < deadline:
            time.sleep(0.01)
        # The gateway's own readers may have come by meanwhile.
        assert set(heard) == {struct.pack("!II", 8, 80877103), b""}, "asked for TLS, was told no, said nothing more"
        assert kinds(client.read_until()) == "TDCZ", "and nothing was cancelled"
    finally:
        assert gateway.stop() == 0
        tap.stop()
        server.stop()
        authority.remove()
