"""Receipts for data that leave to train a model: of every way out, masked, and none without."""

import base64
import contextlib
import csv
import hashlib
import io
import json
import re
import struct
import subprocess
import time

import psycopg
import psycopg2
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

NAMES = [f"{first} {last}" for last in ("Schmidt", "Keller", "Novak", "Fischer", "Weber", "Huber", "Moreau", "Rossi", "Jansen", "Lindqvist")
         for first in ("Anna", "Peter", "Maria", "Jonas", "Laura", "Felix")]
ROWS = [(i, NAMES[i], f"person{i}@example.com", None if i % 7 == 0 else f'note "{i}"\twith,\\ all') for i in range(60)]
POLICY = """
rules:
  - { name: everybody, effect: allow }
  - { name: trainers-see, effect: unmask, who: { groups: [support] }, classes: [email], when: { purpose: [training] } }
"""


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    quoted = ", ".join("({}, '{}', '{}', {})".format(i, n, e, "NULL" if t is None else "'" + t + "'") for i, n, e, t in ROWS)
    server.sql("DROP TABLE IF EXISTS train_people; CREATE TABLE train_people (id int PRIMARY KEY, full_name text, email text, remark text); "
               f"INSERT INTO train_people VALUES {quoted}", "orders")
    running = Gateway(server, reactor=request.param, environment="staging", masking=True, start=False)
    (running.root / "policy.yaml").write_text(POLICY)
    running.config.write_text(running.config.read_text() + f"policy: {{ file: {running.root}/policy.yaml }}\n")
    running.cli("user", "add", "dora", "--group", "support", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    (running.root / "log.pub").write_text(running.cli("audit", "key").stdout)
    yield running
    assert running.stop() == 0


def training(gateway, dataset="churn", user="alice", **more):
    connection = psycopg2.connect(gateway.dsn(user=user, **more))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET sluice.purpose = 'training'")
        if dataset:
            cursor.execute(f"SET sluice.dataset = '{dataset}'")
    return connection


def envelope(cursor):
    cursor.execute("SHOW sluice.provenance")
    return cursor.fetchone()[0]


def said(text):
    return json.loads(base64.b64decode(json.loads(text)["payload"]))


def leaf(row):
    fields = b"".join(struct.pack(">i", -1) if v is None else struct.pack(">i", len(v)) + v for v in row)
    return hashlib.sha256(b"\0" + struct.pack(">h", len(row)) + fields).digest()


def root(hashes):
    """RFC 6962, 2.1, once more."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(hashes[:k]) + root(hashes[k:])).digest()


def root_of(rows):
    return root([leaf([None if v is None else str(v).encode() for v in row]) for row in rows]).hex()


def kept(gateway, condition, *filters, count=1):
    """Records for which it holds, once there are so many."""
    return [r for r in gateway.wait_for(lambda all: sum(map(condition, all)) >= count, *filters) if condition(r)]


def receipts(gateway, dataset):
    return [r for r in gateway.search("--type", "provenance") if r["dataset"] == dataset]


def verify(gateway, text, *more):
    file = gateway.root / "receipt.json"
    file.write_text(text)
    return gateway.cli("provenance", "verify", str(file), "--key", str(gateway.root / "log.pub"), *more, check=False)


def test_rows_of_a_query(gateway):
    with training(gateway).cursor() as cursor:
        cursor.execute("SET sluice.model = 'churn-7'")
        cursor.execute("SELECT id, full_name, email, remark FROM train_people ORDER BY id")
        rows = cursor.fetchall()
        text = envelope(cursor)
    assert all(name != ROWS[i][1] and email != ROWS[i][2] for i, name, email, _ in rows), "masked"
    what = said(text)
    assert what["_type"] == "https://in-toto.io/Statement/v1"
    predicate = what["predicate"]
    assert what["subject"] == [{"name": "churn", "digest": {"sluiceRows": root_of(rows)}}]
    assert predicate["rows"]["count"] == 60 and predicate["model"] == "churn-7" and predicate["by"]["user"] == "alice"
    sha = hashlib.sha256(b"SELECT id, full_name, email, remark FROM train_people ORDER BY id").hexdigest()
    assert predicate["query"] == {"statement": "SELECT", "sha256": sha}
    columns = {c["name"]: c for c in predicate["columns"]}
    assert columns["email"] == {"name": "email", "from": ["public.train_people.email"], "class": "email", "masked": "partial", "rule": "default"}
    assert columns["id"] == {"name": "id", "from": ["public.train_people.id"], "unchanged": True}
    assert columns["full_name"]["masked"] == "pseudonym" and predicate["classes"] == ["email", "person_name"]
    assert re.fullmatch(r"1\+[0-9a-f]{16}", predicate["maskVersion"]), predicate
    assert predicate["source"]["database"] == "orders" and "/" in predicate["source"]["snapshot"]["lsn"]
    assert predicate["source"]["snapshot"]["exact"] is False and predicate["policy"]["rule"] == "everybody"
    done = verify(gateway, text)
    assert done.returncode == 0 and "60 row(s)" in done.stdout, done.stderr
    changed = json.loads(text)
    changed["payload"] = base64.b64encode(base64.b64decode(changed["payload"]).replace(b'"count":60', b'"count":61')).decode()
    assert verify(gateway, json.dumps(changed)).returncode == 1
    # Its digest is on the record of its statement, and its envelope beside it.
    (record,) = kept(gateway, lambda r: predicate["id"] in r.get("receipt", ""), "--type", "statement")
    digest = hashlib.sha256(base64.b64decode(json.loads(text)["payload"])).hexdigest()
    assert record["receipt"] == f"{predicate['id']} sha256:{digest}" and record["purpose"] == "training"
    (beside,) = kept(gateway, lambda r: r["receipt"] == record["receipt"], "--type", "provenance")
    assert beside["envelope"] == text and beside["dataset"] == "churn" and beside["model"] == "churn-7"
    assert beside["id"] < record["id"]


@pytest.mark.parametrize("options, more", [("", []), ("CSV HEADER", []), ("(FORMAT csv, DELIMITER ';', NULL 'nil', FORCE_QUOTE *)", []), ("(FORMAT binary)", [])])
@pytest.mark.parametrize("columns", ["id, full_name, email, remark", "id, remark"])
def test_what_copy_writes_can_be_checked(gateway, options, more, columns):
    out = io.BytesIO()
    with training(gateway, f"copy {options}"[:30].replace("'", "")).cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT {columns} FROM train_people ORDER BY id) TO STDOUT {options}", out)
        text = envelope(cursor)
    file = gateway.root / "rows"
    file.write_bytes(out.getvalue())
    assert said(text)["predicate"]["rows"]["count"] == 60
    done = verify(gateway, text, "--rows", str(file), *more)
    assert done.returncode == 0, done.stderr
    # A byte of a value, a row less, two rows in another order.
    data = out.getvalue()
    at = data.rindex(b"note") + 1
    file.write_bytes(data[:at] + b"X" + data[at + 1:])
    done = verify(gateway, text, "--rows", str(file))
    assert done.returncode == 1 and "not those of the receipt" in done.stderr, done.stderr
    if "binary" not in options:  # Each of these rows is one line.
        lines = data.splitlines(keepends=True)
        file.write_bytes(b"".join(lines[:-1]))
        assert "has 59 rows, and the receipt is for 60" in verify(gateway, text, "--rows", str(file)).stderr
        file.write_bytes(b"".join(lines[:-2] + [lines[-1], lines[-2]]))
        assert "not those of the receipt" in verify(gateway, text, "--rows", str(file)).stderr


def test_a_query_and_a_copy_of_the_same_rows_have_the_same_root(gateway):
    with training(gateway).cursor() as cursor:
        cursor.execute("SELECT id, remark, email FROM train_people ORDER BY id")
        first = said(envelope(cursor))["subject"]
        cursor.copy_expert("COPY (SELECT id, remark, email FROM train_people ORDER BY id) TO STDOUT CSV", io.BytesIO())
        assert said(envelope(cursor))["subject"] == first
        cursor.execute("PREPARE p AS SELECT id, remark, email FROM train_people ORDER BY id")
        cursor.execute("EXECUTE p")
        assert said(envelope(cursor))["subject"] == first
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("DECLARE k CURSOR FOR SELECT id, remark, email FROM train_people ORDER BY id")
        cursor.execute("FETCH ALL FROM k")
        assert len(cursor.fetchall()) == 60
        what = said(envelope(cursor))
        cursor.execute("COMMIT")
        assert what["subject"] == first and what["predicate"]["source"]["snapshot"]["exact"] is True
        assert what["predicate"]["columns"][2]["from"] == ["public.train_people.email"]


@pytest.mark.parametrize("binary", [False, True])
def test_the_extended_protocol(gateway, binary):
    with psycopg.connect(gateway.dsn(), autocommit=True, prepare_threshold=0) as connection:
        connection.execute("SET sluice.purpose = 'training'")
        connection.execute("SET sluice.dataset = 'extended'")
        for _ in range(2):
            cursor = connection.cursor(binary=binary)
            cursor.execute("SELECT id, remark FROM train_people WHERE id < %s ORDER BY id", [20], binary=binary)
            rows = cursor.fetchall()
            what = said(connection.execute("SHOW sluice.provenance").fetchone()[0])
            assert what["predicate"]["rows"]["count"] == 20 and "parametersSha256" in what["predicate"]["query"]
            sent = [[struct.pack(">i", i) if binary else str(i).encode(), None if t is None else t.encode()] for i, t in rows]
            assert what["subject"][0]["digest"]["sluiceRows"] == root([leaf(row) for row in sent]).hex()
            assert [c.get("binary", False) for c in what["predicate"]["columns"]] == [binary, binary]
        with connection.transaction(), connection.cursor("chunks") as chunks:
            chunks.itersize = 25
            chunks.execute("SELECT id, email FROM train_people ORDER BY id")
            assert len(list(chunks)) == 60
        parts = kept(gateway, lambda r: r["dataset"] == "extended" and r["message"].startswith("10 row"), "--type", "provenance", count=2 if binary else 1)
        assert len(parts) == (2 if binary else 1)


def test_a_file_of_psql(gateway):
    file = gateway.root / "psql.csv"
    script = f"""SET sluice.purpose = 'training';
SET sluice.dataset = 'from psql';
\\copy (SELECT id, full_name, remark FROM train_people ORDER BY id) TO '{file}' CSV HEADER
\\o {gateway.root}/shown.json
SHOW sluice.provenance;
"""
    done = gateway.psql("-At", "-v", "ON_ERROR_STOP=1", input=script)
    assert done.returncode == 0, done.stderr
    text = (gateway.root / "shown.json").read_text()
    assert verify(gateway, text, "--rows", str(file)).returncode == 0
    # Anybody can do it with twenty lines of Python.
    rows = [[v or None for v in row] for row in csv.reader(file.read_text().splitlines())][1:]
    assert root_of(rows) == said(text)["subject"][0]["digest"]["sluiceRows"]


def test_stated_when_it_connects(gateway):
    with psycopg2.connect(gateway.dsn(options="-c sluice.purpose=training -c sluice.dataset=early")).cursor() as cursor:
        cursor.execute("SELECT id FROM train_people")
        assert said(envelope(cursor))["predicate"]["dataset"] == "early"


def test_the_purpose_is_for_rules_and_on_the_record(gateway):
    connection = psycopg2.connect(gateway.dsn(user="dora"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM train_people WHERE id = 5")
        assert cursor.fetchone()[0] != ROWS[5][2]
        cursor.execute("SET sluice.purpose = 'training'")
        cursor.execute("SET sluice.dataset = 'shown'")
        cursor.execute("SELECT email FROM train_people WHERE id = 5")
        assert cursor.fetchone()[0] == ROWS[5][2]
        (column,) = said(envelope(cursor))["predicate"]["columns"]
        assert column == {"name": "email", "from": ["public.train_people.email"], "unchanged": True, "class": "email", "rule": "trainers-see"}


def refused(connection, statement, words):
    with connection.cursor() as cursor, pytest.raises(psycopg2.Error) as error:
        cursor.execute(statement)
    assert words in str(error.value), error.value


def test_what_could_not_be_told_does_not_leave(gateway):
    nameless = training(gateway, dataset=None)
    refused(nameless, "SELECT id FROM train_people", "under the name of a data set")
    refused(nameless, "COPY train_people TO STDOUT", "under the name of a data set")
    connection = training(gateway)
    refused(connection, "SELECT id FROM train_people; SELECT id FROM train_people", "one statement")
    refused(connection, "SET sluice.purpose = 'support'", "goes on so")
    refused(connection, "RESET sluice.purpose", "goes on so")
    refused(connection, "SET LOCAL sluice.dataset = 'x'", "stated alone")
    refused(connection, "SELECT set_config('sluice.dataset', 'x', false)", "stated alone")
    refused(connection, "SET sluice.dataset = 'a\nb'", "control characters")
    refused(connection, f"SET sluice.dataset = '{'x' * 201}'", "200 bytes")
    with connection.cursor() as cursor:
        refused(connection, "SHOW sluice.provenance", "nothing has left for training")
        # Nothing of these is data.
        cursor.execute("SELECT 1")
        cursor.execute("SELECT relname FROM pg_class LIMIT 1")
        cursor.execute("EXPLAIN SELECT * FROM train_people")
        cursor.execute("RESET ALL")
        refused(connection, "SHOW sluice.provenance", "nothing has left for training")
        cursor.execute("SELECT count(*) FROM train_people")
        assert said(envelope(cursor))["predicate"]["rows"]["count"] == 1
        cursor.execute("DISCARD ALL")
        cursor.execute("SET sluice.purpose = 'support'")
        cursor.execute("SELECT id AS unreceipted FROM train_people")
    (record,) = kept(gateway, lambda r: True, "--text", "AS unreceipted")
    assert "receipt" not in record and record["purpose"] == "support"


def test_what_fails_has_no_receipt(gateway):
    with training(gateway, "failing").cursor() as cursor:
        with pytest.raises(psycopg2.Error):
            cursor.execute("SELECT 1 / (id - 30) FROM train_people ORDER BY id")
        with pytest.raises(psycopg2.Error) as error:
            envelope(cursor)
        assert "nothing has left for training" in str(error.value)
    assert kept(gateway, lambda r: r.get("sqlstate") == "22012" and "sha256" not in r["receipt"], "--text", "1 / (id - 30)")
    assert receipts(gateway, "failing") == []


def raw(gateway):
    wire = WireClient(gateway.port)
    wire.login()
    return wire


PEOPLE = "SELECT id FROM train_people ORDER BY id"


def test_a_portal_of_before_goes_without_no_receipt(gateway):
    """Bound before the purpose was stated, its rows would leave without one."""
    with contextlib.closing(raw(gateway)) as wire:
        wire.run(query("BEGIN"))
        wire.run(parse(PEOPLE) + bind(portal="p") + SYNC)
        wire.run(query("DECLARE c CURSOR FOR " + PEOPLE))
        wire.run(query("SET sluice.purpose = 'training'"))
        wire.run(query("SET sluice.dataset = 'before'"))
        wire.run(query("SAVEPOINT s"))
        for name in ("p", "c"):
            answers = wire.run(execute(name) + SYNC)
            assert "D" not in kinds(answers) and "bound before" in error_fields(answers[0][1])["M"], answers
            wire.run(query("ROLLBACK TO s"))
        assert kinds(wire.run(query("FETCH ALL FROM c"))).count("D") == 60
    assert [r["rows"] for r in kept(gateway, lambda r: r["dataset"] == "before", "--type", "provenance")] == [60]


def test_what_is_sent_behind_a_rollback(gateway):
    with contextlib.closing(raw(gateway)) as wire:
        wire.run(query("SET sluice.purpose = 'training'"))
        wire.run(query("SET sluice.dataset = 'behind'"))
        wire.run(query("BEGIN"))
        wire.run(query("SELECT 1 / 0"))
        assert kinds(wire.run(query("ROLLBACK") + query(PEOPLE), readies=2)).count("D") == 60
        wire.run(query("BEGIN"))
        wire.run(query("SELECT 1 / 0"))
        # Whatever becomes of it: rows and a receipt, or neither.
        answers = wire.run(parse("ROLLBACK") + bind() + execute() + parse(PEOPLE) + bind() + execute() + SYNC)
        rows = kinds(answers).count("D")
    assert [r["rows"] for r in kept(gateway, lambda r: r["dataset"] == "behind", "--type", "provenance", count=1 + rows // 60)] == [60] + [60] * (rows // 60)


def test_parts_of_a_portal(gateway):
    with contextlib.closing(raw(gateway)) as wire:
        wire.run(query("SET sluice.purpose = 'training'"))
        wire.run(query("SET sluice.dataset = 'parts'"))
        answers = wire.run(parse(PEOPLE) + bind(portal="p") + execute("p", 25) + execute("p", 25) + execute("p") + SYNC)
        assert kinds(answers).count("D") == 60
    parts = kept(gateway, lambda r: r["dataset"] == "parts", "--type", "provenance", count=3)
    assert [r["rows"] for r in parts] == [25, 25, 10]
    assert [said(r["envelope"])["predicate"]["rows"].get("moreToCome", False) for r in parts] == [True, True, False]


def ask(gateway, *words):
    return json.loads(gateway.cli("provenance", *words, "-o", "json").stdout)


def test_whose_data_are_in_it(gateway):
    with training(gateway, "first half").cursor() as cursor:
        cursor.execute("SELECT id, email FROM train_people WHERE id < 30")
        cursor.execute("SET sluice.dataset = 'second half'")
        cursor.copy_expert("COPY (SELECT email, full_name FROM train_people WHERE id >= 30) TO STDOUT CSV", io.BytesIO())
    with training(gateway, "in clear", user="dora").cursor() as cursor:
        cursor.execute("SELECT email FROM train_people WHERE id = 40")
    with psycopg2.connect(gateway.dsn()).cursor() as cursor:  # No export.
        cursor.execute("SELECT email FROM train_people WHERE id = 40")
    kept(gateway, lambda r: r["dataset"] == "in clear", "--type", "provenance")
    mine = {"first half", "second half", "in clear"}

    def affected(*values):
        return {(r["dataset"], r["seen"], r["completed"]) for r in ask(gateway, "affected", *values) if r["dataset"] in mine}

    assert affected("person40@example.com") == {("second half", "masked", True), ("in clear", "shown", True)}
    assert affected("PERSON3@example.com") == {("first half", "masked", True)}
    assert affected(NAMES[40].upper()) == {("second half", "masked", True)}
    assert affected("person3@example.com", NAMES[41]) == {("first half", "masked", True), ("second half", "masked", True)}
    assert affected("nobody@example.com") == set()
    assert [r["contains"] for r in ask(gateway, "contains", "first half", "person3@example.com")] == ["masked"]
    assert [r["contains"] for r in ask(gateway, "contains", "second half", "person3@example.com")] == ["no"]
    (one,) = ask(gateway, "contains", "in clear", "person40@example.com")
    assert one["contains"] == "shown" and one["certain"] is True
    assert [r["contains"] for r in ask(gateway, "contains", one["id"], "person41@example.com")] == ["no"]
    missing = gateway.cli("provenance", "contains", "no such set", "x@example.com", check=False)
    assert missing.returncode == 3 and "no such set" in missing.stderr
    # Who asked is on the record, what for is not.
    asked = kept(gateway, lambda r: "training data hold a value" in r.get("message", ""), "--type", "audit_read", count=5)
    assert len(asked) >= 5 and not [r for r in asked if "person40" in json.dumps(r)]


def test_what_is_not_masked_is_not_known(gateway, server):
    plain = Gateway(server, environment="staging", masking=False)
    try:
        with training(plain, "plain").cursor() as cursor:
            cursor.execute("SELECT email FROM train_people")
            told = said(envelope(cursor))["predicate"]
            assert told["masking"] is False and "maskVersion" not in told
        kept(plain, lambda r: r["dataset"] == "plain", "--type", "provenance")
        assert [r["contains"] for r in ask(plain, "contains", "plain", "person3@example.com")] == ["unknown"]
        assert ask(plain, "affected", "person3@example.com") == []
    finally:
        assert plain.stop() == 0


def test_listed_shown_and_exported(gateway):
    with training(gateway, "listed").cursor() as cursor:
        cursor.execute("SELECT id FROM train_people")
        text = envelope(cursor)
    what = said(text)["predicate"]
    kept(gateway, lambda r: r["dataset"] == "listed", "--type", "provenance")
    (row,) = ask(gateway, "list", "--dataset", "listed", "--user", "alice", "--database", "orders", "--since", "1h")
    assert row["id"] == what["id"] and row["rows"] == 60 and row["root"] == what["rows"]["root"]
    assert ask(gateway, "list", "--dataset", "listed", "--user", "dora") == []
    assert ask(gateway, "show", what["id"])["predicate"] == what
    assert gateway.cli("provenance", "export", what["id"]).stdout == text + "\n"
    event = json.loads(gateway.cli("provenance", "show", what["id"], "--openlineage").stdout)
    assert event["eventType"] == "COMPLETE" and event["outputs"][0]["name"] == "listed"
    assert gateway.cli("provenance", "show", "ffff", check=False).returncode == 3

    def http(method, path, body=None):
        done = subprocess.run(["curl", "-s", "--unix-socket", str(gateway.root / "state/control.sock"), "-X", method,
                               *(["-d", json.dumps(body)] if body else []), f"http://x/api/v1/provenance/{path}"],
                              capture_output=True, text=True, timeout=30, check=True)
        return json.loads(done.stdout)

    assert [r["id"] for r in http("GET", "receipts?dataset=listed")["receipts"]] == [what["id"]]
    assert http("GET", f"receipts/{what['id']}") == json.loads(text)
    assert http("POST", "contains", {"dataset": "listed", "values": ["person3@example.com"]})["receipts"][0]["contains"] == "no"
    assert http("POST", "affected", {"values": ["--"]})["status"] == 400
    assert http("GET", "receipts?x=1")["status"] == 400 and http("GET", "nothing")["status"] == 404


def test_lineage_is_told(server, tmp_path):
    file = tmp_path / "lineage.jsonl"
    running = Gateway(server, environment="staging", masking=True,
                      extra=f"audit:\n  streams: [{{ name: lineage, type: file, format: openlineage, path: '{file}' }}]\n")
    try:
        with training(running, "told").cursor() as cursor:
            cursor.execute("SELECT p.email, p.id + 1 AS next FROM train_people p")
            what = said(envelope(cursor))["predicate"]
        deadline = time.time() + 30
        while not (file.exists() and file.read_text().endswith("\n")) and time.time() < deadline:
            time.sleep(0.1)
        (event,) = map(json.loads, file.read_text().splitlines())
    finally:
        assert running.stop() == 0
    assert event["run"]["facets"]["sluice_provenance"]["receipt"] == what["id"]
    assert event["inputs"] == [{"namespace": "postgres://orders", "name": "orders.public.train_people"}]
    (out,) = event["outputs"]
    assert out["name"] == "told" and out["outputFacets"]["outputStatistics"]["rowCount"] == 60
    (source,) = out["facets"]["columnLineage"]["fields"]["email"]["inputFields"]
    assert source["field"] == "email" and source["transformations"][0]["masking"] is True
