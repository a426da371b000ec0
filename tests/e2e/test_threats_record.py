"""What hostile input can do to the record, and who may do what to the gateway (threats 57 and 58)."""

import csv
import hashlib
import http.client
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POISON = "line\nnext\r\x1b[2J\x1b]0;title\x07\",\"user\":\"root\"}\x7f\u009b31m\u202e=1+1"


def controls_in(shown):
    """What a terminal would obey: control characters other than line ends and tabs."""
    return [c for c in shown if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]


def test_Threat57_a_record_is_a_record_whatever_stands_in_it(gateway):
    client = WireClient(gateway.port)
    client.login(application_name=POISON.encode("ascii", "replace").decode())
    texts = [f"SELECT 'poison57' /* {POISON} */", "SELECT 'poison57' AS \"%s\"" % POISON.replace('"', '""'), "SELECT 'poison57', E'\\n{\"type\":\"admin\"}'"]
    for text in texts:
        assert kinds(client.run(query(text))) == "TDCZ", text
    client.run(parse("SELECT 'poison57', $1::text") + bind(values=[POISON.encode()]) + execute() + SYNC)
    records = gateway.wait_for(lambda r: len(r) >= 4, "--text", "poison57")
    assert len(records) == 4, "one record for each, none made up"
    for text, record in zip(texts, records):
        assert record["text"] == text and record["user"] == "alice" and record["type"] == "statement"
    assert records[3]["parameters"] == [POISON]
    for output in ("table", "csv", "json"):
        assert not controls_in(gateway.cli("audit", "search", "--text", "poison57", "-o", output).stdout), output
    table = gateway.cli("audit", "search", "--text", "poison57", "-o", "table").stdout
    assert len(table.strip().splitlines()) == 5, "a heading and four records"
    rows = list(csv.reader(io.StringIO(gateway.cli("audit", "search", "--text", "poison57", "-o", "csv").stdout)))
    assert len(rows) == 5 and {len(row) for row in rows} == {len(rows[0])}
    for line in gateway.log.read_text().splitlines():
        assert "\x1b" not in line


def test_Threat57_poisoned_names_of_those_who_fail(gateway):
    for user in ("mallory\x1b[2J", "mallory\nuser=root", 'mallory","type":"admin'):
        assert WireClient(gateway.port).login(user=user)[-1][0] == b"E"
    assert WireClient(gateway.port).login(database="orders\x1b[2J\n")[-1][0] == b"E"
    failed = gateway.wait_for(lambda r: len(r) >= 4, "--type", "login_failed")
    assert len([r for r in failed if r["user"].startswith("mallory")]) == 3
    for output in ("table", "csv", "json"):
        assert not controls_in(gateway.cli("audit", "search", "--type", "login_failed", "-o", output).stdout), output
    assert len(gateway.cli("audit", "search", "--type", "login_failed").stdout.strip().splitlines()) == len(failed) + 1


def test_Threat57_nobody_states_the_address_they_come_from(gateway):
    client = WireClient(gateway.port)
    assert client.login(user="mallory-from", options="-c sluice.asked_from=10.9.8.7")[-1][0] == b"E"
    client.close()
    failed = gateway.wait_for(lambda rs: rs, "--type", "login_failed", "--user", "mallory-from")
    assert [r["client"].rsplit(":", 1)[0] for r in failed] == ["127.0.0.1"], failed


def test_Threat57_a_huge_text_is_cut_and_says_so(gateway):
    client = WireClient(gateway.port, timeout=60)
    client.login()
    text = "SELECT 'huge57', '" + "x" * 5_000_000 + "'"
    assert kinds(client.run(query(text))) == "TDCZ"
    (record,) = gateway.wait_for(lambda r: r, "--text", "huge57")
    assert len(record["text"]) <= 16 * 1024 and text.startswith(record["text"])
    assert record["text_length"] == len(text)
    assert record["text_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_Threat57_however_it_ends_it_is_recorded_once(guarded):
    client = WireClient(guarded.port, timeout=30)
    client.login()
    client.run(query("SELECT 'once57 done'"))
    client.run(query("TRUNCATE once57_refused"))
    client.run(query("SELECT 'once57 failed', 1/0"))
    client.run(parse("SELECT 'once57 first', 1/0::int", "") + bind() + execute() + parse("SELECT 'once57 skipped'") + bind() + execute() + SYNC)
    client.send(query("SELECT 'once57 cancelled', pg_sleep(30)"))
    guarded.wait_for(lambda _: "pg_sleep" in guarded.cli("session", "list", "-o", "json").stdout)
    canceller = WireClient(guarded.port)
    canceller.send((8 + len(client.key)).to_bytes(4, "big") + (80877102).to_bytes(4, "big") + client.key)
    assert canceller.read_to_end() == b""
    client.read_until()
    client.send(query("SELECT 'once57 lost', pg_sleep(30)"))
    time.sleep(0.3)
    client.close()
    expected = {"once57 done": ("allowed", None), "once57_refused": ("denied", "42501"), "once57 failed": ("allowed", "22012"),
                "once57 skipped": ("skipped", None), "once57 cancelled": ("allowed", "57014"), "once57 lost": ("lost", None)}
    for text, (decision, sqlstate) in expected.items():
        records = guarded.wait_for(lambda r: r, "--text", text)
        assert [(r["decision"], r.get("sqlstate")) for r in records] == [(decision, sqlstate)], (text, records)
    assert guarded.search("--type", "cancel")


def stopped_with_records(server, count=30, by=signal.SIGTERM):
    running = Gateway(server, extra="audit: { segment_size: 1MiB }")
    client = WireClient(running.port)
    client.login()
    for i in range(count):
        client.run(query(f"SELECT 'kept57 {i}'"))
    client.close()
    running.signal(by)
    assert running.process.wait(timeout=30) == (0 if by == signal.SIGTERM else -by)
    return running


def segment_with(running, text):
    (found,) = [p for p in pathlib.Path(running.root, "state/audit/log").iterdir() if text in p.read_bytes()]
    return found


def test_Threat57_a_tail_that_was_cut_off(server):
    """The gateway starts, a search says where the log ends too soon, and what is before the cut is not lost."""
    running = stopped_with_records(server)
    try:
        segment = segment_with(running, b"kept57 20")
        data = segment.read_bytes()
        segment.write_bytes(data[:data.index(b"kept57 20") + 4])
        running.start()
        assert running.psql("-Atc", "SELECT 'kept57 after'").stdout == "kept57 after\n"
        damaged = running.cli("audit", "search", "--text", "kept57", check=False)
        assert damaged.returncode == 1 and f"the audit log is damaged: {segment.name} at byte" in damaged.stderr
        running.signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
        for file in pathlib.Path(running.root, "state/audit").glob("index.db*"):
            file.unlink()
        running.start()
        texts = [r["text"] for r in running.wait_for(lambda r: any("after" in x["text"] for x in r), "--text", "kept57")]
        assert texts == [f"SELECT 'kept57 {i}'" for i in range(20)] + ["SELECT 'kept57 after'"]
    finally:
        running.stop()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_Threat57_garbage_for_segments(server, end):
    """In a log that was closed each start names what was put there since; after a crash it is looked over. Nothing is lost."""
    running = stopped_with_records(server, by=end)
    try:
        folder = pathlib.Path(running.root, "state/audit/log")
        name = segment_with(running, b"kept57 20").name
        digits = len(name.split("-")[0])
        put = {folder / f"{777777:0{digits}}-3.seg": b"", folder / f"{999999:0{digits}}-0.seg": os.urandom(300_000)}
        for file, data in put.items():
            file.write_bytes(data)
        (folder / "not-a-segment").write_bytes(b"x" * 10)
        for file in pathlib.Path(running.root, "state/audit").glob("index.db*"):
            file.write_bytes(os.urandom(100_000))
        for file in put if end == signal.SIGTERM else []:
            with pytest.raises(RuntimeError, match=f"stands in {file.name}: somebody has put it there"):
                running.start()
            file.unlink()
        running.start()
        assert running.psql("-Atc", "SELECT 'kept57 after'").stdout == "kept57 after\n"
        texts = [r["text"] for r in running.wait_for(lambda r: any("after" in x["text"] for x in r), "--text", "kept57")]
        assert all(f"SELECT 'kept57 {i}'" in texts for i in range(30))
    finally:
        running.stop()


# Who may do what: anybody who reaches the HTTP port, somebody on the machine, a database user, the owner of the state.

LOCAL_VERBS = [("GET", "/api/v1/sessions"), ("DELETE", "/api/v1/sessions/{id}"), ("POST", "/api/v1/databases/orders/check"), ("GET", "/api/v1/version"),
               ("PUT", "/api/v1/policy"), ("GET", "/api/v1/policy/versions"), ("GET", "/api/v1/streams")]
DETOURS = ["{}", "/{}", "{}/", "{}?x=1", "/healthz/..{}", "/metrics{}", "/%2e%2e{}", "{}#x", "http://localhost{}", "{}%00", "/.{}"]


def test_Threat58_the_public_port_has_no_admin_verbs(gateway):
    victim = WireClient(gateway.port)
    victim.login()
    victim.run(query("SELECT 1"))
    (session,) = [s["id"] for s in json.loads(gateway.cli("session", "list", "-o", "json").stdout) if s["statements"] == 1][-1:]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"):
        for path in {path for _, path in LOCAL_VERBS}:
            for detour in DETOURS:
                connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=10)
                try:
                    connection.request(method, detour.format(path.format(id=session)), headers={"X-HTTP-Method-Override": "GET"})
                    answer = connection.getresponse()
                    body = answer.read()
                    # A path that is nothing else's is a page of the console, where that is installed.
                    page = method == "GET" and answer.headers["Content-Type"] == "text/html; charset=utf-8"
                    assert answer.status in (400, 401, 404, 405) or (answer.status == 200 and page), (method, detour, path, answer.status)
                    assert b"alice" not in body and b"PostgreSQL" not in body
                except (http.client.HTTPException, ConnectionError):
                    pass  # Closed without an answer.
                finally:
                    connection.close()
    assert kinds(victim.run(query("SELECT 'alive'"))) == "TDCZ"


def test_Threat58_hostile_http_leaves_the_gateway_alone(gateway):
    for data in (b"\0" * 100, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
                 b"POST /healthz HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
                 b"GET /healthz HTTP/9.9\r\n\r\n", b"GET /healthz HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"):
        client = WireClient(gateway.http, timeout=20)
        try:
            client.send(data)
            client.sock.shutdown(1)
        except OSError:
            pass
        client.read_to_end()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=10)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200


VERBS = [("policy", "save", "standard"), ("policy", "history"), ("user", "add", "eve", "--generate"), ("user", "list"), ("user", "passwd", "alice", "--generate"), ("user", "disable", "alice"),
         ("user", "enable", "alice"), ("user", "remove", "alice"), ("session", "list"), ("session", "kill", "1"),
         ("database", "check", "orders"), ("audit", "search"), ("audit", "show", "1"), ("audit", "tail", "--limit", "1"), ("audit", "streams")]


@pytest.fixture
def readable(gateway):
    """The configuration is everybody's to read, and the way to the state open: only the state itself says no."""
    modes = {path: path.stat().st_mode for path in (gateway.root, gateway.config)}
    gateway.root.chmod(0o755)
    gateway.config.chmod(0o644)
    yield gateway
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_Threat58_another_account_of_the_machine_may_do_nothing(readable, verb, tmp_path_factory):
    if os.getuid() != 0:
        pytest.fail("needs root, to be somebody else")
    binary = pathlib.Path("/tmp") / f"sluice-threat58-{os.getpid()}"
    if not binary.exists():
        shutil.copy(SLUICE, binary)
        binary.chmod(0o755)
    try:
        done = subprocess.run(["runuser", "-u", "nobody", "--", binary, *verb, "--config", str(readable.config)], text=True,
                              capture_output=True, timeout=30, cwd="/")
        assert done.returncode != 0, done.stdout
        assert not any(word in done.stdout for word in ("alice", "SELECT", "PostgreSQL"))
        assert any(words in done.stderr for words in ("ermission denied", "cannot", "not for this user")), done.stderr
    finally:
        binary.unlink()
    assert readable.psql("-Atc", "SELECT 1").stdout == "1\n", "and alice is as she was"


@pytest.mark.parametrize("verb", [v for v in VERBS if v[:2] not in (("session", "kill"), ("audit", "tail"))], ids=" ".join)
def test_Threat58_the_owner_of_the_state_may_do_all_and_is_recorded(server, verb):
    running = Gateway(server)
    try:
        before = len(running.search("--type", "admin"))
        assert running.cli(*verb).returncode == 0
        if verb[:2] == ("policy", "save") or (verb[0] == "user" and verb[1] != "list"):
            records = running.wait_for(lambda r: len(r) > before, "--type", "admin")
            assert "uid" in records[-1]["user"]
            assert ("policy 1 saved" if verb[0] == "policy" else verb[2]) in records[-1]["message"]
    finally:
        assert running.stop() == 0


def test_Threat58_no_admin_console_behind_a_database_name(gateway):
    """PgBouncer has one; here there is none, so nobody can log in to it."""
    for name in ("pgbouncer", "sluice", "admin", "console", "postgres", "template1", ""):
        answer = WireClient(gateway.port).login(database=name)[-1]
        assert answer[0] == b"E" and error_fields(answer[1])["C"] in ("3D000", "08P01"), name
    client = WireClient(gateway.port)
    client.login()
    for text in ("SHOW POOLS", "SHOW CLIENTS", "RELOAD", "SHUTDOWN", "KILL orders", "PAUSE", "SUSPEND", "DISABLE orders"):
        assert kinds(client.run(query(text))) == "EZ", text
    assert PASSWORD and kinds(client.run(query("SELECT 1"))) == "TDCZ"
