"""`sluice login` and what it opens: connect, proxy, service files; one-time codes; limits on guessing (threats 19, 20, 23)."""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import ssl
import stat
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

import psycopg2
import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.wire import WireClient, error_fields


@pytest.fixture(scope="module", params=["plain", "tls"])
def gateway(request, server):
    extra, authority = "", None
    if request.param == "tls":
        authority = Authority()
        certificate, key = authority.issue("gateway")
        extra = f"tls: {{ certificate: {certificate}, key: {key} }}"
    running = Gateway(server, environment="staging", extra=extra)
    yield running
    assert running.stop() == 0
    if authority:
        authority.remove()


@pytest.fixture
def home(tmp_path):
    return tmp_path


def run(home, *args, input=None, **env):
    return subprocess.run([SLUICE, *args], input=input, text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(home), "USER": "somebody", **env})


def log_in(gateway, home, *args, user="alice", password=PASSWORD):
    return run(home, "login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", user, "--password-stdin",
               *args, input=password + "\n")


def kept(home):
    return json.loads((home / ".local/state/sluice/credentials.json").read_text())


def test_login_then_connect(gateway, home):
    done = log_in(gateway, home)
    assert done.returncode == 0, done.stderr
    folder = home / ".local/state/sluice"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "credentials.json").stat().st_mode) == 0o600
    assert kept(home)[0]["secret"].startswith("slc_") and PASSWORD not in (folder / "credentials.json").read_text()
    time.sleep(0.5)
    done = run(home, "connect", "orders", "--", "-XAtc", "SELECT 41 + 1")
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    record = gateway.wait_for(lambda found: found and found[-1].get("credential") == kept(home)[0]["id"],
                              "--user", "alice", "--type", "statement")[-1]
    assert record["authentication"] == "password" and record["credential"] == kept(home)[0]["id"]


def test_logout_ends_it_here_and_there(gateway, home):
    log_in(gateway, home)
    secret = kept(home)[0]["secret"]
    time.sleep(0.5)
    uri = run(home, "connect", "orders", "--print").stdout.strip()
    psycopg2.connect(uri).close()
    done = run(home, "logout")
    assert done.returncode == 0 and f'logged out at http://127.0.0.1:{gateway.http} as "alice"' in done.stderr
    assert kept(home) == [] and secret not in (home / ".local/state/sluice/credentials.json").read_text()

    def refused():
        try:
            psycopg2.connect(uri).close()
        except psycopg2.OperationalError:
            return True
        return False
    deadline = time.time() + 5
    while not refused():
        assert time.time() < deadline, "the gateway has ended it as well"
        time.sleep(0.1)
    done = run(home, "logout")
    assert done.returncode == 3 and "nobody is logged in here" in done.stderr
    done = run(home, "connect", "orders")
    assert done.returncode == 3 and "sluice login" in done.stderr


def test_Threat20_logout_ends_the_logins_before_it_too(gateway, home):
    log_in(gateway, home)
    assert run(home, "config-clients").returncode == 0
    first = kept(home)[0]["secret"]
    session = psycopg2.connect(run(home, "connect", "orders", "--print").stdout.strip())
    done = log_in(gateway, home)
    assert done.returncode == 0 and "what config-clients wrote is of this login now" in done.stderr, done.stderr
    second = kept(home)[0]["secret"]
    session.cursor().execute("SELECT 1")  # What is open goes on, and counts the new login.
    assert second in (home / ".pgpass").read_text() and first not in (home / ".pgpass").read_text()
    psql = ["psql", "-XwAtc", "SELECT 41 + 1", "service=orders"]
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(psql, text=True, capture_output=True, timeout=60, env=env)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert run(home, "logout").returncode == 0
    for secret in (first, second):
        assert WireClient(gateway.port).login(password=secret)[-1][0] == b"E"
    with pytest.raises(psycopg2.Error):
        for _ in range(100):
            session.cursor().execute("SELECT pg_sleep(0.1)")


def test_Threat20_a_login_as_somebody_else_ends_the_one_before(gateway, home):
    gateway.cli("user", "add", "zoe", "--password-stdin", input=PASSWORD + "\n")
    log_in(gateway, home)
    former = kept(home)[0]["secret"]
    done = log_in(gateway, home, user="zoe")
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr
    assert WireClient(gateway.port).login(password=former)[-1][0] == b"E"
    assert [entry["user"] for entry in kept(home)] == ["zoe"]


def test_one_sees_and_ends_ones_own(gateway, home, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    log_in(gateway, home)
    log_in(gateway, other)
    (mine,), (copy,) = kept(home), kept(other)
    done = run(home, "token", "list", "-o", "json")
    assert done.returncode == 0 and "your own alone" in done.stderr, done.stderr
    listed = json.loads(done.stdout)
    assert {mine["id"], copy["id"]} <= {each["id"] for each in listed} and {each["user"] for each in listed} == {"alice"}
    token = gateway.cli("token", "create", "--user", "alice", "--for", "1h", "-o", "json")
    done = run(home, "token", "revoke", "nothing")
    assert done.returncode == 3, done.stderr
    for gone in (copy["id"], json.loads(token.stdout)["id"]):
        done = run(home, "token", "revoke", gone)
        assert done.returncode == 0, done.stderr
    assert WireClient(gateway.port).login(password=copy["secret"])[-1][0] == b"E"
    assert WireClient(gateway.port).login(password=mine["secret"])[-1][0] == b"Z"
    # Of others nothing can be seen or ended.
    gateway.cli("user", "add", "ida", "--password-stdin", input=PASSWORD + "\n")
    assert log_in(gateway, other, user="ida").returncode == 0
    done = run(other, "token", "revoke", mine["id"])
    assert done.returncode == 3 and mine["id"] not in run(other, "token", "list").stdout
    assert WireClient(gateway.port).login(password=mine["secret"])[-1][0] == b"Z"
    # One that is good for one database does not reach further.
    token = gateway.cli("token", "create", "--user", "ida", "--for", "1h", "--scope", "api", "--database", "orders").stdout.strip()
    limited = {"SLUICE_TOKEN": token, "SLUICE_GATEWAY": f"http://127.0.0.1:{gateway.http}"}
    done = run(other, "token", "list", "-o", "json", **limited)
    assert [each["kind"] for each in json.loads(done.stdout)] == ["token"], done.stdout
    assert run(other, "token", "revoke", kept(other)[0]["id"], **limited).returncode == 3


def test_logout_of_some_of_several(gateway, home):
    log_in(gateway, home)
    file = home / ".local/state/sluice/credentials.json"
    (mine,) = kept(home)
    gone = {**mine, "gateway": "http://127.0.0.1:1", "secret": "slc_x"}
    old = {**gone, "gateway": "http://127.0.0.1:2", "expires_micros": 1}
    file.write_text(json.dumps([mine, gone, old]))
    done = run(home, "logout", "--gateway", "http://127.0.0.1:3")
    assert done.returncode == 3 and "nobody is logged in at http://127.0.0.1:3" in done.stderr
    # Where it cannot be ended it is removed all the same, and that is said.
    done = run(home, "logout", "--gateway", "http://127.0.0.1:1/")
    assert done.returncode == 5 and f"sluice token revoke {mine['id']}" in done.stderr and "slc_" not in done.stderr
    assert [entry["gateway"] for entry in kept(home)] == [mine["gateway"], old["gateway"]]
    done = run(home, "logout", "--all", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert [(row["gateway"], row["ended"]) for row in json.loads(done.stdout)] == [(mine["gateway"], True), (old["gateway"], True)]
    assert kept(home) == []
    done = run(home, "logout", "--all")
    assert done.returncode == 0 and done.stderr == "", "there is nothing to end"


def test_the_printed_uri_connects(gateway, home):
    log_in(gateway, home)
    time.sleep(0.5)
    uri = run(home, "connect", "orders", "--print").stdout.strip()
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_others_permissions_are_refused(gateway, home):
    log_in(gateway, home)
    os.chmod(home / ".local/state/sluice/credentials.json", 0o644)
    done = run(home, "connect", "orders", "--print")
    assert done.returncode == 1 and "chmod" in done.stderr and "slc_" not in done.stdout


def test_without_a_credential_it_says_what_to_do(home):
    done = run(home, "connect", "orders")
    assert done.returncode == 3 and "sluice login" in done.stderr


def test_errors_say_what_to_do_next(home, tmp_path):
    done = run(home, "token", "list", SLUICE_TOKEN="slc_x")
    assert done.returncode == 2 and "set SLUICE_GATEWAY" in done.stderr, done.stderr
    done = run(home, "login", "--gateway", "http://127.0.0.1:1", "--user", "a", "--password-stdin", input="x\n")
    assert done.returncode == 5 and "does the gateway run" in done.stderr, done.stderr
    folder = home / ".local/state/sluice"
    folder.mkdir(parents=True, mode=0o700)
    with open(os.open(folder / "credentials.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write("[{}]")
    done = run(home, "connect", "orders")
    assert done.returncode == 2 and "remove it, and log in again" in done.stderr, done.stderr


@pytest.fixture
def proxy(gateway, home):
    log_in(gateway, home)
    time.sleep(0.5)
    process = subprocess.Popen([SLUICE, "proxy", "orders"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "HOME": str(home)})
    yield int(process.stdout.readline().strip().rsplit(":", 1)[1])
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10)


def test_an_expired_credential_is_told_to_the_proxys_client(proxy, home):
    file = home / ".local/state/sluice/credentials.json"
    entries = json.loads(file.read_text())
    entries[0]["expires_micros"] = 1
    file.write_text(json.dumps(entries))
    words = ["psql", "-XwAt", "-h", "127.0.0.1", "-p", str(proxy), "-U", "x", "-d", "y", "-c", "SELECT 1"]
    done = subprocess.run(words, text=True, capture_output=True, timeout=60, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 2 and "expired at" in done.stderr and "sluice login --gateway" in done.stderr
    done = run(home, "proxy", "orders")
    assert done.returncode == 1 and "expired at" in done.stderr and "sluice login --gateway" in done.stderr


def test_psql_through_the_proxy_without_a_password(proxy):
    for sslmode in ("disable", "prefer"):
        done = subprocess.run(["psql", "-XwAt", "-h", "127.0.0.1", "-p", str(proxy), "-U", "whoever", "-d", "whatever",
                               "-c", "SELECT 41 + 1"], text=True, capture_output=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "PGSSLMODE": sslmode})
        assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr


def test_much_goes_through_the_proxy_and_a_cancel_too(proxy):
    with psycopg2.connect(f"host=127.0.0.1 port={proxy} user=x dbname=y sslmode=disable") as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT repeat('x', 1000) FROM generate_series(1, 50000)")
            assert sum(len(row[0]) for row in cursor) == 50_000_000
        cursor = connection.cursor()
        threading.Timer(0.5, connection.cancel).start()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT pg_sleep(20)")


def test_Threat18_nobody_in_between_gets_a_proof(home, tmp_path):
    """Somebody with a certificate of their own in the gateway's place, who offers no channel binding."""
    authority = Authority()
    certificate, key = authority.issue("somebody in between")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    got = []

    def pose():
        plain, _ = listener.accept()
        plain.settimeout(20)
        assert plain.recv(8)[4:] == struct.pack("!I", 80877103)
        plain.sendall(b"S")
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.recv(4096)
            body = struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"
            connection.sendall(b"R" + struct.pack("!I", len(body) + 4) + body)
            got.append(connection.recv(4096))

    folder = home / ".local/state/sluice"
    folder.mkdir(parents=True, mode=0o700)
    for part in (home / ".local", home / ".local/state", folder):
        part.chmod(0o700)
    kept = {"gateway": "https://gw.example", "host": "127.0.0.1", "port": listener.getsockname()[1], "tls": True, "user": "alice",
            "id": "k1", "secret": "slc_" + "x" * 49, "expires_micros": 1 << 62, "databases": ["orders"]}
    with open(os.open(folder / "credentials.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        json.dump([kept], file)
    posing = threading.Thread(target=pose, daemon=True)
    posing.start()
    process = subprocess.Popen([SLUICE, "proxy", "orders"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "HOME": str(home)})
    try:
        port = int(process.stdout.readline().strip().rsplit(":", 1)[1])
        with pytest.raises(psycopg2.OperationalError, match="cannot prove that TLS ends there"):
            psycopg2.connect(f"host=127.0.0.1 port={port} user=x dbname=y sslmode=disable")
        posing.join(20)
        assert got == [b""], "not even the name is said"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        listener.close()
        authority.remove()


def test_the_proxy_is_for_this_machine_alone(gateway, home):
    log_in(gateway, home)
    for address in ("0.0.0.0:0", "[::]:0", ":0", "nonsense"):
        done = run(home, "proxy", "orders", "--listen", address)
        assert done.returncode in (1, 2), address


def test_service_files(gateway, home):
    log_in(gateway, home)
    (home / ".pgpass").write_text("theirs:1:db:me:pw\n")
    for _ in range(2):
        assert run(home, "config-clients").returncode == 0
    first = (home / ".pgpass").read_text()
    assert first.endswith("theirs:1:db:me:pw\n") and first.count("slc_") == 1
    assert stat.S_IMODE((home / ".pgpass").stat().st_mode) == 0o600
    time.sleep(0.5)
    done = subprocess.run(["psql", "-XwAtc", "SELECT 41 + 1", "service=orders"], text=True, capture_output=True,
                          env={"PATH": os.environ["PATH"], "HOME": str(home)}, timeout=60)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    services, passwords = home / "services.conf", home / "passwords"
    assert run(home, "config-clients", PGSERVICEFILE=str(services), PGPASSFILE=str(passwords)).returncode == 0
    done = subprocess.run(["psql", "-XwAtc", "SELECT 1", "service=orders"], text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "PGSERVICEFILE": str(services), "PGPASSFILE": str(passwords)})
    assert done.returncode == 0, done.stderr


def test_a_credential_for_one_database(gateway, home):
    done = log_in(gateway, home, "--database", "orders", "-o", "json")
    assert json.loads(done.stdout)["databases"] == ["orders"] and done.stderr == ""
    done = log_in(gateway, home, "--database", "elsewhere")
    assert 'this gateway has no database "elsewhere"' in done.stderr and "sluice connect" not in done.stderr
    assert kept(home)[0]["databases"] == ["elsewhere"]
    done = run(home, "connect", "orders", "--", "-XwAtc", "SELECT 1")
    assert done.returncode != 0 and "authentication failed" in done.stderr


def post(gateway, **body):
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}/api/v1/login", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_Threat19_over_http_nobody_can_tell_who_exists(gateway):
    assert post(gateway, user="alice", password="wrong") == post(gateway, user="nobody", password="wrong")
    assert post(gateway, user="alice", password="wrong")[0] == 401
    assert post(gateway, user="alice")[0] == 401
    assert post(gateway)[0] == 401
    records = gateway.search("--type", "login_failed", "--user", "nobody")
    assert records and records[-1]["client"] == "127.0.0.1"


def test_Threat19_over_http_the_times_are_alike(gateway):
    def seconds(user):
        started = time.perf_counter()
        post(gateway, user=user, password="wrong")
        return time.perf_counter() - started

    names = ["alice"] + [f"nobody{i}" for i in range(4)]
    best = {name: min(seconds(name) for _ in range(4)) for name in names}
    others = [best[name] for name in names[1:]]
    assert best["alice"] < 3 * max(others) and min(others) < 3 * best["alice"]


def code(uri, at=None):
    secret = re.search(r"secret=([A-Z2-7]+)", uri).group(1)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1_000_000:06}"


def test_one_time_codes(gateway, home):
    gateway.cli("user", "add", "tina", "--password-stdin", input=PASSWORD + "\n")
    # Each of these counts when the command is done.
    assert log_in(gateway, home, user="tina").returncode == 0
    uri = gateway.cli("user", "totp", "tina").stdout.strip()
    assert uri.startswith("otpauth://totp/")
    done = log_in(gateway, home, user="tina")
    assert done.returncode == 1 and "a one-time code is needed: --totp CODE" in done.stderr
    used = code(uri)
    assert log_in(gateway, home, "--totp", used, user="tina").returncode == 0
    assert log_in(gateway, home, "--totp", used, user="tina").returncode == 1, "a code is good once"
    assert log_in(gateway, home, "--totp", code(uri, time.time() + 30), user="tina", password="wrong").returncode == 1
    time.sleep(0.5)
    assert run(home, "connect", "orders", "--", "-XwAtc", "SELECT 1").returncode == 0
    assert gateway.search("--user", "tina", "--type", "statement")[-1]["authentication"] == "totp"


def test_what_the_command_line_has_done_counts_at_once(gateway):
    for number in range(5):
        name = f"quick{number}"
        gateway.cli("user", "add", name, "--password-stdin", input=PASSWORD + "\n")
        assert WireClient(gateway.port).login(user=name)[-1][0] == b"Z"
        token = gateway.cli("token", "create", "--user", name, "--for", "1h", "-o", "json")
        made = json.loads(token.stdout)
        assert WireClient(gateway.port).login(user=name, password=made["secret"])[-1][0] == b"Z"
        gateway.cli("token", "revoke", made["id"])
        assert WireClient(gateway.port).login(user=name, password=made["secret"])[-1][0] == b"E"
        gateway.cli("user", "disable", name)
        assert WireClient(gateway.port).login(user=name)[-1][0] == b"E"


def test_codes_count_at_the_next_login_without_a_word_to_the_gateway(gateway, home):
    """As when another gateway of the store, or a command without its socket, has set them up."""
    gateway.cli("user", "add", "una", "--password-stdin", input=PASSWORD + "\n")
    assert log_in(gateway, home, user="una").returncode == 0
    socket_file = gateway.root / "state/control.sock"
    away = socket_file.with_suffix(".away")
    socket_file.rename(away)
    try:
        gateway.cli("user", "totp", "una")
        done = log_in(gateway, home, user="una")
        assert done.returncode == 1 and "one-time code" in done.stderr, done.stderr
    finally:
        away.rename(socket_file)


def test_Threat20_a_new_password_ends_what_the_old_one_opened(gateway, home):
    gateway.cli("user", "add", "paul", "--password-stdin", input=PASSWORD + "\n")
    time.sleep(0.6)
    assert log_in(gateway, home, user="paul").returncode == 0
    time.sleep(0.5)
    client = WireClient(gateway.port)
    assert client.login(user="paul", password=kept(home)[0]["secret"])[-1][0] == b"Z"
    gateway.cli("user", "passwd", "paul", "--password-stdin", input="another password\n")
    client.sock.settimeout(5)
    assert error_fields(client.read_message()[1])["C"] == "28000"


def test_guessing_is_slowed_and_others_go_on(server):
    running = Gateway(server, environment="staging",
                      extra="limits: { login_failures: 4, login_failures_per_source: 20, login_backoff: 2s }")
    try:
        running.cli("user", "add", "bob", "--password-stdin", input=PASSWORD + "\n")
        time.sleep(0.5)
        assert WireClient(running.port).login(user="bob")[-1][0] == b"Z"

        def attempt(password, user="alice"):
            return error_fields(dict(WireClient(running.port).login(user=user, password=password)).get(b"E", b""))

        for _ in range(5):
            assert attempt("wrong")["C"] == "28P01"
        refused = attempt(PASSWORD)
        assert refused["C"] == "28000" and "too many failed logins" in refused["M"]
        assert post(running, user="alice", password=PASSWORD)[0] == 429
        assert WireClient(running.port).login(user="bob")[-1][0] == b"Z"
        for number in range(25):
            attempt("wrong", f"nobody{number}")
        assert "too many" in attempt("wrong", "somebody-new")["M"]
        assert WireClient(running.port).login(user="bob")[-1][0] == b"Z", "who is known here goes on"
        with urllib.request.urlopen(f"http://127.0.0.1:{running.http}/metrics") as answer:
            limited = re.search(r"^sluice_logins_limited_total (\d+)", answer.read().decode(), re.M)
        assert int(limited.group(1)) >= 3
        records = running.search("--type", "login_failed", "--user", "alice")
        assert any(r["message"] == "too many failed logins" for r in records)
    finally:
        assert running.stop() == 0


def test_Threat23_no_password_or_secret_in_log_or_record(server, home):
    running = Gateway(server, environment="staging", extra="log: { level: trace }")
    try:
        wrong = "a wrong password here"
        assert log_in(running, home).returncode == 0
        assert log_in(running, home, password=wrong).returncode == 1
        secret = kept(home)[0]["secret"]
        running.signal(15)
        assert running.process.wait(timeout=30) == 0
        for path in running.root.rglob("*"):
            if path.is_file() and path.name not in ("server-password", "sluice.yaml"):
                data = path.read_bytes()
                assert not any(s.encode() in data for s in (PASSWORD, wrong, secret)), path
    finally:
        running.stop()
