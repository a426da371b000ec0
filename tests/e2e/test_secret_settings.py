"""The server's settings that hold passwords, where the gateway's login may see them: standard does not give them out."""

import psycopg
import pytest
from harness.gateway import Gateway

SECRET = "host=standby user=copier password=hunter2"
REFUSED = ["SHOW primary_conninfo", 'SHOW "Primary_ConnInfo"', "SHOW ALL", "SELECT current_setting('primary_conninfo')",
           "SELECT current_setting('Primary_' || 'conninfo')", "SELECT current_setting(name) FROM pg_settings",
           "SELECT * FROM pg_settings", "SELECT setting FROM pg_settings WHERE name LIKE 'primary%'", "TABLE pg_settings",
           "SELECT reset_val FROM pg_settings", "SELECT * FROM pg_show_all_settings()", "COPY (SELECT setting FROM pg_settings) TO STDOUT",
           "SELECT 1 FROM pg_settings WHERE setting LIKE '%hunter%'", "SELECT s::text FROM pg_settings s",
           "SELECT * FROM pg_file_settings"]
ALLOWED = ["SHOW work_mem", "SHOW server_version", "SELECT current_setting('work_mem')", "SELECT current_setting('app.user', true)",
           "SELECT name, unit, short_desc FROM pg_settings"]


def started(server):
    running = Gateway(server, start=False)
    running.start()
    return running


@pytest.fixture(scope="module")
def secret(server):
    server.sql("GRANT pg_read_all_settings TO sluice")
    server.sql(f"ALTER SYSTEM SET primary_conninfo = '{SECRET}'")
    server.sql("SELECT pg_reload_conf()")
    yield
    server.sql("ALTER SYSTEM RESET primary_conninfo")
    server.sql("SELECT pg_reload_conf()")
    server.sql("REVOKE pg_read_all_settings FROM sluice")


@pytest.fixture(scope="module")
def gateway(server, secret):
    running = started(server)
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("sql", REFUSED)
def test_passwords_are_not_given_out(gateway, sql):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="passwords"):
            if sql.startswith("COPY"):
                with connection.cursor().copy(sql) as copy:
                    list(copy)
            else:
                connection.execute(sql)


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_tells_none_is(gateway, sql):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        assert "hunter2" not in str(connection.execute(sql).fetchall())


def test_where_there_is_none_all_may_be_seen(server):
    server.sql("ALTER SYSTEM RESET primary_conninfo")
    server.sql("SELECT pg_reload_conf()")
    running = started(server)
    try:
        with psycopg.connect(running.dsn(), autocommit=True) as connection:
            for sql in ("SHOW ALL", "SELECT * FROM pg_settings", "SELECT current_setting(name) FROM pg_settings WHERE name = 'work_mem'"):
                assert "hunter2" not in str(connection.execute(sql).fetchall())
    finally:
        assert running.stop() == 0
