"""Client certificates: those of sluice login, and those of an authority that the configuration names."""

import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import psycopg2
import pytest
from harness.certificates import Authority, openssl
from harness.gateway import PASSWORD, SLUICE, Gateway

NIGHTLY = "spiffe://example.org/ns/prod/sa/nightly"


@pytest.fixture(scope="module")
def own():
    made = Authority("gateway's")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def mesh():
    made = Authority("mesh")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def gateway(server, own, mesh):
    certificate, key = own.issue("gateway")
    running = Gateway(server, environment="staging", extra=f"""\
tls: {{ certificate: {certificate}, key: {key} }}
identity:
  certificates:
    - name: mesh
      ca: {mesh.certificate}
      crl: {mesh.revocations()}
      match: {{ uri: "{NIGHTLY}" }}
      user: nightly
    - name: elsewhere
      ca: {mesh.certificate}
      match: {{ dns: "*.batch.example.com" }}
      user: batch
      databases: [reports]
""")
    for name in ("nightly", "batch"):
        running.cli("user", "add", name, "--kind", "service", "--generate")
    yield running
    assert running.stop() == 0


def run(home, own, *args, input=None):
    return subprocess.run([SLUICE, *args], input=input, text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(home), "SLUICE_CA": str(own.certificate)})


def log_in(gateway, home, own):
    return run(home, own, "login", "--gateway", f"https://127.0.0.1:{gateway.http}", "--user", "alice",
               "--password-stdin", "--certificate", input=PASSWORD + "\n")


def with_certificate(gateway, files, user="alice", password="wrong", **options):
    certificate, key = files
    return psycopg2.connect(gateway.dsn(user, password, sslmode="require", sslcert=certificate, sslkey=key, **options))


def refused(gateway, files, user, **options):
    with pytest.raises(psycopg2.OperationalError) as error:
        with_certificate(gateway, files, user, **options)
    return str(error.value)


def kept_files(home, gateway):
    folder = home / ".local/state/sluice"
    return folder / f"127.0.0.1_{gateway.port}.crt", folder / f"127.0.0.1_{gateway.port}.key"


def test_login_then_connect_without_a_password(gateway, own, tmp_path):
    done = log_in(gateway, tmp_path, own)
    assert done.returncode == 0, done.stderr
    certificate, key = kept_files(tmp_path, gateway)
    assert key.stat().st_mode & 0o777 == 0o600
    done = run(tmp_path, own, "connect", "orders", "--", "-XAtc", "SELECT current_user = 'sluice'")
    assert done.stdout == "t\n", done.stderr
    uri = run(tmp_path, own, "connect", "orders", "--print").stdout.strip()
    assert "slc_" not in uri and "sslcert=" in uri and "sslmode=verify-full" in uri
    assert psycopg2.connect(uri).info.dbname == "orders"
    assert run(tmp_path, own, "config-clients").returncode == 0
    service = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(["psql", "-XAtc", "SELECT 1", "service=orders"], env=service, capture_output=True, text=True, timeout=60)
    assert done.stdout == "1\n", done.stderr
    record = gateway.wait_for(lambda r: len(r) >= 3, "--type", "session_start", "--user", "alice")[-1]
    # As strong as the login that it was got with, and a credential that can be found and ended.
    assert record["authentication"] == "password" and record["credential"], record


class Rogue:
    """Somebody with a certificate of their own in the gateway's place, who lets everybody in and reads what comes."""

    def __init__(self, files, first):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*files)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.first, self.got, self.asked = first, [], 0
        threading.Thread(target=self.pose, daemon=True).start()

    def pose(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.asked += 1
            try:
                plain.settimeout(10)
                plain.recv(8)
                plain.sendall(b"S")
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    self.got.append(connection.recv(4096))
                    connection.sendall(self.first)
                    self.got.append(connection.recv(4096))
            except OSError:
                pass


@pytest.mark.parametrize("first", [struct.pack("!cII", b"R", 8, 3), struct.pack("!cII", b"R", 8, 0) + b"Z\0\0\0\5I"],
                         ids=["asks-for-the-password", "lets-everybody-in"])
def test_Threat18_nobody_takes_the_gateways_place_before_a_certificate(gateway, own, mesh, tmp_path, first):
    assert log_in(gateway, tmp_path, own).returncode == 0
    rogue = Rogue(mesh.issue("rogue"), first)
    kept = tmp_path / ".local/state/sluice/credentials.json"
    entries = json.loads(kept.read_text())
    entries[0]["port"] = rogue.port
    kept.write_text(json.dumps(entries))
    done = run(tmp_path, own, "config-clients")
    assert done.returncode == 0 and not (tmp_path / ".pgpass").exists(), "a certificate stands in for the secret"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    psql = ["psql", "-XwAtc", "UPDATE customers SET email = 'secret@x'"]
    uri = run(tmp_path, own, "connect", "orders", "--print").stdout.strip()
    usual = {**env, "PGSSLMODE": "require", "PGPASSWORD": "mine"}
    for done in (subprocess.run([*psql, "service=orders"], env=env, capture_output=True, text=True, timeout=60),
                 subprocess.run([*psql, uri], env=env, capture_output=True, text=True, timeout=60),
                 subprocess.run([SLUICE, "connect", "orders", "--", *psql[1:]], env=usual, capture_output=True, text=True,
                                timeout=60)):
        assert done.returncode == 2 and "certificate verify failed" in done.stderr, done
    rogue.listener.close()
    assert rogue.asked == 3 and b"".join(rogue.got) == b"", "nothing is said to it"


def test_no_certificate_where_nobody_vouches_for_the_gateway(gateway, own, tmp_path):
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([SLUICE, "login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", "alice",
                           "--password-stdin", "--certificate"], input=PASSWORD + "\n", text=True, capture_output=True,
                          timeout=60, env=env)
    assert done.returncode == 1 and "logged in, but without a certificate" in done.stderr, done.stderr
    assert "SLUICE_CA" in done.stderr and "not known to be the gateway" in done.stderr
    assert not kept_files(tmp_path, gateway)[1].exists()
    done = run(tmp_path, own, "connect", "orders", "--", "-XAtc", "SELECT 1")
    assert done.stdout == "1\n", done.stderr


def test_an_unknown_authority_says_how_to_name_it(gateway, tmp_path):
    done = subprocess.run([SLUICE, "login", "--gateway", f"https://127.0.0.1:{gateway.http}", "--user", "alice",
                           "--password-stdin"], input=PASSWORD + "\n", text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert done.returncode != 0 and "SLUICE_CA" in done.stderr, done.stderr


def test_Threat75_it_ends_with_the_login_that_came_behind_it(gateway, own, tmp_path):
    assert log_in(gateway, tmp_path, own).returncode == 0
    files = kept_files(tmp_path, gateway)
    copies = [shutil.copy(file, tmp_path) for file in files]
    with_certificate(gateway, copies).close()
    done = run(tmp_path, own, "login", "--password-stdin", input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert not any(file.exists() for file in files)
    assert run(tmp_path, own, "logout").returncode == 0
    assert "certificate authentication failed" in refused(gateway, copies, "alice")


def test_it_ends_as_any_credential(gateway, own, tmp_path):
    assert log_in(gateway, tmp_path, own).returncode == 0
    files = kept_files(tmp_path, gateway)
    session = with_certificate(gateway, files)
    credential = gateway.wait_for(lambda r: r, "--type", "session_start", "--user", "alice")[-1]["credential"]
    gateway.cli("token", "revoke", credential)
    with pytest.raises(psycopg2.Error):
        for _ in range(600):
            session.cursor().execute("SELECT pg_sleep(0.1)")
    assert "certificate authentication failed" in refused(gateway, files, "alice")


def test_it_is_its_own_users_alone(gateway, own, tmp_path):
    assert log_in(gateway, tmp_path, own).returncode == 0
    files = kept_files(tmp_path, gateway)
    assert "password authentication failed" in refused(gateway, files, "nightly")
    # With the certificate alone nobody has the key.
    other = own.issue("other-key")
    with pytest.raises(psycopg2.OperationalError):
        with_certificate(gateway, (files[0], other[1]))


def test_a_key_is_taken_once_and_only_with_a_credential(gateway, own, tmp_path):
    import urllib.error
    import urllib.request

    trusting = ssl.create_default_context(cafile=str(own.certificate))

    def post(path, body, secret=None):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        request = urllib.request.Request(f"https://127.0.0.1:{gateway.http}{path}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, context=trusting, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    _, login = post("/api/v1/login", {"user": "alice", "password": PASSWORD})
    _, key = own.issue("mine")
    public = openssl("pkey", "-in", key, "-pubout")
    assert post("/api/v1/login/certificate", {"public_key": public})[0] == 401
    assert post("/api/v1/login/certificate", {"public_key": "nothing"}, login["secret"])[0] == 400
    status, made = post("/api/v1/login/certificate", {"public_key": public}, login["secret"])
    assert status == 200 and made["user"] == "alice" and made["expires_micros"] == login["expires_micros"]
    assert post("/api/v1/login/certificate", {"public_key": public}, login["secret"])[0] == 409
    # What is public lets nobody in as a secret.
    assert post("/api/v1/login/certificate", {"public_key": public}, public.replace("\n", ""))[0] == 401
    _, weak = post("/api/v1/login", {"user": "alice", "password": PASSWORD})
    token = gateway.cli("token", "create", "--user", "alice", "--for", "1h").stdout.split()[-1]
    gateway.wait_for(lambda r: any("token" in x["message"] for x in r), "--type", "admin")
    for _ in range(100):
        status, answer = post("/api/v1/login/certificate", {"public_key": public}, token)
        if status != 401:
            break
    assert status == 403 and "scope" in answer["detail"], answer
    # One that is got with a token is a token, and no login.
    token = gateway.cli("token", "create", "--user", "alice", "--for", "1h", "--scope", "certificates").stdout.split()[-1]
    _, another = own.issue("another")
    public = openssl("pkey", "-in", another, "-pubout")
    for _ in range(100):
        status, made = post("/api/v1/login/certificate", {"public_key": public}, token)
        if status != 401:
            break
    assert status == 200, made
    kinds = {each["id"]: each["kind"] for each in json.loads(gateway.cli("token", "list", "-o", "json").stdout)}
    assert kinds[made["id"]] == "token"
    assert weak["user"] == "alice"


def test_an_authority_vouches_for_a_service(gateway, mesh):
    files = mesh.issue("nightly", hosts=(f"URI:{NIGHTLY}",), usage="clientAuth")
    session = with_certificate(gateway, files, "nightly")
    session.cursor().execute("SELECT 1")
    record = gateway.wait_for(lambda r: r, "--type", "session_start", "--user", "nightly")[-1]
    assert record["authentication"] == "certificate" and record["issuer"] == "mesh", record
    gateway.cli("user", "disable", "nightly")
    with pytest.raises(psycopg2.Error):
        for _ in range(600):
            session.cursor().execute("SELECT pg_sleep(0.1)")
    refused(gateway, files, "nightly")
    gateway.cli("user", "enable", "nightly")
    for _ in range(300):  # The gateway looks at its store about once a second.
        try:
            with_certificate(gateway, files, "nightly").close()
            return
        except psycopg2.OperationalError:
            time.sleep(0.05)
    raise AssertionError("who was enabled again is not let in")


@pytest.mark.parametrize("what, says", [
    ({"hosts": (f"URI:{NIGHTLY}/other",)}, "password authentication failed"),
    ({"hosts": ("DNS:nightly",)}, "password authentication failed"),
    ({"hosts": (f"URI:{NIGHTLY}",), "usage": "serverAuth"}, "unsuitable certificate purpose"),
    ({"hosts": (f"URI:{NIGHTLY}",), "days": -1}, "certificate has expired"),
])
def test_what_an_authority_does_not_vouch_for(gateway, mesh, what, says):
    assert says in refused(gateway, mesh.issue("impostor", **{"usage": "clientAuth", **what}), "nightly")


def test_another_authority_vouches_for_nobody(gateway, own):
    files = own.issue("nightly", hosts=(f"URI:{NIGHTLY}",), usage="clientAuth")
    assert "unable to get local issuer certificate" in refused(gateway, files, "nightly")
    failed = gateway.wait_for(lambda r: any("mesh" in x["message"] for x in r), "--type", "login_failed", "--user", "nightly")
    assert any("does not verify" in x["message"] for x in failed)


def test_taken_back_it_lets_nobody_in(gateway, mesh):
    files = mesh.issue("taken-back", hosts=(f"URI:{NIGHTLY}",), usage="clientAuth")
    with_certificate(gateway, files, "nightly").close()
    mesh.revoke(files[0])
    gateway.reload()
    for _ in range(100):
        try:
            with_certificate(gateway, files, "nightly").close()
        except psycopg2.OperationalError as error:
            assert "certificate revoked" in str(error)
            return
    raise AssertionError("the revocation list was never read again")


def test_good_at_some_databases_alone(gateway, mesh):
    files = mesh.issue("batch", hosts=("DNS:eu.batch.example.com",), usage="clientAuth")
    assert "not for this database" in refused(gateway, files, "batch")


def test_a_certificate_that_says_nothing_keeps_nobody_from_their_password(gateway, own):
    files = own.issue("whatever", usage="clientAuth")
    assert with_certificate(gateway, files, password=PASSWORD).info.dbname == "orders"


def test_not_asked_for_where_that_is_configured(server, own, tmp_path):
    certificate, key = own.issue("quiet")
    gateway = Gateway(server, extra=f"tls: {{ certificate: {certificate}, key: {key}, client_certificates: false }}")
    assert log_in(gateway, tmp_path, own).returncode == 0
    assert "password authentication failed" in refused(gateway, kept_files(tmp_path, gateway), "alice")
    assert gateway.stop() == 0
