"""TLS and authentication between the gateway and its server: every sslmode against every kind of server."""

import socket
import threading

import pytest
from harness.certificates import Authority
from harness.gateway import Gateway
from harness.ports import free_port
from harness.postgres import SERVER_PASSWORD, PostgresServer


@pytest.fixture(scope="module")
def authority():
    made = Authority()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def other_authority():
    made = Authority("somebody else")
    yield made
    made.remove()


def tls_server(authority, host_lines, hosts=("DNS:localhost", "IP:127.0.0.1"), name="server"):
    certificate, key = authority.issue(name, hosts=hosts, owner="postgres")
    return PostgresServer(host_lines=host_lines, settings=[
        "ssl = on", f"ssl_cert_file = '{certificate}'", f"ssl_key_file = '{key}'",
        f"ssl_ca_file = '{authority.certificate}'"])


@pytest.fixture(scope="module")
def encrypted(authority):
    """Takes TLS only; roles differ in how they prove who they are."""
    server = tls_server(authority, [
        "hostssl orders with_md5 127.0.0.1/32 md5", "hostssl orders in_clear 127.0.0.1/32 password",
        "hostssl orders by_certificate 127.0.0.1/32 cert", "hostssl all all 127.0.0.1/32 scram-sha-256"])
    server.sql("SET password_encryption = 'md5'; CREATE ROLE with_md5 LOGIN PASSWORD '" + SERVER_PASSWORD + "'")
    server.sql(f"CREATE ROLE in_clear LOGIN PASSWORD '{SERVER_PASSWORD}'; CREATE ROLE by_certificate LOGIN")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def wrong_name(authority):
    server = tls_server(authority, ["hostssl all all 127.0.0.1/32 scram-sha-256"], hosts=("DNS:elsewhere",), name="elsewhere")
    yield server
    server.stop()


def through(server, options, user="sluice", reactor="auto"):
    """psql's (stdout or error text) through a gateway that reaches `server` this way."""
    gateway = Gateway(server, url_options=options, reactor=reactor, start=False)
    gateway.config.write_text(gateway.config.read_text().replace("user: sluice", f"user: {user}"))
    gateway.start()
    try:
        done = gateway.psql("-Atc", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        if done.returncode != 0:
            assert SERVER_PASSWORD not in done.stderr
            return done.stderr + gateway.log.read_text()
        assert SERVER_PASSWORD not in gateway.log.read_text()
        return done.stdout.strip()
    finally:
        assert gateway.stop() == 0


@pytest.mark.parametrize("reactor", ["io_uring", "epoll"])
@pytest.mark.parametrize("mode", ["allow", "prefer", "require", "verify-ca", "verify-full"])
def test_modes_that_encrypt(encrypted, authority, mode, reactor):
    assert through(encrypted, f"sslmode={mode}&sslrootcert={authority.certificate}", reactor=reactor) == "t|TLSv1.3"


def test_no_encryption_where_the_server_wants_it(encrypted):
    assert "no pg_hba.conf entry" in through(encrypted, "sslmode=disable")


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_Threat10_a_certificate_by_somebody_else(encrypted, other_authority, mode):
    text = through(encrypted, f"sslmode={mode}&sslrootcert={other_authority.certificate}")
    assert "certificate" in text and "t|TLS" not in text


def test_Threat10_a_certificate_for_somebody_else(wrong_name, authority):
    root = f"sslrootcert={authority.certificate}"
    assert through(wrong_name, f"sslmode=verify-ca&{root}") == "t|TLSv1.3"
    text = through(wrong_name, f"sslmode=verify-full&{root}")
    assert "127.0.0.1" in text and "t|TLS" not in text


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_Threat04_a_server_without_tls(server, authority, mode):
    text = through(server, f"sslmode={mode}&sslrootcert={authority.certificate}")
    assert "TLS" in text and "f|" not in text


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_server_without_tls_where_none_is_asked_for(server, mode):
    assert through(server, f"sslmode={mode}") == "f|"


@pytest.mark.parametrize("user", ["with_md5", "in_clear", "sluice"])
def test_passwords_over_tls(encrypted, user):
    assert through(encrypted, "sslmode=require", user=user) == "t|TLSv1.3"


def test_a_client_certificate(encrypted, authority):
    certificate, key = authority.issue("by_certificate", hosts=())
    options = f"sslmode=require&sslcert={certificate}&sslkey={key}"
    assert through(encrypted, options, user="by_certificate") == "t|TLSv1.3"
    assert "certificate" in through(encrypted, "sslmode=require", user="by_certificate")


def test_channel_binding_to_the_server(encrypted, server):
    assert through(encrypted, "sslmode=require&channel_binding=require") == "t|TLSv1.3"
    assert "channel binding" in through(encrypted, "sslmode=require&channel_binding=require", user="with_md5")
    assert "channel binding" in through(encrypted, "sslmode=require&channel_binding=require", user="in_clear")
    assert "channel binding" in through(server, "sslmode=disable&channel_binding=require")


def test_Threat21_no_password_in_clear_text_without_tls():
    server = PostgresServer(host_lines=["host all all 127.0.0.1/32 password"])
    try:
        text = through(server, "sslmode=prefer")
        assert "clear text" in text
        assert "empty password" not in (server.root / "log").read_text()
    finally:
        server.stop()


@pytest.mark.parametrize("options, wanted", [
    ("sslmode=prefer", "md5 password without TLS"), ("sslmode=prefer&require_auth=md5", "f|"),
    ("sslmode=prefer&require_auth=scram-sha-256,none", "server wants md5"), ("sslmode=prefer&require_auth=md5,scram-sha-256", "f|")])
def test_Threat21_no_md5_without_tls_unless_said(options, wanted):
    server = PostgresServer(host_lines=["host all with_md5 127.0.0.1/32 md5", "host all all 127.0.0.1/32 trust"])
    try:
        server.sql("SET password_encryption = 'md5'; CREATE ROLE with_md5 LOGIN PASSWORD '" + SERVER_PASSWORD + "'")
        assert wanted in through(server, options, user="with_md5")
        proven = through(server, "sslmode=prefer&require_auth=scram-sha-256")
        assert "no proof of the password" in proven
        assert through(server, "sslmode=prefer&require_auth=none") == "f|"
    finally:
        server.stop()


def test_Threat03_bytes_stuffed_behind_the_answer_to_ssl_request():
    """CVE-2021-23222: what comes before encryption must not be taken for part of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    heard = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(8)
                connection.sendall(b"S" + b"R\0\0\0\x08\0\0\0\0")
                heard.append(connection.recv(4096))

    threading.Thread(target=serve, daemon=True).start()

    class Fake:
        pass

    Fake.port = port
    text = through(Fake, "sslmode=require")
    listener.close()
    assert "server sent data before the TLS handshake" in text, text
    # Nothing but a TLS handshake, or nothing at all, went to such a server.
    assert all(not sent or sent[0] == 0x16 for sent in heard)


def test_nobody_there():
    class Nobody:
        port = free_port()

    text = through(Nobody, "sslmode=prefer")
    assert "Connection refused" in text or "refused" in text
