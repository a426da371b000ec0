"""What the server is told of who somebody is: settings for row-level security, and roles (threats 54, 63)."""

import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import SYNC, TERMINATE, WireClient, bind, execute, kinds, parse, query

SCHEMA = """
DROP TABLE IF EXISTS docs CASCADE;
CREATE TABLE docs (id int, owner text, team text);
INSERT INTO docs VALUES (1, 'alice', 'engineering'), (2, 'bob', 'sales'), (3, 'carol', 'ops');
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON docs USING (owner = current_setting('sluice.user', true)
    OR team = ANY (nullif(current_setting('sluice.groups', true), '')::text[]));
CREATE OR REPLACE FUNCTION forge(who text) RETURNS text LANGUAGE plpgsql AS
    $$BEGIN EXECUTE 'SET slu' || 'ice."user" = ' || who; RETURN who; END$$;
CREATE OR REPLACE FUNCTION report() RETURNS bigint LANGUAGE plpgsql AS
    $$DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || 'docs' INTO n; RETURN n; END$$;
CREATE OR REPLACE FUNCTION known() RETURNS text LANGUAGE sql STABLE AS
    $$SELECT set_config('sluice.user', 'bob', false)$$;
"""

ROLES = """
DO $$BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_reader') THEN
    CREATE ROLE app_reader; CREATE ROLE app_writer; CREATE ROLE sluice_app LOGIN PASSWORD 'server-password';
    GRANT app_reader, app_writer TO sluice_app;
  END IF;
END$$;
GRANT SELECT ON docs TO app_reader, app_writer, sluice_app; GRANT INSERT ON docs TO app_writer, sluice_app;
GRANT pg_read_all_settings TO app_reader;
DROP SCHEMA IF EXISTS app_reader CASCADE;
CREATE SCHEMA app_reader AUTHORIZATION app_reader;
CREATE TABLE app_reader.mine AS SELECT 'of the reader' AS whose;
GRANT SELECT ON app_reader.mine TO app_reader;
"""


def prepared(server):
    server.sql(SCHEMA, "orders")
    server.sql(ROLES, "orders")


def started(server, identity, user="sluice_app", workers=2, **options):
    prepared(server)
    running = Gateway(server, environment="staging", database_extra=f"identity: {{ {identity} }}", start=False, **options)
    running.config.write_text(running.config.read_text().replace("user: sluice\n", f"user: {user}\n")
                              .replace("workers: 2\n", f"workers: {workers}\n"))
    for name, *groups in (("bob", "sales"), ("carol", "ops"), ("eve", "engineering")):
        running.cli("user", "add", name, *[part for group in groups for part in ("--group", group)],
                    "--password-stdin", input=PASSWORD + "\n")
    running.start()
    return running


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def settings(request, server):
    running = started(server, "settings: true, trusted_functions: [public.report]", reactor=request.param,
                      pool="size: 2")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def roles(server):
    running = started(server, "settings: true, roles: [{ groups: [engineering], role: app_reader },"
                              " { users: [bob], kinds: [human], role: app_writer }]")
    yield running
    assert running.stop() == 0


def connect(gateway, user="alice", **options):
    return psycopg.connect(gateway.dsn(user=user, **options), autocommit=True)


def rows(gateway, user, text="SELECT id FROM docs ORDER BY id"):
    with connect(gateway, user) as connection:
        return [row[0] for row in connection.execute(text)]


def visible(connection):
    return [row[0] for row in connection.execute("SELECT id FROM docs ORDER BY id")]


def seen(answer):
    return [body[6:].decode() for kind, body in answer if kind == b"D"]


def test_rows_are_those_of_whoever_asks(settings):
    for _ in range(3):  # Over a pool of two that all of them share.
        assert rows(settings, "alice") == [1]
        assert rows(settings, "bob") == [2]
        assert rows(settings, "carol") == [3]
        assert rows(settings, "eve") == [1]
    assert rows(settings, "bob", "SELECT current_setting('sluice.user') || current_setting('sluice.groups')"
                                 " || current_setting('sluice.kind') || current_setting('sluice.end_user')") == [
        'bob{"sales"}human']


def test_no_statement_waits_for_it(settings):
    """They stand before the first statement of a connection, and cost no round trip where they cannot fail."""
    rows(settings, "alice")
    client = WireClient(settings.port)
    client.login()
    assert seen(client.run(query("SELECT id FROM docs"))) == ["1"]
    client.send(TERMINATE)


SPELLINGS = [
    "SET sluice.\"user\" = 'bob'", "SET SESSION \"SLUICE\".\"User\" TO bob", "SET LOCAL sluice.groups = '{sales}'",
    "RESET sluice.\"user\"", "SET sluice.\"user\" TO DEFAULT",
    "SELECT set_config('sluice.user', 'bob', false)", "SELECT set_config(E'SLUICE.\\x75ser', 'bob', false)",
    "SELECT set_config('sluice.' || 'user', 'bob', false)",
    "SELECT set_config(new_value => 'bob', setting_name => 'sluice.user', is_local => false)",
    "UPDATE pg_settings SET setting = 'bob' WHERE name = 'sluice.user'",
    "UPDATE pg_catalog.pg_settings SET setting = 'bob'",
    "DO $$BEGIN SET sluice.\"user\" = 'bob'; END$$", "DO $$BEGIN EXECUTE 'SET slui' || 'ce.\"user\" = bob'; END$$",
    "DO $$BEGIN RESET ALL; PERFORM 1; END$$", "RESET ALL; SELECT * FROM docs",
    "SELECT forge('bob')", "SELECT known()", "EXPLAIN SELECT known()", "EXPLAIN ANALYZE SELECT forge('bob')",
    "CREATE TEMP TABLE t AS SELECT set_config('sluice.user', 'bob', false)",
    "PREPARE p AS SELECT set_config($1, 'bob', false)",
    "CREATE TEMP VIEW v AS SELECT set_config('sluice.user', 'bob', false); SELECT * FROM v",
    "SELECT 1 AS \"a\" FROM docs WHERE known() IS NULL",
    "SELECT query_to_xml('SELECT set_config(''sluice.user'', ''bob'', false)', true, true, '')",
    "ALTER ROLE sluice_app SET sluice.\"user\" = 'bob'",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET sluice.\"user\" = 'bob' AS 'SELECT 1'; SELECT pg_temp.f()",
]


def test_Threat54_no_spelling_changes_whose_session_it_is(settings):
    with connect(settings) as connection:
        for text in SPELLINGS:
            with pytest.raises(psycopg.Error):
                connection.execute(text)
            assert visible(connection) == [1], text
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT set_config(%s, 'bob', false)", ["sluice.user"])
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT set_config(name, 'bob', false) FROM (VALUES ('sluice.user')) v(name)")
        assert visible(connection) == [1]
    with pytest.raises(psycopg.OperationalError, match="may not be set at connection start"):
        psycopg.connect(settings.dsn(options="-c sluice.user=bob"))
    with pytest.raises(psycopg.OperationalError, match="may not be set at connection start"):
        psycopg.connect(settings.dsn(options="-c role=postgres"))
    assert any(r["rule"] == "identity-at-server" for r in settings.search("--user", "alice") if "rule" in r)


def test_Threat54_a_function_made_here_changes_nothing(settings, server):
    """Views, triggers, functions and defaults of the client's own are looked through."""
    server.sql("GRANT CREATE ON SCHEMA public TO sluice_app", "orders")
    with connect(settings) as connection:
        connection.execute("CREATE OR REPLACE FUNCTION mine() RETURNS text LANGUAGE plpgsql AS "
                           "$$BEGIN RETURN set_config('sluice.user', 'bob', false); END$$")
        for text in ("CREATE TABLE IF NOT EXISTS mine_t (a text DEFAULT mine())",
                     "CREATE OR REPLACE VIEW mine_v AS SELECT mine() AS a"):
            try:
                connection.execute(text)
            except psycopg.errors.InsufficientPrivilege:
                pass  # That it is not made is as good.
            assert visible(connection) == [1], text
        for text in ("SELECT mine()", "INSERT INTO mine_t DEFAULT VALUES", "SELECT * FROM mine_v",
                     "DO $$BEGIN PERFORM mine(); END$$"):
            with pytest.raises(psycopg.Error):
                connection.execute(text)
            assert visible(connection) == [1], text
    server.sql("DROP FUNCTION mine() CASCADE; DROP TABLE IF EXISTS mine_t", "orders")


def test_a_trusted_function_runs(settings):
    assert rows(settings, "alice", "SELECT report()") == [1]


@pytest.mark.parametrize("reset", ["RESET ALL", "DISCARD ALL"])
def test_what_resets_everything_resets_not_this(settings, reset):
    with connect(settings) as connection:
        connection.execute("SET work_mem = '1MB'")
        connection.execute(reset)
        assert visible(connection) == [1]
        assert connection.execute("SHOW work_mem").fetchone() != ("1MB",)
    with psycopg.connect(settings.dsn()) as connection:
        if reset == "RESET ALL":  # In a transaction, and taken back with it.
            connection.execute(reset)
            assert visible(connection) == [1]
            connection.execute("SAVEPOINT s")
            connection.execute(reset)
            connection.execute("ROLLBACK TO s")
            assert visible(connection) == [1]
            connection.rollback()
            assert visible(connection) == [1]
    client = WireClient(settings.port)
    client.login()
    pipeline = parse(reset, "r") + parse("SELECT id FROM docs", "d") + SYNC
    assert "E" not in kinds(client.run(pipeline))
    # The reset runs behind the Bind of what reads.
    if reset == "RESET ALL":
        answer = client.run(bind("r", "r") + bind("d", "d") + execute("r") + execute("d") + SYNC)
        assert seen(answer) == ["1"], answer
    assert seen(client.run(bind("r", "") + execute("") + SYNC + query("SELECT id FROM docs"))) == []
    assert seen(client.read_until()) == ["1"]
    client.send(TERMINATE)


def test_groups_of_now_count_in_a_running_session(settings):
    with connect(settings, "carol") as connection, psycopg.connect(settings.dsn(user="carol")) as transaction:
        assert visible(connection) == visible(transaction) == [3]
        settings.cli("user", "set", "carol", "--group", "sales", "--group", "a,b\"")
        deadline = time.time() + 5
        while visible(connection) != [2, 3]:
            assert time.time() < deadline
            time.sleep(0.1)
        assert visible(transaction) == [2, 3]
        transaction.rollback()  # Which takes back what was set in it.
        assert visible(transaction) == [2, 3]
        groups = connection.execute("SELECT current_setting('sluice.groups')::text[]").fetchone()[0]
        assert sorted(groups) == ["a,b\"", "sales"]
    settings.cli("user", "set", "carol", "--group", "ops")


def test_Threat54_nothing_goes_from_one_user_to_the_next(server):
    """One server connection, two users: settings, role, temporary objects, locks, channels, statements, cursors."""
    running = started(server, "settings: true, default_role: app_reader, roles: [{ users: [bob], role: app_writer }]",
                      pool="size: 1", workers=1)
    try:
        first = WireClient(running.port)
        first.login(user="bob")
        first.run(query("SET work_mem = '1MB'; CREATE TEMP TABLE left_over (a int); SELECT pg_advisory_lock(7)"))
        first.run(query("LISTEN left_over; PREPARE left_over AS SELECT 1"))
        first.run(query("BEGIN; DECLARE left_over CURSOR WITH HOLD FOR SELECT owner FROM docs; COMMIT"))
        first.run(parse("SELECT 'left over'", "left_over") + SYNC)
        (pid,) = seen(first.run(query("SELECT pg_backend_pid()")))
        assert seen(first.run(query("SELECT current_user"))) == ["app_writer"]
        first.send(TERMINATE)
        second = WireClient(running.port, timeout=20)
        second.login()
        assert seen(second.run(query("SELECT pg_backend_pid()"))) == [pid]
        assert seen(second.run(query("SELECT current_user"))) == ["app_reader"]
        assert seen(second.run(query("SELECT current_setting('sluice.user')"))) == ["alice"]
        assert seen(second.run(query("SELECT current_setting('sluice.groups')"))) == ['{"engineering"}']
        assert seen(second.run(query("SHOW work_mem"))) != ["1MB"]
        for text in ("SELECT * FROM left_over", "EXECUTE left_over", "FETCH ALL FROM left_over"):
            assert "E" in kinds(second.run(query(text))), text
        assert "E" in kinds(second.run(bind("left_over") + SYNC))
        assert seen(second.run(query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))) == ["0"]
        assert seen(second.run(query("SELECT count(*) FROM pg_listening_channels()"))) == ["0"]
        second.send(TERMINATE)
    finally:
        running.stop()


def test_a_role_for_each(roles):
    assert rows(roles, "alice", "SELECT current_user") == ["app_reader"]
    assert rows(roles, "bob", "SELECT current_user") == ["app_writer"]
    assert rows(roles, "alice") == [1]
    with connect(roles) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("INSERT INTO docs VALUES (9, 'alice', 'engineering')")
    with pytest.raises(psycopg.OperationalError, match="no role of this database is for user \"carol\""):
        connect(roles, "carol")
    records = roles.search("--type", "statement")
    assert {r["role"] for r in records if r["user"] == "alice"} == {"app_reader"}
    assert {r["role"] for r in records if r["user"] == "bob"} == {"app_writer"}


def test_names_mean_what_they_mean_to_the_role(roles):
    """"$user" in the search path is the role."""
    assert rows(roles, "alice", "SELECT whose FROM mine") == ["of the reader"]
    tables = [r["tables"] for r in roles.search("--type", "statement") if "whose FROM mine" in r["text"]]
    assert ["app_reader.mine"] in tables


@pytest.mark.parametrize("text", [
    "RESET ROLE", "SET ROLE NONE", "SET ROLE app_writer", "SET LOCAL ROLE NONE", "SET ROLE TO DEFAULT",
    "SET SESSION AUTHORIZATION DEFAULT", "RESET SESSION AUTHORIZATION", "SELECT set_config('role', 'none', false)",
    "UPDATE pg_settings SET setting = 'none' WHERE name = 'role'", "SELECT set_config('ro' || 'le', 'none', false)",
    "DO $$BEGIN RESET ROLE; END$$", "DO $$BEGIN EXECUTE 'RESET ' || 'ROLE'; END$$",
    "DO $$BEGIN PERFORM set_config('role', 'none', false); END$$", "ALTER ROLE app_reader SET role = 'app_writer'"])
def test_Threat54_nobody_gets_out_of_their_role(roles, text):
    with connect(roles) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute(text)
        assert connection.execute("SELECT current_user").fetchone() == ("app_reader",)


def test_Threat54_resets_lead_back_to_the_role(roles):
    with connect(roles) as connection:
        for text in ("DISCARD ALL", "RESET ALL"):
            connection.execute(text)
            assert connection.execute("SELECT current_user").fetchone() == ("app_reader",)
            assert visible(connection) == [1]
        assert connection.execute("SELECT whose FROM mine").fetchone() == ("of the reader",)


def test_a_session_whose_role_changes_ends(roles):
    with connect(roles, "eve") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("app_reader",)
        roles.cli("user", "set", "eve", "--group", "sales")
        deadline = time.time() + 5
        with pytest.raises(psycopg.OperationalError):
            while time.time() < deadline:
                connection.execute("SELECT 1")
                time.sleep(0.1)
    roles.cli("user", "set", "eve", "--group", "engineering")


def test_a_role_that_the_server_does_not_give_lets_nobody_in(server):
    running = started(server, "default_role: not_there")
    try:
        with connect(running) as connection:
            connection.execute("SELECT 1")
        raise AssertionError("a statement ran without its role")
    except psycopg.OperationalError as error:
        assert "not_there" in str(error)
    finally:
        running.stop()


def test_a_role_that_is_taken_away_stops_a_session(server):
    """Told again after a reset, the server refuses: then nothing runs as the gateway's own role."""
    running = started(server, "default_role: app_reader")
    try:
        with connect(running) as connection:
            connection.execute("SELECT 1")
            server.sql("REVOKE app_reader FROM sluice_app", "orders")
            connection.execute("DISCARD ALL")
            for _ in range(2):
                with pytest.raises(psycopg.Error, match="whose session this is"):
                    connection.execute("SELECT current_user")
    finally:
        server.sql("GRANT app_reader TO sluice_app", "orders")
        running.stop()


def test_the_superuser_of_a_pool_is_nobody_elses(server):
    """Where the gateway itself logs in as a superuser, the role still is what its client has."""
    running = started(server, "default_role: app_reader", user="sluice", pool="size: 1")
    try:
        for _ in range(2):
            with connect(running) as connection:
                assert connection.execute("SELECT current_user, session_user").fetchone() == ("app_reader", "sluice")
                assert connection.info.parameter_status("is_superuser") == "off"
                connection.execute("DISCARD ALL")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("SELECT pg_read_file('/etc/passwd')")
    finally:
        running.stop()


def test_a_name_in_any_script(server):
    running = started(server, "settings: true")
    try:
        running.cli("user", "add", "дора'\\", "--group", "groß", "--password-stdin", input=PASSWORD + "\n")
        time.sleep(1.2)
        client = WireClient(running.port)
        client.login(user="дора'\\")
        assert seen(client.run(query("SELECT current_setting('sluice.user')"))) == ["дора'\\"]
        assert seen(client.run(query("SELECT (current_setting('sluice.groups')::text[])[1]"))) == ["groß"]
        client.send(TERMINATE)
    finally:
        running.stop()
