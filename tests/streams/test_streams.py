"""Audit records on their way out, to receivers of all kinds that fail now and then."""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request

import pytest

from harness.certificates import Authority
from harness.gateway import Gateway
from harness.ports import free_port
from receivers import HttpReceiver, NatsServer, SyslogReceiver, wait_until

TRACE, PARENT = "5bd66ef5095369c7b0d1f8f4bd33716a", "c532cb4098ac3dd2"
RETRY = "retry: { initial: 50ms, maximum: 300ms }"


@pytest.fixture
def gateway_with(server):
    """Starts gateways whose audit.streams are given, one mapping in flow style a stream."""
    running = []

    def start(*streams, **options):
        lines = "".join(f"    - {{ {stream} }}\n" for stream in streams)
        gateway = Gateway(server, environment=options.pop("environment", "staging"),
                          extra="audit:\n  streams:\n" + lines if streams else "", **options)
        running.append(gateway)
        return gateway

    yield start
    for gateway in running:
        code = gateway.stop()
        assert code in (0, None), f"the gateway ended with {code}"


@pytest.fixture
def authority():
    made = Authority()
    yield made
    made.remove()


@pytest.fixture
def nats():
    started = NatsServer()
    yield started
    started.stop()


def statements(gateway, count, label="n"):
    done = gateway.psql("-Atq", input="".join(f"SELECT '{label} {i}';\n" for i in range(count)))
    assert done.returncode == 0 and len(done.stdout.splitlines()) == count, done.stderr


def ids(gateway):
    return {record["id"] for record in gateway.search()}


def states(gateway):
    return {state["name"]: state for state in json.loads(gateway.cli("audit", "streams", "-o", "json").stdout)}


def secret_file(gateway_root, name, text):
    file = gateway_root / name
    file.touch(0o600)
    file.write_text(text + "\n")
    return file


def test_http_is_tried_again_and_nothing_is_lost(gateway_with):
    # Twice unavailable, once taken without an answer, once too large, then well.
    receiver = HttpReceiver(lambda path, n: {0: 503, 1: 500, 2: None, 3: 413}.get(n, 200))
    gateway = gateway_with(f"name: siem, type: http, url: 'http://127.0.0.1:{receiver.port}/in?x=1', {RETRY}")
    statements(gateway, 40)
    expected = ids(gateway)
    assert wait_until(lambda: {r["id"] for r in receiver.records()} >= expected)
    assert len(receiver.refused) == 4
    records = receiver.records()
    assert len({r["uid"] for r in records}) == len({r["id"] for r in records}), "a uid for each record"
    again = [r for body in receiver.refused for r in json.loads(body[2])]
    assert {r["uid"] for r in again} <= {r["uid"] for r in records}, "the same when it is sent again"
    assert [r["id"] for r in records] == sorted(r["id"] for r in records)
    path, headers, _ = receiver.requests[0]
    assert path == "/in?x=1" and headers["Content-Type"] == "application/json"
    state = wait_until(lambda: (s := states(gateway)["siem"])["lag"] == 0 and s)
    assert state["working"] and state["failures"] >= 2 and state["sent"] >= len(expected)
    receiver.close()


def test_what_a_receiver_says_forges_no_line_of_the_log(gateway_with):
    forged = b"sorry\n2026-11-29 00:00:00.000 error the audit log is broken\r\x1b[2J"
    receiver = HttpReceiver(lambda path, n: 500, body=forged)
    gateway = gateway_with(f"name: siem, type: http, url: 'http://127.0.0.1:{receiver.port}/', {RETRY}")
    assert wait_until(lambda: "the audit log is broken" in gateway.log.read_text())
    (line,) = [line for line in gateway.log.read_bytes().split(b"\n") if b"the audit log is broken" in line]
    assert line.startswith(b"    2026-") and b"\r" not in line and b"\x1b" not in line, line
    receiver.close()


def test_http_lines_of_ocsf(gateway_with):
    receiver = HttpReceiver()
    gateway = gateway_with(f"name: lake, type: http, url: 'http://127.0.0.1:{receiver.port}/', format: ocsf, body: lines, "
                           "headers: { X-Index: audit }")
    statements(gateway, 3)
    gateway.psql("-c", "SELECT 1", password="wrong")

    def events():
        return [json.loads(line) for _, _, body in receiver.requests for line in body.splitlines()]

    assert wait_until(lambda: {e["type_uid"] for e in events()} >= {600504, 300201, 300202, 600203})
    assert wait_until(lambda: [e for e in events() if e["class_uid"] == 3002 and e["status_id"] == 2])
    assert receiver.requests[0][1]["X-Index"] == "audit"
    assert receiver.requests[0][1]["Content-Type"] == "application/x-ndjson"
    for event in events():
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["category_uid"] == event["class_uid"] // 1000
        assert {"time", "severity_id", "metadata"} <= event.keys()
    receiver.close()


def test_https_checks_the_receiver_and_keeps_the_secret(gateway_with, authority, tmp_path):
    other = Authority("another")
    receiver = HttpReceiver(certificate=authority.issue("receiver"))
    token = secret_file(tmp_path, "token", "Bearer s3cr3t-t0k3n")
    to = f"type: http, url: 'https://localhost:{receiver.port}/', authorization_file: {token}, {RETRY}"
    gateway = gateway_with(f"name: right, {to}, tls: {{ ca: {authority.certificate} }}",
                           f"name: wrong, {to}, tls: {{ ca: {other.certificate} }}")
    statements(gateway, 5)
    expected = ids(gateway)
    assert wait_until(lambda: {r["id"] for r in receiver.records()} >= expected)
    assert all(headers["Authorization"] == "Bearer s3cr3t-t0k3n" for _, headers, _ in receiver.requests)
    wrong = wait_until(lambda: (s := states(gateway)["wrong"])["failures"] > 1 and s)
    assert wrong["sent"] == 0 and not wrong["working"] and "certificate" in wrong["last_error"]
    assert "name the certificate of the authority that signed the server's (PEM) in tls.ca" in wrong["last_error"]
    assert "s3cr3t" not in gateway.log.read_text() + gateway.cli("audit", "streams", "-o", "json").stdout
    ready = json.load(urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/readyz"))
    assert ready["status"] == "ready" and list(ready["warnings"]) == ["stream wrong"]
    receiver.close()
    other.remove()


@pytest.mark.parametrize("stream", ["type: http, url: 'https://{}/'", "type: otlp, url: 'https://{}/'",
                                    "type: syslog, url: 'tls://{}'", "type: nats, url: 'tls://{}', subject: a.b, timeout: 2s",
                                    "type: webhook, url: 'https://{}/', secret_file: SECRET"],
                         ids=["http", "otlp", "syslog", "nats", "webhook"])
def test_a_certificate_that_does_not_hold_says_what_to_do(gateway_with, authority, tmp_path, stream):
    other = Authority("another")
    secret = secret_file(tmp_path, "secret", "whsec_" + base64.b64encode(b"0" * 32).decode())
    stream = stream.replace("SECRET", str(secret))
    made = {"own": authority.issue("receiver"), "misnamed": authority.issue("misnamed", hosts=("DNS:elsewhere.example.com",)),
            "expired": authority.issue("expired", days=-1)}
    servers, addresses = [], {}
    for name, (certificate, key) in made.items():
        if "nats" in stream:
            conf = tmp_path / f"{name}.conf"
            conf.write_text(f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}\n')
            servers.append((server := NatsServer("-c", conf)).stop)
        else:
            servers.append((server := SyslogReceiver((certificate, key)) if "syslog" in stream
                            else HttpReceiver(certificate=(certificate, key))).close)
        addresses[name] = f"localhost:{server.port}"
    ca = f"tls: {{ ca: {authority.certificate} }}, {RETRY}"
    gateway = gateway_with(
        f"name: right, {stream.format(addresses['own'])}, {ca}",
        f"name: nobodys, {stream.format(addresses['own'])}, {RETRY}",
        f"name: anothers, {stream.format(addresses['own'])}, tls: {{ ca: {other.certificate} }}, {RETRY}",
        f"name: misnamed, {stream.format(addresses['misnamed'])}, {ca}",
        f"name: expired, {stream.format(addresses['expired'])}, {ca}")
    statements(gateway, 2)
    for name, text in (("nobodys", "in tls.ca"), ("anothers", "in tls.ca"), ("misnamed", "address the server by a name of its certificate"),
                       ("expired", "let the server have a valid certificate, or set this machine's clock")):
        state = wait_until(lambda: (s := states(gateway)[name])["failures"] and s, seconds=10)
        assert state and text in state["last_error"] and state["sent"] == 0, (name, states(gateway)[name])
    right = states(gateway)["right"]
    assert "tls.ca" not in right["last_error"] and (right["sent"] or "nats" in stream), right
    for stop in servers:
        stop()
    other.remove()


SYSLOG = re.compile(r"<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S+) sluice (\d+) (\w+) "
                    r"(\[sluice@32473(?: [a-z]+=\"(?:[^\"\\\]]|\\[\"\\\]])*\")*\]) (.*)", re.DOTALL)


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_syslog_outlives_its_receiver(gateway_with, authority, tls):
    certificate = authority.issue("receiver") if tls else None
    receiver = SyslogReceiver(certificate)
    scheme, extra = ("tls", f", tls: {{ ca: {authority.certificate} }}") if tls else ("tcp", "")
    gateway = gateway_with(f"name: log-host, type: syslog, url: '{scheme}://localhost:{receiver.port}', facility: local3, {RETRY}"
                           + extra)

    def seen():
        return {int(re.search(r'uid="[0-9a-f]{16}-(\d+)"', message).group(1)) for message in receiver.messages}

    statements(gateway, 10, 'a "quoted"] \\ line')
    first = ids(gateway)
    assert wait_until(lambda: seen() >= first)
    receiver.drop_connections()
    statements(gateway, 10, "after a cut")
    second = ids(gateway)
    assert wait_until(lambda: seen() >= second)
    receiver.close()
    statements(gateway, 10, "while away")
    received, receiver = receiver.messages, SyslogReceiver(certificate, port=receiver.port)
    receiver.messages[:0] = received
    third = ids(gateway)
    assert wait_until(lambda: seen() >= third)
    for message in receiver.messages:
        priority = int(SYSLOG.fullmatch(message).group(1))
        assert priority // 8 == 19
    statement = next(m for m in receiver.messages if "after a cut" in m)
    assert ' user="alice" database="orders"' in statement and "| SELECT 'after a cut" in statement
    receiver.close()


def test_nats_stores_each_record_once(gateway_with, nats):
    nats.create_stream("AUDIT", "sluice.audit")
    gateway = gateway_with(f"name: bus, type: nats, url: 'nats://127.0.0.1:{nats.port}', subject: sluice.audit, timeout: 2s, {RETRY}")
    statements(gateway, 50)
    expected = ids(gateway)
    assert wait_until(lambda: nats.count("AUDIT") >= len(expected))
    # Records pass while the server dies and comes back.
    stop = threading.Event()
    load = threading.Thread(target=lambda: [statements(gateway, 5, "load") for _ in iter(stop.is_set, True)])
    load.start()
    for _ in range(3):
        time.sleep(0.4)
        nats.kill()
        time.sleep(0.2)
        nats.start()
    time.sleep(0.3)
    stop.set()
    load.join()
    expected = ids(gateway)
    assert wait_until(lambda: states(gateway)["bus"]["lag"] == 0 and nats.count("AUDIT") >= len(expected)), states(gateway)
    stored = [nats.message("AUDIT", i + 1) for i in range(nats.count("AUDIT"))]
    bodies = [body for _, body in stored]
    assert {body["id"] for body in bodies} >= expected
    assert len({body["uid"] for body in bodies}) == len(bodies), "stored once, however often sent"
    assert all(f"Nats-Msg-Id: {body['uid']}\r\n" in headers for headers, body in stored)


def test_nats_without_a_stream_says_what_to_do(gateway_with, nats):
    gateway = gateway_with(f"name: bus, type: nats, url: 'nats://127.0.0.1:{nats.port}', subject: sluice.audit, timeout: 2s, {RETRY}")
    state = wait_until(lambda: (s := states(gateway)["bus"])["failures"] and s)
    assert "no JetStream stream takes the subject sluice.audit" in state["last_error"]
    nats.create_stream("AUDIT", "sluice.audit")
    expected = ids(gateway)
    assert wait_until(lambda: nats.count("AUDIT") >= len(expected))


def test_nats_stores_what_stands_around_a_refused_record_once(gateway_with, nats):
    window = 200_000_000  # ns; less than it takes to try again
    nats.create_stream("AUDIT", "sluice.audit", max_msg_size=4000, duplicate_window=window)
    gateway = gateway_with(f"name: bus, type: nats, url: 'nats://127.0.0.1:{nats.port}', subject: sluice.audit, timeout: 20s, "
                           "retry: { initial: 300ms, maximum: 400ms }")
    # What waits goes in batches, one of which may begin with what can be stored.
    nats.kill()
    statements(gateway, 20, "before")
    gateway.psql("-c", f"SELECT '{'x' * 5000}'")
    statements(gateway, 20, "behind")
    (long,) = gateway.search("--words", "xxx*")
    nats.start()
    state = wait_until(lambda: "message size" in (s := states(gateway)["bus"])["last_error"] and s)
    wait_until(lambda: states(gateway)["bus"]["failures"] >= state["failures"] + 4)
    stored = [nats.message("AUDIT", i + 1)[1]["id"] for i in range(nats.count("AUDIT"))]
    assert len(stored) > 20 and stored == sorted(set(stored)), "one that is refused brings no others again"
    assert f"-{long['id']}: message size exceeds maximum allowed; raise max_msg_size" in state["last_error"], (long["id"], state)
    nats.create_stream("AUDIT", "sluice.audit", change=True, max_msg_size=100_000, duplicate_window=window)
    expected = ids(gateway)
    assert wait_until(lambda: states(gateway)["bus"]["lag"] == 0), states(gateway)
    stored = [nats.message("AUDIT", i + 1)[1]["id"] for i in range(nats.count("AUDIT"))]
    assert set(stored) >= expected and max(stored.count(one) for one in set(stored)) <= 2


def test_nats_goes_on_once_a_full_stream_has_room(gateway_with, nats):
    nats.create_stream("AUDIT", "sluice.audit", max_msgs=10, discard="new")
    gateway = gateway_with(f"name: bus, type: nats, url: 'nats://127.0.0.1:{nats.port}', subject: sluice.audit, timeout: 2s, {RETRY}")
    statements(gateway, 50)
    state = wait_until(lambda: (s := states(gateway)["bus"])["failures"] and s)
    assert "raise the limits of the JetStream stream" in state["last_error"], state
    assert wait_until(lambda: states(gateway)["bus"]["sent"] == 10), states(gateway)
    nats.create_stream("AUDIT", "sluice.audit", change=True, max_msgs=10_000, discard="new")
    expected = ids(gateway)
    assert wait_until(lambda: states(gateway)["bus"]["lag"] == 0 and nats.count("AUDIT") >= len(expected)), states(gateway)


def test_nats_tells_what_its_user_may_not_do(gateway_with, tmp_path):
    conf = tmp_path / "nats.conf"
    conf.write_text('max_payload: 3000\nauthorization { users = [ { user: reader, password: n4ts-pw, permissions: { publish: { deny: "sluice.>" } } }, '
                    "{ user: writer, password: n4ts-pw } ] }\n")
    server = NatsServer("-c", conf)
    password, wrong = secret_file(tmp_path, "password", "n4ts-pw"), secret_file(tmp_path, "wrong", "n4ts")
    common = f"type: nats, url: 'nats://127.0.0.1:{server.port}', timeout: 20s, {RETRY}"
    gateway = gateway_with(f"name: reader, subject: sluice.audit, user: reader, password_file: {password}, {common}",
                           f"name: stranger, subject: sluice.audit, user: writer, password_file: {wrong}, {common}",
                           f"name: nobody, subject: sluice.audit, type: nats, url: 'nats://127.0.0.1:{free_port()}', {RETRY}")
    told = {"reader": 'Permissions Violation for Publish to "sluice.audit"; let the gateway publish to sluice.audit',
            "stranger": "check user and password_file", "nobody": "check url"}
    for name, text in told.items():
        state = wait_until(lambda: (s := states(gateway)[name])["failures"] and s, seconds=10)
        assert state and text in state["last_error"] and ".c:" not in state["last_error"], (name, states(gateway)[name])
    server.stop()


def test_nats_over_tls_with_a_password(gateway_with, authority, tmp_path):
    certificate, key = authority.issue("broker")
    conf = tmp_path / "nats.conf"
    conf.write_text(f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}\nauthorization {{ user: sluice, password: n4ts-pw }}\n')
    server = NatsServer("-c", conf)
    password = secret_file(tmp_path, "password", "n4ts-pw")
    gateway = gateway_with(f"name: bus, type: nats, url: 'tls://localhost:{server.port}', subject: a.b, user: sluice, "
                           f"password_file: {password}, tls: {{ ca: {authority.certificate} }}, timeout: 2s, {RETRY}",
                           f"name: stranger, type: nats, url: 'tls://localhost:{server.port}', subject: a.b, timeout: 2s, "
                           f"tls: {{ ca: {authority.certificate} }}, {RETRY}")
    # There is no JetStream stream: that it is told of that means that it was let in.
    state = wait_until(lambda: "no JetStream stream" in (s := states(gateway)["bus"])["last_error"] and s)
    assert state, states(gateway)
    stranger = wait_until(lambda: (s := states(gateway)["stranger"])["failures"] and s)
    assert "uthorization" in stranger["last_error"], stranger
    assert "n4ts-pw" not in gateway.log.read_text()
    server.stop()


def test_otlp_logs_and_spans(gateway_with):
    collector = HttpReceiver(lambda path, n: 503 if n == 0 else 200)
    gateway = gateway_with(f"name: otel, type: otlp, url: 'http://127.0.0.1:{collector.port}/', {RETRY}")
    traceparent = f"00-{TRACE}-{PARENT}-01"
    for sql in (f"SELECT 'traced' /*route='%2Forders',traceparent='{traceparent}'*/", "SELECT 'not traced'",
                f"SELECT 'not kept' /*traceparent='{traceparent[:-1]}0'*/"):
        assert gateway.psql("-Atc", sql).returncode == 0

    def logs():
        return [record for body in collector.bodies("/v1/logs") for resource in body["resourceLogs"]
                for scope in resource["scopeLogs"] for record in scope["logRecords"]]

    def spans():
        return [span for body in collector.bodies("/v1/traces") for resource in body["resourceSpans"]
                for scope in resource["scopeSpans"] for span in scope["spans"]]

    expected = ids(gateway)

    def uid(item):
        return next(a["value"]["stringValue"] for a in item["attributes"] if a["key"] == "sluice.uid")

    assert wait_until(lambda: {int(uid(log).split("-")[1]) for log in logs()} >= expected and spans())
    assert {uid(span) for span in spans()} == {uid(log) for log in logs() if "'traced'" in log["body"]["stringValue"]}
    (span,) = {span["spanId"]: span for span in spans()}.values()
    assert span["traceId"] == TRACE and span["parentSpanId"] == PARENT and span["kind"] == 3
    assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"]) > 10**18
    linked = [log for log in logs() if log.get("spanId") == span["spanId"]]
    assert linked and linked[0]["traceId"] == TRACE
    collector.close()


def test_otlp_spans_that_are_refused_bring_no_logs_again(gateway_with):
    collector = HttpReceiver(lambda path, n: 503 if path == "/v1/traces" and n < 12 else 200)
    gateway = gateway_with(f"name: otel, type: otlp, url: 'http://127.0.0.1:{collector.port}/', {RETRY}")
    assert gateway.psql("-Atc", f"SELECT 1 /*traceparent='00-{TRACE}-{PARENT}-01'*/").returncode == 0
    assert wait_until(lambda: collector.bodies("/v1/traces"))
    gateway.stop()
    times = [log["timeUnixNano"] for body in collector.bodies("/v1/logs") for resource in body["resourceLogs"]
             for scope in resource["scopeLogs"] for log in scope["logRecords"]]
    assert len(collector.refused) > 3 and len(times) == len(set(times)), "each record once"
    collector.close()


def test_webhooks_are_signed_and_filtered(gateway_with, tmp_path):
    key = os.urandom(24)
    # Replacing a secret: another one before it.
    secret = secret_file(tmp_path, "secret", f"whsec_{base64.b64encode(bytes(24)).decode()} whsec_{base64.b64encode(key).decode()}")
    receiver = HttpReceiver(lambda path, n: 500 if n == 0 else 204)
    gateway = gateway_with(f"name: alerts, type: webhook, url: 'http://127.0.0.1:{receiver.port}/hook', secret_file: {secret}, "
                           f"filter: {{ decision: denied, user: alice }}, {RETRY}", environment="production")
    assert gateway.psql("-Atc", "SELECT 1").returncode == 0
    assert gateway.psql("-c", "CREATE TABLE t (a int)").returncode != 0
    assert gateway.psql("-c", "DROP TABLE IF EXISTS t").returncode != 0
    denied = [r["id"] for r in gateway.search("--decision", "denied")]
    assert len(denied) == 2
    assert wait_until(lambda: len(receiver.requests) >= 2)
    for path, headers, body in receiver.refused + receiver.requests:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signature = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert signature in headers["webhook-signature"].split()
        assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
        assert path == "/hook" and json.loads(body)["type"] == "sluice.statement"
    # At least once: a slow answer brings one again, under the same id.
    assert list(dict.fromkeys(b["data"]["id"] for b in receiver.bodies())) == denied, "and nothing else"
    assert receiver.refused[0][1]["webhook-id"] == receiver.requests[0][1]["webhook-id"], "the same on every try"
    receiver.close()


def test_a_file_survives_rotation(gateway_with, tmp_path):
    file = tmp_path / "audit.jsonl"
    gateway = gateway_with(f"name: copy, type: file, path: {file}")

    def lines(*files):
        return [json.loads(line) for f in files if f.exists() for line in f.read_text().splitlines()]

    statements(gateway, 10)
    first = ids(gateway)
    assert wait_until(lambda: {r["id"] for r in lines(file)} >= first)
    old = file.rename(tmp_path / "audit.jsonl.1")
    statements(gateway, 10)
    every = ids(gateway)
    assert wait_until(lambda: {r["id"] for r in lines(file, old)} >= every)
    assert {r["id"] for r in lines(file)} >= every - {r["id"] for r in lines(old)} and len(lines(file)) >= 10
    assert file.stat().st_mode & 0o777 == 0o600


def test_kill_9_while_streaming_loses_no_record(gateway_with, tmp_path, nats):
    nats.create_stream("AUDIT", "sluice.audit")
    receiver = HttpReceiver(lambda path, n: 503 if n % 10 == 9 else 200)
    syslog = SyslogReceiver()
    file = tmp_path / "audit.jsonl"
    batch = "batch: { records: 40 }"
    gateway = gateway_with(f"name: siem, type: http, url: 'http://127.0.0.1:{receiver.port}/', {batch}, {RETRY}",
                           f"name: copy, type: file, path: {file}, {batch}",
                           f"name: host, type: syslog, url: 'tcp://127.0.0.1:{syslog.port}', {batch}, {RETRY}",
                           f"name: bus, type: nats, url: 'nats://127.0.0.1:{nats.port}', subject: sluice.audit, {batch}, {RETRY}")
    for round_ in range(4):
        loads = [threading.Thread(target=gateway.psql, args=("-Atq",), kwargs={"input": "".join(
            f"SELECT 'round {round_} {i}';\n" for i in range(3000))}) for _ in range(2)]
        for load in loads:
            load.start()
        time.sleep(0.2 + 0.1 * round_)
        gateway.kill9()
        for load in loads:
            load.join()
        gateway.start()
    statements(gateway, 5, "afterwards")
    expected = ids(gateway)
    assert len(expected) > 200

    def written():
        whole = []
        for line in file.read_text().splitlines():
            try:
                whole.append(json.loads(line)["id"])
            except ValueError:
                pass  # Torn by a kill; sent again.
        return set(whole)

    assert wait_until(lambda: {r["id"] for r in receiver.records()} >= expected, 120), states(gateway)
    assert wait_until(lambda: written() >= expected, 120)
    number = re.compile(r'uid="[0-9a-f]+-(\d+)"')
    assert wait_until(lambda: {int(number.search(m).group(1)) for m in syslog.messages} >= expected, 120)
    assert wait_until(lambda: nats.count("AUDIT") >= len(expected), 120)
    assert nats.count("AUDIT") == len(ids(gateway)), "the broker keeps each once"
    uids = {r["uid"]: r["id"] for r in receiver.records()}
    assert len(uids) == len(set(uids.values())), "duplicates have the same uid"
    receiver.close()
    syslog.close()


def seconds_for_statements(gateway, count=2000):
    start = time.time()
    statements(gateway, count)
    return time.time() - start


def test_dead_receivers_do_not_slow_statements(gateway_with):
    hanging = socket.create_server(("127.0.0.1", 0))  # Takes connections and says nothing.
    alone = gateway_with()
    dead = gateway_with(f"name: hanging, type: http, url: 'http://127.0.0.1:{hanging.getsockname()[1]}/'",
                        f"name: refusing, type: syslog, url: 'tcp://127.0.0.1:{free_port()}', {RETRY}",
                        f"name: silent, type: nats, url: 'nats://127.0.0.1:{hanging.getsockname()[1]}', subject: a",
                        f"name: nowhere, type: file, path: /nowhere/at/all, {RETRY}")
    for gateway in (alone, dead):
        seconds_for_statements(gateway, 200)
    # In turns, for the machine may be busy with other things just now.
    times = [(seconds_for_statements(alone), seconds_for_statements(dead)) for _ in range(4)]
    without, with_dead = (min(column) for column in zip(*times))
    assert with_dead < 2 * without + 0.5, times
    # Nothing piles up: what waits is in the log, not in memory.
    before = dead.memory()
    statements(dead, 20_000)
    assert dead.memory() - before < 30 << 20
    assert states(dead)["hanging"]["lag"] > 20_000
    start = time.time()
    dead.signal(signal.SIGTERM)
    assert dead.process.wait(timeout=30) == 0
    assert time.time() - start < 20, "nor do they hold up the end"
    hanging.close()


def test_reload_adds_removes_and_refuses(gateway_with, server, tmp_path):
    file, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    gateway = gateway_with(f"name: one, type: file, path: {file}")
    statements(gateway, 3)
    assert wait_until(lambda: states(gateway)["one"]["lag"] == 0)

    def configure(*streams):
        gateway.write_config(server, environment="staging",
                             extra="audit:\n  streams:\n" + "".join(f"    - {{ {s} }}\n" for s in streams))
        gateway.reload()

    configure(f"name: one, type: file, path: {file}", f"name: two, type: file, path: {other}, from: now")
    statements(gateway, 3, "later")
    assert wait_until(lambda: other.exists() and "later 2" in other.read_text())
    assert "n 0" not in other.read_text(), "it began when it was made"
    assert states(gateway)["one"]["sent"] > states(gateway)["two"]["sent"] > 0
    for wrong, why in ((f"name: one, type: http, url: 'https://x:1/', tls: {{ ca: {tmp_path}/none }}", "cannot read the authorities"),
                       ("name: one, type: file, path: x, filter: { type: statment }", "no record has the type"),
                       ("name: one, type: fax", "expected one of file, http, syslog")):
        good = gateway.config.read_text()
        configure(wrong)
        log = gateway.log.read_text()
        assert "configuration not reloaded, the old one stays" in log and why in log
        gateway.config.write_text(good)  # Which the command line reads as well.
        assert set(states(gateway)) == {"one", "two"}
    statements(gateway, 1, "still")
    assert wait_until(lambda: "still 0" in file.read_text())
    configure(f"name: two, type: file, path: {other}")
    assert set(states(gateway)) == {"two"}
    ids_written = [json.loads(line)["uid"] for line in file.read_text().splitlines()]
    assert len(ids_written) == len(set(ids_written)), "nothing was sent twice by a reload"


def test_metrics_tell_how_far_behind(gateway_with, tmp_path):
    file = tmp_path / "a.jsonl"
    gateway = gateway_with(f"name: good, type: file, path: {file}", f"name: bad, type: file, path: /nowhere/at/all, {RETRY}")
    statements(gateway, 10)
    assert wait_until(lambda: states(gateway)["good"]["lag"] == 0 and states(gateway)["bad"]["failures"])

    text = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics").read().decode()

    def value(name):
        return float(re.search(rf"^sluice_audit_stream_{re.escape(name)} (\S+)$", text, re.MULTILINE).group(1))

    assert value('sent_records_total{stream="good"}') > 10
    assert value('lag_records{stream="good"}') == 0 and value('lag_records{stream="bad"}') > 10
    assert value('working{stream="good"}') == 1 and value('working{stream="bad"}') == 0
    assert value('failures_total{stream="bad"}') > 0
    assert abs(time.time() - value('last_success_timestamp_seconds{stream="good"}')) < 60
    assert value('last_success_timestamp_seconds{stream="bad"}') == 0
    table = gateway.cli("audit", "streams").stdout
    assert "good" in table and "No such file" in table


def test_config_check_says_where_a_stream_is_wrong(gateway_with, server):
    gateway = gateway_with()
    extra = """audit:
  streams:
    - { name: a b, type: http, url: ftp://x }
    - { name: hook, type: webhook, url: https://x/ }
    - { name: hook, type: syslog, url: 'tcp://u:p@x:1', facility: lcoal0, format: xml, retries: 3 }
"""
    gateway.write_config(server, extra=extra)
    done = gateway.cli("config", "check", check=False)
    assert done.returncode == 2
    for line, column, what in ((7, 15, "name: expected up to 64 letters"), (7, 37, "url: expected a url that begins with http:// or https://"),
                               (8, 7, "secret_file: a webhook is signed"), (9, 15, "name: this name is taken by another stream"),
                               (9, 40, "url: must not contain a user or password"), (9, 67, "facility: expected one of kern"),
                               (9, 83, "format: expected one of record, ocsf, text"), (9, 88, 'unknown key "retries"')):
        assert f":{line}:{column}: {what}" in done.stderr, (line, column, what, done.stderr)
