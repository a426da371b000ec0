"""Hostile logins: everything a client can do wrong before it is somebody (threats 6 to 23)."""

import base64
import hashlib
import hmac
import socket
import struct
import time

import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, Gateway
from harness.postgres import SERVER_PASSWORD
from harness.wire import GSS_REQUEST, SSL_REQUEST, WireClient, error_fields, kinds, message, query, startup

DEADLINE = 4


def offering_tls(server, reactor, login_timeout):
    authority = Authority()
    certificate, key = authority.issue("gateway")
    running = Gateway(server, reactor=reactor, extra=f"""\
tls: {{ certificate: {certificate}, key: {key} }}
limits: {{ login_timeout: {login_timeout}s, logins_in_progress_per_source: 1000 }}""")
    yield running
    assert running.stop() == 0
    authority.remove()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    yield from offering_tls(server, request.param, 60)


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def hasty(request, server):
    """One with little patience."""
    yield from offering_tls(server, request.param, DEADLINE)


def lives(gateway):
    client = WireClient(gateway.port)
    assert client.login()[-1][0] == b"Z"
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
    client.close()


def fatal(data):
    """The fields of the one FATAL error that `data` is."""
    assert data[:1] == b"E" and struct.unpack("!I", data[1:5])[0] == len(data) - 1, data[:200]
    fields = error_fields(data[5:])
    assert fields["S"] == "FATAL"
    return fields


def sasl(data, mechanism=b"SCRAM-SHA-256"):
    return message(b"p", mechanism + b"\0" + struct.pack("!I", len(data)) + data)


def asked_for_password(port, user="alice", **options):
    client = WireClient(port, **options)
    client.send(startup(user=user, database="orders"))
    assert client.read_message()[0] == b"R"
    return client


# Start-up


def test_Threat06_a_hundred_thousand_requests_for_encryption(gateway):
    for request, first in ((SSL_REQUEST * 100_000, None), (GSS_REQUEST * 100_000, None), (GSS_REQUEST, b"N")):
        client = WireClient(gateway.port)
        try:
            client.send(request)
        except ConnectionError:
            pass
        if first is None:
            data = client.read_to_end()
            assert data == b"" or fatal(data)["C"] == "08P01"
            continue
        assert client.read_exactly(1) == first
        client.send(request)
        assert fatal(client.read_to_end())["C"] == "08P01", "each kind once"
    lives(gateway)


@pytest.mark.parametrize("head", [b"\x16", b"\x16\x03", b"\x16\x03\x01\x02\x00\x01\x00", SSL_REQUEST, b"\0", b"\0\0\0\x20"])
def test_Threat08_a_first_byte_and_then_nothing(hasty, head):
    client = WireClient(hasty.port, timeout=15)
    client.send(head)
    assert client.read_to_end() in (b"", b"S"), "closed at the deadline"


def test_Threat09_no_to_gssapi_is_one_byte_and_the_login_goes_on(gateway):
    client = WireClient(gateway.port)
    client.send(GSS_REQUEST)
    client.sock.settimeout(0.4)
    answer = b""
    try:
        while True:
            answer += client.sock.recv(100)
    except TimeoutError:
        pass
    assert answer == b"N"
    client.sock.settimeout(10)
    assert client.login()[-1][0] == b"Z"
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


def packet(body, version=196608):
    return struct.pack("!II", len(body) + 8, version) + body


@pytest.mark.parametrize("name, data", [
    ("no terminator", packet(b"user\0alice\0database\0orders\0")),
    ("no terminator at all", packet(b"user\0alice\0database\0orders")),
    ("a name without a value", packet(b"user\0alice\0database\0")),
    ("trailing bytes", packet(b"user\0alice\0database\0orders\0\0more")),
    ("trailing zero", packet(b"user\0alice\0database\0orders\0\0\0")),
    ("user twice", packet(b"user\0alice\0user\0mallory\0database\0orders\0\0")),
    ("user twice, the same", packet(b"user\0alice\0user\0alice\0database\0orders\0\0")),
    ("database twice", packet(b"user\0alice\0database\0orders\0database\0other\0\0")),
    ("no user", packet(b"database\0orders\0\0")),
    ("empty user", packet(b"user\0\0database\0orders\0\0")),
    ("nothing", packet(b"\0")),
    ("too many", packet(b"".join(b"a%d\0b\0" % i for i in range(1200)) + b"\0")),
    ("ten thousand", packet(b"".join(b"a%d\0b\0" % i for i in range(10_000)) + b"\0")),
    ("a name of 64 KiB", packet(b"user\0" + b"u" * 65536 + b"\0\0")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_Threat12_one_identity_or_none(gateway, name, data):
    client = WireClient(gateway.port)
    client.send(data)
    assert fatal(client.read_to_end())["C"] in ("08P01", "28000"), name
    lives(gateway)


def dribble(client, data, every=0.15):
    """Sends a byte at a time until the peer closes; how many it took."""
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw = client.sock
    for sent, byte in enumerate(data):
        try:
            raw.settimeout(every)
            if raw.recv(1) == b"":
                return sent
        except TimeoutError:
            pass
        except ConnectionError:
            return sent
        try:
            raw.sendall(bytes([byte]))
        except ConnectionError:
            return sent
    return len(data)


@pytest.mark.parametrize("phase", ["startup", "tls", "sasl"])
def test_Threat15_a_byte_at_a_time_ends_at_the_one_deadline(hasty, phase):
    """Neither a byte now and then nor a new phase buys more time."""
    client = WireClient(hasty.port)
    started = time.time()
    if phase == "startup":
        data = startup(user="alice", database="orders", application_name="x" * 200)
    elif phase == "tls":
        client.send(SSL_REQUEST)
        assert client.read_exactly(1) == b"S"
        data = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 200
    else:
        time.sleep(DEADLINE / 2)
        client.send(startup(user="alice", database="orders"))
        assert client.read_message()[0] == b"R"
        data = sasl(b"n,,n=,r=" + b"a" * 200)
    assert dribble(client, data) < len(data)
    assert time.time() - started < 4 * DEADLINE
    lives(hasty)


def test_Threat16_claims_of_two_gigabytes_cost_nothing(server):
    running = Gateway(server, extra="limits: { logins_in_progress_per_source: 2000, logins_in_progress: 2000 }")
    try:
        lives(running)
        before = running.memory()
        clients = [asked_for_password(running.port) for _ in range(800)]
        for client in clients[:400]:
            client.send(b"p" + struct.pack("!I", 2**31 - 1))
        for client in clients[400:]:
            client.send(b"p" + struct.pack("!I", 16_000) + b"x" * 15_000)  # As much as is ever gathered.
        for client in clients[:400]:
            assert fatal(client.read_to_end())["C"] == "08P01"
        grown = running.memory() - before
        assert grown < 800 * 65536, f"{grown >> 10} KiB for 800 peers"
        lives(running)
        for client in clients:
            client.close()
    finally:
        assert running.stop() == 0


def test_Threat15_logins_are_bounded_per_source(server):
    running = Gateway(server, extra="limits: { logins_in_progress_per_source: 5, login_timeout: 20s }")
    try:
        held = [asked_for_password(running.port) for _ in range(5)]
        for _ in range(20):
            refused = WireClient(running.port)
            assert refused.read_to_end() == b""
        held[0].close()
        for _ in range(50):
            try:
                lives(running)
                break
            except (EOFError, OSError):
                time.sleep(0.1)
        else:
            pytest.fail("a place that came free was not given away")
    finally:
        assert running.stop() == 0


# Authentication


@pytest.mark.parametrize("name, data", [
    ("negative length", message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", -2) + b"n,,n=,r=abc")),
    ("no initial response", message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", -1))),
    ("length beyond the message", message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", 1000) + b"n,,n=,r=abc")),
    ("length of 2 GiB", message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", 2**31 - 1) + b"n,,n=,r=abc")),
    ("length short of the message", message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", 2) + b"n,,n=,r=abc")),
    ("no terminator", message(b"p", b"SCRAM-SHA-256")),
    ("empty", message(b"p", b"")),
    ("unknown mechanism", sasl(b"n,,n=,r=abc", b"PLAIN")),
    ("a clear password", message(b"p", PASSWORD.encode() + b"\0")),
    ("no nonce", sasl(b"n,,n=")),
    ("no user", sasl(b"n,,r=abc")),
    ("empty nonce", sasl(b"n,,n=,r=")),
    ("mandatory extension", sasl(b"n,,m=x,n=,r=abc")),
    ("another identity", sasl(b"n,a=mallory,n=,r=abc")),
    ("not printable", sasl(b"n,,n=,r=\x01\x02")),
    ("nonce of 15 KiB", sasl(b"n,,n=,r=" + b"a" * 15_000)),
], ids=lambda value: value if isinstance(value, str) else "")
def test_Threat17_malformed_first_messages(gateway, name, data):
    client = asked_for_password(gateway.port)
    client.send(data)
    fields = fatal(client.read_to_end())
    assert fields["C"] in ("08P01", "28P01"), (name, fields)
    lives(gateway)


class Exchange:
    """SCRAM by hand, up to where the last message is due."""

    def __init__(self, port, user="alice", password=PASSWORD, nonce="abcdefghijklmnopqrstuvwx", client=None):
        self.client = client or asked_for_password(port, user)
        bare = f"n=,r={nonce}"
        self.client.send(sasl(f"n,,{bare}".encode()))
        kind, body = self.client.read_message()
        assert kind == b"R", body
        self.server_first = body[4:].decode()
        self.fields = dict(part.split("=", 1) for part in self.server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(self.fields["s"]), int(self.fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        self.head = f"c={base64.b64encode(b'n,,').decode()},r={self.fields['r']}"
        signature = hmac.digest(hashlib.sha256(client_key).digest(), f"{bare},{self.server_first},{self.head}".encode(), "sha256")
        self.proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()

    def finish(self, final=None):
        self.client.send(message(b"p", (final if final is not None else f"{self.head},p={self.proof}").encode()))
        return self.client


def test_Threat17_malformed_last_messages(gateway):
    makers = [lambda e: "", lambda e: e.head, lambda e: f"{e.head},p=", lambda e: f"{e.head},p=!!!!",
              lambda e: f"{e.head},p={e.proof[:-4]}", lambda e: f"{e.head},p={e.proof}AAAA", lambda e: f"p={e.proof}",
              lambda e: f"c=biws,p={e.proof}", lambda e: f"{e.head}x,p={e.proof}", lambda e: f"c=,r={e.fields['r']},p={e.proof}",
              lambda e: f"c=eSws,r={e.fields['r']},p={e.proof}", lambda e: f"{e.head},p={e.proof},x=1",
              lambda e: f"{e.head},p={e.proof}" + "x" * 15_000]
    for number, maker in enumerate(makers):
        exchange = Exchange(gateway.port)
        fields = fatal(exchange.finish(maker(exchange)).read_to_end())
        assert fields["C"] in ("08P01", "28P01"), (number, fields)
    # And the same by the rules goes through.
    assert Exchange(gateway.port).finish().read_until((b"Z", b"E"))[-1][0] == b"Z"


@pytest.mark.parametrize("name, first, mechanism", [
    ("binding without TLS", b"p=tls-server-end-point,,n=,r=abcdefgh", b"SCRAM-SHA-256-PLUS"),
    ("binding in the plain mechanism", b"p=tls-server-end-point,,n=,r=abcdefgh", b"SCRAM-SHA-256"),
    ("no binding in the binding one", b"n,,n=,r=abcdefgh", b"SCRAM-SHA-256-PLUS"),
    ("another kind of binding", b"p=tls-unique,,n=,r=abcdefgh", b"SCRAM-SHA-256-PLUS"),
    ("unknown flag", b"z,,n=,r=abcdefgh", b"SCRAM-SHA-256"),
], ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("tls", [False, True])
def test_Threat18_binding_has_to_fit_the_mechanism(gateway, name, first, mechanism, tls):
    client = WireClient(gateway.port)
    if tls:
        if name == "binding without TLS":
            return  # There it is in order.
        client.start_tls()
    client.send(startup(user="alice", database="orders"))
    assert client.read_message()[0] == b"R"
    client.send(sasl(first, mechanism))
    assert fatal(client.read_to_end())["C"] in ("08P01", "28P01")


def test_Threat18_a_proof_overheard_is_worth_nothing(gateway):
    overheard = Exchange(gateway.port)
    assert overheard.finish().read_until((b"Z", b"E"))[-1][0] == b"Z"
    again = Exchange(gateway.port)
    assert again.fields["r"] != overheard.fields["r"], "the gateway's part of the nonce is new each time"
    fields = fatal(again.finish(f"{overheard.head},p={overheard.proof}").read_to_end())
    assert fields["C"] in ("08P01", "28P01")
    twice = Exchange(gateway.port)
    final = message(b"p", f"{twice.head},p={twice.proof}".encode())
    twice.client.send(final + final)
    assert b"08P01" in twice.client.read_to_end()


def test_Threat19_nobody_can_tell_who_exists(gateway):
    def shape(user):
        exchange = Exchange(gateway.port, user=user, password="wrong")
        salt, iterations = exchange.fields["s"], exchange.fields["i"]
        fields = fatal(exchange.finish().read_to_end())
        return salt, (len(salt), iterations, {k: v.replace(user, "X") for k, v in fields.items()})

    known, unknown = [shape("alice") for _ in range(6)], [shape("nobody-at-all") for _ in range(6)]
    assert {salt for salt, _ in known} == {known[0][0]} and {salt for salt, _ in unknown} == {unknown[0][0]}
    assert known[0][1] == unknown[0][1]
    assert len(gateway.wait_for(lambda found: len(found) >= 6, "--type", "login_failed", "--user", "nobody-at-all")) == 6


def test_Threat19_the_service_account_is_no_user(gateway):
    """CVE-2015-6817: the account of the pool must never serve as somebody's login."""
    for user in ("sluice", "postgres"):
        for password in (SERVER_PASSWORD, PASSWORD, ""):
            client = WireClient(gateway.port)
            assert error_fields(client.login(user=user, password=password)[-1][1])["C"] == "28P01"


def test_Threat20_a_revoked_identity(gateway):
    old, new = "the first password", "the second password"
    gateway.cli("user", "add", "dave", "--password-stdin", input=old + "\n")

    def logs_in(password):
        client = WireClient(gateway.port)
        return client if client.login(user="dave", password=password)[-1][0] == b"Z" else None

    def soon(condition):
        deadline = time.time() + 10
        while not condition():
            assert time.time() < deadline
            time.sleep(0.1)

    soon(lambda: logs_in(old))
    gateway.cli("user", "passwd", "dave", "--password-stdin", input=new + "\n")
    soon(lambda: logs_in(new))
    assert not logs_in(old)

    live, half_way = logs_in(new), Exchange(gateway.port, "dave", new)
    live.run(query("SELECT 1"))
    gateway.cli("user", "disable", "dave")
    assert error_fields(live.read_message()[1])["C"] == "57P01", "a live session ends"
    proof, refusal = half_way.finish().read_until((b"E",))
    assert proof[0] == b"R" and error_fields(refusal[1])["C"] == "28P01", "disabled while the password was on its way"
    assert not logs_in(new)

    gateway.cli("user", "enable", "dave")
    soon(lambda: logs_in(new))
    live = logs_in(new)
    changed = Exchange(gateway.port, "dave", new)
    gateway.cli("user", "passwd", "dave", "--password-stdin", input=old + "\n")
    soon(lambda: logs_in(old))
    assert error_fields(changed.finish().read_until((b"E", b"Z"))[-1][1])["C"] == "28P01", "another password by now"
    gateway.cli("user", "passwd", "dave", "--password-stdin", input=new + "\n")
    soon(lambda: logs_in(new))

    live, half_way = logs_in(new), Exchange(gateway.port, "dave", new)
    gateway.cli("user", "remove", "dave")
    assert error_fields(live.read_message()[1])["C"] == "57P01"
    assert not logs_in(new)
    gateway.cli("user", "add", "dave", "--password-stdin", input=old + "\n")
    soon(lambda: logs_in(old))
    kind, body = half_way.finish().read_until((b"E", b"Z"))[-1]
    assert kind == b"E" and error_fields(body)["C"] == "28P01", "the name is somebody else's by now"
    assert len(gateway.wait_for(lambda found: len(found) >= 3, "--type", "login_failed", "--user", "dave")) >= 3


def test_Threat23_no_secret_in_any_log_or_record(server):
    running = Gateway(server, extra="log: { level: trace }\naudit: { segment_size: 1MiB }", environment="development")
    secrets = {"user": PASSWORD, "server": SERVER_PASSWORD, "wrong": "a-wrong-password", "role": "a-role-password",
               "bound": "a-set-password"}
    try:
        client = WireClient(running.port)
        client.login()
        for text in (f"CREATE ROLE with_secret PASSWORD '{secrets['role']}'",
                     f"ALTER ROLE with_secret PASSWORD '{secrets['bound']}'", "DROP ROLE with_secret"):
            assert "E" not in kinds(client.run(query(text)))
        assert WireClient(running.port).login(password=secrets["wrong"])[-1][0] == b"E"
        running.cli("database", "check", "orders")
        running.cli("user", "passwd", "alice", "--password-stdin", input=secrets["wrong"] + "\n")
        running.signal(15)
        assert running.process.wait(timeout=30) == 0
        written = {path: path.read_bytes() for path in running.root.rglob("*")
                   if path.is_file() and path.name not in ("server-password", "sluice.yaml")}
        assert any(b"CREATE ROLE with_secret" in data for data in written.values()), "the record is among these files"
        for name, secret in secrets.items():
            found = [str(path) for path, data in written.items() if secret.encode() in data]
            assert not found, f"the {name} password stands in {found}"
    finally:
        running.stop()


def test_a_start_up_that_is_refused_is_recorded(gateway):
    client = WireClient(gateway.port)
    client.send(startup(user="zoe", database="orders", session_preload_libraries="evil"))
    fields = error_fields(client.read_message()[1])
    assert "session_preload_libraries" in fields["M"]
    records = gateway.wait_for(lambda found: found, "--type", "login_failed", "--user", "zoe")
    assert [(r["database"], r["message"]) for r in records] == [("orders", fields["M"])]
