"""Databases that admins add while the gateway runs: over HTTP and by the command line, at once, at every gateway that shares
the store, and after a restart; what is wrong with one is told; no password comes out."""

import json
import os
import socket
import sqlite3
import threading
import time

import psycopg
import pytest
from client import ask, known_token
from harness.certificates import Authority
from harness.gateway import PASSWORD, Gateway
from harness.ports import free_port
from harness.postgres import PostgresServer

SECRET = "wr1tten-nowhere"
API = "api: { admins: [platform], auditors: [security], requests_per_second: 10000 }"


@pytest.fixture(scope="module")
def server():
    server = PostgresServer(host_lines=("host all trusted 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"))
    server.sql(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}'")
    server.sql("CREATE ROLE trusted LOGIN")
    for name in ("hr", "later", "store", "closed"):
        server.sql(f"CREATE DATABASE {name} OWNER keeper")
    server.sql("REVOKE CONNECT ON DATABASE closed FROM PUBLIC; ALTER DATABASE closed OWNER TO postgres")
    server.sql("SET ROLE keeper; CREATE TABLE people AS SELECT i AS id, 'p' || i || '@example.com' AS email "
               "FROM generate_series(1, 200) i; ANALYZE", database="hr")
    server.sql("ALTER SCHEMA public OWNER TO keeper", database="hr")
    yield server
    server.stop()


def without_databases(server, running):
    text = running.config.read_text()
    running.config.write_text(text[:text.index("databases:")] + "databases: []\n")


@pytest.fixture(scope="module")
def gateway(server):
    """One whose file names no database."""
    running = Gateway(server, start=False, masking=True, extra=API)
    without_databases(server, running)
    for name, group in (("root", "platform"), ("sam", "security")):
        running.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def token(gateway):
    return ask(gateway, "POST", "/login", {"user": "root", "password": PASSWORD}).json["secret"]


def wanted(server, name="hr", **more):
    return {"name": name, "environment": "production", "url": f"postgres://127.0.0.1:{server.port}/{more.pop('database', name)}",
            "user": "keeper", "password": SECRET, **more}


def rows(gateway, text, database="hr"):
    with psycopg.connect(gateway.dsn(database=database), autocommit=True) as connection:
        return connection.execute(text).fetchall()


def listed(gateway, token):
    return {row["name"]: row for row in ask(gateway, "GET", "/databases", token=token).json}


def test_a_new_gateway_gets_its_first_database(gateway, server, token):
    assert ask(gateway, "GET", "/databases", token=token).json == []
    assert ask(gateway, "GET", "/readyz", prefix="").status == 200
    with pytest.raises(psycopg.OperationalError):
        rows(gateway, "SELECT 1")
    tried = ask(gateway, "POST", "/databases", {**wanted(server), "check_only": True}, token)
    assert tried.status == 200 and tried.json["server"].startswith("PostgreSQL 15"), tried.raw
    assert ask(gateway, "GET", "/databases", token=token).json == []
    made = ask(gateway, "POST", "/databases", wanted(server), token)
    assert made.status == 201 and made.json["name"] == "hr", made.raw
    assert made.json["warnings"] == ["the connection is not encrypted: sslmode=disable in the url"]
    # At once: sessions, the catalog, what is sensitive, the check, the query over HTTP.
    assert rows(gateway, "SELECT count(*) FROM people") == [(200,)]
    assert rows(gateway, "SELECT email FROM people WHERE id = 1") != [("p1@example.com",)], "it is masked"
    columns = ask(gateway, "POST", "/data/list", {"database": "hr"}, token).json
    assert [row["class"] for row in columns if row["column"] == "email"] == ["email"]
    assert ask(gateway, "POST", "/databases/hr/check", {}, token).status == 200
    assert ask(gateway, "POST", "/query", {"database": "hr", "sql": "SELECT count(*) FROM people"}, token).json["rows"] == [["200"]]
    row = listed(gateway, token)["hr"]
    assert row["source"] == "store" and row["url"] == wanted(server)["url"] and row["changed_by"] == "root (over HTTP)"
    again = ask(gateway, "POST", "/databases", wanted(server), token)
    assert again.status == 409 and "already" in again.title


def test_its_schema_is_watched(gateway, server, token):
    rows(gateway, "SELECT 1 FROM people LIMIT 1")
    server.sql("ALTER TABLE people ADD COLUMN note text", database="hr")
    drift = gateway.wait_for(lambda found: found, "--type", "schema_drift", "--database", "hr")
    assert "note" in drift[0]["message"]


def test_what_others_are_told(gateway, token):
    alice = known_token(gateway, "--user", "alice", "--scope", "api")
    assert ask(gateway, "GET", "/databases", token=alice).json == [{"name": "hr", "environment": "production", "masking": True}]
    for method, path in (("POST", "/databases"), ("PUT", "/databases/hr"), ("DELETE", "/databases/hr")):
        for user in ("alice", "sam"):
            refused = ask(gateway, method, path, {}, known_token(gateway, "--user", user, "--scope", "api"))
            assert refused.status == 403, (user, method, refused.raw)


def test_Threat102_the_password_comes_out_nowhere(gateway, token):
    assert SECRET not in ask(gateway, "GET", "/databases", token=token).raw.decode()
    assert SECRET not in ask(gateway, "GET", "/settings", token=token).raw.decode()
    records = gateway.wait_for(lambda found: any("database hr added" in r["message"] for r in found), "--type", "admin")
    added = next(r for r in records if "database hr added" in r["message"])
    assert "as keeper, environment production, masking on" in added["message"] and added["user"] == "root (over HTTP)"
    assert SECRET not in json.dumps(gateway.search())
    assert SECRET.encode() not in gateway.log.read_bytes()
    for folder, _, files in os.walk(gateway.root / "state"):
        for file in files:
            path = os.path.join(folder, file)
            if os.path.isfile(path) and not file.endswith(".sock"):
                with open(path, "rb") as opened:
                    assert SECRET.encode() not in opened.read(), path
    key = gateway.root / "state/databases.key"
    assert key.stat().st_mode & 0o777 == 0o600


def answering(words):
    """A listener that says `words` to whoever says something, and hangs up; None: it says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            held.append(connection)
            if words is not None:
                connection.recv(1000)
                connection.sendall(words)
                connection.close()
    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.fixture(scope="module")
def others():
    """What is no PostgreSQL: a web server, one that hangs up, one that says nothing."""
    listeners = [answering(words) for words in (b"HTTP/1.1 400 Bad Request\r\n\r\nsecrets of others", b"", None)]
    yield [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()


def test_what_is_wrong_is_told(gateway, server, token, others):
    web, hanging, silent = others
    here = f"postgres://127.0.0.1:{server.port}"
    cases = (
        ({"url": "postgres://nowhere.invalid/hr"}, "dns", "nowhere.invalid"),
        ({"url": f"postgres://127.0.0.1:{free_port()}/hr"}, "refused", "nothing listens at"),
        ({"url": f"{here}/hr?sslmode=require"}, "tls", "does not offer TLS"),
        ({"password": "wrong"}, "login", "password authentication failed"),
        ({"user": "nobody"}, "login", "password authentication failed"),
        ({"url": f"{here}/nothing"}, "database", "does not exist"),
        ({"url": f"{here}/closed"}, "privilege", "permission denied"),
        ({"user": "trusted"}, "no_password", "without asking for the password"),
        ({"url": f"postgres://127.0.0.1:{web}/hr"}, "not_postgresql", "is no PostgreSQL"),
        ({"url": f"postgres://127.0.0.1:{web}/hr?sslmode=require"}, "not_postgresql", "is no PostgreSQL"),
        ({"url": f"postgres://127.0.0.1:{hanging}/hr"}, "not_postgresql", "is no PostgreSQL"),
        ({"url": f"postgres://127.0.0.1:{silent}/hr"}, "timeout", "does not answer as PostgreSQL does"),
    )
    for change, reason, words in cases:
        answer = ask(gateway, "POST", "/databases", {**wanted(server, "later"), **change}, token)
        assert answer.status == 422 and answer.json["reason"] == reason, (change, answer.raw)
        assert words in answer.title and answer.json["detail"], (change, answer.raw)
        assert b"secrets" not in answer.raw, "what else answers is not read to anybody"
    assert "later" not in listed(gateway, token), "nothing of it is kept"
    records = gateway.wait_for(lambda found: sum("later tried" in r["message"] for r in found) == len(cases), "--type", "admin")
    assert all(r["user"] == "root (over HTTP)" for r in records if "later tried" in r["message"]), "who tried what is on the record"


def test_certificates_are_checked(gateway, token):
    authority = Authority()
    certificate, key = authority.issue("server", owner="postgres" if os.getuid() == 0 else None)
    with_tls = PostgresServer(host_lines=("hostssl all all 127.0.0.1/32 scram-sha-256",), settings=(
        "ssl = on", f"ssl_cert_file = '{certificate}'", f"ssl_key_file = '{key}'"))
    try:
        with_tls.sql(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}'")
        body = {**wanted(with_tls, "secured", database="orders"), "url": f"postgres://localhost:{with_tls.port}/orders?sslmode=verify-full"}
        refused = ask(gateway, "POST", "/databases", body, token)
        assert refused.status == 422 and refused.json["reason"] == "certificate", refused.raw
        plain = ask(gateway, "POST", "/databases", {**body, "url": f"postgres://localhost:{with_tls.port}/orders"}, token)
        assert plain.status == 422 and plain.json["reason"] == "login" and "pg_hba.conf" in plain.json["detail"], plain.raw
        body["authority"] = authority.certificate.read_text()
        made = ask(gateway, "POST", "/databases", body, token)
        assert made.status == 201 and "TLSv1.3" in made.json["server"] and made.json["warnings"] == [], made.raw
        assert rows(gateway, "SELECT 1", "secured") == [(1,)]
        assert ask(gateway, "DELETE", "/databases/secured", token=token).status == 200
    finally:
        with_tls.stop()
        authority.remove()


def test_Threat102_what_is_not_for_admins_over_http(gateway, server, token):
    for change, words in (({"url": f"postgres:///hr?host={server.root}&port={server.port}"}, "sockets of the gateway's machine"),
                          ({"url": "postgres://db/hr?sslrootcert=/etc/passwd"}, "files of the gateway's machine"),
                          ({"url": "postgres://db/hr?require_auth=none"}, "anybody's"),
                          ({"url": "postgres://db/hr?sslmode=prefer"}, "must not leave it to the network"),
                          ({"url": "postgres://db/hr%00options%00-c%20x=y"}, "control characters"),
                          ({"name": "a/b"}, "name: "), ({"password": ""}, "password: "), ({"password_file": "/etc/passwd"}, "no field \"password_file\""),
                          ({"pool_size": 0}, "pool_size"), ({"masking": "off"}, "\"masking\" has to be true or false, and is a text")):
        answer = ask(gateway, "POST", "/databases", {**wanted(server, "later"), **change}, token)
        assert answer.status == 400 and words in answer.title, (change, answer.raw)


def test_Threat102_the_gateway_itself_under_no_name(gateway, server, token):
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0", "[::ffff:127.0.0.1]"):
        answer = ask(gateway, "POST", "/databases", {**wanted(server, "later"), "url": f"postgres://{host}:{gateway.port}/hr?sslmode=disable"}, token)
        assert answer.status == 422 and answer.json["reason"] == "invalid", (host, answer.raw)
        assert "where the gateway itself listens" in answer.title, (host, answer.raw)


def test_Threat102_what_the_store_says_of_its_rules_is_sealed(gateway, server, token):
    store = sqlite3.connect(gateway.root / "state/sluice.db", timeout=30, isolation_level=None)
    for column, changed, kept in (("masking", 0, 1), ("environment", "anything", "production")):
        store.execute(f"UPDATE kept_databases SET {column} = ? WHERE name = 'hr'", (changed,))
        wait_until(lambda: "cannot be opened" in listed(gateway, token)["hr"].get("problem", ""))
        with pytest.raises(psycopg.OperationalError):
            rows(gateway, "SELECT email FROM people")
        store.execute(f"UPDATE kept_databases SET {column} = ? WHERE name = 'hr'", (kept,))
        wait_until(lambda: "problem" not in listed(gateway, token)["hr"])
    store.close()
    assert rows(gateway, "SELECT count(*) FROM people") == [(200,)]


def wait_until(condition):
    begun = time.time()
    while not condition():
        assert time.time() - begun < 30, "it does not come"
        time.sleep(0.05)


def test_Threat103_rules_are_not_got_around_by_another_environment(server):
    running = Gateway(server, start=False, masking=True, extra=API + "\npolicy: { approve_by: [security] }")
    without_databases(server, running)
    for name, group in (("root", "platform"), ("sam", "security")):
        running.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
    running.start()
    try:
        root = ask(running, "POST", "/login", {"user": "root", "password": PASSWORD}).json["secret"]
        assert ask(running, "POST", "/databases", wanted(server), root).status == 201
        body = {key: value for key, value in wanted(server).items() if key != "name"}
        for change in ({"environment": "anything"}, {"masking": False}):
            refused = ask(running, "PUT", "/databases/hr", {**body, **change}, root)
            assert refused.status == 403 and "policy.approve_by" in refused.title, refused.raw
        running.cli("database", "set", "hr", "--masking", "off")
        wait_until(lambda: listed(running, root)["hr"]["masking"] is False)
    finally:
        assert running.stop() == 0


def test_one_is_changed(gateway, server, token):
    without = {key: value for key, value in wanted(server).items() if key not in ("password", "name")}
    # The kept password is good for what it was given for: another environment or no masks take one who knows it.
    for change in ({"environment": "staging"}, {"masking": False}):
        refused = ask(gateway, "PUT", "/databases/hr", {**without, **change}, token)
        assert refused.status == 400 and "environment, masking" in refused.title, refused.raw
    assert ask(gateway, "PUT", "/databases/hr", {**without, "pool_size": 7}, token).status == 200
    changed = ask(gateway, "PUT", "/databases/hr", {**without, "environment": "staging", "masking": False, "pool_size": 5,
                                                    "password": SECRET}, token)
    assert changed.status == 200, changed.raw
    without.update(environment="staging", masking=False)
    assert rows(gateway, "SELECT email FROM people WHERE id = 1") == [("p1@example.com",)], "masking is off now"
    row = listed(gateway, token)["hr"]
    assert (row["environment"], row["masking"], row["pool_size"]) == ("staging", False, 5)
    # The kept password goes nowhere else, whoever asks.
    for change in ({"url": f"postgres://127.0.0.1:{free_port()}/hr"}, {"user": "sluice"}, {"url": without["url"] + "?sslmode=disable"}):
        refused = ask(gateway, "PUT", "/databases/hr", {**without, **change}, token)
        assert refused.status == 400 and "goes nowhere else" in refused.title, refused.raw
    assert ask(gateway, "PUT", "/databases/nothing", without, token).status == 404
    assert ask(gateway, "PUT", "/databases/hr", {**without, "password": "wrong"}, token).json["reason"] == "login"
    assert rows(gateway, "SELECT 1") == [(1,)], "what did not work changes nothing"


def test_the_command_line(gateway, server, token):
    place = ("--url", f"postgres://127.0.0.1:{server.port}/later", "--user", "keeper", "--environment", "test")
    refused = gateway.cli("database", "add", "later", *place, "--password-stdin", input="wrong\n", check=False)
    assert refused.returncode == 5 and "password authentication failed" in refused.stderr and "ALTER ROLE" in refused.stderr
    tried = gateway.cli("database", "add", "later", *place, "--password-stdin", "--check-only", input=SECRET + "\n")
    assert "PostgreSQL 15" in tried.stdout and "nothing is kept" in tried.stderr
    made = gateway.cli("database", "add", "later", *place, "--password-stdin", "-o", "json", input=SECRET + "\n")
    assert json.loads(made.stdout)["name"] == "later"
    gateway.cli("database", "set", "later", "--masking", "off")
    shown = {row["name"]: row for row in json.loads(gateway.cli("database", "list", "-o", "json").stdout)}
    assert shown["later"]["masking"] is False and shown["later"]["source"] == "store" and shown["hr"]["user"] == "keeper"
    checked = json.loads(gateway.cli("database", "check", "-o", "json").stdout)
    assert {row["name"]: row["ok"] for row in checked} == {"hr": True, "later": True}
    gateway.cli("database", "remove", "later")
    assert gateway.cli("database", "remove", "later", check=False).returncode == 3
    records = gateway.wait_for(lambda found: any("later removed" in r["message"] for r in found), "--type", "admin")
    assert "on the command line" in next(r["user"] for r in records if "later removed" in r["message"])


def test_it_is_there_after_a_restart_and_a_reload(gateway, server, token):
    gateway.reload()
    assert rows(gateway, "SELECT 1") == [(1,)]
    gateway.kill9()
    gateway.start()
    assert rows(gateway, "SELECT count(*) FROM people") == [(200,)]


def test_the_file_wins(gateway, server, token):
    before = gateway.config.read_text()
    secret = gateway.root / "server-password"
    gateway.config.write_text(before.replace("databases: []", f"""databases:
  - {{ name: hr, environment: test, url: 'postgres://127.0.0.1:{server.port}/orders', user: sluice, password_file: {secret} }}
"""))
    try:
        gateway.reload()
        gateway.wait_for(lambda found: found, "--text", "configuration reloaded")
        row = listed(gateway, token)["hr"]
        assert row["source"] == "file" and row["environment"] == "test" and "not used" in row["problem"]
        refused = ask(gateway, "POST", "/databases", wanted(server), token)
        assert refused.status == 409 and "configuration file" in refused.title, refused.raw
        assert ask(gateway, "PUT", "/databases/hr", wanted(server), token).status == 409
    finally:
        gateway.config.write_text(before)
        gateway.reload()
    deadline = time.time() + 30
    while listed(gateway, token)["hr"]["source"] != "store" and time.time() < deadline:
        time.sleep(0.1)
    assert rows(gateway, "SELECT count(*) FROM people") == [(200,)]


def test_a_removed_one_is_gone_with_its_sessions(gateway, server, token):
    open_session = psycopg.connect(gateway.dsn(database="hr"), autocommit=True)
    open_session.execute("SELECT 1")
    assert ask(gateway, "DELETE", "/databases/hr", token=token).json == {"removed": "hr"}
    with pytest.raises(psycopg.OperationalError):
        open_session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        rows(gateway, "SELECT 1")
    assert ask(gateway, "DELETE", "/databases/hr", token=token).status == 404
    assert ask(gateway, "POST", "/databases", wanted(server), token).status == 201, "and may come back"


def shared(server, **options):
    secret = server.root.parent / f"sluice-store-password-{server.port}"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    return Gateway(server, masking=True, extra=f"store: postgres://keeper@127.0.0.1:{server.port}/store?sslmode=disable\n"
                   f"store_password_file: {secret}\n{API}", **options)


def within_two_seconds(condition):
    """Of the gateway's time: what looking takes, which is a command line of its own, comes on top where the machine is busy."""
    begun, slowest = time.monotonic(), 0
    while True:
        asked = time.monotonic()
        if condition():
            return
        slowest = max(slowest, time.monotonic() - asked)
        assert asked - begun < 2 + 4 * slowest, "not within two seconds"
        time.sleep(0.05)


def has_ended(session):
    try:
        session.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_gateways_that_share_a_store(server):
    one = shared(server)
    two = shared(server, add_alice=False)
    try:
        one.cli("user", "add", "root", "--group", "platform", "--password-stdin", input=PASSWORD + "\n")
        place = ("--url", f"postgres://127.0.0.1:{server.port}/hr", "--user", "keeper", "--environment", "production")
        one.cli("database", "add", "hr", *place, "--password-stdin", input=SECRET + "\n")
        assert SECRET not in str(server.sql("SELECT kept_databases::text, encode(sealed, 'escape') FROM sluice.kept_databases", "store"))

        def at(gateway):
            return {row["name"]: row for row in json.loads(gateway.cli("database", "list", "-o", "json").stdout)}
        # Without the key nothing of it is used there, and nothing new is kept under another key.
        within_two_seconds(lambda: "hr" in at(two))
        assert "databases.key" in at(two)["hr"]["problem"]
        refused = two.cli("database", "add", "more", *place, "--password-stdin", input=SECRET + "\n", check=False)
        assert refused.returncode != 0 and "databases.key" in refused.stderr
        key = two.root / "state/databases.key"
        key.touch(0o600)
        key.write_bytes((one.root / "state/databases.key").read_bytes())
        two.reload()
        within_two_seconds(lambda: at(two)["hr"]["problem"] == "")
        assert rows(two, "SELECT count(*) FROM people") == [(200,)]
        # From now on each change is at both within two seconds.
        two.cli("database", "add", "more", *place, "--password-stdin", input=SECRET + "\n")
        within_two_seconds(lambda: "more" in at(one))
        assert rows(one, "SELECT 1", "more") == [(1,)]
        one.cli("database", "set", "more", "--environment", "test")
        within_two_seconds(lambda: at(two)["more"]["environment"] == "test")
        session = psycopg.connect(two.dsn(database="more"), autocommit=True)
        one.cli("database", "remove", "more")
        within_two_seconds(lambda: "more" not in at(two))
        # Told to end, a session ends when its worker comes to it.
        within_two_seconds(lambda: has_ended(session))
        # Removed and added again before the other has looked: nobody goes on in the one that was removed.
        one.cli("database", "add", "swap", *place, "--password-stdin", input=SECRET + "\n")
        within_two_seconds(lambda: "swap" in at(two))
        sessions = [psycopg.connect(each.dsn(database="swap"), autocommit=True) for each in (one, two)]
        assert [session.execute("SELECT current_database()").fetchall() for session in sessions] == [[("hr",)], [("hr",)]]
        root = ask(one, "POST", "/login", {"user": "root", "password": PASSWORD}).json["secret"]
        assert ask(one, "DELETE", "/databases/swap", token=root).status == 200
        assert ask(one, "POST", "/databases", wanted(server, "swap", database="later"), root).status == 201
        for session in sessions:
            within_two_seconds(lambda ended=session: has_ended(ended))
        # The one gateway may look between the two, and know none of that name for a moment.
        within_two_seconds(lambda: "swap" in at(two))
        assert rows(two, "SELECT current_database()", "swap") == [("later",)]
        # Who writes in the store sends no password elsewhere.
        server.sql(f"UPDATE sluice.kept_databases SET url = 'postgres://127.0.0.1:{free_port()}/hr'", "store")
        within_two_seconds(lambda: "cannot be opened" in at(one)["hr"]["problem"])
    finally:
        codes = [one.stop(), two.stop()]
    assert codes == [0, 0]
