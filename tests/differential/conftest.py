import pathlib
import sys

import psycopg
import pytest
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer(settings=["max_locks_per_transaction = 2000", "autovacuum = off"])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def conninfo(postgres):
    """A database made by schema.sql, whose foreign server is itself."""
    text = f"host={postgres.root} port={postgres.port} user=postgres dbname=orders"
    with psycopg.connect(text, autocommit=True) as session:
        session.execute((pathlib.Path(__file__).parent / "schema.sql").read_bytes())
        session.execute(f"ALTER SERVER loopback OPTIONS (host '{postgres.root}', port '{postgres.port}', dbname 'orders')")
    return text
