"""Signed checkpoints kept elsewhere: folders, web servers, object stores, log hosts, and a witness that finds forks."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import psycopg2
import pytest
from harness.gateway import SLUICE, Gateway

RETRY = "retry: { initial: 50ms, maximum: 300ms }"
ORIGIN = "sluice.example.com/anchored"


class Keeper:
    """Takes what is posted or put. `answer(n)` gives the status of the n-th request (from 0)."""

    def __init__(self, answer=lambda n: 200):
        self.requests = []  # (status, method, path, headers, body)
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def take(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = answer(len(keeper.requests))
                keeper.requests.append((status, self.command, self.path, self.headers, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = take

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self):
        return [request for request in self.requests if request[0] < 300]


def wait_until(condition, seconds=60):
    deadline = time.time() + seconds
    while not (value := condition()) and time.time() < deadline:
        time.sleep(0.1)
    return value


@pytest.fixture
def gateway_with(server):
    running = []

    def start(*anchors, more="", every="1s", **options):
        extra = f"audit:\n  origin: {ORIGIN}\n{more}"
        if anchors:
            extra += "  anchors:\n" + "".join(f"    - {{ {anchor}, every: {every}, {RETRY} }}\n" for anchor in anchors)
        gateway = Gateway(server, environment="staging", extra=extra, **options)
        running.append(gateway)
        return gateway

    yield start
    for gateway in running:
        assert gateway.stop() in (0, None)


def run(gateway, count, label="n"):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for i in range(count):
            cursor.execute(f"SELECT '{label} {i}'")
    connection.close()


def audit_of(gateway):
    return pathlib.Path(gateway.root, "state/audit")


def size_of(note):
    return int((note if isinstance(note, str) else note.decode()).split("\n")[1])


def own_size(gateway):
    return size_of((audit_of(gateway) / "tlog/checkpoint").read_text())


def get(gateway, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}{path}", timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def warnings(gateway):
    return json.loads(get(gateway, "/readyz"))["warnings"]


def metric(gateway, name, anchor):
    found = re.search(rf'^{name}{{name="{anchor}"}} (\S+)$', get(gateway, "/metrics"), re.M)
    return float(found.group(1)) if found else None


def verify(gateway, *checkpoints):
    key = gateway.cli("audit", "key").stdout.strip()
    more = [word for file in checkpoints for word in ("--checkpoint", file)]
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit_of(gateway), "--public-key", key, "-o", "json", *more],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def stop(gateway):
    gateway.signal(signal.SIGTERM)
    assert gateway.process.wait(30) == 0


def number_of(file):
    return int(file.name.split(".")[0])


def test_a_stop_pushes_what_closes_the_log(gateway_with, tmp_path):
    """A start takes it back in the log's own folder, and nowhere else."""
    folder = tmp_path / "worm"
    folder.mkdir()
    gateway = gateway_with(f"name: worm, type: folder, path: {folder}", every="1h")
    assert wait_until(lambda: list(folder.iterdir()))
    run(gateway, 5)
    stop(gateway)
    size = own_size(gateway)
    closing = folder / f"{size}.closed.checkpoint"
    assert closing.read_text() == (audit_of(gateway) / "tlog" / "checkpoint").read_text() and "\nclosed\n" in closing.read_text()
    assert verify(gateway, *folder.iterdir())["good"]
    gateway.start()
    assert wait_until(lambda: metric(gateway, "sluice_audit_anchor_last_size", "worm") >= size)
    assert metric(gateway, "sluice_audit_anchor_failures_total", "worm") == 0
    assert closing.exists() and verify(gateway, *folder.iterdir())["good"]


@pytest.mark.parametrize("kind", ["http", "s3"])
def test_a_stop_pushes_what_closes_the_log_to_servers(gateway_with, kind):
    keeper = Keeper()
    more = "" if kind == "http" else ", region: eu-central-1, access_key: AKTEST, secret_key_env: TEST_S3_SECRET"
    gateway = gateway_with(f"name: it, type: {kind}, url: 'http://127.0.0.1:{keeper.port}/x'{more}", every="1h", env={"TEST_S3_SECRET": "s"})
    assert wait_until(keeper.taken)
    stop(gateway)
    _, _, path, _, body = keeper.taken()[-1]
    assert body.decode() == (audit_of(gateway) / "tlog" / "checkpoint").read_text() and b"\nclosed\n" in body
    assert kind == "http" or path == f"/x/{size_of(body)}.closed.checkpoint"


def test_a_stop_does_not_wait_for_a_place_that_does_not_answer(gateway_with):
    silent = socket.create_server(("127.0.0.1", 0))
    gateway = gateway_with(f"name: away, type: http, timeout: 60s, url: 'http://127.0.0.1:{silent.getsockname()[1]}/x'", every="1h")
    time.sleep(1)
    started = time.monotonic()
    stop(gateway)
    assert time.monotonic() - started < 12
    assert "anchor away: did not take the last checkpoint in time" in gateway.log.read_text()
    silent.close()


def test_a_folder_keeps_a_file_a_size_across_restarts(gateway_with, tmp_path):
    folder = tmp_path / "worm"
    folder.mkdir()
    gateway = gateway_with(f"name: worm, type: folder, path: {folder}")
    assert wait_until(lambda: list(folder.iterdir()))
    run(gateway, 5)
    gateway.wait_for(lambda records: records, "--type", "session_end")
    assert wait_until(lambda: own_size(gateway) > 5 and (folder / f"{own_size(gateway)}.checkpoint").exists())
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert metric(gateway, "sluice_audit_anchor_last_size", "worm") >= size_of(max(folder.iterdir(), key=number_of).read_text())
    time.sleep(2.5)
    assert {file.name for file in folder.iterdir()} == set(before), "nothing has grown"
    stop(gateway)
    gateway.start()
    assert wait_until(lambda: set(before) < {file.name for file in folder.iterdir()})
    assert all((folder / name).stat().st_mtime_ns == when for name, when in before.items()), "none is written twice"
    assert all(size_of(file.read_text()) == number_of(file) for file in folder.iterdir())
    assert verify(gateway, *folder.iterdir())["good"]


def test_a_web_server_that_fails_at_first_gets_the_latest(gateway_with):
    keeper = Keeper(lambda n: 503 if n < 3 else 204)
    gateway = gateway_with(f"name: post, type: http, url: 'http://127.0.0.1:{keeper.port}/in', headers: {{ X-Log: a }}")
    run(gateway, 3)
    assert wait_until(lambda: keeper.taken() and size_of(keeper.taken()[-1][4]) == own_size(gateway))
    _, method, path, headers, body = keeper.taken()[-1]
    assert (method, path, headers["X-Log"]) == ("POST", "/in", "a") and headers["Content-Type"].startswith("text/plain")
    assert body.decode().startswith(ORIGIN + "\n")
    assert metric(gateway, "sluice_audit_anchor_failures_total", "post") == 3
    sizes = [size_of(request[4]) for request in keeper.taken()]
    assert sizes == sorted(set(sizes)), "only what has grown"


def signature_of(method, path, headers, body, region, secret):
    """AWS Signature Version 4 of a request, made anew from what arrived."""
    parts = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^, ]+)", headers["Authorization"]))
    signed = parts["SignedHeaders"].split(";")
    day, region_there, service, _ = parts["Credential"].split("/", 1)[1].split("/")
    assert (region_there, service) == (region, "s3")
    assert {"host", "x-amz-date", "content-md5"} <= set(signed)
    assert "x-amz-content-sha256" in signed and headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
    canonical = "\n".join([method, urllib.parse.quote(path, safe="/-._~"), "",
                           *(f"{name}:{' '.join(headers[name].split())}" for name in signed), "",
                           ";".join(signed), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/s3/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return parts["Signature"], hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_an_object_store_gets_signed_puts(gateway_with):
    keeper = Keeper()
    gateway = gateway_with(f"name: s3, type: s3, url: 'http://127.0.0.1:{keeper.port}/bucket/audit', region: eu-central-1, access_key: AKTEST, "
                           "secret_key_env: TEST_S3_SECRET", env={"TEST_S3_SECRET": "very/secret+key"})
    run(gateway, 3)
    assert wait_until(lambda: keeper.taken() and size_of(keeper.taken()[-1][4]) == own_size(gateway))
    for _, method, path, headers, body in keeper.taken():
        assert method == "PUT" and path == f"/bucket/audit/{size_of(body)}.checkpoint"
        assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKTEST/")
        assert headers["Content-MD5"] == base64.b64encode(hashlib.md5(body).digest()).decode()
        sent, expected = signature_of(method, path, headers, body, "eu-central-1", "very/secret+key")
        assert sent == expected, headers.as_string()
    assert "very/secret" not in gateway.log.read_text()


def test_a_log_host_gets_lines_that_are_evidence(gateway_with, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    received = bytearray()

    def take():
        connection, _ = listener.accept()
        while data := connection.recv(65536):
            received.extend(data)

    threading.Thread(target=take, daemon=True).start()
    gateway = gateway_with(f"name: host, type: syslog, url: 'tcp://127.0.0.1:{listener.getsockname()[1]}', facility: local0")
    run(gateway, 2)
    assert wait_until(lambda: f'size="{own_size(gateway)}"'.encode() in received)
    line = bytes(received).decode()
    assert re.match(r"\d+ <133>1 ", line) and f'origin="{ORIGIN}"' in line
    note = tmp_path / "from-syslog"
    note.write_bytes(base64.b64decode(re.findall(r'note="([^"]+)"', line)[-1]))
    assert verify(gateway, note)["good"]
    listener.close()


@pytest.fixture
def watched(gateway_with, server):
    """A gateway and another one that is its witness, each of which knows the other's key."""
    log = gateway_with()
    key = log.cli("audit", "key").stdout.strip()
    witness = Gateway(server, environment="staging", extra=f"audit: {{ witness: {{ name: witness.example.com/w, logs: ['{key}'] }} }}")
    theirs = witness.cli("audit", "key", "--witness").stdout.strip()
    text = log.config.read_text()
    log.config.write_text(text.replace(f"  origin: {ORIGIN}\n", f"  origin: {ORIGIN}\n  anchors:\n    - {{ name: w, type: witness, "
                                       f"url: 'http://127.0.0.1:{witness.http}/witness', key: '{theirs}', every: 1s, {RETRY} }}\n"))
    log.reload()
    yield log, witness
    assert witness.stop() == 0


def cosigned_file(gateway):
    return audit_of(gateway) / "tlog/cosigned/w"


def cosigned_size(gateway):
    return size_of(cosigned_file(gateway).read_text()) if cosigned_file(gateway).exists() else 0


def test_a_witness_cosigns_and_what_it_cosigned_verifies(watched):
    log, witness = watched
    for label in ("first", "second"):
        run(log, 20, label)
        assert wait_until(lambda: cosigned_size(log) == own_size(log) > 20), log.log.read_text()
    note = cosigned_file(log).read_text()
    assert [line.split()[1] for line in note.splitlines() if line.startswith("— ")] == [ORIGIN, "witness.example.com/w"]
    assert verify(log, cosigned_file(log))["good"]
    assert metric(log, "sluice_audit_anchor_last_size", "w") == cosigned_size(log)
    assert metric(log, "sluice_audit_anchor_failures_total", "w") == 0 and "anchor w" not in warnings(log)
    # Without its own memory, it takes the witness's.
    stop(log)
    cosigned_file(log).unlink()
    log.start()
    run(log, 5, "third")
    assert wait_until(lambda: cosigned_size(log) == own_size(log)), log.log.read_text()
    assert not witness.search("--type", "evidence")


def test_Threat57_a_fork_is_refused_by_the_witness_and_told_on_both_sides(watched, tmp_path):
    log, witness = watched
    run(log, 10, "common")
    assert wait_until(lambda: cosigned_size(log) == own_size(log) > 10)
    stop(log)
    shutil.copytree(audit_of(log), tmp_path / "old")
    log.start()
    run(log, 20, "forgotten")
    assert wait_until(lambda: cosigned_size(log) == own_size(log) > 30)
    evidence = tmp_path / "cosigned"
    shutil.copy(cosigned_file(log), evidence)
    log.kill9()
    shutil.rmtree(audit_of(log))
    shutil.copytree(tmp_path / "old", audit_of(log))
    log.start()
    assert wait_until(lambda: "anchor w" in warnings(log))
    assert "an old copy was brought back" in warnings(log)["anchor w"], "there is less than was cosigned"
    run(log, 60, "other")
    assert wait_until(lambda: own_size(log) > size_of(evidence.read_text()) + 5)
    log.reload()  # Asks anew.
    assert wait_until(lambda: "does not go on from" in warnings(log).get("anchor w", ""))
    assert metric(log, "sluice_audit_anchor_refused", "w") == 1
    assert "FORK" in log.log.read_text()
    told = log.wait_for(lambda r: any("FORK" in e["message"] for e in r), "--type", "evidence")
    assert any(e["message"].startswith("anchor w: FORK") for e in told)
    told = witness.wait_for(lambda r: any(ORIGIN in e["message"] for e in r), "--type", "evidence")
    assert any("does not follow from what was cosigned before" in e["message"] for e in told)
    tries = metric(log, "sluice_audit_anchor_failures_total", "w")
    run(log, 5, "more")
    time.sleep(3)
    assert metric(log, "sluice_audit_anchor_failures_total", "w") == tries, "it is not asked again and again"
    assert {f["kind"] for f in verify(log, evidence)["findings"]} == {"forked"}
    assert verify(log)["good"], "only a checkpoint from elsewhere shows it"


def test_a_witness_that_was_away_and_then_refuses_is_caught_up_with(watched):
    log, witness = watched
    run(log, 10, "before")
    assert wait_until(lambda: cosigned_size(log) == own_size(log) > 10)
    known, memory = cosigned_size(log), log.memory()
    tree = audit_of(log) / "tlog"

    def beside_the_tree():
        return {str(file.relative_to(audit_of(log))) for file in audit_of(log).rglob("*") if file.is_file()
                and not file.is_relative_to(tree / "tile") and not file.is_relative_to(audit_of(log) / "log")}

    files, another = beside_the_tree(), witness.cli("audit", "key").stdout.strip()
    stop(witness)
    # About as many checkpoints as are signed in an hour: each receipt asks for one.
    connection = psycopg2.connect(log.dsn())
    connection.autocommit = True
    heads = set()
    with connection.cursor() as cursor:
        for i in range(3600):
            cursor.execute(f"SELECT 'while away {i}'")
            cursor.execute("SHOW sluice.receipt")
            heads.add(cursor.fetchone()[0].split("\n\n")[1].splitlines()[1])
    connection.close()
    assert len(heads) > 3000, "each is of another size"
    assert cosigned_size(log) == known
    assert wait_until(lambda: "anchor w" in warnings(log)), "ten times as long as `every`"
    failures = metric(log, "sluice_audit_anchor_failures_total", "w")
    assert failures > 0 and metric(log, "sluice_audit_anchor_last_size", "w") == known
    assert beside_the_tree() - files <= {"tlog/checkpoint.new"}, "nothing is queued: the latest covers what was missed"
    assert log.memory() - memory < 32 << 20
    # It is there again, and does not know the log any more.
    theirs = witness.config.read_text()
    witness.config.write_text(theirs.replace(log.cli("audit", "key").stdout.strip(), another))
    witness.start()
    assert wait_until(lambda: "check url, and its audit.witness.logs" in warnings(log)["anchor w"]), warnings(log)
    run(log, 5, "while it refuses")
    assert cosigned_size(log) == known
    stop(witness)  # Whom it knows is read at its start.
    witness.config.write_text(theirs)
    witness.start()
    assert wait_until(lambda: cosigned_size(log) == own_size(log)), log.log.read_text()[-2000:]
    assert "anchor w" not in warnings(log) and verify(log, cosigned_file(log))["good"]
    assert metric(log, "sluice_audit_anchor_refused", "w") == 0
    assert not any("anchor w" in e["message"] for e in log.search("--type", "evidence")), "being away is no fork"


def test_a_dead_anchor_slows_nothing_and_is_told_of(gateway_with):
    # It takes connections and never answers: worse than one that refuses.
    silent = socket.create_server(("127.0.0.1", 0))
    keeper = Keeper()
    gateway = gateway_with(f"name: silent, type: http, timeout: 2s, url: 'http://127.0.0.1:{silent.getsockname()[1]}/'",
                           "name: gone, type: folder, path: /nonexistent/share",
                           f"name: good, type: http, url: 'http://127.0.0.1:{keeper.port}/'")
    start = time.time()
    run(gateway, 300)
    assert time.time() - start < 60, "statements do not wait, 2 s each"
    assert wait_until(lambda: keeper.taken() and size_of(keeper.taken()[-1][4]) > 300), "nor do the other anchors"
    assert wait_until(lambda: {"anchor silent", "anchor gone"} <= set(warnings(gateway)))
    assert "mount or make the folder" in warnings(gateway)["anchor gone"] and "anchor good" not in warnings(gateway)
    assert json.loads(get(gateway, "/readyz"))["status"] == "ready"
    start = time.time()
    stop(gateway)
    assert time.time() - start < 20, "nor does the end wait for it"
    silent.close()


def test_anchors_are_reloaded_or_refused(gateway_with, tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    gateway = gateway_with(f"name: a, type: folder, path: {folder}")
    assert wait_until(lambda: list(folder.iterdir()))
    text = gateway.config.read_text()
    keeper = Keeper()
    url = f"type: http, url: 'https://127.0.0.1:{keeper.port}/', tls: {{ ca: nothing.pem }}"
    gateway.config.write_text(text.replace(f"type: folder, path: {folder}", url))
    gateway.reload()
    log = gateway.log.read_text()
    assert "configuration not reloaded, the old one stays:" in log and 'ca: anchor "a": cannot read the authorities' in log
    gateway.config.write_text(text.replace(f"type: folder, path: {folder}", f"type: http, url: 'http://127.0.0.1:{keeper.port}/'"))
    gateway.reload()
    run(gateway, 3)
    assert wait_until(lambda: keeper.taken() and size_of(keeper.taken()[-1][4]) == own_size(gateway))
