"""What a session alone has is part of what was approved: other settings, temporary objects or a cursor elsewhere need an
approval of their own (threat case 115)."""

import time

import psycopg
import pytest
from harness.gateway import PASSWORD
from holding import count, fails, gateway, requests, run, server, sql, vote, wait_for_request  # noqa: F401

SET_TENANT = "SET my.tenant = '{}'"
VIEW = "CREATE TEMP VIEW v AS SELECT i FROM numbers WHERE i = {}"
FUNCTION = "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT {}'"


@pytest.mark.parametrize("text,asked,ran", [
    ("DELETE FROM numbers WHERE i = current_setting('my.tenant')::int", SET_TENANT.format(3), SET_TENANT.format(4)),
    ("DELETE FROM mine WHERE i > 0", SET_TENANT.format(3), SET_TENANT.format(4)),
    ("DELETE FROM numbers WHERE i = 3", SET_TENANT.format(3), "SELECT 1"),
    ("DELETE FROM numbers WHERE i = NULL", "SELECT 1", "SET transform_null_equals = on"),
    ("DELETE FROM numbers WHERE i = 3", "SELECT 1", "SET default_text_search_config = 'german'"),
    ("DELETE FROM numbers WHERE i = 3", "SELECT 1", "SET plpgsql.variable_conflict = 'use_column'"),
    ("DELETE FROM v", VIEW.format(3), VIEW.format(4)),
    ("DELETE FROM numbers WHERE i = pg_temp.f()", FUNCTION.format(3), FUNCTION.format(4)),
    ("DELETE FROM numbers WHERE i IN (SELECT i FROM pg_temp.t)", "CREATE TEMP TABLE t AS SELECT 3 i", "CREATE TEMP TABLE t AS SELECT 4 i"),
])
def test_Threat115_not_in_a_session_that_has_something_else(gateway, server, text, asked, ran):
    sql(server, "SET ROLE sluice; DROP VIEW IF EXISTS mine; CREATE VIEW mine AS SELECT * FROM numbers "
                "WHERE i = current_setting('my.tenant')::int")
    fails(gateway, "SELECT nothing")  # The gateway looks at the catalog by now.
    assert "not approved yet" in str(fails(gateway, text, before=[asked]))
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    assert "not approved yet" in str(fails(gateway, text, before=[ran]))
    assert count(server, "numbers") == "20"
    assert len(requests(gateway, "--state", "approved")) == 1, "it is still there for what it was given for"


def test_Threat115_nor_in_the_same_one_after_it_has_changed(gateway, server):
    text = "DELETE FROM numbers WHERE i = current_setting('my.tenant')::int"
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute(SET_TENANT.format(3))
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute(text)
        vote(gateway, "approve", wait_for_request(gateway), "dora")
        connection.execute(SET_TENANT.format(4))
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute(text)
        assert count(server, "numbers") == "20"


def test_in_the_same_one_as_it_was_it_runs(gateway, server):
    text = "DELETE FROM numbers WHERE i = current_setting('my.tenant')::int"
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute(SET_TENANT.format(3))
        with pytest.raises(psycopg.Error, match="not approved yet"):
            connection.execute(text)
        vote(gateway, "approve", wait_for_request(gateway), "dora")
        assert connection.execute(text).rowcount == 1
    assert sql(server, "SELECT count(*) FROM numbers WHERE i = 3") == ["0"]


@pytest.mark.parametrize("text,before,says", [
    ("DELETE FROM numbers WHERE CURRENT OF c", ["BEGIN", "DECLARE c CURSOR FOR SELECT i FROM numbers", "FETCH c"], "stands is not approved"),
    ("DELETE FROM numbers WHERE i = currval('sq')", ["SELECT nextval('sq')"], "stands is not approved"),
    ("DELETE FROM numbers WHERE i = lastval()", ["SELECT nextval('sq')"], "stands is not approved"),
])
def test_Threat115_what_stands_elsewhere_next_time_is_not_asked_for(gateway, server, text, before, says):
    sql(server, "SET ROLE sluice; CREATE SEQUENCE IF NOT EXISTS sq")
    assert says in str(fails(gateway, text, before=before))
    assert requests(gateway) == [] and count(server, "numbers") == "20"


def test_who_no_longer_counts_is_not_named(gateway, server):
    gateway.cli("user", "add", "gina", "--group", "leads", "--password-stdin", input=PASSWORD + "\n")
    fails(gateway, "UPDATE ledger SET v = 2 WHERE id = 1")
    number = wait_for_request(gateway)
    vote(gateway, "approve", number, "dora")
    gateway.cli("user", "disable", "dora")
    time.sleep(1.2)
    vote(gateway, "approve", number, "erin")
    vote(gateway, "approve", number, "gina")
    assert run(gateway, "UPDATE ledger SET v = 2 WHERE id = 1") == 1
    records = gateway.wait_for(lambda found: any(r.get("approval") for r in found), "--user", "alice")
    assert [r["approval"] for r in records if r.get("approval")] == [f"{number} by erin, gina"]
