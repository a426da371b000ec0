"""Where the password of the gateway's own login comes from, and how it is changed while the gateway runs (threat 63)."""

import http.server
import json
import pathlib
import threading
import time

import psycopg
import pytest
from harness.gateway import Gateway
from harness.postgres import SERVER_PASSWORD, PostgresServer

FIRST, SECOND, THIRD = SERVER_PASSWORD, "second-Pässword '1", "third-password"


@pytest.fixture(scope="module")
def own():
    """A server whose passwords are this module's to change."""
    postgres = PostgresServer()
    yield postgres
    postgres.stop()


@pytest.fixture(autouse=True)
def first_password(own):
    set_password(own, FIRST)


def set_password(own, password):
    own.sql("ALTER ROLE sluice PASSWORD '" + password.replace("'", "''") + "'")


class Vault(http.server.ThreadingHTTPServer):
    """Answers as KV version 2 does."""

    def __init__(self):
        self.token, self.secret, self.asked, self.mode = "s.token-1", {"password": FIRST}, 0, "good"
        vault = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                vault.asked += 1
                status, body = 200, {"data": {"data": vault.secret, "metadata": {"version": 1}}}
                if self.headers["X-Vault-Token"] != vault.token:
                    status, body = 403, {"errors": ["permission denied"]}
                elif self.path != "/v1/secret/data/orders":
                    status, body = 404, {"errors": []}
                elif vault.mode == "sealed":
                    status, body = 503, {"errors": ["Vault is sealed"]}
                text = b"not json {" if vault.mode == "garbage" else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def vault():
    running = Vault()
    yield running
    running.shutdown()
    running.server_close()


def secret_file(folder, name, text):
    path = pathlib.Path(folder) / name
    path.touch(0o600)
    path.write_text(text + "\n")
    return path


def gateway_with(own, source, **options):
    """`source`: lines in place of password_file."""
    running = Gateway(own, environment="staging", start=False, pool="size: 3, connect_timeout: 5s", **options)
    text = running.config.read_text()
    running.config.write_text(text.replace(f"password_file: {running.root}/server-password", source))
    return running


def works(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def command(folder, name, body):
    script = pathlib.Path(folder) / name
    script.write_text("#!/bin/sh\n" + body)
    script.chmod(0o700)
    return script


def rotated(gateway, own, password, change):
    """The server's password changes, then the source: sessions go on, new server connections come."""
    held = psycopg.connect(gateway.dsn(), autocommit=True)
    held.execute("SELECT 1")
    set_password(own, password)
    change()
    assert held.execute("SELECT 2").fetchone() == (2,)
    more = [psycopg.connect(gateway.dsn(), autocommit=True) for _ in range(2)]
    for connection in more:
        connection.execute("SELECT 1")  # One of these needs a connection that is not there yet.
    for connection in [held, *more]:
        connection.close()


def test_a_file_is_read_again_when_the_server_refuses(own):
    running = gateway_with(own, "password_file: server-password")
    try:
        running.start()
        assert works(running)
        rotated(running, own, SECOND, lambda: (running.root / "server-password").write_text(SECOND + "\n"))
        assert running.process.poll() is None
        log = running.log.read_text()
        assert SECOND not in log and FIRST not in log
    finally:
        running.stop()


def test_a_file_is_read_again_at_sighup(own):
    running = gateway_with(own, "password_file: server-password")
    try:
        running.start()
        held = psycopg.connect(running.dsn(), autocommit=True)
        held.execute("SELECT 1")
        (running.root / "server-password").write_text(SECOND + "\n")
        running.reload()
        set_password(own, SECOND)
        assert held.execute("SELECT 1").fetchone() == (1,)
        assert works(running)
        held.close()
    finally:
        running.stop()


def test_the_environment(own):
    running = gateway_with(own, "password_env: SLUICE_TEST_SERVER_PASSWORD", env={"SLUICE_TEST_SERVER_PASSWORD": FIRST})
    try:
        running.start()
        assert works(running)
        assert FIRST not in running.log.read_text()
    finally:
        running.stop()


def test_a_command(own, tmp_path):
    now = tmp_path / "now"
    now.write_text(FIRST)
    count = tmp_path / "count"
    script = command(tmp_path, "give", f'echo "$1" >> {count}; cat {now}; echo; echo "more lines"; echo "SECRET" >&2\n')
    running = gateway_with(own, f"password_command: [{script}, '$(id) *']")
    try:
        running.start()
        assert works(running)
        assert set(count.read_text().split("\n")) == {"$(id) *", ""}  # No shell has read it.
        rotated(running, own, SECOND, lambda: now.write_text(SECOND))
        text = running.log.read_text()
        assert SECOND not in text and FIRST not in text and "SECRET" not in text
    finally:
        running.stop()


@pytest.mark.parametrize("body,says", [
    ("exit 3", "it ended with 3"), ("sleep 60", "within 500 ms"), ("sleep 60 & exec sleep 60", "within 500 ms"),
    ("head -c 100000 /dev/zero", "more than a password can be long"), ("true", "it gave no password"),
    ("kill -9 $$", "ended by signal 9")])
def test_a_command_that_goes_wrong(own, tmp_path, body, says):
    script = command(tmp_path, "give", body + "\n")
    running = gateway_with(own, f"password_command: [{script}]\n    password_timeout: 500ms")
    try:
        running.start()
        began = time.time()
        done = running.cli("database", "check", "orders", check=False)
        assert done.returncode != 0 and says in done.stderr and str(script) in done.stderr
        assert time.time() - began < 20
        with pytest.raises(psycopg.OperationalError) as refused:
            works(running)
        assert "could not connect to database" in str(refused.value) and says not in str(refused.value)
        # Once it works, nobody has to do anything.
        command(tmp_path, "give", f"echo '{FIRST}'\n")
        time.sleep(1.1)
        assert works(running)
    finally:
        running.stop()


def test_a_vault(own, vault, tmp_path):
    token = secret_file(tmp_path, "token", "s.token-1")
    running = gateway_with(
        own, f"password_vault: {{ url: '{vault.url}', path: secret/data/orders, token_file: {token} }}")
    try:
        running.start()
        assert works(running)

        def change():
            vault.token, vault.secret = "s.token-2", {"password": SECOND}
            token.write_text("s.token-2\n")
        rotated(running, own, SECOND, change)
        # While it is away, what is known stays good.
        vault.mode = "sealed"
        running.reload()
        assert works(running)
        set_password(own, THIRD)
        done = running.cli("database", "check", "orders", check=False)
        assert "status 503 (it is sealed or not ready)" in done.stderr and "secret/data/orders" in done.stderr
        vault.mode, vault.secret = "good", {"password": THIRD}
        time.sleep(1.1)
        assert running.cli("database", "check", "orders").returncode == 0
        text = running.log.read_text()
        for secret in (FIRST, SECOND, THIRD, "s.token-1", "s.token-2"):
            assert secret not in text
    finally:
        running.stop()


@pytest.mark.parametrize("change,says", [
    ({"token": "other"}, "status 403 (the token may not read it)"), ({"mode": "garbage"}, "no text \"password\""),
    ({"secret": {"user": "x"}}, "no text \"password\""), ({"secret": {"password": 7}}, "no text \"password\""),
    ({"mode": "sealed"}, "status 503")])
def test_a_vault_that_goes_wrong(own, vault, tmp_path, change, says):
    for key, value in change.items():
        setattr(vault, key, value)
    token = secret_file(tmp_path, "token", "s.token-1")
    running = gateway_with(
        own, f"password_vault: {{ url: '{vault.url}', path: secret/data/orders, token_file: {token} }}")
    try:
        running.start()
        done = running.cli("database", "check", "orders", check=False)
        assert done.returncode != 0 and says in done.stderr
        assert "s.token-1" not in running.log.read_text() + done.stderr
    finally:
        running.stop()


def test_a_wrong_password_asks_its_source_now_and_then_only(own, vault, tmp_path):
    token = secret_file(tmp_path, "token", "s.token-1")
    vault.secret = {"password": "wrong"}
    running = gateway_with(
        own, f"password_vault: {{ url: '{vault.url}', path: secret/data/orders, token_file: {token} }}")
    try:
        running.start()
        time.sleep(1.1)
        began, before = time.time(), vault.asked
        for _ in range(10):
            with pytest.raises(psycopg.OperationalError):
                works(running)
        assert vault.asked - before <= time.time() - began + 2
        done = running.cli("database", "check", "orders", check=False)
        assert "password authentication failed" in done.stderr and "the password is that of secret/data/orders" in done.stderr
    finally:
        running.stop()


@pytest.mark.parametrize("source,says", [
    ("password_env: X\n    password_command: [/bin/true]", "give only one of"),
    ("password_file: server-password\n    password_vault: { url: 'https://v', path: a/data/b, token_file: server-password }",
     "give only one of"),
    ("password_command: [true]", "with its whole path"), ("password_timeout: 1h", "from 100ms to 1m"),
    ("password_vault: { url: 'http://vault.example', path: a/data/b, token_file: server-password }", "https://"),
    ("password_vault: { url: 'https://v', path: a/b, token_file: server-password }", "MOUNT/data/NAME"),
    ("password_vault: { url: 'https://v', path: a/data/b, token_file: nowhere }", "nowhere")])
def test_what_is_wrong_with_the_configuration_is_said(own, source, says):
    running = gateway_with(own, source)
    try:
        with pytest.raises(RuntimeError) as refused:
            running.start()
        assert says in str(refused.value)
    finally:
        running.stop()
