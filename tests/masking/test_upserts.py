"""Upserts by a masked column: applications save a row under its e-mail address without reading it first."""

import psycopg
import pytest
from harness.gateway import Gateway

SCHEMA = """
DROP TABLE IF EXISTS subscribers CASCADE;
CREATE TABLE subscribers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, plan text);
INSERT INTO subscribers (email, plan) SELECT 'person' || i || '@mail.example', 'free' FROM generate_series(1, 60) i;
ALTER TABLE subscribers OWNER TO sluice;
"""
UPSERT = "INSERT INTO subscribers (email, plan) VALUES ({}, {}) ON CONFLICT (email) DO UPDATE SET plan = excluded.plan"


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


def plans(server, email):
    return server.sql(f"SELECT plan FROM subscribers WHERE email = '{email}'", "orders")


@pytest.mark.parametrize("number, email", [(7, "person7@mail.example"), (99, "new@mail.example")])
@pytest.mark.parametrize("prepared", [False, True])
def test_an_upsert_by_a_masked_column_passes(connection, server, number, email, prepared):
    plan = f"gold{number}{prepared}"
    if prepared:
        done = connection.execute(UPSERT.format("%s", "%s"), (email, plan), prepare=True)
    else:
        done = connection.execute(UPSERT.format(f"'{email}'", f"'{plan}'"))
    assert done.rowcount == 1
    assert plan in str(plans(server, email))


def test_what_it_returns_is_masked(connection):
    row = connection.execute(UPSERT.format("'person8@mail.example'", "'silver'") + " RETURNING email, plan").fetchone()
    assert row[1] == "silver" and row[0] != "person8@mail.example"


def test_what_is_looked_into_on_conflict_is_refused(connection, server):
    before = plans(server, "person9@mail.example")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="subscribers.email"):
        connection.execute(UPSERT.format("'person9@mail.example'", "'x'") + " WHERE subscribers.email LIKE 'person9%'")
    assert plans(server, "person9@mail.example") == before
