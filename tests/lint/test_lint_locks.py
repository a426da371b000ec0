"""What `sluice lint` claims of locks, rewrites and scans is what a real PostgreSQL does, and the
safer statement of each finding runs."""

import json
import os
import pathlib
import subprocess

import pytest
from measure import effect, run

SLUICE = os.environ.get("SLUICE_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/dev/src/sluice"))

SETUP = """
DROP SCHEMA IF EXISTS public, app CASCADE;
CREATE SCHEMA public; CREATE SCHEMA app;
CREATE TABLE u (id int PRIMARY KEY, x int);
INSERT INTO u SELECT n, n FROM generate_series(1, 2000) n;
CREATE TABLE t (id int NOT NULL, a int, b text, c varchar(10), n numeric(10,2), ts timestamp, r int4range);
INSERT INTO t SELECT n, n, n::text, 'c', n, now(), int4range(n, n + 1) FROM generate_series(1, 2000) n;
CREATE INDEX t_a ON t (a);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER trg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE FUNCTION own() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE TABLE pt (key int NOT NULL, v int) PARTITION BY RANGE (key);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE fresh (key int NOT NULL, v int);
INSERT INTO fresh SELECT 100 + n % 100, n FROM generate_series(1, 2000) n;
CREATE MATERIALIZED VIEW m AS SELECT id, x FROM u;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE TABLE nothing ();
CREATE TABLE w (id int PRIMARY KEY, z int);
ALTER TABLE w ENABLE ROW LEVEL SECURITY;
CREATE TYPE mood AS ENUM ('sad', 'ok');
ANALYZE;
"""

# Rule, statement: its lock, rewrite and scan are measured.
MEASURED = [
    ("add-foreign-key-without-not-valid", "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id)"),
    ("add-foreign-key-without-not-valid", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u ON DELETE CASCADE"),
    ("add-foreign-key-without-not-valid", "ALTER TABLE t ADD COLUMN u_id int DEFAULT 1 REFERENCES u (id)"),
    ("add-check-without-not-valid", "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)"),
    ("add-check-without-not-valid", "ALTER TABLE public.t ADD CHECK (a > 0 AND b <> ''), ALTER a SET DEFAULT 4"),
    ("add-check-without-not-valid", "ALTER TABLE t ADD COLUMN d int DEFAULT 5 CHECK (d > 0)"),
    ("set-not-null-scans", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"),
    ("add-unique-constraint-locks", "ALTER TABLE t ADD CONSTRAINT t_id_a UNIQUE (id, a)"),
    ("add-unique-constraint-locks", "ALTER TABLE t ADD UNIQUE (id) INCLUDE (a) DEFERRABLE INITIALLY DEFERRED"),
    ("add-primary-key-locks", "ALTER TABLE t ADD PRIMARY KEY (a)"),
    ("add-exclusion-constraint", "ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&)"),
    ("volatile-default-rewrites", "ALTER TABLE t ADD COLUMN token uuid DEFAULT gen_random_uuid()"),
    ("volatile-default-rewrites", "ALTER TABLE t ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp()"),
    ("add-serial-or-identity-column-rewrites", "ALTER TABLE t ADD COLUMN seq bigserial"),
    ("add-serial-or-identity-column-rewrites", "ALTER TABLE t ADD seq int GENERATED ALWAYS AS IDENTITY"),
    ("add-generated-stored-rewrites", "ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) STORED"),
    ("change-column-type-rewrites", "ALTER TABLE t ALTER COLUMN b TYPE int USING b::integer * 2"),
    ("create-index-not-concurrently", "CREATE UNIQUE INDEX t_id ON t (id) WHERE a > 0"),
    ("reindex-not-concurrently", "REINDEX TABLE t"),
    ("reindex-not-concurrently", "REINDEX (VERBOSE) TABLE t"),
    ("drop-table", "DROP TABLE w"),
    ("drop-column", "ALTER TABLE w DROP COLUMN z"),
    ("rename-table-breaks-clients", "ALTER TABLE w RENAME TO w2"),
    ("rename-table-breaks-clients", "ALTER TABLE public.w RENAME TO \"order\""),
    ("rename-column-breaks-clients", "ALTER TABLE w RENAME COLUMN z TO y"),
    ("set-schema-breaks-clients", "ALTER TABLE w SET SCHEMA app"),
    ("truncate", "TRUNCATE w"),
    ("truncate-cascade", "TRUNCATE w CASCADE"),
    ("disable-trigger", "ALTER TABLE t DISABLE TRIGGER ALL"),
    ("disable-trigger", "ALTER TABLE t DISABLE TRIGGER trg"),
    ("disable-row-security", "ALTER TABLE w DISABLE ROW LEVEL SECURITY"),
    ("lock-table", "LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE"),
    ("vacuum-full", "VACUUM (FULL, ANALYZE) t"),
    ("cluster", "CLUSTER t USING t_a"),
    ("set-logged-rewrites", "ALTER TABLE t SET UNLOGGED"),
    ("set-tablespace-rewrites", "ALTER TABLE t SET ACCESS METHOD heap2"),
    ("refresh-matview-not-concurrently", "REFRESH MATERIALIZED VIEW m"),
    ("attach-partition-without-check", "ALTER TABLE pt ATTACH PARTITION fresh FOR VALUES FROM (100) TO (200)"),
    ("detach-partition-not-concurrently", "ALTER TABLE pt DETACH PARTITION pt1"),
    ("create-partition-locks-parent", "CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (200) TO (300)"),
    ("create-partition-locks-parent", "CREATE TABLE pt2 PARTITION OF pt DEFAULT"),
    ("cascade", "DROP TABLE w CASCADE"),
    ("update-without-where-in-migration", "UPDATE t SET b = 'x' || 'y'"),
    ("delete-without-where-in-migration", "DELETE FROM t WHERE true"),
]

# Rules without a claim about one table's lock: only the safer statement runs.
SAFER = [
    ("drop-index-not-concurrently", "DROP INDEX IF EXISTS public.t_a"),
    ("reindex-not-concurrently", "REINDEX INDEX t_a"),
    ("not-null-without-default", "ALTER TABLE nothing ADD COLUMN d int NOT NULL"),
    ("no-lock-timeout", "ALTER TABLE t ADD COLUMN d int"),
    ("concurrent-index-if-not-exists", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_b ON t (b)"),
    ("concurrently-in-transaction", "BEGIN; CREATE INDEX CONCURRENTLY t_b ON t (b); COMMIT"),
    ("many-statements-after-exclusive-lock", "BEGIN; ALTER TABLE t ADD d int; UPDATE t SET a = 1 WHERE id < 9; COMMIT"),
    ("enum-value-in-transaction", "BEGIN; ALTER TYPE mood ADD VALUE 'happy'; COMMIT"),
    ("drop-schema", "DROP SCHEMA app CASCADE"),
    ("session-replication-role", "SET session_replication_role = replica"),
    ("change-column-type-rewrites", "ALTER TABLE t ALTER id TYPE bigint"),
    ("cascade", "ALTER TABLE w DROP COLUMN z CASCADE"),
]

# Changes of type that keep the table: nothing is rewritten, whatever the rule cannot know without a catalog.
KEEPS = ["varchar(10):varchar(20)", "varchar(10):text", "text:varchar", "numeric(10,2):numeric(12,2)",
         "numeric(10,2):numeric", "timestamp(3):timestamp(5)", "timestamp(3):timestamp", "cidr:inet",
         "varbit(4):varbit(8)", "time(2):time(4)", "int:oid"]
REWRITES = ["int:bigint", "varchar(20):varchar(10)", "text:varchar(10)", "numeric(10,2):numeric(12,4)",
            "numeric:numeric(30,2)", "char(3):char(5)", "char(3):text", "timestamp:date", "timestamp(5):timestamp(3)",
            "inet:cidr", "json:jsonb", "bigint:int", "bit(3):bit(3)[]"]


def lint(script):
    done = subprocess.run([SLUICE, "lint", "-", "-o", "json"], input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def finding(rule, script):
    found = [f for f in lint(script) if f["rule"] == rule]
    assert len(found) == 1, (rule, script, found)
    return found[0]


@pytest.fixture
def base(server):
    done = run(server, SETUP)
    assert done.returncode == 0, done.stderr
    return server


@pytest.fixture(scope="module", autouse=True)
def access_method(server):
    server.sql("CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler", "orders")
    yield
    server.sql("DROP SCHEMA public, app CASCADE; CREATE SCHEMA public; DROP ACCESS METHOD heap2", "orders")


def runs(server, rule, found):
    done = run(server, found["safer"])
    assert done.returncode == 0, f"{found['safer']}\n{done.stderr}"


@pytest.mark.parametrize("rule,sql", MEASURED, ids=lambda v: v[:70])
def test_claims_hold(base, rule, sql):
    found = finding(rule, sql)
    lock, rewrites, scans = effect(base, sql, found["table"], with_indexes=rule.startswith("reindex"))
    assert lock == found["lock"]
    assert rewrites == found["rewrites"] or rule.startswith("truncate")
    if scans is not None and not (rule == "attach-partition-without-check" or sql.startswith("REINDEX")):
        assert scans == found["scans"]
    run(base, SETUP)
    runs(base, rule, found)


@pytest.mark.parametrize("rule,sql", SAFER, ids=lambda v: v[:70])
def test_safer_runs(base, rule, sql):
    runs(base, rule, finding(rule, sql))


@pytest.mark.parametrize("types", KEEPS + REWRITES)
def test_type_changes(base, types):
    """sql/lint_types.cc knows the same (lint_test.cc has the same list)."""
    old, new = types.split(":")
    assert run(base, f"CREATE TABLE k (v {old}); INSERT INTO k VALUES (NULL);").returncode == 0
    using = f" USING ARRAY[v]::{new}" if new.endswith("[]") else ""
    _, rewrites, _ = effect(base, f"ALTER TABLE k ALTER v TYPE {new}{using}", "k")
    assert rewrites == (types in REWRITES)


def test_a_proven_column_is_not_scanned(base):
    script = finding("set-not-null-scans", "ALTER TABLE t ALTER a SET NOT NULL")["safer"]
    steps = [step for step in script.splitlines() if step]
    assert run(base, "".join(steps[:2])).returncode == 0
    assert effect(base, steps[2].rstrip(";"), "t") == ("access_exclusive", False, False)
    assert not [f for f in lint(script) if f["rule"] == "set-not-null-scans"]


def test_validate_lets_writers_go_on(base):
    script = finding("add-check-without-not-valid", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)")["safer"]
    add, validate = [step.rstrip(";") for step in script.splitlines() if step]
    assert effect(base, add, "t") == ("access_exclusive", False, False)
    assert run(base, add).returncode == 0
    assert effect(base, validate, "t") == ("share_update_exclusive", False, True)


def test_not_null_without_default_fails(base):
    done = run(base, "ALTER TABLE t ADD COLUMN d int NOT NULL;")
    assert done.returncode != 0 and "contains null values" in done.stderr
