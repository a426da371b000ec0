"""Measures direct, PgBouncer and Sluice in one interleaved run; prints Markdown (bench/README.md).

    ./dev bench [--seconds N] [--rounds N] [--only SECTION]   sections: tps durability lag held console bulk masked connect memory micro
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("SLUICE_BIN", str(ROOT / "build/release/sluice"))

from api.client import known_token  # noqa: E402
from harness import held as holding  # noqa: E402
from harness.gateway import PASSWORD, Gateway  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.postgres import BIN, SERVER_PASSWORD, PostgresServer, as_postgres  # noqa: E402

import psycopg2  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


CUSTOMERS = """
CREATE TABLE customers AS SELECT i AS id,
    (ARRAY['Alma','Bruno','Carla','Dario','Edith','Frida','Gustav','Helma','Ivo','Jana'])[1 + i % 10] || ' '
      || (ARRAY['Quarrington','Pendlebury','Ravensdale','Ostermann','Lindqvist','Haverkamp','Castellan'])[1 + i % 7] AS full_name,
    'user' || i || '@mail' || i % 97 || '.example' AS email, '+44 20 79' || lpad((i % 1000000)::text, 6, '0') AS phone,
    (1 + i % 180) || ' Harbour Lane' AS street_address, date '1950-01-01' + i % 18000 AS birth_date,
    'DE' || lpad((i % 89 + 10)::text, 2, '0') || lpad((i * 7919)::text, 18, '0') AS iban,
    ('10.' || i % 200 || '.' || i / 7 % 250 || '.' || i % 250)::inet AS client_ip,
    i % 5000 AS points, round(i * 1.37, 2) AS balance, (ARRAY['bronze','silver','gold'])[1 + i % 3] AS tier,
    timestamptz '2020-01-01' + i * interval '7 minutes' AS created_at, i % 3 = 0 AS newsletter
  FROM generate_series(1, 200000) i;
ANALYZE customers;
"""


def cpu_of(pid, data_path_only=False):
    """CPU seconds used so far: of all threads, or without the audit log's background threads."""
    total = 0.0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            if data_path_only and name.startswith("audit-"):
                continue
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
        except FileNotFoundError:
            pass
    return total


class Target:
    def __init__(self, name, port, user, password, pid=None, governs=True):
        self.name, self.port, self.user, self.password, self.pid, self.governs = name, port, user, password, pid, governs

    def env(self, sslmode="disable"):
        return {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.user,
                "PGPASSWORD": self.password, "PGDATABASE": "orders", "PGSSLMODE": sslmode}


class Certificate:
    """Self-signed, for the rows with TLS."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-cert-"))
        self.file, self.key = self.root / "crt", self.root / "key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.file],
                       check=True, capture_output=True)
        self.root.chmod(0o755)
        self.key.chmod(0o600)
        self.bouncer_key = self.root / "bouncer-key"
        self.bouncer_key.write_bytes(self.key.read_bytes())
        self.bouncer_key.chmod(0o600)
        subprocess.run(["chown", "postgres", self.bouncer_key], check=True)

    def stop(self):
        shutil.rmtree(self.root)


class PgBouncer:
    def __init__(self, server, mode, certificate):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bouncer-"))
        self.port = free_port()
        (verifier,) = server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'sluice'")
        (self.root / "users").write_text(f'"sluice" "{SERVER_PASSWORD}"\n')
        (self.root / "ini").write_text(f"""\
[databases]
orders = host=127.0.0.1 port={server.port} dbname=orders
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
client_tls_sslmode = allow
client_tls_cert_file = {certificate.file}
client_tls_key_file = {certificate.bouncer_key}
auth_file = {self.root}/users
pool_mode = {mode}
default_pool_size = 50
max_client_conn = 10000
logfile = {self.root}/log
log_connections = 0
log_disconnections = 0
""")
        subprocess.run(["chown", "-R", "postgres", self.root], check=True)
        self.process = subprocess.Popen(as_postgres(["pgbouncer", "-q", self.root / "ini"]),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        self.pid = int(subprocess.run(["pgrep", "-f", f"^pgbouncer .*{self.root}/ini"], capture_output=True, text=True,
                                      check=True).stdout.split()[0])

    def stop(self):
        os.kill(self.pid, 9)


class Relay:
    """Passes bytes on and looks at nothing: the floor for a proxy on this machine."""

    def __init__(self, server, reactor):
        self.port = free_port()
        self.process = subprocess.Popen([ROOT / "build/bench/src/net/net_bench", str(self.port), str(server.port), reactor])

    def stop(self):
        self.process.kill()
        self.process.wait()


def p99_of(prefix):
    """Milliseconds, from pgbench's log of all transactions."""
    times = sorted(int(line.split()[2]) for file in prefix.parent.iterdir() for line in file.read_text().splitlines())
    return times[len(times) * 99 // 100] / 1000


def pgbench(target, *options, seconds, sslmode="disable"):
    with tempfile.TemporaryDirectory() as logs:
        return run_pgbench(target, options, seconds, sslmode, pathlib.Path(logs) / "log")


def run_pgbench(target, options, seconds, sslmode, logs):
    before = cpu_of(target.pid) if target.pid else 0
    before_path = cpu_of(target.pid, True) if target.pid else 0
    out = subprocess.run([BIN / "pgbench", "-n", "-l", f"--log-prefix={logs}", "-T", str(seconds), *options],
                         env=target.env(sslmode), capture_output=True, text=True)
    if out.returncode != 0:
        return None
    cpu = (cpu_of(target.pid) - before) if target.pid else 0
    path = (cpu_of(target.pid, True) - before_path) if target.pid else 0
    count = int(re.search(r"transactions actually processed: (\d+)", out.stdout).group(1))
    return {"tps": float(re.search(r"tps = ([\d.]+)", out.stdout).group(1)), "cpu": cpu / count * 1e6, "path": path / count * 1e6,
            "p99": p99_of(logs), "latency": float(re.search(r"latency average = ([\d.]+)", out.stdout).group(1))}


def rounds_of(targets, rounds, measure):
    """{target name: {figure: median}}; the targets take turns."""
    seen = {t.name: [] for t in targets}
    for _ in range(rounds):
        for target in targets:
            figures = measure(target)
            if figures:
                seen[target.name].append(figures)
    return {name: {k: statistics.median(f[k] for f in all) for k in all[0]} for name, all in seen.items() if all}


def row(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |", flush=True)


def head(title, *columns):
    print(f"\n### {title}\n")
    row(*columns)
    row(*["---"] * len(columns))


def ratio(medians, figure, name, base="pgbouncer session"):
    if name not in medians or base not in medians or not medians[base][figure]:
        return ""
    return f"{medians[name][figure] / medians[base][figure]:.2f}"


def tps(targets, args):
    head("Transactions", "workload", "target", "tps", "x PgBouncer", "latency ms", "x", "p99 ms", "x", "proxy CPU us/tx", "x",
         "data path only", "x")
    for clients in (16, 1):
        for name, options in (("-S simple", ["-S", "-M", "simple"]), ("-S extended", ["-S", "-M", "extended"]),
                              ("-S prepared", ["-S", "-M", "prepared"]), ("TPC-B simple", ["-M", "simple"])):
            used = [t for t in targets if not (t.name == "pgbouncer transaction" and "prepared" in name)]
            medians = rounds_of(used, args.rounds, lambda t: pgbench(t, *options, "-c", str(clients), seconds=args.seconds))
            for target in used:
                m = medians.get(target.name)
                if m:
                    row(f"{name} c={clients}", target.name, f"{m['tps']:.0f}", ratio(medians, "tps", target.name),
                        f"{m['latency']:.3f}", ratio(medians, "latency", target.name),
                        f"{m['p99']:.2f}", ratio(medians, "p99", target.name), f"{m['cpu']:.1f}",
                        ratio(medians, "cpu", target.name), f"{m['path']:.1f}",
                        f"{m['path'] / medians['pgbouncer session']['cpu']:.2f}" if target.pid else "")


def fsync_times(folder, rounds=200):
    """Milliseconds that one small append takes to reach the disk of a folder, sorted."""
    file = folder / "fsync-probe"
    times = []
    with open(file, "wb", buffering=0) as probe:
        probe.write(bytes(1 << 20))
        os.fsync(probe.fileno())
        for n in range(rounds):
            os.pwrite(probe.fileno(), b"x" * 512, n * 512)
            begun = time.perf_counter()
            os.fdatasync(probe.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    file.unlink()
    return sorted(times)


def durability(targets, args):
    """What it costs that a record is on the disk before its completion is shown: 16 clients, on the disk of TMPDIR."""
    gateways = []
    try:
        for kind in ("process", "disk"):
            gateway = Gateway(args.server, start=False, extra=f"audit: {{ durability: {kind} }}")
            gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1"))
            gateway.start()
            gateways.append(gateway)
        times = fsync_times(gateways[0].root)
        used = [Target(kind, gateway.port, "alice", PASSWORD, gateway.process.pid)
                for kind, gateway in zip(("process", "disk"), gateways)]
        head(f"Durability, 16 clients; fdatasync of 512 bytes on that disk: median {statistics.median(times):.3f} ms, "
             f"p99 {times[len(times) * 99 // 100]:.3f} ms", "workload", "durability", "tps", "x process", "latency ms", "p99 ms", "x")
        for name, options in (("-S prepared", ["-S", "-M", "prepared"]), ("TPC-B simple", ["-M", "simple"])):
            medians = rounds_of(used, args.rounds, lambda t: pgbench(t, *options, "-c", "16", seconds=args.seconds))
            for target in used:
                m = medians.get(target.name)
                if m:
                    row(f"{name} c=16", target.name, f"{m['tps']:.0f}", ratio(medians, "tps", target.name, "process"),
                        f"{m['latency']:.3f}", f"{m['p99']:.2f}", ratio(medians, "p99", target.name, "process"))
    finally:
        for gateway in gateways:
            gateway.stop()


def index_lag(index, until, seen):
    """How old the newest record is that the index has, again and again, in seconds."""
    while not until.wait(0.05):
        with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True, timeout=5)) as connection:
            (newest,) = connection.execute("SELECT max(last_time) FROM chunks").fetchone()
        if newest:
            seen.append(time.time() - newest / 1e6)


def lag(targets, args):
    """How far the audit log's index is behind while 16 clients keep the data path busy."""
    head("Index behind the log, 16 clients", "workload", "records/s", "p50 s", "p99 s", "most s")
    gateway = Gateway(args.server, start=False)
    try:
        gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1"))
        gateway.start()
        target = Target("sluice", gateway.port, "alice", PASSWORD, gateway.process.pid)
        # A transaction of TPC-B is seven statements.
        for name, options, records in (("-S prepared", ["-S", "-M", "prepared"], 1), ("TPC-B simple", ["-M", "simple"], 7)):
            pgbench(target, *options, "-c", "16", seconds=2)  # before it there is nothing new to be behind of
            seen, over = [], threading.Event()
            watcher = threading.Thread(target=index_lag, args=(gateway.root / "state/audit/index.db", over, seen))
            watcher.start()
            found = pgbench(target, *options, "-c", "16", seconds=args.seconds * args.rounds)
            over.set()
            watcher.join()
            seen.sort()
            row(f"{name} c=16", f"{found['tps'] * records:.0f}", f"{statistics.median(seen):.2f}", f"{seen[len(seen) * 99 // 100]:.2f}",
                f"{seen[-1]:.2f}")
    finally:
        gateway.stop()


def held(targets, args):
    """What everybody else gets while 1,000 statements wait for people; each has a session and a server connection."""
    count = 1000
    server = PostgresServer(settings=["shared_buffers = 512MB", f"max_connections = {count + 100}"])
    stoppers, clients, used = [server], [], []
    try:
        initialise(server)
        for name in ("nothing held", f"{count} held"):
            gateway = Gateway(server, start=False, pool=f"size: {count + 40}")
            gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1"))
            holding.prepare(gateway, server)
            gateway.start()
            stoppers.append(gateway)
            used.append(Target(name, gateway.port, "alice", PASSWORD, gateway.process.pid))
        clients = holding.sessions(gateway, count)
        holding.hold(clients)
        head("Everybody else while statements are held, 16 clients", "workload", "gateway with", "tps", "x", "latency ms", "p99 ms", "x",
             "proxy CPU us/tx", "x")
        for name, options in (("-S prepared", ["-S", "-M", "prepared"]), ("TPC-B simple", ["-M", "simple"])):
            medians = rounds_of(used, args.rounds, lambda t: pgbench(t, *options, "-c", "16", seconds=args.seconds))
            for target in used:
                m = medians[target.name]
                row(name, target.name, f"{m['tps']:.0f}", ratio(medians, "tps", target.name, "nothing held"), f"{m['latency']:.3f}",
                    f"{m['p99']:.2f}", ratio(medians, "p99", target.name, "nothing held"), f"{m['cpu']:.1f}",
                    ratio(medians, "cpu", target.name, "nothing held"))
    finally:
        for client in clients:
            client.close()
        for stopper in reversed(stoppers):
            stopper.stop()


@contextlib.contextmanager
def open_console(gateway, live):
    """Asks what the console's overview asks, as often; `live`: follows the record too, as Activity does."""
    token, over, failed = known_token(gateway, "--user", "watcher", "--scope", "api", "--scope", "approvals"), threading.Event(), []

    def ask(path, until):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
        connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        if answer.status != 200:
            failed.append((path, answer.read()))
        while answer.read1(1 << 16) and not until():
            pass
        connection.close()

    def poll():
        while not over.wait(2):
            for path in ("/overview", "/approvals"):
                ask(path, lambda: False)

    threads = [threading.Thread(target=poll)]
    if live:
        threads.append(threading.Thread(target=ask, args=("/audit/tail", over.is_set)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failed, failed[0]


def console(targets, args):
    """What clients get while an auditor has the console open."""
    head("While the console is open, 16 clients", "workload", "console", "tps", "x", "latency ms", "p99 ms", "x", "proxy CPU us/tx", "x")
    closed, used = "closed", []
    with contextlib.ExitStack() as stack:
        for name in (closed, "overview", "overview and live tail"):
            gateway = Gateway(args.server, start=False)
            gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1") + "api: { auditors: [security] }\n")
            gateway.cli("user", "add", "watcher", "--kind", "service", "--group", "security", "--no-password")
            gateway.start()
            stack.callback(gateway.stop)
            used.append(Target(name, gateway.port, "alice", PASSWORD, gateway.process.pid))
            if name != closed:
                stack.enter_context(open_console(gateway, name != "overview"))
        for name, options in (("-S prepared", ["-S", "-M", "prepared"]), ("TPC-B simple", ["-M", "simple"])):
            medians = rounds_of(used, args.rounds, lambda t: pgbench(t, *options, "-c", "16", seconds=args.seconds))
            for target in used:
                m = medians[target.name]
                row(name, target.name, f"{m['tps']:.0f}", ratio(medians, "tps", target.name, closed), f"{m['latency']:.3f}",
                    f"{m['p99']:.2f}", ratio(medians, "p99", target.name, closed), f"{m['cpu']:.1f}", ratio(medians, "cpu", target.name, closed))


def bulk(targets, args):
    head("80 MB results", "workload", "target", "seconds", "proxy CPU s/GB", "x PgBouncer")
    for name, sql in (("SELECT", "SELECT * FROM bulk"), ("COPY", "COPY bulk TO STDOUT")):
        def measure(target):
            before, start = cpu_of(target.pid) if target.pid else 0, time.time()
            done = subprocess.run(["psql", "-XAtq", "-o", "/dev/null", "-c", sql], env=target.env())
            if done.returncode:
                return None
            return {"wall": time.time() - start, "cpu": ((cpu_of(target.pid) - before) if target.pid else 0) / 0.08}
        medians = rounds_of(targets, args.rounds + 2, measure)
        for target in targets:
            m = medians[target.name]
            row(name, target.name, f"{m['wall']:.2f}", f"{m['cpu']:.2f}", ratio(medians, "cpu", target.name))


def masked(targets, args):
    """7 of 13 columns are masked by the gateways, for alice to whom no rule shows them; the others send the rows as they are."""
    head("200,000 customers, 7 of 13 columns masked", "workload", "target", "seconds", "x", "proxy CPU s", "x PgBouncer")
    for name, sql in (("SELECT", "SELECT * FROM customers"), ("COPY", "COPY customers TO STDOUT")):
        def measure(target):
            before, start = cpu_of(target.pid) if target.pid else 0, time.time()
            done = subprocess.run(["psql", "-XAtq", "-o", "/dev/null", "-c", sql], env=target.env())
            if done.returncode:
                return None
            return {"wall": time.time() - start, "cpu": (cpu_of(target.pid) - before) if target.pid else 0}
        medians = rounds_of(targets, args.rounds + 2, measure)
        for target in targets:
            m = medians[target.name]
            row(name, target.name, f"{m['wall']:.2f}", ratio(medians, "wall", target.name), f"{m['cpu']:.2f}", ratio(medians, "cpu", target.name))


def connect(targets, args):
    head("Connections a second, SCRAM", "sslmode", "target", "connections/s", "x PgBouncer", "proxy CPU us", "x")
    for sslmode in ("disable", "require"):
        used = [t for t in targets if (t.pid and t.governs) or sslmode == "disable"]
        medians = rounds_of(used, args.rounds,
                            lambda t: pgbench(t, "-S", "-C", "-c", "4", seconds=args.seconds, sslmode=sslmode))
        for target in used:
            m = medians[target.name]
            row(sslmode, target.name, f"{m['tps']:.0f}", ratio(medians, "tps", target.name), f"{m['cpu']:.0f}",
                ratio(medians, "cpu", target.name))



def memory(targets, args):
    head("Memory for each idle logged-in client (1,000 of them)", "sslmode", "target", "bytes")
    for sslmode in ("disable", "require"):
        for target in (t for t in targets if t.pid and t.governs):
            def resident():
                status = pathlib.Path(f"/proc/{target.pid}/status").read_text()
                return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
            before = resident()
            clients = [psycopg2.connect(f"host=127.0.0.1 port={target.port} user={target.user} password='{target.password}' "
                                        f"dbname=orders sslmode={sslmode}") for _ in range(1000)]
            row(sslmode, target.name, round((resident() - before) / len(clients)))
            for client in clients:
                client.close()
            time.sleep(1)


def micro(targets, args):
    """CPU of understanding and deciding alone, by Google Benchmark; ./dev bench builds the programs."""
    head("One decision, by itself", "benchmark", "CPU us", "")
    for program in ("gateway/gateway_bench", "policy/policy_bench", "audit/audit_bench", "privacy/privacy_bench"):
        out = subprocess.run([ROOT / f"build/bench/src/{program}", "--benchmark_format=json"], check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for result in json.loads(out.stdout)["benchmarks"]:
            row(result["name"], f"{result['cpu_time'] / 1000:.3f}", result.get("label", ""))


def initialise(server):
    """pgbench's own tables."""
    subprocess.run(as_postgres([BIN / "pgbench", "-i", "-q", "-s", "10", "-h", server.root, "-p", server.port, "-U", "postgres",
                                "orders"]), check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["tps", "durability", "lag", "held", "console", "bulk", "masked", "connect", "memory", "micro"])
    args = parser.parse_args()
    server = PostgresServer(settings=["shared_buffers = 512MB"])
    args.server = server
    stoppers = [server]
    try:
        server.sql("CREATE TABLE bulk AS SELECT i AS id, md5(i::text) AS a, md5((i + 1)::text) AS b FROM generate_series(1, 1080000) i",
                   "orders")
        server.sql(CUSTOMERS, "orders")
        initialise(server)
        targets = [Target("direct", server.port, "sluice", SERVER_PASSWORD)]
        certificate = Certificate()
        stoppers.append(certificate)
        for mode in ("session", "transaction"):
            bouncer = PgBouncer(server, mode, certificate)
            stoppers.append(bouncer)
            targets.append(Target(f"pgbouncer {mode}", bouncer.port, "sluice", SERVER_PASSWORD, bouncer.pid))
        for reactor in ("io_uring", "epoll"):
            gateway = Gateway(server, reactor=reactor, start=False, masking=True,
                              extra=f"tls: {{ certificate: {certificate.file}, key: {certificate.key} }}")
            gateway.config.write_text(gateway.config.read_text().replace("workers: 2", "workers: 1"))
            gateway.start()
            stoppers.append(gateway)
            targets.append(Target(f"sluice {reactor}", gateway.port, "alice", PASSWORD, gateway.process.pid))
            relay = Relay(server, reactor)
            stoppers.append(relay)
            targets.append(Target(f"bare relay {reactor}", relay.port, "sluice", SERVER_PASSWORD, relay.process.pid, False))
        print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores shared by server, proxies and pgbench; medians of {args.rounds} "
              f"interleaved rounds of {args.seconds} s; one worker; guardrails and audit log on.")
        for section in (tps, durability, lag, held, console, bulk, masked, connect, memory, micro):
            if args.only in (None, section.__name__):
                section(targets, args)
    finally:
        for stopper in reversed(stoppers):
            stopper.stop()


main()
