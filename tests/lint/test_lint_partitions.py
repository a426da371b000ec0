"""What a new partition does to the default one of its table, on a real PostgreSQL whose catalog the gateway knows."""

import json

import pytest
from harness.gateway import Gateway
from measure import effect, run

# Of each kind one whose default partition has rows, and one where a CHECK leaves nothing to look for.
SETUP = """
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
CREATE TABLE ranged (note text, day date NOT NULL CONSTRAINT late CHECK (day > '2000-01-01')) PARTITION BY RANGE (day);
CREATE TABLE ranged_rest PARTITION OF ranged DEFAULT;
INSERT INTO ranged_rest SELECT 'n', '2020-01-01'::date + n % 300 FROM generate_series(1, 2000) n;
CREATE TABLE fresh (note text, day date NOT NULL CONSTRAINT late CHECK (day > '2000-01-01'),
    CONSTRAINT fits CHECK (day IS NOT NULL AND day >= '2027-01-01' AND day < '2028-01-01'));
CREATE TABLE listed (kind text) PARTITION BY LIST (kind);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
INSERT INTO listed_rest SELECT 'rest' FROM generate_series(1, 2000) n;
CREATE TABLE checked (note text, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE checked_rest PARTITION OF checked DEFAULT;
INSERT INTO checked_rest SELECT 'n', '2020-01-01'::date + n % 300 FROM generate_series(1, 2000) n;
ALTER TABLE checked_rest ADD CONSTRAINT old CHECK (day IS NULL OR day < '2027-01-01');
CREATE TABLE fresh_too (note text, day date NOT NULL,
    CONSTRAINT fits CHECK (day IS NOT NULL AND day >= '2027-01-01' AND day < '2028-01-01'));
CREATE TABLE without (day date NOT NULL) PARTITION BY RANGE (day);
ANALYZE;
"""

YEAR = "FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
SCANNING = [f"ALTER TABLE ranged ATTACH PARTITION fresh {YEAR}", f"CREATE TABLE ranged_2027 PARTITION OF ranged {YEAR}",
            "CREATE TABLE listed_ab PARTITION OF listed FOR VALUES IN ('a', 'b')",
            "CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a')",
            "CREATE TABLE ranged_later PARTITION OF ranged FOR VALUES FROM ('2027-01-01') TO (MAXVALUE)"]
QUIET = [(f"ALTER TABLE checked ATTACH PARTITION fresh_too {YEAR}", "public.checked_rest"),
         (f"CREATE TABLE checked_2027 PARTITION OF checked {YEAR}", "public.checked_rest")]
RULE = "new-partition-scans-default"


@pytest.fixture(scope="module")
def gateway(server):
    done = run(server, SETUP)
    assert done.returncode == 0, done.stderr
    gateway = Gateway(server)
    yield gateway
    assert gateway.stop() == 0
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", "orders")


def lint(gateway, script):
    done = gateway.cli("lint", "-", "--database", "orders", "-o", "json", input=script, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [found for found in json.loads(done.stdout) if found["rule"] == RULE]


@pytest.mark.parametrize("sql", SCANNING)
def test_the_default_partition_is_read(server, gateway, sql):
    [found] = lint(gateway, sql)
    assert effect(server, sql, found["table"]) == ("access_exclusive", False, True), found
    assert (found["lock"], found["scans"], found["rows"]) == ("access_exclusive", True, 2000)


@pytest.mark.parametrize("sql", SCANNING)
def test_the_safer_way_reads_nothing_under_the_lock(server, gateway, sql):
    [found] = lint(gateway, sql)
    *before, change, after = found["safer"].split(";\n")
    run(server, SETUP)
    for statement in before:
        assert run(server, statement + ";").returncode == 0, statement
    assert effect(server, change, found["table"]) == ("access_exclusive", False, False), found["safer"]
    assert run(server, change + ";" + after).returncode == 0
    run(server, SETUP)


@pytest.mark.parametrize("sql, table", QUIET)
def test_a_check_spares_it(server, gateway, sql, table):
    assert effect(server, sql, table) == ("access_exclusive", False, False)
    assert lint(gateway, sql) == []


def test_a_table_without_one_is_left_alone(gateway):
    assert lint(gateway, f"CREATE TABLE one PARTITION OF without {YEAR}; CREATE TABLE rest PARTITION OF ranged DEFAULT") == []
