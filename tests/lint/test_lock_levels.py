"""The locks that lock_level_test.cc states are those a real PostgreSQL takes."""

import pathlib
import re

import pytest
from measure import alone, lock_wanted, locks_held, run

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src/sql/lock_level_test.cc"
CASES = [("".join(re.findall(r'"([^"]*)"', text)), re.sub(r"(?<!^)(?=[A-Z])", "_", level).lower())
         for text, level in re.findall(r'Case\{((?:"[^"]*"\s*)+),\s*k(\w+)\}', SOURCE.read_text())]
CASES = [(sql, "" if level == "none" else level) for sql, level in CASES]

SETUP = """
DROP SCHEMA IF EXISTS public, s CASCADE;
CREATE SCHEMA public; CREATE SCHEMA s;
CREATE TABLE u (a int PRIMARY KEY);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
"""
PARTITIONED = "CREATE TABLE t (a int, b int) PARTITION BY LIST (a);"
PLAIN = "CREATE TABLE t (a int, b int); INSERT INTO t SELECT n, n FROM generate_series(1, 10) n;" \
        "INSERT INTO u SELECT a FROM t;"


def setup_for(sql):
    script = SETUP
    if "PARTITION" in sql:
        script += PARTITIONED
        script += ("CREATE TABLE p PARTITION OF t DEFAULT;" if "DETACH" in sql else "CREATE TABLE p (a int, b int);")
    else:
        script += PLAIN + ("" if "INDEX i ON" in sql else "CREATE INDEX i ON t (a);")
    if "VIEW" in sql and sql.endswith(" m"):
        script += "CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE UNIQUE INDEX ON m (a);"
    if "ADD COLUMN b" in sql or "TO b" in sql:
        script += "ALTER TABLE t DROP COLUMN b;"
    if "REFERENCES t" in sql:
        script += "ALTER TABLE t ADD PRIMARY KEY (a);"
    script += "CREATE SEQUENCE s;" if "SEQUENCE s" in sql else "CREATE TABLE s (a int);"
    if "REPLACE VIEW" in sql:
        script += "CREATE VIEW v AS SELECT * FROM t;"
    if "RENAME TO u" in sql:
        script += "DROP TABLE u;"
    if "VALIDATE" in sql:
        script += "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"
    if "TRIGGER x" in sql and "CREATE" not in sql:
        script += "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f();"
    if "f(int) CASCADE" in sql:
        script += "ALTER TABLE t ALTER b SET DEFAULT f(1);"
    return script


@pytest.fixture(scope="module")
def roles(server):
    server.sql("CREATE ROLE r; CREATE ROLE o", "orders")
    yield server
    server.sql("DROP SCHEMA IF EXISTS public, s CASCADE; CREATE SCHEMA public; DROP ROLE r; DROP ROLE o", "orders")


def test_the_cases_were_found():
    assert len(CASES) > 70


@pytest.mark.parametrize("sql,level", [case for case in CASES if case[0] != "FETCH c"], ids=lambda v: v[:60])
def test_lock(roles, sql, level):
    done = run(roles, setup_for(sql))
    assert done.returncode == 0, done.stderr
    if alone(sql):
        assert lock_wanted(roles, sql, "t") == level
        return
    if sql == "BEGIN":
        sql = ""
    if sql.startswith("COPY t FROM"):
        sql += ";\n\\.\n"
    # ATTACH PARTITION locks the new partition more strongly: lock_of_subcommand says so.
    relations = "c.oid >= 16384 AND c.relkind <> 't'" + (" AND c.relname <> 'p'" if "ATTACH" in sql else "")
    assert locks_held(roles, sql, relations) == level
