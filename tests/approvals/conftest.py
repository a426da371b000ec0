"""Where the gateways of these tests have their state: SQLite, or with SLUICE_TEST_STORE=postgresql a PostgreSQL as several
gateways share it. The same tests run on both (tests/CMakeLists.txt)."""

import os

import pytest
from harness.gateway import Gateway
from harness.store import SharedStore


@pytest.fixture(scope="session", autouse=True)
def where_state_is():
    wanted = os.environ.get("SLUICE_TEST_STORE", "sqlite")
    assert wanted in ("sqlite", "postgresql"), wanted
    if wanted == "sqlite":
        yield
        return
    store = SharedStore()
    Gateway.store = store
    yield
    Gateway.store = None
    store.stop()
