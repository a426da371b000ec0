"""What holding statements costs: memory for each, and no time of the workers."""

import os
import pathlib
import time

from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer
from harness.wire import WireClient, kinds, query

SESSIONS = 1000
USERS = [f"user{i}" for i in range(20)]
POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: drops-wait, effect: hold, do: [drop], approve: { by: [dba], wait: 10m } }
"""


def cpu_seconds(gateway):
    fields = pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_held_statement_costs_little_memory_and_no_time():
    server = PostgresServer(settings=[f"max_connections = {SESSIONS + 20}"])
    gateway = Gateway(server, start=False, pool=f"size: {SESSIONS + 10}")
    try:
        policy = gateway.root / "policy.yaml"
        policy.write_text(POLICY)
        gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
        for user in ("dora", *USERS):
            gateway.cli("user", "add", user, "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
        server.sql("SET ROLE sluice; CREATE TABLE victim (id int)", "orders")
        gateway.start()
        clients = []
        for i in range(SESSIONS):
            client = WireClient(gateway.port, timeout=60)
            client.login(user=USERS[i % len(USERS)])
            assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
            clients.append(client)
        first = clients[0]
        first.send(query("DROP TABLE victim"))  # What is done once, is done.
        assert first.read_message()[0] == b"N"
        before = gateway.memory()
        for i, client in enumerate(clients[1:]):
            client.send(query(f"DROP TABLE victim /* {i} */"))
        for client in clients[1:]:
            said = client.read_message()
            assert said[0] == b"N", said
        each = (gateway.memory() - before) / (SESSIONS - 1)
        used = cpu_seconds(gateway)
        time.sleep(5)
        used = cpu_seconds(gateway) - used
        print(f"{each / 1024:.1f} KiB each, {used * 1000:.0f} ms of CPU in 5 s")
        assert each <= 16 * 1024, f"{each / 1024:.1f} KiB each"
        assert used < 0.25, f"{used * 1000:.0f} ms in 5 s"
        for client in clients:
            client.close()
    finally:
        gateway.stop()
        server.stop()
