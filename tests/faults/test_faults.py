"""What must not be lost, and what must not break, when something else does."""

import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query


@pytest.mark.parametrize("reactor", ["io_uring", "epoll"])
def test_Threat57_kill_9_loses_no_acknowledged_record(server, reactor):
    gateway = Gateway(server, reactor=reactor, environment="development")
    try:
        server.sql("DROP TABLE IF EXISTS acknowledged; CREATE TABLE acknowledged (worker int, n int)", "orders")
        acknowledged = [0] * 6
        def work(worker):
            try:
                client = WireClient(gateway.port)
                client.login()
                while True:
                    n = acknowledged[worker] + 1
                    client.run(query(f"INSERT INTO acknowledged VALUES ({worker}, {n})"))
                    acknowledged[worker] = n
            except (OSError, EOFError):
                pass
        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        gateway.kill9()
        for thread in threads:
            thread.join()
        assert min(acknowledged) > 10
        gateway.start()
        recorded = {r["text"] for r in gateway.search("--kind", "insert", "--table", "acknowledged")}
        for worker, last in enumerate(acknowledged):
            missing = [n for n in range(1, last + 1) if f"INSERT INTO acknowledged VALUES ({worker}, {n})" not in recorded]
            assert not missing, f"worker {worker}: {len(missing)} acknowledged statements are not on the record"
    finally:
        gateway.stop()


def test_Threat57_full_disk_refuses_and_recovers(server, tmp_path):
    if os.getuid() != 0:
        pytest.fail("needs root, for a small tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
    gateway = Gateway(server, extra="audit: { segment_size: 1MiB }", start=False)
    try:
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace(f"state: {gateway.root}/state", f"state: {disk}/state"))
        gateway.cli("user", "add", "alice", "--password-stdin", input=PASSWORD + "\n")
        gateway.start()
        client = WireClient(gateway.port)
        client.login()
        assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
        filler = disk / "filler"
        with open(filler, "wb") as f:
            try:
                while f.write(b"x" * 65536):
                    pass
            except OSError:
                pass
        refused = None
        padding = "x" * 15000
        for _ in range(500):
            answer = client.run(query(f"SELECT '{padding}'"))
            if kinds(answer) == "EZ":
                refused = error_fields(answer[0][1])
                break
        assert refused and refused["C"] == "58030", refused
        assert kinds(client.run(parse("SELECT 1") + bind() + execute() + SYNC)) == "EZ"
        filler.unlink()
        assert kinds(client.run(query("SELECT 2"))) == "TDCZ", "there is room again"
    finally:
        gateway.stop()
        subprocess.run(["umount", "-l", disk], check=True)


def get(gateway, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}{path}", timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_a_disk_that_runs_low_is_an_alarm_before_it_is_full(server, tmp_path):
    if os.getuid() != 0:
        pytest.fail("needs root, for a small tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], check=True)
    gateway = Gateway(server, extra="audit: { segment_size: 1MiB, low_water: 16MiB }", start=False)

    def warned():
        return "left on its disk" in json.loads(get(gateway, "/readyz"))["warnings"].get("audit log", "")

    def eventually(condition):
        end = time.monotonic() + 15
        while not condition() and time.monotonic() < end:
            time.sleep(0.1)
        return condition()

    try:
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace(f"state: {gateway.root}/state", f"state: {disk}/state"))
        gateway.cli("user", "add", "alice", "--password-stdin", input=PASSWORD + "\n")
        gateway.start()
        client = WireClient(gateway.port)
        client.login()
        assert not warned() and b"left on its disk" not in gateway.log.read_bytes()
        filler = disk / "filler"
        space = shutil.disk_usage(disk).free
        filler.write_bytes(bytes(space - (8 << 20)))
        assert eventually(warned)
        assert json.loads(get(gateway, "/readyz"))["status"] == "ready", "it is a warning: statements run"
        assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
        assert eventually(lambda: b"MB are left on its disk; when it is full, statements are refused" in gateway.log.read_bytes())
        free = [line for line in get(gateway, "/metrics").splitlines() if line.startswith("sluice_audit_disk_free_bytes")]
        assert 0 < float(free[0].split()[-1]) < 16 << 20
        filler.unlink()
        assert eventually(lambda: not warned())
    finally:
        gateway.stop()
        subprocess.run(["umount", "-l", disk], check=True)


def test_server_killed_and_back(server):
    own = PostgresServer()
    gateway = Gateway(own)
    try:
        client = WireClient(gateway.port)
        client.login()
        client.run(query("SELECT 1"))
        client.send(query("SELECT pg_sleep(60)"))
        gateway.wait_for(lambda _: "pg_sleep" in gateway.cli("session", "list", "-o", "json").stdout)
        own.kill()
        data = client.read_to_end()
        assert b"57P0" in data or b"08006" in data, data
        down = gateway.psql("-c", "SELECT 1")
        assert down.returncode != 0 and "could not connect to database \"orders\"" in down.stderr
        own.start()
        assert gateway.psql("-Atc", "SELECT 'back'").stdout == "back\n"
        outcome = gateway.search("--text", "pg_sleep(60)")
        assert len(outcome) == 1 and (outcome[0]["decision"] == "lost" or outcome[0].get("sqlstate"))
    finally:
        gateway.stop()
        own.stop()


@pytest.mark.parametrize("reactor", ["io_uring", "epoll"])
def test_Threat55_slow_reader_of_a_gigabyte(server, reactor):
    gateway = Gateway(server, reactor=reactor)
    try:
        client = WireClient(gateway.port, timeout=60)
        client.login()
        client.run(query("SELECT 1"))
        before = gateway.memory()
        client.send(query("SELECT repeat('x', 1000000) FROM generate_series(1, 1000)"))
        time.sleep(2)  # Nothing is read meanwhile.
        grown = gateway.memory() - before
        assert grown < 32 << 20, f"{grown >> 20} MiB held for a client that does not read"
        assert gateway.psql("-Atc", "SELECT 'others go on'").stdout == "others go on\n"
        seen = 0
        while seen < 1_000_000_000:
            seen += len(client.sock.recv(1 << 20))
        assert gateway.memory() - before < 64 << 20
    finally:
        gateway.stop()


def test_five_thousand_idle_clients(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gateway = Gateway(server, extra="limits: { logins_in_progress_per_source: 1000 }")
    try:
        first = WireClient(gateway.port)
        first.login()
        first.run(query("SELECT 1"))
        before = gateway.memory()
        clients = []
        for _ in range(5000):
            client = WireClient(gateway.port, timeout=30)
            assert client.login()[-1][0] == b"Z"
            clients.append(client)
        each = (gateway.memory() - before) / len(clients)
        print(f"{each:.0f} bytes for each idle client")
        assert each < 16384
        for client in clients[::500]:
            assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
    finally:
        gateway.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_Threat33_clients_vanish_in_mid_message(server):
    gateway = Gateway(server, pool="size: 3")
    try:
        for data in (b"Q\0\0", b"Q\0\0\1\0SELECT", parse("SELECT 1") + b"B\0\1\0\0" + b"x" * 100,
                     query("COPY (SELECT 1) TO STDOUT") + query("SELECT pg_sleep(0.2)"), query("BEGIN"),
                     query("SELECT repeat('x', 4000000)")):
            for _ in range(4):
                client = WireClient(gateway.port)
                client.login()
                client.send(data)
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()  # With a reset.
        assert gateway.psql("-Atc", "SELECT 'clean'").stdout == "clean\n"
    finally:
        assert gateway.stop() == 0


def test_Threat15_slow_and_silent_logins_end(server):
    gateway = Gateway(server, extra="limits: { login_timeout: 1s, logins_in_progress_per_source: 20 }")
    try:
        clients = [WireClient(gateway.port) for _ in range(30)]
        clients[0].send(b"\0")
        started = time.time()
        assert clients[0].read_to_end() == b"" and clients[1].read_to_end() == b""
        assert clients[29].read_to_end() == b"", "more than the source may have"
        assert time.time() - started < 20
        assert gateway.psql("-Atc", "SELECT 'room again'").stdout == "room again\n"
    finally:
        gateway.stop()


def test_Threat26_cancel_storm_hits_nobody_else(server):
    gateway = Gateway(server, pool="size: 2")
    try:
        stop = threading.Event()
        def storm():
            while not stop.is_set():
                victim = WireClient(gateway.port)
                victim.login()
                victim.send(query("SELECT 1"))
                canceller = WireClient(gateway.port)
                canceller.send(struct.pack("!II", 8 + len(victim.key), 80877102) + victim.key)
                victim.close()
                canceller.close()
        thread = threading.Thread(target=storm)
        thread.start()
        bystander = WireClient(gateway.port)
        bystander.login()
        for i in range(300):
            answer = bystander.run(query(f"SELECT {i}, pg_sleep(0.003)"))
            assert kinds(answer) == "TDCZ", error_fields(answer[0][1])
        stop.set()
        thread.join()
    finally:
        gateway.stop()


def test_drain_lets_running_statements_finish(server):
    gateway = Gateway(server)
    client = WireClient(gateway.port)
    client.login()
    client.send(query("SELECT 'finished', pg_sleep(1.5)"))
    gateway.wait_for(lambda _: "pg_sleep" in gateway.cli("session", "list", "-o", "json").stdout)
    root = gateway.root
    gateway.signal(signal.SIGTERM)
    assert kinds(client.run(b"")) == "TDCZ"
    assert b"57P01" in client.read_to_end()
    assert gateway.process.wait(timeout=30) == 0
    (record,) = gateway.search("--text", "'finished'")
    assert record["decision"] == "allowed" and "sqlstate" not in record
    shutil.rmtree(root)


def test_second_gateway_on_the_same_state_is_refused(server):
    gateway = Gateway(server)
    try:
        second = subprocess.run([SLUICE, "serve", "--config", str(gateway.config)], capture_output=True, text=True, timeout=30)
        assert second.returncode == 5 and "in use by process" in second.stderr
    finally:
        gateway.stop()


def test_disk_durability(server):
    gateway = Gateway(server, extra="audit: { durability: disk }", environment="development")
    try:
        server.sql("DROP TABLE IF EXISTS durable; CREATE TABLE durable (a int)", "orders")
        client = WireClient(gateway.port)
        client.login()
        for i in range(50):
            assert kinds(client.run(query(f"INSERT INTO durable VALUES ({i})"))) == "CZ"
        data = parse("INSERT INTO durable VALUES ($1)") + (bind(values=[b"7"]) + execute()) * 20 + SYNC
        assert kinds(client.run(data)).endswith("CZ")
        assert len(gateway.search("--table", "durable", "--kind", "insert")) == 70
    finally:
        gateway.stop()


def test_tampered_segment_is_noticed(server):
    gateway = Gateway(server)
    gateway.psql("-c", "SELECT 'original text'")
    gateway.process.terminate()
    gateway.process.wait(timeout=30)
    try:
        (segment,) = [p for p in pathlib.Path(gateway.root, "state/audit/log").iterdir()
                      if b"original text" in p.read_bytes()]
        segment.write_bytes(segment.read_bytes().replace(b"original text", b"doctored text"))
        pathlib.Path(gateway.root, "state/audit/index.db").unlink()
        gateway.start()
        gateway.wait_for(lambda _: b"damaged" in gateway.log.read_bytes())
        assert b"damaged at byte" in gateway.log.read_bytes()
    finally:
        gateway.stop()
