"""when: estimated_rows: the planner is asked before a statement runs, and its word counts for a while."""

import json
import uuid

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

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


BETWEEN = "SELECT id FROM many WHERE id BETWEEN $1 AND $2"


def bound(client, first, last, name="few"):
    """Binds and executes what was parsed before."""
    return client.run(bind(name, values=[str(first).encode(), str(last).encode()]) + execute() + SYNC)


def test_parameters_are_planned_as_they_are_bound(gateway):
    client = WireClient(gateway.port)
    client.login()
    assert kinds(client.run(parse(BETWEEN, "few") + SYNC)) == "1Z", "what it comes to is not known before it is bound"
    assert kinds(bound(client, 1, 3)) == "2DDDCZ"
    refused = bound(client, 1, 20000)
    assert kinds(refused) == "EZ"
    fields = error_fields(refused[0][1])
    assert fields["C"] == "42501" and '"rule":"not-too-many"' in fields["D"] and '"estimated_rows":{"is":' in fields["D"]
    assert kinds(bound(client, 5, 5)) == "2DCZ", "other parameters, another answer"
    assert kinds(client.run(parse("SELECT id FROM many", "all") + SYNC)) == "EZ"
    assert kinds(client.run(parse("SELECT id FROM many WHERE id = 7", "one") + bind("one") + execute() + SYNC)) == "12DCZ"


def test_the_same_parameters_are_planned_once(gateway, logging_server):
    client = WireClient(gateway.port)
    client.login()
    mark = uuid.uuid4().hex
    client.run(parse(f"{BETWEEN} /* {mark} */", "few") + SYNC)
    before = asked(logging_server, mark)
    for _ in range(3):
        assert kinds(bound(client, 1, 2)) == "2DDCZ"
    once = asked(logging_server, mark) - before
    bound(client, 1, 3)
    assert once > 0 and asked(logging_server, mark) - before == 2 * once


def test_a_parameter_that_is_none_is_the_servers_to_refuse(gateway):
    client = WireClient(gateway.port)
    client.login()
    client.run(parse(BETWEEN, "few") + SYNC)
    answer = bound(client, "x", 3)
    assert kinds(answer) == "EZ" and error_fields(answer[0][1])["C"] == "22P02"
    assert kinds(bound(client, 1, 1)) == "2DCZ"


def test_what_cannot_be_planned_is_taken_at_its_worst(gateway, logging_server):
    client = WireClient(gateway.port)
    client.login()
    answer = client.run(query("PREPARE p AS SELECT id FROM many WHERE id = $1; EXECUTE p (1)"))
    assert error_fields(answer[0][1])["C"] == "42501"
    assert kinds(client.run(query("PREPARE q (int) AS SELECT id FROM many WHERE id = $1"))) == "CZ"
    answer = client.run(query("EXECUTE q (1); EXECUTE q (2)"))
    assert error_fields(answer[0][1])["C"] == "42501"
    logging_server.sql("DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('good')", "orders")
    [mood] = logging_server.sql("SELECT 'mood'::regtype::oid", "orders")
    answer = client.run(parse("SELECT id FROM many WHERE id = 7 AND $1 = 'good'", "typed", [int(mood)]) + SYNC)
    assert error_fields(answer[0][1])["C"] == "42501", "its text is not kept"
    link = client.run(parse("SELECT id FROM many WHERE id = $1; SELECT 1", "two") + SYNC)
    assert kinds(link) == "EZ"


def test_drivers_are_judged_by_what_they_bind(gateway):
    with psycopg.connect(host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, dbname="orders",
                         sslmode="disable", autocommit=True) as link:
        for prepare in (False, True):
            rows = link.execute("SELECT id FROM many WHERE id BETWEEN %s AND %s", (1, 3), prepare=prepare).fetchall()
            assert len(rows) == 3
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                link.execute("SELECT id FROM many WHERE id BETWEEN %s AND %s", (1, 19000), prepare=prepare)
        with link.pipeline():
            few = link.execute("SELECT id FROM many WHERE id = %s", (4,))
            one = link.execute("SELECT count(*) FROM many WHERE id < %s", (3,))
            assert few.fetchall() == [(4,)] and one.fetchall() == [(2,)]
        with link.transaction():
            assert link.execute("SELECT id FROM many WHERE id = %s", (5,)).fetchall() == [(5,)]


def test_the_record_tells_the_estimate(gateway):
    client = WireClient(gateway.port)
    client.login()
    mark = uuid.uuid4().hex
    client.run(parse(f"{BETWEEN} /* {mark} */") + bind(values=[b"1", b"3"]) + execute() + SYNC)
    client.run(query(f"SELECT 1 AS one /* {mark} */"))
    found = gateway.wait_for(lambda records: sum(mark in r.get("text", "") for r in records) >= 2, "--type", "statement")
    ran, other = [r for r in found if mark in r.get("text", "") and r["phase"] != "parse"]
    assert 0 < ran["estimated_rows"] < 1000 and "estimated_rows" not in other
    assert ran["authenticated"] == other["authenticated"]


def explained(gateway, sql, *options):
    return json.loads(gateway.cli("policy", "explain", "--user", "alice", "--database", "orders", "-o", "json", *options, sql).stdout)


def test_explain_asks_the_planner_too(gateway, logging_server):
    few = explained(gateway, "SELECT id FROM many WHERE id = 7")
    assert few["decision"]["effect"] == "allow" and few["estimate"] == {"rows": 1}
    many = explained(gateway, "SELECT id FROM many;")
    assert many["decision"]["rule"] == "not-too-many" and many["estimate"] == {"rows": 20000}
    assert "estimate" not in explained(gateway, "SELECT 1")
    unknown = explained(gateway, "SELECT id FROM many WHERE id = $1")
    assert unknown["decision"]["effect"] == "deny" and "parameters" in unknown["estimate"]["why_not"]
    table = gateway.cli("policy", "explain", "--user", "alice", "--database", "orders", "SELECT id FROM many").stdout
    assert "the planner expects 20000 rows" in table and "20000 is more than 1000" in table


def test_explain_runs_nothing_that_anybody_wrote(gateway, logging_server):
    logging_server.sql("CREATE OR REPLACE FUNCTION mine(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
                       "$$ BEGIN RAISE LOG 'planned'; RETURN 1; END $$", "orders")
    answer = explained(gateway, "SELECT id FROM many WHERE id = mine(3)")
    assert "why_not" in answer["estimate"] and answer["decision"]["effect"] == "deny"
    other = explained(gateway, "SELECT id FROM many WHERE id = 1 AND 'a\\'' = 'b'; DELETE FROM many --'")
    assert "rows" not in other.get("estimate", {})
    assert logging_server.sql("SELECT count(*) FROM many", "orders") == ["20000"]


def test_of_execute_what_it_runs_is_planned(gateway, logging_server):
    client = WireClient(gateway.port)
    client.login()
    assert kinds(client.run(query("PREPARE p (int, int) AS " + BETWEEN))) == "CZ"
    mark = uuid.uuid4().hex
    two = f"EXECUTE p (7, 8) -- {mark}"
    assert kinds(client.run(query(two))) == "TDDCZ"
    refused = client.run(query("EXECUTE p (1, 15000)"))
    assert error_fields(refused[0][1])["C"] == "42501"
    assert kinds(client.run(query(two))) == "TDDCZ"
    assert asked(logging_server, mark) == 1
    # Of the same name, but another statement.
    assert kinds(client.run(query("DEALLOCATE p"))) == "CZ"
    assert kinds(client.run(query("PREPARE p (int, int) AS SELECT id FROM many WHERE id > $1 - $2"))) == "CZ"
    assert kinds(client.run(query(two))) == "EZ"
    # What its arguments call would run before it is decided on.
    assert kinds(client.run(query("EXECUTE p (length(pg_sleep(0)::text), 20000)"))) == "EZ"
    client.close()
