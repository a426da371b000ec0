"""Agents over MCP: what it adds to a statement, and what a session of one weighs.

    /usr/bin/python3 bench/agents.py [--statements N] [--sessions N]

with the release binary (SLUICE_BIN, else build/release/src/sluice). One gateway with one worker before a private PostgreSQL, profile
`standard`, masking and log on.
"""

import argparse
import asyncio
import http.client
import json
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SLUICE_BIN", str(ROOT / "build/release/src/sluice"))
sys.path.insert(0, str(ROOT / "tests"))

import psycopg  # noqa: E402
from harness.gateway import Gateway  # noqa: E402
from harness.postgres import PostgresServer  # noqa: E402

SQL = "SELECT id, email FROM customers WHERE id = 7"
SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
INSERT INTO customers SELECT i, 'person' || i || '@example.com' FROM generate_series(1, 500) i; ANALYZE customers;
"""


def call_of(n=1):
    return json.dumps({"jsonrpc": "2.0", "id": n, "method": "tools/call",
                       "params": {"name": "query", "arguments": {"database": "orders", "sql": SQL}}})


def quantiles(seconds):
    cut = statistics.quantiles(seconds, n=100)
    return f"p50 {cut[49] * 1000:.2f} ms, p95 {cut[94] * 1000:.2f} ms, p99 {cut[98] * 1000:.2f} ms"


def by_mcp(gateway, token):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask():
        connection.request("POST", "/mcp", call_of(), headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        assert not body["result"]["isError"], body
    return ask


def by_sql(dsn, password=None):
    connection = psycopg.connect(dsn, autocommit=True, **({"password": password} if password else {}))
    return lambda: connection.execute(SQL).fetchall()


def latency(gateway, server, token, statements):
    ways = {"server itself": by_sql(f"host=127.0.0.1 port={server.port} user=sluice dbname=orders password={server_password()}"),
            "gateway, psycopg": by_sql(gateway.dsn(user="robot-0", password=token)), "gateway, MCP": by_mcp(gateway, token)}
    times = {name: [] for name in ways}
    for _ in range(200):
        for ask in ways.values():
            ask()
    # In turns, so that what the machine does meanwhile hits all of them.
    for _ in range(statements):
        for name, ask in ways.items():
            started = time.perf_counter()
            ask()
            times[name].append(time.perf_counter() - started)
    for name, seconds in times.items():
        print(f"{name:20} {quantiles(seconds)}")
    added = statistics.median(times["gateway, MCP"]) - statistics.median(times["gateway, psycopg"])
    print(f"MCP adds {added * 1000:.2f} ms to the median")


def server_password():
    from harness.postgres import SERVER_PASSWORD
    return SERVER_PASSWORD


def resident(gateway):
    pages = int(pathlib.Path(f"/proc/{gateway.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# That the gateway takes from one address: 64, of which some are kept for who looks at it meanwhile.
FROM_ONE_ADDRESS = 50


async def ask_once(port, token, number):
    """One agent: its own HTTP connection, kept, from one of several addresses of this machine."""
    address = f"127.0.0.{2 + number // FROM_ONE_ADDRESS}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))

    async def ask():
        body = call_of().encode()
        writer.write(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                     + token.encode() + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        answer = json.loads(await reader.readexactly(length))
        assert not answer["result"]["isError"], answer
    return ask, writer


async def sessions(gateway, tokens):
    before = resident(gateway)
    asks = [await ask_once(gateway.http, token, number) for number, token in enumerate(tokens)]
    started = time.perf_counter()
    await asyncio.gather(*(ask() for ask, _ in asks))
    took = time.perf_counter() - started
    idle = resident(gateway)
    await asyncio.gather(*(ask() for ask, _ in asks))
    again = resident(gateway)
    count = len(psycopg.connect(f"host=127.0.0.1 port={gateway.server_port} user=sluice dbname=orders password={server_password()}",
                                autocommit=True).execute("SELECT 1 FROM pg_stat_activity WHERE usename = 'sluice'").fetchall())
    print(f"{len(tokens)} agents at once: {took:.2f} s for one statement each; {count} server connections")
    print(f"resident: {before >> 10} KiB before, {idle >> 10} KiB with all of them, {again >> 10} KiB after another round: "
          f"{(again - before) / len(tokens) / 1024:.1f} KiB a session (its own connection, the gateway's session, HTTP)")
    for _, writer in asks:
        writer.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--statements", type=int, default=2000)
    arguments.add_argument("--sessions", type=int, default=500)
    chosen = arguments.parse_args()
    server = PostgresServer(settings=("max_connections = 700",))
    server.sql(SCHEMA, database="orders")
    gateway = Gateway(server, start=False, masking=True, pool="size: 600", extra="api: { requests_per_second: 10000 }")
    gateway.server_port = server.port
    gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1"))
    tokens = []
    for i in range(chosen.sessions):
        gateway.cli("user", "add", f"robot-{i}", "--kind", "agent", "--group", "engineering", "--no-password")
        tokens.append(gateway.cli("token", "create", "--user", f"robot-{i}", "--for", "1h", "--scope", "mcp").stdout.split()[-1])
    gateway.start()
    try:
        latency(gateway, server, tokens[0], chosen.statements)
        asyncio.run(sessions(gateway, tokens))
    finally:
        gateway.stop()
        server.stop()


if __name__ == "__main__":
    main()
