"""What holding statements costs: memory for each, and no time of the workers."""

import os
import pathlib
import time

from harness import held
from harness.gateway import Gateway
from harness.postgres import PostgresServer

SESSIONS = 1000


def cpu_seconds(gateway):
    fields = pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_held_statement_costs_little_memory_and_no_time():
    server = PostgresServer(settings=[f"max_connections = {SESSIONS + 20}"])
    gateway = Gateway(server, start=False, pool=f"size: {SESSIONS + 10}")
    try:
        held.prepare(gateway, server)
        gateway.start()
        clients = held.sessions(gateway, SESSIONS)
        held.hold(clients[:1])  # What is done once, is done.
        before = gateway.memory()
        held.hold(clients[1:])
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
