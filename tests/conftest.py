import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.gateway import Gateway  # noqa: E402
from harness.postgres import PostgresServer  # noqa: E402
from harness.wire import WireClient  # noqa: E402


@pytest.fixture(scope="session")
def server():
    postgres = PostgresServer()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    """One gateway a module, on each reactor; outside production, where everything is allowed."""
    running = Gateway(server, reactor=request.param, environment="staging")
    yield running
    code = running.stop()
    assert code == 0, f"the gateway ended with {code}"


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def guarded(request, server):
    """The same in production, where the standard profile guards. It reads the catalog at its first use: what tests create
    past it is there before."""
    running = Gateway(server, reactor=request.param, environment="production")
    yield running
    code = running.stop()
    assert code == 0, f"the gateway ended with {code}"


@pytest.fixture
def client(gateway):
    """A logged-in bare client."""
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()
