"""A server with two equal databases, one behind a gateway and one for direct connections."""

import os
import pathlib
import shutil
import subprocess

from harness.gateway import PASSWORD, Gateway
from harness.postgres import SERVER_PASSWORD, PostgresServer
from harness.wire import WireClient
from server_state import Connection, DatabaseState

USERS = {"human": "alice", "agent": "robot", "service": "nightly"}
DATABASES = ("postgres", "template0", "template1", "original", "orders", "direct", "spare")
ROLES = ("postgres", "sluice", "keyholder")
KEY = "canary" + "A" * 37 + "="


class Rig:
    def __init__(self):
        self.server = PostgresServer(settings=["autovacuum = off", "max_prepared_transactions = 10", "wal_level = logical"])
        setup = pathlib.Path(__file__).resolve().parent / "setup.sql"
        subprocess.run(["psql", "-XAtq", "-h", self.server.root, "-p", str(self.server.port), "-U", "postgres", "-d", "orders",
                        "-v", "ON_ERROR_STOP=1", "-v", f"port={self.server.port}",
                        "-v", f"password={SERVER_PASSWORD}", "-f", setup], check=True)
        self.admin = Connection(self.server, "postgres", "admin")
        self.admin.rows("ALTER DATABASE orders RENAME TO original")
        self.admin.rows("CREATE DATABASE spare")
        self.gateway = Gateway(self.server, start=False)
        for kind in ("agent", "service"):
            self.gateway.cli("user", "add", USERS[kind], "--kind", kind, "--group", "engineering", "--password-stdin",
                             input=PASSWORD + "\n")
        self.victim = None
        self.make()

    def make(self):
        for database in ("orders", "direct"):
            self.make_database(database)
        self.clean_server()
        self.gateway.start()
        self.state = DatabaseState(self.server, "orders")
        self.twin = DatabaseState(self.server, "direct")

    def make_database(self, name):
        """A copy of the original, with the same OIDs."""
        for (transaction,) in self.admin.rows(f"SELECT gid FROM pg_prepared_xacts WHERE database = '{name}'"):
            self.server.sql(f"ROLLBACK PREPARED '{transaction}'", name)
        self.admin.rows("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        self.admin.rows(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.admin.rows(f"CREATE DATABASE {name} TEMPLATE original")

    def clean_server(self):
        """Takes back what stands in no database: roles, settings, files, sessions."""
        for text in ("ALTER SYSTEM RESET ALL", "ALTER ROLE ALL RESET ALL", "SELECT pg_reload_conf()"):
            self.admin.rows(text)
        if not self.admin.rows("SELECT FROM pg_database WHERE datname = 'spare'"):
            self.admin.rows("CREATE DATABASE spare")
        for (database,) in self.admin.rows("SELECT datname FROM pg_database"):
            if database not in DATABASES:
                self.admin.rows(f'DROP DATABASE "{database}" WITH (FORCE)')
        for (role,) in self.admin.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"):
            if role not in ROLES[:2]:
                self.admin.rows(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')
        self.admin.rows(f"CREATE ROLE keyholder NOLOGIN PASSWORD 'SCRAM-SHA-256$4096:Y2FuYXJ5${KEY}:{KEY}'")
        for file in self.server.root.glob("out*"):
            file.unlink()
        secret = self.server.data / "secret.txt"
        secret.write_text("canary: nobody may read this\n")
        (self.server.data / "out.txt").unlink(missing_ok=True)
        if os.getuid() == 0:
            shutil.chown(secret, "postgres", "postgres")
        try:
            self.victim.rows("SELECT 1")
        except (AttributeError, OSError, EOFError, RuntimeError):
            self.victim = Connection(self.server, "postgres", "victim")

    def remake(self):
        """After a hole: everything as at the start."""
        self.state.close()
        self.twin.close()
        self.gateway.process.terminate()
        self.gateway.process.wait(timeout=60)
        self.make()

    def remake_twin(self):
        self.twin.close()
        self.make_database("direct")
        self.clean_server()
        self.twin = DatabaseState(self.server, "direct")

    def connect(self, kind, application, startup):
        """A client and what its login was answered."""
        client = WireClient(self.gateway.port, timeout=60)
        return client, client.login(user=USERS[kind], application_name=application, **startup)

    def connect_directly(self, application, startup):
        client = WireClient(self.server.port, timeout=60)
        return client, client.login(user="sluice", password=SERVER_PASSWORD, database="direct",
                                    application_name=application, **startup)

    def stop(self):
        code = self.gateway.stop()
        self.server.stop()
        return code
