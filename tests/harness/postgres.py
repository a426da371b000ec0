"""A private PostgreSQL 15 on loopback, in a temporary folder, stopped by pid."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from .ports import free_port

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
SERVER_PASSWORD = "server-password"


def as_postgres(command):
    """PostgreSQL refuses to run as root."""
    if os.getuid() == 0:
        return ["runuser", "-u", "postgres", "--", *map(str, command)]
    return list(map(str, command))


class PostgresServer:
    """`host_lines` are pg_hba.conf lines for TCP; the superuser comes in by socket, trusted."""

    def __init__(self, host_lines=("host all all 127.0.0.1/32 scram-sha-256",), settings=(), port=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-pg-"))
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.root, owner.pw_uid, owner.pw_gid)
        self.data = self.root / "data"
        self.port = port or free_port()
        subprocess.run(as_postgres([BIN / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres",
                                    "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]),
                       check=True, stdout=subprocess.DEVNULL)
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                       f"unix_socket_directories = '{self.root}'\nfsync = off\nmax_connections = 300\n")
            conf.writelines(line + "\n" for line in settings)
        (self.data / "pg_hba.conf").write_text(
            "local all all trust\n" + "".join(line + "\n" for line in host_lines))
        self.start()
        self.sql(f"CREATE ROLE sluice LOGIN SUPERUSER PASSWORD '{SERVER_PASSWORD}'")
        self.sql("CREATE DATABASE orders")

    def start(self):
        subprocess.run(as_postgres([BIN / "pg_ctl", "-D", self.data, "-w", "-s",
                                    "-l", self.root / "log", "start"]), check=True)

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def sql(self, text, database="postgres"):
        """Runs SQL as the superuser, past the gateway; returns the output's lines."""
        done = subprocess.run(["psql", "-XAtq", "-h", self.root, "-p", str(self.port), "-U", "postgres",
                               "-d", database, "-v", "ON_ERROR_STOP=1", "-c", text],
                              check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def kill(self):
        """As a crash of the machine would."""
        os.kill(self.pid(), signal.SIGQUIT)
        self._wait_gone()

    def _wait_gone(self):
        for _ in range(200):
            if not (self.data / "postmaster.pid").exists():
                return
            time.sleep(0.05)

    def stop(self):
        try:
            os.kill(self.pid(), signal.SIGINT)
            self._wait_gone()
        except (FileNotFoundError, ProcessLookupError):
            pass
        shutil.rmtree(self.root, ignore_errors=True)
