"""A gateway in front of a PostgresServer, with its state in a temporary folder."""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from .ports import free_port
from .postgres import SERVER_PASSWORD

SLUICE = os.environ.get("SLUICE_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/dev/src/sluice"))
PASSWORD = "correct horse battery"


class Gateway:
    store = None
    """A harness.store.SharedStore where each gateway that is made has its state; None: in SQLite, in its folder."""

    def __init__(self, server, reactor="auto", extra="", environment="production", url_options="sslmode=disable",
                 pool="size: 50", database_extra="", start=True, env=None, masking=False, add_alice=True, http_host="127.0.0.1"):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-gw-"))
        self.port = free_port()
        self.http = free_port()
        self.http_host = http_host
        self.config = self.root / "sluice.yaml"
        self.env = env or {}
        secret = self.root / "server-password"
        secret.touch(0o600)
        secret.write_text(SERVER_PASSWORD + "\n")
        self.masking = masking
        self.database_of_state = self.store.database() if self.store else None
        self.write_config(server, reactor, extra, environment, url_options, pool, database_extra)
        self.process = None
        self.log = self.root / "log"
        if add_alice:
            self.cli("user", "add", "alice", "--group", "engineering", "--password-stdin",
                     input=PASSWORD + "\n")
        if start:
            self.start()

    def write_config(self, server, reactor="auto", extra="", environment="production",
                     url_options="sslmode=disable", pool="size: 50", database_extra=""):
        self.config.write_text(f"""\
listen: {{ postgres: 127.0.0.1:{self.port}, http: {self.http_host}:{self.http} }}
state: {self.root}/state
workers: 2
reactor: {reactor}
{self.store.config(self.database_of_state) + chr(10) if self.store else ""}{extra}
databases:
  - name: orders
    environment: {environment}
    url: postgres://127.0.0.1:{server.port}/orders?{url_options}
    user: sluice
    password_file: {self.root}/server-password
    pool: {{ {pool} }}
    masking: {str(self.masking).lower()}
    {database_extra}
""")

    def start(self):
        started = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([SLUICE, "serve", "--config", str(self.config)], stdout=log, stderr=log,
                                            env={**os.environ, **self.env})
        for _ in range(200):
            if b"ready: " in self.log.read_bytes()[started:] or self.process.poll() is not None:
                break
            time.sleep(0.05)
        if self.process.poll() is not None:
            raise RuntimeError("the gateway did not start:\n" + self.log.read_text())

    def cli(self, *args, input=None, check=True):
        done = subprocess.run([SLUICE, *args, "--config", str(self.config)], input=input, text=True,
                              capture_output=True, timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"sluice {args}: {done.returncode}: {done.stderr}")
        return done

    def in_state(self, sql):
        """Runs SQL in the store, past the gateway; returns what it gives, a row a line."""
        if self.database_of_state:
            return self.store.server.sql(f"SET search_path = sluice; {sql}", self.database_of_state)
        with sqlite3.connect(self.root / "state" / "sluice.db") as state:
            return ["|".join(map(str, row)) for row in state.execute(sql)]

    def search(self, *filters):
        """Audit records as dictionaries, oldest first."""
        return json.loads(self.cli("audit", "search", "-o", "json", "--limit", "100000", *filters).stdout)

    def wait_for(self, condition, *filters, seconds=60):
        """Records once `condition` holds of them."""
        deadline = time.time() + seconds
        while True:
            records = self.search(*filters)
            if condition(records) or time.time() > deadline:
                return records
            time.sleep(0.1)

    def dsn(self, user="alice", password=PASSWORD, database="orders", **options):
        options = {"host": "127.0.0.1", "port": self.port, "user": user, "password": password,
                   "dbname": database, "connect_timeout": 10, **options}
        return " ".join(f"{k}='{v}'" for k, v in options.items())

    def psql(self, *args, input=None, user="alice", password=PASSWORD, database="orders", env=None, timeout=60):
        return subprocess.run(
            ["psql", "-X", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database, *args],
            input=input, text=True, capture_output=True, timeout=timeout,
            env={**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10", **(env or {})})

    def signal(self, number):
        os.kill(self.process.pid, number)

    def reload(self):
        self.signal(signal.SIGHUP)
        time.sleep(0.7)

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def stop(self):
        """Ends it; returns its exit code."""
        code = None
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                code = self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        elif self.process:
            code = self.process.returncode
        if self.database_of_state:
            self.store.drop(self.database_of_state)
        shutil.rmtree(self.root, ignore_errors=True)
        return code
