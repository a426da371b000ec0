"""TLS between clients and the gateway: every way of starting it, and every way of getting it wrong."""

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import psycopg2
import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.wire import GSS_REQUEST, SSL_REQUEST, WireClient, error_fields, query, startup


@pytest.fixture(scope="module")
def authority():
    made = Authority()
    yield made
    made.remove()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, authority):
    certificate, key = authority.issue("gateway")
    running = Gateway(server, reactor=request.param, extra=f"tls: {{ certificate: {certificate}, key: {key} }}")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def strict(server, authority):
    certificate, key = authority.issue("strict")
    running = Gateway(server, extra=f"tls: {{ certificate: {certificate}, key: {key}, required: true }}")
    yield running
    assert running.stop() == 0


def context(alpn=()):
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def test_psql_with_every_sslmode(gateway, authority):
    root = {"PGSSLROOTCERT": str(authority.certificate)}
    for mode in ("disable", "prefer", "require", "verify-ca", "verify-full"):
        done = gateway.psql("-Atc", "SELECT 1", env={"PGSSLMODE": mode, **root})
        assert (done.returncode, done.stdout) == (0, "1\n"), (mode, done.stderr)
    started = gateway.search("--type", "session_start")
    assert all("TLSv1.3" in record["message"] for record in started[-4:]), started
    other = Authority("somebody else")
    done = gateway.psql("-c", "SELECT 1", env={"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(other.certificate)})
    other.remove()
    assert done.returncode != 0 and "certificate verify failed" in done.stderr


def test_channel_binding_is_used_and_recorded(gateway):
    done = gateway.psql("-Atc", "SELECT 1", env={"PGSSLMODE": "require", "PGCHANNELBINDING": "require"})
    assert done.returncode == 0, done.stderr
    assert gateway.search("--type", "session_start")[-1]["authentication"] == "scram-sha-256-plus"
    done = gateway.psql("-Atc", "SELECT 1", env={"PGSSLMODE": "require", "PGCHANNELBINDING": "disable"})
    assert done.returncode == 0, done.stderr
    assert gateway.search("--type", "session_start")[-1]["authentication"] == "scram-sha-256"


def test_Threat18_a_downgrade_of_channel_binding_is_noticed(gateway):
    """A client that could bind, but was told that the server cannot, says 'y': somebody stood between."""
    client = WireClient(gateway.port)
    client.start_tls()
    client.send(startup(user="alice", database="orders"))
    kind, body = client.read_message()
    assert kind == b"R" and b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0" in body
    first = b"y,,n=,r=abcdefghijklmnopqrstuvwx"
    client.send(b"p" + (4 + 14 + 4 + len(first)).to_bytes(4, "big") + b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first)
    kind, body = client.read_message()
    assert kind == b"E" and error_fields(body)["S"] == "FATAL"


def test_Threat05_clear_text_is_refused_where_tls_is_required(strict):
    done = strict.psql("-c", "SELECT 1", env={"PGSSLMODE": "disable"})
    assert done.returncode != 0 and "this gateway accepts only TLS connections" in done.stderr
    assert "sslmode=require" in done.stderr
    assert strict.psql("-Atc", "SELECT 1", env={"PGSSLMODE": "require"}).stdout == "1\n"


def test_Threat08_direct_tls_needs_its_alpn(gateway):
    sock = context(["postgresql"]).wrap_socket(socket.create_connection(("127.0.0.1", gateway.port), timeout=10))
    assert sock.selected_alpn_protocol() == "postgresql"
    client = WireClient(gateway.port, connect=False)
    client.sock = sock
    assert client.login()[-1][0] == b"Z"
    assert b"D" in [kind for kind, _ in client.run(query("SELECT 1"))]
    client.close()
    for alpn in ((), ("http/1.1",)):
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            refused = WireClient(gateway.port, connect=False)
            refused.sock = context(alpn).wrap_socket(socket.create_connection(("127.0.0.1", gateway.port), timeout=10))
            refused.send(startup(user="alice", database="orders"))
            refused.read_message()


@pytest.mark.parametrize("stuffed", [startup(user="alice", database="orders"), b"\x16\x03\x01", b"x"])
def test_Threat02_bytes_behind_a_request_for_encryption_are_refused(gateway, stuffed):
    for request in (SSL_REQUEST, GSS_REQUEST):
        client = WireClient(gateway.port)
        client.send(request + stuffed)
        answer = client.read_to_end()
        assert answer[:1] == b"E" and b"unencrypted data" in answer, answer


def test_Threat07_encryption_is_asked_for_once(gateway):
    client = WireClient(gateway.port)
    client.send(GSS_REQUEST)
    assert client.read_exactly(1) == b"N"
    client.start_tls()
    client.send(SSL_REQUEST)
    assert client.read_message()[0] == b"E"
    again = WireClient(gateway.port)
    again.send(GSS_REQUEST)
    assert again.read_exactly(1) == b"N"
    again.send(GSS_REQUEST)
    assert again.read_message()[0] == b"E"


def test_Threat28_cancel_over_tls(gateway):
    """libpq 15 cancels in clear text; a bare client does it encrypted."""
    client = WireClient(gateway.port, timeout=20)
    client.start_tls()
    client.login()
    client.send(query("SELECT pg_sleep(15)"))
    time.sleep(0.3)
    canceller = WireClient(gateway.port)
    canceller.start_tls()
    canceller.send((8 + len(client.key)).to_bytes(4, "big") + (80877102).to_bytes(4, "big") + client.key)
    assert canceller.read_to_end() == b""
    start = time.time()
    messages = client.read_until()
    assert time.time() - start < 5
    errors = [error_fields(body) for kind, body in messages if kind == b"E"]
    assert errors and errors[0]["C"] == "57014"


def test_Threat05_clear_text_cancel_is_ignored_where_tls_is_required(strict):
    client = WireClient(strict.port)
    client.start_tls()
    client.login()
    client.send(query("SELECT pg_sleep(1), 'done'"))
    time.sleep(0.2)
    canceller = WireClient(strict.port)
    canceller.send((8 + len(client.key)).to_bytes(4, "big") + (80877102).to_bytes(4, "big") + client.key)
    assert canceller.read_to_end() == b""
    assert b"D" in [kind for kind, _ in client.read_until()]


def test_much_data_both_ways(gateway):
    connection = psycopg2.connect(gateway.dsn(sslmode="require"))
    cursor = connection.cursor()
    cursor.execute("SELECT repeat(md5(i::text), 100) FROM generate_series(1, 6000) i")
    digest = hashlib.md5("".join(row[0] for row in cursor).encode()).hexdigest()
    cursor.execute("SELECT md5(string_agg(repeat(md5(i::text), 100), '' ORDER BY i)) FROM generate_series(1, 6000) i")
    assert cursor.fetchone()[0] == digest
    cursor.execute("SELECT length(%s)", ("x" * 15_000_000,))
    assert cursor.fetchone()[0] == 15_000_000
    connection.close()


def test_many_handshakes_given_up_half_way(gateway):
    for size in (1, 5, 40, 200):
        client = WireClient(gateway.port)
        client.send(SSL_REQUEST)
        assert client.read_exactly(1) == b"S"
        client.send(b"\x16\x03\x01\x02\x00\x01" + b"\0" * size)
        client.close()
    client = WireClient(gateway.port)
    client.send(SSL_REQUEST)
    assert client.read_exactly(1) == b"S"
    client.send(b"GET / HTTP/1.1\r\n\r\n" * 20)
    client.read_to_end()
    assert gateway.psql("-Atc", "SELECT 1", env={"PGSSLMODE": "require"}).stdout == "1\n"


def test_concurrent_tls_sessions(gateway):
    failures = []

    def work(number):
        try:
            with psycopg2.connect(gateway.dsn(sslmode="require")) as connection, connection.cursor() as cursor:
                for i in range(40):
                    cursor.execute("SELECT %s", (f"{number}-{i}" * 50,))
                    assert cursor.fetchone()[0] == f"{number}-{i}" * 50
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_reload_of_the_certificate(server, authority):
    certificate, key = authority.issue("before", hosts=("DNS:before",))
    running = Gateway(server, extra=f"tls: {{ certificate: {certificate}, key: {key} }}")

    try:
        old = peer_certificate(running.port)
        session = psycopg2.connect(running.dsn(sslmode="require"))
        new_certificate, new_key = authority.issue("after", hosts=("DNS:after",))
        shutil.copy(new_certificate, certificate)
        shutil.copy(new_key, key)
        running.reload()
        assert peer_certificate(running.port) != old
        with session.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        session.close()
        renewed = peer_certificate(running.port)
        certificate.write_text("no certificate\n")
        running.reload()
        assert peer_certificate(running.port) == renewed
        assert str(certificate) in running.log.read_text()
    finally:
        assert running.stop() == 0


def peer_certificate(port):
    client = WireClient(port)
    client.start_tls()
    der = client.sock.getpeercert(binary_form=True)
    client.close()
    return der


def test_Threat23_the_password_is_asked_for_and_not_logged(gateway):
    done = gateway.psql("-c", "SELECT 1", password="wrong", env={"PGSSLMODE": "require"})
    assert done.returncode != 0 and "password authentication failed" in done.stderr
    assert PASSWORD not in gateway.log.read_text()


# HTTP on the one port, with and without TLS


def https(gateway, path, context, body=None, headers=None):
    request = urllib.request.Request(
        f"https://127.0.0.1:{gateway.http}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers=headers or {},
    )
    with urllib.request.urlopen(request, context=context, timeout=60) as answer:
        return json.loads(answer.read())


def test_https_and_http_on_one_port(gateway, authority):
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    assert https(gateway, "/healthz", trusting) == {"status": "ok"}
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/healthz", timeout=60) as answer:
        assert json.loads(answer.read()) == {"status": "ok"}
    issued = https(gateway, "/api/v1/login", trusting, {"user": "alice", "password": PASSWORD})
    assert issued["user"] == "alice" and issued["postgres"]["tls"] is True
    mine = https(gateway, "/api/v1/approvals", trusting, headers={"Authorization": f"Bearer {issued['secret']}"})
    assert mine == []
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(urllib.error.URLError):
        https(gateway, "/healthz", old)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        https(gateway, "/healthz", ssl.create_default_context())


def test_the_command_line_logs_in_over_https(gateway, authority, tmp_path):
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [SLUICE, "login", "--gateway", f"https://127.0.0.1:{gateway.http}", "--user", "alice", "--password-stdin"]
    refused = subprocess.run(command, input=PASSWORD, env=env, capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and "certificate" in refused.stderr
    trusting = {**env, "SLUICE_CA": str(authority.certificate)}
    done = subprocess.run(command, input=PASSWORD, env=trusting, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def other_address():
    """One of this machine that is not loopback, or nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))  # Sends nothing: asks which address would be taken.
        except OSError:
            return None
        return probe.getsockname()[0]


def test_no_secret_is_taken_in_clear_over_the_network(server, authority):
    address = other_address()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    certificate, key = authority.issue("wide")
    gateway = Gateway(server, http_host="0.0.0.0", extra=f"tls: {{ certificate: {certificate}, key: {key} }}")
    url = f"http://{address}:{gateway.http}"
    with urllib.request.urlopen(f"{url}/healthz", timeout=60) as answer:
        assert answer.status == 200
    body = json.dumps({"user": "alice", "password": PASSWORD}).encode()
    for path, data, headers in [("/api/v1/login", body, {}), ("/api/v1/approvals", None, {"Authorization": "Bearer x"})]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url + path, data=data, headers=headers), timeout=60)
        assert refused.value.code == 403 and "https://" in refused.value.read().decode()
    trusting = context()
    request = urllib.request.Request(f"https://{address}:{gateway.http}/api/v1/login", data=body)
    with urllib.request.urlopen(request, context=trusting, timeout=60) as answer:
        assert json.loads(answer.read())["user"] == "alice"
    assert gateway.stop() == 0
