"""when: estimated_rows counts what a statement changes or takes together, wherever in its plan that stands, and is not known where code writes."""

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: code, effect: allow, do: [function], on: { functions: ["*"] } }
  - { name: not-many, effect: deny, on: { tables: [below.acc] }, do: [read, update, delete], when: { estimated_rows: { more_than: 500 } } }
"""
SCHEMA = """
DROP SCHEMA IF EXISTS below CASCADE; CREATE SCHEMA below; SET search_path = below;
CREATE TABLE acc (id int PRIMARY KEY, v int, owner text); INSERT INTO acc SELECT i, 0, 'o' || i % 7 FROM generate_series(1, 1000) i; ANALYZE acc;
CREATE TABLE fired (id int); CREATE TABLE ruled (id int); CREATE TABLE log (id int); CREATE TABLE logged (id int PRIMARY KEY, v int);
INSERT INTO logged SELECT i, 0 FROM generate_series(1, 10) i; ANALYZE logged;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE below.acc SET v = v + 1 WHERE id > 0; RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO below.log VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER t AFTER UPDATE ON acc FOR EACH ROW EXECUTE FUNCTION note();
CREATE RULE r AS ON INSERT TO ruled DO ALSO UPDATE below.acc SET v = v + 1 WHERE id > 0;
CREATE FUNCTION all_sql() RETURNS int LANGUAGE sql AS 'UPDATE below.acc SET v = v + 1 WHERE id > 0; SELECT 1';
CREATE FUNCTION all_code() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE below.acc SET v = v + 1 WHERE id > 0; RETURN 1; END $$;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 2 * i; END $$;
"""


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway, server):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    wire.run(query("SET search_path = below"))
    yield wire
    wire.close()
    server.sql("UPDATE below.acc SET v = 0 WHERE v <> 0; TRUNCATE below.fired, below.ruled", "orders")


FORMS = {
    "simple": query,
    "extended": lambda text: parse(text) + bind() + execute() + SYNC,
}


def run(client, form, text):
    answer = client.run(FORMS[form](text))
    return [error_fields(body) for kind, body in answer if kind == b"E"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [
    "UPDATE acc SET v = 1 WHERE id > 10",
    "WITH x AS (UPDATE acc SET v = 1 WHERE id > 10 RETURNING 1) SELECT 1",
    "WITH x AS (UPDATE acc SET v = 1 WHERE id > 10 RETURNING 1) SELECT count(*) FROM x",
    "WITH x AS (UPDATE acc SET v = 1 WHERE id <= 300 RETURNING 1), y AS (DELETE FROM acc WHERE id > 700 RETURNING 1) SELECT 1",
    "SELECT all_sql()", "SELECT all_code()",
    "INSERT INTO fired VALUES (1)",
    "INSERT INTO ruled VALUES (1)",
    "SELECT string_agg(owner, ',') FROM acc",
    "SELECT array_agg(a) FROM acc a",
    "SELECT ARRAY(SELECT owner FROM acc)",
    "SELECT string_agg(owner, ',') OVER () FROM acc LIMIT 1",
    "SELECT g, x.all FROM generate_series(0, 6) g, LATERAL (SELECT string_agg(id::text, ',') AS all FROM acc WHERE owner = 'o' || g) x",
])
def test_more_than_the_top_of_the_plan_says(server, client, form, text):
    errors = run(client, form, text)
    assert [error["C"] for error in errors] == ["42501"] and "not-many" in errors[0]["M"] + errors[0]["D"], errors
    assert server.sql("SELECT count(*) FROM below.acc WHERE v <> 0", "orders") == ["0"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [
    "UPDATE acc SET v = 1 WHERE id <= 10",
    "WITH x AS (UPDATE acc SET v = 1 WHERE id <= 10 RETURNING 1) SELECT count(*) FROM x",
    "SELECT owner FROM acc ORDER BY owner LIMIT 10",
    "SELECT max(id) FROM acc",
    "SELECT string_agg(owner, ',') FROM (SELECT owner FROM acc LIMIT 10) x",
    "SELECT count(*) FROM acc WHERE id < 100",
    "SELECT twice(id) FROM acc WHERE id < 100",
    "SELECT string_agg(id::text, ',') FROM logged",
    "INSERT INTO log VALUES (7)",
])
def test_what_is_less_passes(client, form, text):
    assert run(client, form, text) == []
