"""psql through the gateway, as its users use it."""

import re
import subprocess
import time

import pytest


@pytest.fixture(scope="module")
def tables(server):
    server.sql("DROP TABLE IF EXISTS kept, half; CREATE TABLE kept (a int); CREATE TABLE half (a int)", "orders")


def test_reads_and_is_recorded(gateway):
    done = gateway.psql("-Atc", "SELECT 'answered', current_user")
    assert done.stdout == "answered|sluice\n", done.stderr
    (record,) = gateway.search("--text", "SELECT 'answered'")
    assert record["user"] == "alice"
    assert record["groups"] == ["engineering"]
    assert record["database"] == "orders"
    assert record["decision"] == "allowed"
    assert record["kind"] == "SELECT"
    assert record["rows"] == 1
    assert record["application"] == "psql"


def test_delete_without_where_is_refused_with_a_hint(tables, guarded, server):
    gateway = guarded
    server.sql("TRUNCATE kept; INSERT INTO kept VALUES (1), (2)", "orders")
    done = gateway.psql("-v", "VERBOSITY=verbose", "-c", "DELETE FROM kept")
    assert "ERROR:  42501: deleting from \"public.kept\" is denied by rule \"no-unbounded-writes\"" in done.stderr
    assert "HINT:  Add a WHERE clause" in done.stderr
    assert server.sql("SELECT count(*) FROM kept", "orders") == ["2"]
    record = gateway.search("--text", "DELETE FROM kept")[-1]
    assert (record["decision"], record["rule"], record["sqlstate"]) == ("denied", "no-unbounded-writes", "42501")
    assert record["tables"] == ["public.kept"]


def test_refusal_aborts_the_transaction(tables, guarded, server):
    done = guarded.psql(input="BEGIN;\nINSERT INTO half VALUES (1);\nDROP TABLE half;\nSELECT 1;\nCOMMIT;\n")
    assert "dropping table \"public.half\" is held for approval by rule \"schema-changes-need-approval\"" in done.stderr
    assert "current transaction is aborted" in done.stderr
    assert done.stdout.splitlines()[-1] == "ROLLBACK"
    assert server.sql("SELECT count(*) FROM half", "orders") == ["0"]


def test_backslash_commands_and_copy(gateway, server, tmp_path):
    server.sql("CREATE TABLE IF NOT EXISTS copied (a int, b text); TRUNCATE copied;"
               "INSERT INTO copied SELECT i, 'row ' || i FROM generate_series(1, 5000) i", "orders")
    done = gateway.psql("-c", r"\d copied", "-c", r"\dt", "-c", r"\df pg_catalog.now", "-c", r"\l")
    assert done.returncode == 0, done.stderr
    assert "Table \"public.copied\"" in done.stdout
    file = tmp_path / "copied.csv"
    done = gateway.psql("-c", rf"\copy copied TO '{file}' CSV", "-c", rf"\copy copied FROM '{file}' CSV",
                        "-Atc", "SELECT count(*) FROM copied")
    assert done.stdout.splitlines() == ["COPY 5000", "COPY 5000", "10000"], done.stderr
    records = gateway.search("--kind", "copy", "--table", "copied")
    assert [r["rows"] for r in records] == [5000, 5000]
    assert all(r["bytes"] > 5000 * 10 for r in records)


def test_what_psql_describes_is_no_secret(guarded):
    shown = "d da dA dAc dAf dAo dAp db dc dC dconfig dd dD ddp dE des det deu dew df dF dFd dFp dFt dg di dl dL dm dn do dO dp dP drds dRp"
    shown += " dRs ds dt dT du dv dx dX dy l z"
    for name in shown.split():
        for suffix in ["", "S", "+", "S+"] if name != "z" else [""]:
            if (name in ("deu", "dRs") and "+" in suffix) or (name == "l" and "S" in suffix):
                continue  # with options, which hold passwords
            done = guarded.psql("-c", f"\\{name}{suffix}")
            assert "ERROR" not in done.stderr, f"{name}{suffix}: {done.stderr}"
    for secret in ["deu+", "dRs+"]:
        assert "user mappings are not given out" in guarded.psql("-c", f"\\{secret}").stderr


def test_watch(gateway):
    process = subprocess.Popen(["psql", "-X", gateway.dsn()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdin.write("SELECT 'watched' \\watch 0.1\n")
    process.stdin.flush()
    records = gateway.wait_for(lambda r: len(r) >= 3, "--text", "SELECT 'watched'")
    process.send_signal(2)
    process.communicate("\\q\n", timeout=30)
    assert len(records) >= 3


def test_large_objects_through_sql(gateway):
    made = gateway.psql("-Atc", "SELECT lo_from_bytea(0, 'kept bytes')")
    oid = made.stdout.strip()
    read = gateway.psql("-Atc", f"SELECT convert_from(lo_get({oid}), 'UTF8')")
    assert read.stdout == "kept bytes\n", read.stderr


def test_cancel_stops_the_statement(gateway):
    process = subprocess.Popen(["psql", "-X", gateway.dsn(), "-c", "SELECT pg_sleep(60)"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    gateway.wait_for(lambda _: "pg_sleep(60)" in gateway.cli("session", "list", "-o", "json").stdout)
    started = time.time()
    process.send_signal(2)
    _, errors = process.communicate(timeout=30)
    assert "canceling statement due to user request" in errors
    assert time.time() - started < 30
    assert gateway.wait_for(lambda r: r, "--type", "cancel")
    record = gateway.search("--text", "pg_sleep(60)")[-1]
    assert record["sqlstate"] == "57014"


def test_wrong_password_and_unknown_user_look_the_same(gateway):
    wrong = gateway.psql("-c", "SELECT 1", password="not the password")
    unknown = gateway.psql("-c", "SELECT 1", user="mallory", password="not the password")
    assert wrong.returncode == unknown.returncode == 2
    assert wrong.stderr.replace("alice", "X") == unknown.stderr.replace("mallory", "X")
    assert {r["user"] for r in gateway.search("--type", "login_failed")} >= {"alice", "mallory"}


def test_sessions_are_listed_and_killed(gateway):
    process = subprocess.Popen(["psql", "-X", gateway.dsn(), "-c", "SELECT pg_sleep(61)"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    gateway.wait_for(lambda _: "pg_sleep(61)" in gateway.cli("session", "list", "-o", "json").stdout)
    listed = gateway.cli("session", "list").stdout
    session = next(line.split()[0] for line in listed.splitlines() if "pg_sleep(61)" in line)
    gateway.cli("session", "kill", session)
    _, errors = process.communicate(timeout=30)
    assert "terminating connection due to administrator command" in errors
    assert gateway.cli("session", "kill", "999999", check=False).returncode == 3
    lost = gateway.wait_for(lambda r: r and r[-1]["decision"] == "lost", "--text", "pg_sleep(61)")
    assert lost[-1]["decision"] == "lost"


def test_disabled_user_is_cut_off_and_refused(gateway):
    gateway.cli("user", "add", "carol", "--password-stdin", input="carols password\n")
    deadline = time.time() + 10
    while gateway.psql("-c", "SELECT 1", user="carol", password="carols password").returncode != 0:
        assert time.time() < deadline
        time.sleep(0.1)
    process = subprocess.Popen(["psql", "-X", gateway.dsn(user="carol", password="carols password"),
                                "-c", "SELECT pg_sleep(62)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    gateway.wait_for(lambda _: "pg_sleep(62)" in gateway.cli("session", "list", "-o", "json").stdout)
    gateway.cli("user", "disable", "carol")
    _, errors = process.communicate(timeout=30)
    assert "may no longer connect" in errors
    assert gateway.psql("-c", "SELECT 1", user="carol", password="carols password").returncode == 2
    gateway.cli("user", "remove", "carol")
    messages = [r["message"] for r in gateway.wait_for(lambda r: any("removed" in x["message"] for x in r), "--type", "admin")]
    assert 'user "carol" disabled' in messages
    assert not any(re.search("carols password", m) for m in messages)
