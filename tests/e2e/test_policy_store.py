"""A policy that is kept in the store: saved, looked at and taken back while sessions are open."""

import json
import os
import sqlite3

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from psycopg.errors import InsufficientPrivilege

ALL = """\
rules:
  - name: all
    effect: allow
"""
CLOSED = ALL + """\
  - name: closed
    effect: deny
    on: { tables: [public.salaries] }
    do: [read]
"""
READ = "SELECT i FROM salaries"


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    server.sql("DROP TABLE IF EXISTS salaries; CREATE TABLE salaries AS SELECT 1 AS i", "orders")


@pytest.fixture
def running(server):
    gateway = Gateway(server)
    yield gateway
    assert gateway.stop() == 0


def save(running, text, *options, check=True):
    file = running.root / "new.yaml"
    file.write_text(text)
    return running.cli("policy", "save", str(file), *options, check=check)


def answer(command, *words):
    return json.loads(command(*words, "-o", "json").stdout)


def in_force(running):
    return answer(running.cli, "policy", "show")


def connect(running):
    return psycopg.connect(host="127.0.0.1", port=running.port, user="alice", password=PASSWORD, dbname="orders", autocommit=True)


def test_saved_rolled_back_and_on_the_record(running):
    assert in_force(running)["source"] == "profile"
    with connect(running) as session, session.cursor() as prepared:
        assert session.execute(READ).fetchall() == [(1,)]
        prepared.execute(READ, prepare=True)
        assert "policy 1 saved and in force" in save(running, CLOSED, "--comment", "no salaries").stderr
        for attempt in (session.execute, prepared.execute):
            with pytest.raises(InsufficientPrivilege) as refused:
                attempt(READ)
            assert "closed" in str(refused.value)
        assert session.execute("SELECT 1").fetchall() == [(1,)]
        save(running, ALL, "--expect", "1")
        assert session.execute(READ).fetchall() == [(1,)]
        assert "policy 3 saved" in running.cli("policy", "rollback", "1").stderr
        with pytest.raises(InsufficientPrivilege):
            session.execute(READ)
        running.cli("policy", "rollback", "2", "--expect", "3")
        assert prepared.execute(READ).fetchall() == [(1,)]
    shown = in_force(running)
    assert (shown["source"], shown["number"], shown["text"]) == ("store", 4, ALL)
    history = answer(running.cli, "policy", "history")
    assert [(v["number"], v["comment"]) for v in history] == [(4, "rollback to 2"), (3, "rollback to 1"), (2, ""), (1, "no salaries")]
    assert history[0]["version"] == history[2]["version"] == shown["version"]
    assert all(f"(uid {os.getuid()})" in v["author"] for v in history)
    assert [v["number"] for v in answer(running.cli, "policy", "history", "--limit", "1")] == [4]
    assert running.cli("policy", "history", "-o", "csv").stdout.startswith("number,version,time,author,comment\n4,")
    old = running.cli("policy", "show", "--version", "1").stdout
    assert old.startswith("# stored policy 1, version ") and ": no salaries\n" in old and old.endswith(CLOSED)
    assert running.cli("policy", "rollback", "9", check=False).returncode == 3
    records = running.wait_for(lambda r: sum("saved" in x["message"] for x in r) == 4, "--type", "admin")
    saved = [r for r in records if "saved" in r["message"]]
    assert saved[0]["message"] == f"policy 1 saved, version {history[3]['version']}: no salaries"
    assert saved[0]["user"] == history[3]["author"]
    assert [r["message"].split(",")[0] for r in saved] == [f"policy {n} saved" for n in (1, 2, 3, 4)]


def test_what_is_refused_changes_nothing(running):
    save(running, CLOSED)
    before = in_force(running)
    stale = save(running, ALL, "--expect", "0", check=False)
    assert stale.returncode == 4 and "latest version of the policy is 1, not 0" in stale.stderr
    assert running.cli("policy", "rollback", "1", "--expect", "7", check=False).returncode == 4
    broken = save(running, ALL + "  - name: typo\n    efect: deny\n", check=False)
    assert broken.returncode == 2 and "new.yaml:5:5: unknown key \"efect\"" in broken.stderr
    assert in_force(running) == before
    with connect(running) as session, pytest.raises(InsufficientPrivilege):
        session.execute(READ)


def test_a_restart_keeps_it(running):
    save(running, CLOSED)
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0
    running.start()
    assert in_force(running)["number"] == 1
    with connect(running) as session, pytest.raises(InsufficientPrivilege):
        session.execute(READ)


def test_a_policy_in_the_configuration_wins_until_it_is_removed(running, server):
    save(running, CLOSED)
    with connect(running) as session:
        running.write_config(server, extra="policy: { profile: standard }")
        running.reload()
        assert session.execute(READ).fetchall() == [(1,)]
        file = running.root / "policy.yaml"
        file.write_text(ALL)
        running.write_config(server, extra=f"policy: {{ file: {file} }}")
        running.reload()
        shown = in_force(running)
        assert shown["source"] == "file" and "number" not in shown
        refused = save(running, CLOSED, check=False)
        assert refused.returncode == 1 and "remove policy.file from it" in refused.stderr
        assert save(running, CLOSED, "--offline", check=False).returncode == 1
        assert len(answer(running.cli, "policy", "history")) == 1
        running.write_config(server)
        running.reload()
        with pytest.raises(InsufficientPrivilege):
            session.execute(READ)


def test_one_that_cannot_be_used_stops_the_start_until_it_is_mended(running):
    save(running, ALL)
    running.process.terminate()
    running.process.wait(timeout=60)
    with sqlite3.connect(running.root / "state/sluice.db") as store:
        store.execute("INSERT INTO policy_versions VALUES (2, 0, '', 'somebody', '', 'rules: 7')")
    with pytest.raises(RuntimeError, match="stored policy 2:1:8: .*\n.*sluice policy save FILE --offline"):
        running.start()
    assert running.process.returncode == 2
    assert "policy 3 saved" in save(running, CLOSED, "--offline").stderr
    running.start()
    with connect(running) as session, pytest.raises(InsufficientPrivilege):
        session.execute(READ)
    assert running.wait_for(lambda r: any("policy 3 saved" in x["message"] for x in r), "--type", "admin")


def test_one_saved_past_the_gateway_is_noticed(running):
    save(running, CLOSED, "--offline")
    records = running.wait_for(lambda r: any(x["message"].startswith("policy reloaded") for x in r), "--type", "admin")
    assert any(x["message"].startswith("policy 1 saved") for x in records)
    with connect(running) as session, pytest.raises(InsufficientPrivilege):
        session.execute(READ)
