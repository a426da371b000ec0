"""What stood in place of a real value is not written over it: tools send back every cell of a row that was edited."""

import psycopg
import pytest
from harness.gateway import Gateway

SCHEMA = """
DROP VIEW IF EXISTS listed; DROP TABLE IF EXISTS members CASCADE;
CREATE TABLE members (id int PRIMARY KEY, given_name text, email text, birth_date date, remark text);
INSERT INTO members SELECT i, (ARRAY['Wilhelmina','Thaddeus','Guadalupe','Bartholomew'])[1 + i % 4],
    'person' || i || '@mail.example', date '1961-03-05' + i * 37, 'x' FROM generate_series(1, 60) i;
CREATE VIEW listed AS SELECT id, given_name AS name FROM members;
DROP TABLE IF EXISTS places; CREATE TABLE places (id int PRIMARY KEY, latitude numeric(9, 6), longitude numeric(9, 6), dsn text);
INSERT INTO places SELECT i, 37.7749 + i, -122.4194 - i, 'postgres://app:s3cr3t-' || i || '@db.example/x' FROM generate_series(1, 30) i;
ALTER TABLE places OWNER TO sluice;
ALTER TABLE members OWNER TO sluice; ALTER VIEW listed OWNER TO sluice;
"""
COLUMNS = ("given_name", "email", "birth_date")


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


def shown(connection, binary=False):
    """What row 7 looks like, as its columns are written in SQL."""
    cursor = connection.cursor(binary=binary)
    return dict(zip(COLUMNS, cursor.execute("SELECT given_name, email, birth_date FROM members WHERE id = 7").fetchone()))


def stands(server):
    return server.sql("SELECT given_name, email, birth_date FROM members WHERE id = 7", "orders")


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("spelling", ["UPDATE members SET {c} = {v} WHERE id = 7",
                                      "UPDATE members SET remark = 'y', ({c}) = ROW({v}) WHERE id = 7",
                                      "INSERT INTO members (id, {c}) VALUES (7, {v}) ON CONFLICT (id) DO UPDATE SET {c} = excluded.{c}",
                                      "MERGE INTO members m USING (VALUES (7)) AS n (id) ON m.id = n.id WHEN MATCHED THEN UPDATE SET {c} = {v}",
                                      "WITH done AS (UPDATE members SET {c} = {v} WHERE id = 7 RETURNING id) SELECT count(*) FROM done"])
def test_a_constant_of_a_text(connection, server, column, spelling):
    before = stands(server)
    value = shown(connection)[column]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="in place of the real one|masked value"):
        connection.execute(spelling.format(c=column, v=f"'{value}'"), prepare=False)
    assert stands(server) == before


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_parameter(connection, server, column, binary):
    before = stands(server)
    value = shown(connection, binary)[column]
    place = "%b" if binary else "%t"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="in place of the real one|masked value"):
        connection.execute(f"UPDATE members SET {column} = {place} WHERE id = 7", (value,))
    assert stands(server) == before


def test_through_a_view(connection, server):
    before = stands(server)
    (name,) = connection.execute("SELECT name FROM listed WHERE id = 7").fetchone()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="members.given_name"):
        connection.execute(f"UPDATE listed SET name = '{name}' WHERE id = 7")
    assert stands(server) == before


def test_what_is_new_is_written(connection, server):
    name = shown(connection)["given_name"]
    connection.execute("UPDATE members SET given_name = 'Ottoline' WHERE id = 8")
    connection.execute("UPDATE members SET given_name = %s WHERE id = 9", ("Peregrine",))
    connection.execute("UPDATE members SET remark = %s WHERE id = 7", (name,))  # Nothing real was there.
    connection.execute("INSERT INTO members (id, given_name) VALUES (1000, %s)", (name,))
    assert server.sql("SELECT given_name FROM members WHERE id IN (8, 9, 1000) ORDER BY id", "orders") == ["Ottoline", "Peregrine", name]


@pytest.mark.parametrize("column", COLUMNS)
def test_what_execute_is_given(connection, server, column):
    before = stands(server)
    value = shown(connection)[column]
    connection.execute(f"PREPARE u_{column} AS UPDATE members SET {column} = $1 WHERE id = 7", prepare=False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="in place of the real one|masked value"):
        connection.execute(f"EXECUTE u_{column} ('{value}')", prepare=False)
    assert stands(server) == before


def test_a_negative_number(connection, server):
    before = server.sql("SELECT longitude FROM places WHERE id = 7", "orders")
    (value,) = connection.execute("SELECT longitude FROM places WHERE id = 7").fetchone()
    assert value < 0 and str(value) != before[0], "it is shown coarser"
    for spelling in (f"{value}", f"- {abs(value)}", f"'{value}'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="in place of the real one"):
            connection.execute(f"UPDATE places SET longitude = {spelling} WHERE id = 7", prepare=False)
    assert server.sql("SELECT longitude FROM places WHERE id = 7", "orders") == before


def test_secrets_and_remarks_are_written(connection, server):
    new = "postgres://app:n3w-0ne@db.example/x"
    connection.execute(f"UPDATE places SET dsn = '{new}' WHERE id = 8", prepare=False)
    connection.execute("UPDATE places SET dsn = %s WHERE id = 9", (new,))
    connection.execute("/*** nightly ***/ UPDATE members SET email = 'a@b.example' WHERE id = 8 /*** done ***/", prepare=False)
    assert server.sql("SELECT count(*) FROM places WHERE dsn = '" + new + "'", "orders") == ["2"]
    assert server.sql("SELECT email FROM members WHERE id = 8", "orders") == ["a@b.example"]
