"""A pseudonym that somebody pastes into a condition finds its row, and what it stands for is seen nowhere."""

import psycopg
import pytest
from harness import wire
from harness.gateway import PASSWORD, Gateway

SCHEMA = """
DROP VIEW IF EXISTS listed; DROP TABLE IF EXISTS clients, visits CASCADE;
CREATE TABLE clients (id int PRIMARY KEY, given_name text, family_name varchar(40), ssn text, remark text);
INSERT INTO clients SELECT i, (ARRAY['Wilhelmina','Thaddeus','Guadalupe','Bartholomew'])[1 + i % 4], 'Quarrington' || chr(65 + i % 26),
    '219-09-' || (1000 + i), 'x' FROM generate_series(1, 60) i;
CREATE TABLE visits (client int, given_name text); INSERT INTO visits SELECT id, given_name FROM clients;
CREATE VIEW listed AS SELECT id, given_name AS name, ssn FROM clients;
ALTER TABLE clients OWNER TO sluice; ALTER TABLE visits OWNER TO sluice; ALTER VIEW listed OWNER TO sluice;
"""
REAL = ("wilhelmina", "thaddeus", "guadalupe", "bartholomew", "219-09")


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True)
    yield running
    assert running.stop() == 0


@pytest.fixture
def connection(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        yield connection


def shown(connection, column, row=7):
    """What somebody who sees row 7 copies from the screen."""
    return connection.execute(f"SELECT {column} FROM clients WHERE id = {row}").fetchone()[0]


def ids(connection, text, *values):
    return sorted(row[0] for row in connection.execute(text, values or None, prepare=False).fetchall())


def rows_like(server, column, row=7):
    return sorted(int(line) for line in server.sql(
        f"SELECT id FROM clients WHERE {column} = (SELECT {column} FROM clients WHERE id = {row})", "orders"))


@pytest.mark.parametrize("column", ["given_name", "family_name"])
@pytest.mark.parametrize("form", ["SELECT id FROM clients WHERE {c} = {v}", "SELECT id FROM clients WHERE {v} = {c} AND remark = 'x'",
                                  "SELECT id FROM clients c WHERE id > 0 AND c.{c} IN ('nobody', {v})",
                                  "SELECT id FROM clients WHERE {c} = {v}::text",
                                  "SELECT c.id FROM clients c JOIN visits v ON v.client = c.id WHERE c.{c} = {v}",
                                  "SELECT id FROM (SELECT * FROM clients) s WHERE {c} = {v}"])
def test_it_finds_its_row(connection, server, column, form):
    value = shown(connection, column)
    assert value.lower() not in REAL
    wanted = rows_like(server, column)
    assert ids(connection, form.format(c=column, v=f"'{value}'")) == wanted
    assert ids(connection, form.format(c=column, v="%s"), value) == wanted
    cursor = connection.cursor(binary=True)
    assert sorted(row[0] for row in cursor.execute(form.format(c=column, v="%b"), (value,)).fetchall()) == wanted


def test_through_a_view_and_prepared(connection, server):
    name = connection.execute("SELECT name FROM listed WHERE id = 7").fetchone()[0]
    assert ids(connection, f"SELECT id FROM listed WHERE name = '{name}'") == rows_like(server, "given_name")
    for _ in range(3):
        found = connection.execute("SELECT id FROM listed WHERE name = %s", (name,), prepare=True).fetchall()
        assert sorted(row[0] for row in found) == rows_like(server, "given_name")


def test_the_real_value_is_still_compared_as_it_is(connection, server):
    shown(connection, "given_name")
    assert ids(connection, "SELECT id FROM clients WHERE given_name = 'Thaddeus'") == [
        int(line) for line in server.sql("SELECT id FROM clients WHERE given_name = 'Thaddeus' ORDER BY id", "orders")]


def test_only_what_this_session_was_shown(gateway, connection):
    name = shown(connection, "given_name")
    with psycopg.connect(gateway.dsn(), autocommit=True) as other:
        assert ids(other, f"SELECT id FROM clients WHERE given_name = '{name}'") == []


@pytest.mark.parametrize("cast", ["{v}::varchar(1)", "CAST({v} AS varchar(2))", "({v})::\"char\"::text", "{v}::name::text", "{v}::char(3)::text"])
@pytest.mark.parametrize("bound", [False, True])
def test_no_cast_takes_apart_what_it_stands_for(connection, server, cast, bound):
    server.sql("DELETE FROM clients WHERE id > 1000; INSERT INTO clients (id, given_name) "
               "SELECT 1000 + i, left((SELECT given_name FROM clients WHERE id = 7), i) FROM generate_series(1, 3) i", "orders")
    try:
        value = shown(connection, "given_name")
        text = "SELECT id FROM clients WHERE given_name = "
        found = ids(connection, text + cast.format(v="%s"), value) if bound else ids(connection, text + cast.format(v=f"'{value}'"))
        # It stays the text that it is, and may begin as the real value does by chance.
        literal = cast.format(v=f"'{value}'")
        assert found == sorted(int(line) for line in server.sql(f"SELECT id FROM clients WHERE given_name = {literal}", "orders"))
    finally:
        server.sql("DELETE FROM clients WHERE id > 1000", "orders")


def test_a_constant_with_its_type_before_it_is_no_error(connection):
    value = shown(connection, "given_name")
    for typed in ("text", "varchar", "pg_catalog.text"):
        assert ids(connection, f"SELECT id FROM clients WHERE given_name = {typed} '{value}'") == []


@pytest.mark.parametrize("text", [
    "SELECT current_query() FROM clients WHERE given_name = '{v}'",
    "SELECT '{v}', current_query() FROM clients WHERE given_name = '{v}' LIMIT 1",
    "SELECT query FROM pg_stat_activity WHERE EXISTS (SELECT FROM clients WHERE given_name = '{v}')",
    "SELECT string_agg(statement, '') FROM pg_prepared_statements WHERE EXISTS (SELECT FROM clients WHERE given_name = '{v}')",
    "EXPLAIN SELECT id FROM clients WHERE given_name = '{v}'", "EXPLAIN (ANALYZE, VERBOSE) SELECT id FROM clients WHERE given_name = '{v}'",
    "CREATE TEMP VIEW seen AS SELECT id FROM clients WHERE given_name = '{v}'; SELECT pg_get_viewdef('seen'::regclass)",
    "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM clients WHERE given_name = '{v}'; SELECT statement FROM pg_cursors",
    "SELECT id, 1 / (id - id) FROM clients WHERE given_name = '{v}'", "SELECT id FROM clients WHERE given_name = '{v}' AND remark::int = 1",
    "SELECT given_name, '{v}' AS same, length('{v}') FROM clients WHERE given_name = '{v}'"])
@pytest.mark.parametrize("parameters", [False, True])
def test_what_it_stands_for_is_seen_nowhere(connection, text, parameters):
    connection.add_notice_handler(lambda notice: said.append(str(notice.message_detail) + str(notice.context)))
    said = []
    value = shown(connection, "given_name")
    connection.execute("SET log_parameter_max_length_on_error = 100")
    try:
        if parameters and ";" not in text and not text.startswith("EXPLAIN"):
            cursor = connection.execute(text.replace("'{v}'", "%(v)s::text"), {"v": value})
        else:
            cursor = connection.execute(text.format(v=value), prepare=False)
        while True:
            said += [str(row) for row in cursor.fetchall()] if cursor.description else []
            if not cursor.nextset():
                break
    except psycopg.Error as error:
        said += [str(error), str(error.diag.context), str(error.diag.message_detail), str(error.diag.internal_query)]
    assert not [word for word in REAL for line in said if word in line.lower()], said


def test_what_it_was_sent_as_is_not_left_behind(gateway):
    """The client has sent a simple query: what it was made into is no statement and no portal of the client's."""
    client = wire.WireClient(gateway.port, timeout=30)
    client.login(user="alice", password=PASSWORD)
    [name] = [wire_value(body) for kind, body in client.run(wire.query("SELECT given_name FROM clients WHERE id = 7")) if kind == b"D"]
    client.run(wire.query("BEGIN"))
    answer = client.run(wire.query(f"SELECT id FROM clients WHERE given_name = '{name}'"))
    assert wire.kinds(answer) == "T" + "D" * 15 + "CZ"
    for left in (wire.execute(), wire.bind() + wire.execute(), wire.describe()):
        answer = client.run(left + wire.SYNC)
        assert wire.kinds(answer) == "EZ", answer
    client.close()


def wire_value(body):
    return body[6:].decode()


def test_the_record_has_what_was_sent(gateway, connection):
    name = shown(connection, "given_name", 8)
    ids(connection, f"SELECT id FROM clients WHERE given_name = '{name}'")
    ids(connection, "SELECT id FROM clients WHERE given_name = %s", name)
    found = gateway.wait_for(lambda records: len(records) >= 2, "--text", "WHERE given_name =", "--kind", "select", "--min-rows", "15")
    assert found[-2]["text"].endswith(f"= '{name}'") and found[-1]["parameters"] == [name]
