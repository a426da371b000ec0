"""A PostgreSQL in which gateways have their state, in place of SQLite: a role that owns databases and nothing else."""

from .postgres import PostgresServer

ROLE, PASSWORD = "keeper", "k33per-w0rd"


class SharedStore:
    """Each `database()` is an empty one. Set as `Gateway.store`, it gives each gateway that is made one of its own."""

    def __init__(self):
        self.server = PostgresServer()
        self.server.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        self.count = 0
        self.secret = self.server.root.parent / f"sluice-store-password-{self.server.port}"
        self.secret.touch(0o600)
        self.secret.write_text(PASSWORD + "\n")

    def database(self):
        self.count += 1
        name = f"store{self.count}"
        self.server.sql(f"CREATE DATABASE {name} OWNER {ROLE}")
        return name

    def config(self, database):
        """What the configuration of a gateway says to have its state there."""
        return (f"store: postgres://{ROLE}@127.0.0.1:{self.server.port}/{database}?sslmode=disable\n"
                f"store_password_file: {self.secret}")

    def drop(self, database):
        self.server.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def stop(self):
        self.server.stop()
        self.secret.unlink()
