"""What the tests of the console share: it as it is in this tree, a server, and a gateway that people have worked with."""

import subprocess

import pytest
import rig
from harness import npm


@pytest.fixture(scope="module", autouse=True)
def built():
    """The console as it is in this tree."""
    web = rig.ROOT / "web"
    index = web / "dist/index.html"
    newest = max(file.stat().st_mtime for folder in ("src", "scripts") for file in (web / folder).rglob("*") if file.is_file())
    if not index.exists() or index.stat().st_mtime < newest:
        subprocess.run([rig.ROOT / "dev", "web"], check=True, timeout=1100)


@pytest.fixture(scope="module")
def packages():
    return npm.packages("console-tests", "playwright-core@1.57", "axe-core@4.11")


@pytest.fixture(scope="module")
def server():
    server = rig.new_server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = rig.start(server)
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def held(gateway):
    """Somebody's statement that waits."""
    rig.hold(gateway, "dan", "DROP TABLE support_notes CASCADE")
