"""Results that a rule has kept: as the client received them, encrypted, for auditors alone, and found out when altered."""

import json
import struct
import subprocess
import time

import psycopg2
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import WireClient, kinds, message

RETENTION = "audit: { retention: [ { name: results, type: captured, keep: 30d } ] }\n"
POLICY = """
rules:
  - { name: everybody, effect: allow }
  - { name: contractors, effect: allow, who: { users: [carl] }, capture: 64KiB }
"""


def halt(running):
    """Stops it, and leaves its state."""
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0


def make(server, reactor="io_uring", retention=RETENTION, masking=True, **options):
    server.sql("""DROP TABLE IF EXISTS kept_people; CREATE TABLE kept_people (id int PRIMARY KEY, email text, score float8, big text);
        INSERT INTO kept_people SELECT i, 'person' || i || '@example.com', i / 4.0, NULL FROM generate_series(1, 50) i""", "orders")
    running = Gateway(server, reactor=reactor, environment="staging", masking=masking, start=False, **options)
    (running.root / "policy.yaml").write_text(POLICY)
    running.config.write_text(running.config.read_text() + f"policy: {{ file: {running.root}/policy.yaml }}\n" + retention)
    for user in ("carl",):
        running.cli("user", "add", user, "--password-stdin", input=PASSWORD + "\n")
    running.start()
    return running


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    running = make(server, request.param)
    yield running
    assert running.stop() == 0


def record_of(gateway, part, count=1):
    found = gateway.wait_for(lambda r: len(r) >= count, "--user", "carl", "--type", "statement", "--text", part)
    assert len(found) == count, found
    return found[-1]


def result(gateway, record, check=True):
    answer = gateway.cli("audit", "result", str(record["id"]), "-o", "json", check=check)
    return json.loads(answer.stdout) if answer.returncode == 0 else answer


def test_what_the_client_received_is_kept_masked(gateway):
    shown = gateway.psql("-At", "-c", "SELECT id, email, score, big FROM kept_people WHERE id <= 3 ORDER BY id", user="carl")
    rows = [line.split("|") for line in shown.stdout.splitlines()]
    assert len(rows) == 3 and not any("person1@" in cell for row in rows for cell in row)
    kept = result(gateway, record_of(gateway, "id <= 3"))
    assert [column["name"] for column in kept["columns"]] == ["id", "email", "score", "big"]
    assert [["" if value is None else value for value in row] for row in kept["rows"]] == rows
    assert kept["user"] == "carl" and kept["left_out"] == 0
    table = gateway.cli("audit", "result", str(kept["record"]), "-o", "csv").stdout
    assert table.splitlines()[0] == "id,email,score,big" and len(table.splitlines()) == 4


WAYS = {
    "extended": lambda c, where: c.execute(f"SELECT id FROM kept_people WHERE {where}"),
    "prepared": lambda c, where: (c.execute(f"PREPARE p AS SELECT id FROM kept_people WHERE {where}"), c.execute("EXECUTE p")),
    "cursor": lambda c, where: (c.execute("BEGIN"), c.execute(f"DECLARE k CURSOR FOR SELECT id FROM kept_people WHERE {where}"), c.execute("FETCH ALL FROM k"), c.execute("COMMIT")),
    "returning": lambda c, where: c.execute(f"UPDATE kept_people SET id = id WHERE {where} RETURNING id"),
}


@pytest.mark.parametrize("way", WAYS)
def test_by_every_way_that_rows_come(gateway, way):
    number = 10 + list(WAYS).index(way)
    connection = psycopg2.connect(gateway.dsn(user="carl", application_name=f"way-{way}"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        WAYS[way](cursor, f"id = {number}")
    connection.close()
    found = gateway.wait_for(lambda r: any(e.get("captured") for e in r), "--application", f"way-{way}", "--type", "statement")
    (kept,) = [r for r in found if r.get("captured")]
    assert result(gateway, kept)["rows"] == [[str(number)]]


def test_results_in_binary_and_of_copy(gateway):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(gateway.dsn(user="carl", application_name="binary"), autocommit=True) as connection:
        assert connection.execute("SELECT id, score FROM kept_people WHERE id = %s", (20,), binary=True).fetchall() == [(20, 5.0)]
        with connection.cursor().copy("COPY (SELECT id FROM kept_people WHERE id BETWEEN 21 AND 23) TO STDOUT") as copy:
            assert len(list(copy)) > 0
    found = gateway.wait_for(lambda r: sum("captured" in e for e in r) == 2, "--application", "binary", "--type", "statement")
    binary, copied = [r for r in found if r.get("captured")]
    assert result(gateway, binary)["rows"] == [["20", "5"]]
    assert result(gateway, copied)["copy"] == "21\n22\n23\n"


def test_others_and_texts_of_several_statements(gateway):
    assert gateway.psql("-c", "SELECT 'alice asks', id FROM kept_people").returncode == 0
    (alice,) = gateway.wait_for(lambda r: r, "--user", "alice", "--text", "alice asks")
    assert "captured" not in alice
    refused = gateway.cli("audit", "result", str(alice["id"]), check=False)
    assert refused.returncode != 0 and "no rule asked for it" in refused.stderr
    assert gateway.psql("-c", "SELECT id FROM kept_people WHERE id = 31; SELECT id FROM kept_people WHERE id > 31 AND id < 34", user="carl").returncode == 0
    found = gateway.wait_for(lambda r: len(r) == 2, "--user", "carl", "--type", "statement", "--text", "id > 31 AND id < 34")
    assert [result(gateway, record)["rows"] for record in found] == [[["31"]], [["32"], ["33"]]]


TALKS = """
CREATE OR REPLACE FUNCTION kept_talks(what text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN RAISE NOTICE 'of % and %', what, 'eve' || '@example.com' USING DETAIL = 'at ' || what; RETURN what; END$$;
CREATE OR REPLACE FUNCTION kept_fails(what text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION 'no %', what USING HINT = 'ask for more'; END$$;
"""


def told(kept):
    return [(one["sqlstate"], one["message"], one.get("detail"), one.get("hint")) for one in kept["messages"]]


@pytest.mark.parametrize("masking", [True, False], ids=["masked", "plain"])
def test_what_the_client_was_told_is_kept_as_it_was_told(server, masking):
    running = make(server, masking=masking)
    server.sql(TALKS, "orders")
    psycopg = pytest.importorskip("psycopg")
    try:
        heard = []
        with psycopg.connect(running.dsn(user="carl", application_name="told"), autocommit=True, prepare_threshold=0) as connection:
            connection.add_notice_handler(lambda d: heard.append((d.sqlstate, d.message_primary, d.message_detail, d.message_hint)))
            # As a simple query; in the extended protocol, while it runs and while it is planned.
            connection.pgconn.exec_(b"SELECT kept_talks('simple ' || id), id FROM kept_people WHERE id < 3")
            connection.execute("SELECT kept_talks('ran ' || id) FROM kept_people WHERE id = %s", (1,))
            connection.execute("SELECT kept_talks('planned'), id FROM kept_people WHERE id = %s", (1,))
            assert len(heard) == 4, heard
            for text, parameters in (("SELECT kept_fails('simple') FROM kept_people WHERE id = 1", None),
                                     ("SELECT kept_fails('ran') FROM kept_people WHERE id = %s", (1,)),
                                     ("DO $$BEGIN RAISE NOTICE 'done nothing'; END$$", None),
                                     ("SELECT 1 / (id - id) FROM kept_people WHERE id = %s", (1,))):
                try:
                    connection.execute(text, parameters)
                except psycopg.Error as error:
                    heard.append((error.diag.sqlstate, error.diag.message_primary, error.diag.message_detail, error.diag.message_hint))
        found = running.wait_for(lambda r: sum("captured" in e for e in r) == 7, "--application", "told", "--type", "statement")
        kept = [result(running, record) for record in found if "captured" in record]
        assert [message for one in kept for message in told(one)] == heard
        assert [len(one["messages"]) for one in kept] == [2, 1, 1, 1, 1, 1, 1]
        assert [message["type"] for one in kept for message in one["messages"]] == ["notice"] * 4 + ["error", "error", "notice", "error"]
        assert [message["after_rows"] for message in kept[0]["messages"]] == [0, 1]
        assert len(kept[0]["rows"]) == 2 and kept[4]["rows"] == []
        everything = json.dumps(kept)
        assert ("eve@example.com" in everything) == (not masking)
        # A transcript can show them, and says on the record that it does.
        session = str(found[0]["session"])
        plain = running.cli("audit", "transcript", session).stdout
        assert " row(s): " not in plain and "sluice audit result" in plain
        replay = running.cli("audit", "transcript", session, "--results").stdout
        for state, message, _, _ in heard:
            assert f"{state} after " in replay and message.splitlines()[0] in replay, replay
        lines = [json.loads(line) for line in running.cli("audit", "transcript", session, "--results", "-o", "json").stdout.splitlines()]
        assert [line["result"]["messages"] for line in lines if "result" in line] == [one["messages"] for one in kept]
        running.wait_for(lambda r: any("with the results that are kept" in e["message"] for e in r), "--type", "audit_read")
        shown = running.cli("audit", "result", str(kept[0]["record"]))
        assert heard[0][1] in shown.stderr and "NOTICE" not in shown.stdout
    finally:
        server.sql("DROP FUNCTION kept_talks, kept_fails", "orders")
        assert running.stop() == 0


def test_it_is_told_where_a_result_was_cut(server):
    running = make(server)
    (running.root / "policy.yaml").write_text(POLICY.replace("capture: 64KiB", "capture: 64KiB, limit: { rows: 3 }"))
    running.reload()
    try:
        shown = running.psql("-c", "SELECT id FROM kept_people ORDER BY id", user="carl")
        assert shown.returncode != 0
        kept = result(running, record_of(running, "FROM kept_people ORDER BY id"))
        ((state, text, _, _),) = told(kept)
        assert state == "42501" and text in shown.stderr
        assert kept["messages"][0]["type"] == "error" and kept["messages"][0]["after_rows"] == len(kept["rows"]) == 3
    finally:
        assert running.stop() == 0


def test_it_is_bounded_and_says_what_it_left_out(gateway):
    assert gateway.psql("-c", "SELECT g, repeat('x', 1000) FROM generate_series(1, 500) g", user="carl").returncode == 0
    record = record_of(gateway, "repeat('x', 1000)")
    kept = result(gateway, record)
    assert 50 < len(kept["rows"]) < 66 and kept["bytes"] <= 64 << 10 < kept["bytes"] + kept["left_out"], (len(kept["rows"]), kept["bytes"])
    assert [row[0] for row in kept["rows"]] == [str(i + 1) for i in range(len(kept["rows"]))]
    assert "bytes more were shown than are kept" in gateway.cli("audit", "result", str(record["id"])).stderr


def test_nothing_of_it_can_be_read_on_the_disk_and_reading_is_recorded(gateway):
    assert gateway.psql("-c", "SELECT 'needle-in-' || 'a-result', id FROM kept_people WHERE id = 40", user="carl").returncode == 0
    record = record_of(gateway, "needle-in-")
    assert result(gateway, record)["rows"][0][0] == "needle-in-a-result"
    for file in (gateway.root / "state").rglob("*"):
        if file.is_file():
            assert b"needle-in-a-result" not in file.read_bytes(), file
    reads = gateway.wait_for(lambda r: any(f"record {record['id']}" in e["message"] for e in r), "--type", "audit_read")
    assert any(f"the result of record {record['id']}" in e["message"] for e in reads)
    transcript = gateway.cli("audit", "transcript", str(record["session"])).stdout
    assert f"sluice audit result {record['id']}" in transcript


def test_function_calls_by_message_are_refused(server):
    running = make(server, masking=False, database_extra="allow_function_call: true")
    try:
        client = WireClient(running.port)
        client.login()
        # 1598: random(). The policy is not asked about these, so nobody's can be shown.
        answers = client.run(message(b"F", struct.pack("!IHHH", 1598, 0, 0, 0)))
        assert kinds(answers) == "EZ" and b"is not kept" in answers[0][1], answers
    finally:
        assert running.stop() == 0


def test_nobody_has_said_how_long(server):
    running = make(server, retention="")
    try:
        done = running.psql("-c", "SELECT id FROM kept_people", user="carl")
        assert done.returncode != 0 and "nobody has said how long" in done.stderr and "audit.retention" in done.stderr
        assert running.psql("-c", "SELECT id FROM kept_people").returncode == 0
        (denied,) = running.wait_for(lambda r: r, "--user", "carl", "--decision", "denied")
        assert denied["rule"] == "contractors"
    finally:
        assert running.stop() == 0


def test_without_its_key_nothing_is_shown_to_the_client(server):
    running = make(server)
    try:
        (running.root / "state/results.key").write_bytes(b"short")
        (running.root / "state/results.key").chmod(0o600)
        done = running.psql("-c", "SELECT id FROM kept_people", user="carl")
        assert done.returncode != 0 and "cannot be" in done.stderr and "person" not in done.stdout
        (running.root / "state/results.key").unlink()
        assert running.psql("-c", "SELECT id FROM kept_people WHERE id = 1", user="carl").returncode == 0
    finally:
        assert running.stop() == 0


def test_without_its_key_what_parsing_tells_is_not_shown_and_the_session_goes_on(server):
    running = make(server)
    psycopg = pytest.importorskip("psycopg")
    key = running.root / "state/results.key"
    try:
        heard = []
        with psycopg.connect(running.dsn(user="carl"), autocommit=True) as connection:
            connection.add_notice_handler(lambda d: heard.append((d.sqlstate, d.message_primary)))
            key.write_bytes(b"short")
            key.chmod(0o600)
            # Its name is too long, of which the server tells while it parses.
            parsed = connection.pgconn.prepare(b"p1", b"SELECT id AS person_" + b"x" * 60 + b" FROM kept_people")
            assert parsed.status == psycopg.pq.ExecStatus.COMMAND_OK
            ((state, notice),) = heard
            assert state == "01000" and "is not shown" in notice and "cannot be" in notice and "person_" not in notice
            failed = connection.pgconn.prepare(b"p2", b"SELECT no_such_column FROM kept_people")
            words = failed.error_message.decode()
            assert failed.status == psycopg.pq.ExecStatus.FATAL_ERROR and "cannot be" in words and "no_such" not in words
            assert "ERROR" in words and "puts the key back" in words
            ran = connection.pgconn.exec_prepared(b"p1", [])
            assert ran.status == psycopg.pq.ExecStatus.FATAL_ERROR and ran.ntuples == 0
            key.unlink()
            ran = connection.pgconn.exec_prepared(b"p1", [])
            assert ran.status == psycopg.pq.ExecStatus.TUPLES_OK and ran.ntuples == 50, ran.error_message
    finally:
        assert running.stop() == 0


def test_alteration_and_erasure_are_found(server):
    running = make(server)
    state = running.root / "state"
    assert running.psql("-c", "SELECT email FROM kept_people WHERE id = 7", user="carl").returncode == 0
    record = record_of(running, "id = 7")
    parts = running.wait_for(lambda r: r, "--type", "captured", "--user", "carl")
    assert [p["captured"] for p in parts] == [record["captured"].split()[0] + " part 1"]
    deadline = time.time() + 30
    while running.cli("audit", "receipt", str(parts[0]["id"]), check=False).returncode != 0 and time.time() < deadline:
        time.sleep(0.1)
    halt(running)
    # Another key opens nothing.
    key = (state / "results.key").read_bytes()
    (state / "results.key").write_bytes(bytes(32))
    other = result(running, record, check=False)
    assert other.returncode != 0 and "altered" in other.stderr
    (state / "results.key").write_bytes(key)
    assert len(result(running, record)["rows"]) == 1
    # A byte of the kept part.
    (segment,) = [f for f in (state / "audit/log").iterdir() if record["captured"].split()[0].encode() in f.read_bytes()]
    data = segment.read_bytes()
    place = data.index((record["captured"].split()[0] + " part 1").encode()) + 60
    segment.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
    verified = running.cli("audit", "verify", check=False)
    assert verified.returncode == 1, verified.stdout
    segment.write_bytes(data)
    assert running.cli("audit", "verify", check=False).returncode == 0
    # Erased, with a word.
    running.start()
    running.cli("audit", "erase", "--records", str(parts[0]["id"]), "--reason", "asked for")
    gone = result(running, record, check=False)
    assert gone.returncode != 0 and "has been erased" in gone.stderr
    assert running.cli("audit", "verify").returncode == 0
    assert running.stop() == 0


def test_only_auditors_read_it_over_http(server):
    running = make(server)
    try:
        assert running.psql("-c", "SELECT id FROM kept_people WHERE id = 9", user="carl").returncode == 0
        record = record_of(running, "id = 9")
        answer = subprocess.run(["curl", "-s", "--unix-socket", str(running.root / "state/control.sock"),
                                 f"http://sluice/api/v1/audit/records/{record['id']}/result"], capture_output=True, text=True, check=True)
        assert json.loads(answer.stdout)["rows"] == [["9"]]
    finally:
        assert running.stop() == 0
