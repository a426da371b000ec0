"""Comparing with what is masked is allowed, and counted: nobody goes through a dictionary."""

import json

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS people CASCADE; CREATE TABLE people (id int, email text); ALTER TABLE people OWNER TO sluice;"
               "INSERT INTO people SELECT i, 'person' || i || '@mail.example' FROM generate_series(1, 60) i", "orders")
    running = Gateway(server, environment="staging", masking=True, start=False,
                      extra="limits: { masked_comparisons: 3, masked_comparisons_per_minute: 10 }")
    running.cli("user", "add", "bob", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


def compare(connection, count, parameters):
    values = [f"person{i}@mail.example" for i in range(count)]
    places = ", ".join(["%s"] * count if parameters else [f"'{value}'" for value in values])
    return connection.execute(f"SELECT id FROM people WHERE email IN ({places})", values if parameters else None).fetchall()


@pytest.mark.parametrize("parameters, user", [(False, "alice"), (True, "bob")])
def test_so_many_in_a_statement_and_in_a_minute(gateway, parameters, user):
    with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.lookup("53400"), match="more than 3 comparisons with masked columns in a statement, or 10") as refused:
            compare(connection, 4, parameters)
        told = json.loads(refused.value.diag.message_detail)
        assert told["rule"] == "masked-columns" and told["facts"]["comparisons"] == 4 and told["facts"]["masked_comparisons"] == 3
        for _ in range(3):
            assert len(compare(connection, 3, parameters)) == 2
    # Of the user, not of the session.
    with psycopg.connect(gateway.dsn(user=user), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.lookup("53400")):
            compare(connection, 3, parameters)
        assert connection.execute("SELECT count(*) FROM people WHERE id = 7").fetchone() == (1,), "what is not masked is not counted"


def test_a_refusal_by_a_masked_column_has_the_common_form(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            connection.execute("SELECT id FROM people WHERE email LIKE 'person1%'")
    told = json.loads(refused.value.diag.message_detail)
    assert (told["rule"], told["effect"]) == ("masked-columns", "deny")
    assert told["reason"] == refused.value.diag.message_primary and told["next"] == refused.value.diag.message_hint
    assert told["facts"] == {"user": "alice", "database": "orders", "environment": "staging"}
