"""when: estimated_rows: the planner is asked before a statement runs, and its word counts for a while."""

import uuid

import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer
from harness.wire import WireClient, error_fields, kinds, query

POLICY = """
rules:
  - { name: all, effect: allow }
  - name: not-too-many
    effect: deny
    do: [read]
    on: { tables: ["public.many"] }
    when: { estimated_rows: { more_than: 1000 } }
"""


@pytest.fixture(scope="module")
def logging_server():
    server = PostgresServer(settings=["log_statement = all"])
    server.sql("CREATE TABLE many AS SELECT i AS id FROM generate_series(1, 20000) i; CREATE INDEX ON many (id); ANALYZE many", "orders")
    yield server
    server.stop()


@pytest.fixture(params=["io_uring", "epoll"])
def gateway(request, logging_server, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    running = Gateway(logging_server, reactor=request.param, extra=f"policy: {{ file: {policy} }}")
    yield running
    assert running.stop() == 0


def asked(server, mark):
    """How often the planner was asked about a text."""
    return sum("EXPLAIN (FORMAT JSON)" in line and mark in line for line in (server.root / "log").read_text().splitlines())


def test_decided_by_the_planners_word(gateway):
    few = gateway.psql("-Atc", "SELECT id FROM many WHERE id = 7")
    assert few.stdout == "7\n", few.stderr
    many = gateway.psql("-Atc", "SELECT id FROM many")
    assert many.returncode != 0 and "not-too-many" in many.stderr


def test_the_planner_is_asked_once_for_the_same_text(gateway, logging_server):
    client = WireClient(gateway.port)
    client.login()
    mark = uuid.uuid4().hex
    text = f"SELECT id FROM many WHERE id = 7 /* {mark} */"
    for _ in range(3):
        assert kinds(client.run(query(text))) == "TDCZ"
    assert asked(logging_server, mark) == 1
    refused = client.run(query(f"SELECT id FROM many /* {mark} */"))
    assert error_fields(refused[0][1])["C"] == "42501"
    assert kinds(client.run(query(f"SELECT id FROM many /* {mark} */"))) == "EZ"
    assert asked(logging_server, mark) == 2
    assert kinds(client.run(query("SET search_path = public, pg_catalog"))) == "CZ"
    assert kinds(client.run(query(text))) == "TDCZ"
    assert asked(logging_server, mark) == 3, "names may mean something else"
