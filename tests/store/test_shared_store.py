"""Gateways that share their state in one PostgreSQL: what is changed at one holds at the others within two seconds, what
may happen once happens once, and without the store nobody is let in by what was true long ago."""

import json
import os
import signal
import subprocess
import threading
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway
from harness.postgres import PostgresServer
from identity.scim import Scim

BOUND = 2.0
GRACE = 4
HOLDS = """
rules:
  - { name: all, effect: allow }
  - name: deletes-wait
    effect: hold
    do: [delete]
    approve: { by: [dba], wait: 0s, valid: 1h }
"""
ROLES = """
rules:
  - { name: read, effect: allow, do: [read] }
  - { name: writes, effect: allow, do: [insert], who: { groups: [writers] } }
roles:
  - name: writer
    groups: [writers]
    who: { groups: [engineering] }
    at_most: 1h
    approve: { by: [dba] }
    break_glass: { who: { groups: [engineering] }, at_most: 10m, review: { by: [dba] } }
"""
READ_ONLY = "rules:\n  - { name: read, effect: allow, do: [read] }\n"


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql("CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20) i; ALTER TABLE numbers OWNER TO sluice",
               database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def store():
    """A role that owns a database and nothing else."""
    server = PostgresServer()
    server.sql("CREATE ROLE keeper LOGIN PASSWORD 'k33per-w0rd'")
    server.sql("CREATE DATABASE store OWNER keeper")
    yield server
    server.stop()


def gateway_on(server, store, **options):
    folder = store.root.parent
    secret = folder / f"sluice-store-password-{store.port}"
    secret.touch(0o600)
    secret.write_text("k33per-w0rd\n")
    return Gateway(server, extra=f"store: postgres://keeper@127.0.0.1:{store.port}/store?sslmode=disable\n"
                   f"store_password_file: {secret}\nstore_grace: {GRACE}s", **options)


@pytest.fixture
def pair(server, store):
    store.sql("DROP SCHEMA IF EXISTS sluice CASCADE", database="store")
    one = gateway_on(server, store)
    one.cli("user", "add", "dora", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    two = gateway_on(server, store, add_alice=False)
    yield one, two
    codes = [one.stop(), two.stop()]
    assert codes == [0, 0]


def within_bound(condition):
    """How long it takes until it holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < BOUND, "not within the bound"
        time.sleep(0.02)
    return time.monotonic() - started


def can_log_in(gateway, **options):
    try:
        psycopg.connect(gateway.dsn(**options)).close()
        return True
    except psycopg.OperationalError:
        return False


def ended(connection):
    try:
        connection.execute("SELECT 1")
        return False
    except psycopg.Error:
        return True


def error_of(connection, text):
    """Nothing, where it runs."""
    try:
        connection.execute(text)
    except psycopg.Error as error:
        return error


def save(gateway, text):
    file = gateway.root / "new.yaml"
    file.write_text(text)
    return gateway.cli("policy", "save", str(file))


def delete(gateway, i):
    try:
        with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
            return connection.execute(f"DELETE FROM numbers WHERE i = {i}").rowcount
    except psycopg.Error as error:
        return error


def recorded(gateways, *filters):
    return [record["message"] for gateway in gateways for record in gateway.search(*filters)]


def test_users_are_those_of_all(pair):
    one, two = pair
    assert can_log_in(one) and can_log_in(two)
    two.cli("user", "add", "erin", "--password-stdin", input=PASSWORD + "\n")
    within_bound(lambda: can_log_in(one, user="erin"))
    with psycopg.connect(one.dsn(user="erin"), autocommit=True) as connection:
        two.cli("user", "disable", "erin")
        within_bound(lambda: ended(connection))
    for gateway in pair:
        within_bound(lambda: not can_log_in(gateway, user="erin"))


def test_a_revocation_ends_sessions_everywhere(pair):
    one, two = pair
    token = two.cli("token", "create", "--user", "alice", "--for", "1h").stdout.strip()
    within_bound(lambda: can_log_in(one, password=token))
    with psycopg.connect(one.dsn(password=token), autocommit=True) as connection:
        number = json.loads(two.cli("token", "list", "-o", "json").stdout)[0]["id"]
        two.cli("token", "revoke", number)
        within_bound(lambda: ended(connection))
    for gateway in pair:
        within_bound(lambda: not can_log_in(gateway, password=token))


def test_Threat72_who_is_deprovisioned_at_one_is_out_at_all(pair):
    one, two = pair
    secret = one.cli("scim", "token", "create").stdout.strip()
    at_one, at_two = Scim(one, secret), Scim(two, secret)
    sam = at_two.user("sam")
    at_one.group("engineering", sam)
    assert at_two("GET", "/Users/" + sam["id"])[1]["groups"][0]["display"] == "engineering"
    assert at_one("POST", "/Users", {"userName": "Sam"})[0] == 409
    token = one.cli("token", "create", "--user", "sam", "--for", "1h").stdout.strip()
    within_bound(lambda: can_log_in(one, user="sam", password=token))
    with psycopg.connect(one.dsn(user="sam", password=token), autocommit=True) as connection:
        assert at_two.patch("/Users/" + sam["id"], {"op": "replace", "value": {"active": False}})[0] == 200
        within_bound(lambda: ended(connection))
    for gateway in pair:
        within_bound(lambda: not can_log_in(gateway, user="sam", password=token))
    number = json.loads(one.cli("scim", "token", "list", "-o", "json").stdout)[0]["id"]
    one.cli("scim", "token", "revoke", number)
    assert at_one("GET", "/Users")[0] == at_two("GET", "/Users")[0] == 401


def test_a_policy_saved_at_one_is_in_force_at_the_other(pair):
    one, two = pair
    with psycopg.connect(two.dsn(), autocommit=True) as connection:
        connection.execute("SELECT 1")
        save(one, READ_ONLY)

        def refused():
            try:
                connection.execute("CREATE TEMPORARY TABLE t (i int)")
                connection.execute("DROP TABLE t")
                return False
            except psycopg.errors.InsufficientPrivilege:
                return True

        within_bound(refused)
    assert "policy 2 saved" in save(two, HOLDS).stderr
    versions = json.loads(one.cli("policy", "history", "-o", "json").stdout)
    assert [version["number"] for version in versions] == [2, 1]


def test_an_approval_given_at_one_is_used_once_of_both(pair, server):
    one, two = pair
    save(one, HOLDS)
    within_bound(lambda: isinstance(delete(two, 0), psycopg.Error))
    for i in range(1, 7):
        assert isinstance(delete(one, i), psycopg.Error)
        number = json.loads(one.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]
        two.cli("approval", "approve", str(number), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
        results, go = [], threading.Barrier(4)

        def use(gateway, i=i, results=results, go=go):
            go.wait()
            results.append(delete(gateway, i))

        threads = [threading.Thread(target=use, args=(gateway,)) for gateway in (one, two, one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [result for result in results if result == 1] == [1], results
    assert server.sql("SELECT count(*) FROM numbers WHERE i <= 6", database="orders") == ["0"]


def test_who_decides_at_one_sees_how_who_asks_at_the_other_had_logged_in(pair):
    one, two = pair
    save(one, HOLDS)
    one.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--generate")
    token = one.cli("token", "create", "--user", "robot", "--acts-for", "alice", "--for", "1h").stdout.strip()
    within_bound(lambda: can_log_in(one, user="robot", password=token))
    with psycopg.connect(one.dsn("robot", token), autocommit=True) as connection:
        within_bound(lambda: "not approved yet" in str(error_of(connection, "DELETE FROM numbers WHERE i = 8")))
    number = json.loads(two.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)[0]["number"]
    seen = [json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout) for gateway in pair]
    for name in ("authentication", "groups", "client", "actors"):
        assert seen[0][name] == seen[1][name], name
    assert seen[1]["actors"] == ["robot", "alice"]
    assert "acts for alice" in two.cli("approval", "show", str(number)).stdout


def test_what_is_approved_at_one_lets_go_at_the_other(pair):
    one, two = pair
    save(one, HOLDS.replace("wait: 0s", "wait: 20s"))
    time.sleep(BOUND)
    results = []
    thread = threading.Thread(target=lambda: results.append(delete(one, 7)))
    thread.start()
    for _ in range(100):
        waiting = json.loads(two.cli("approval", "list", "-o", "json", "--state", "waiting").stdout)
        if waiting:
            break
        time.sleep(0.05)
    two.cli("approval", "approve", str(waiting[0]["number"]), "--user", "dora", "--password-stdin", input=PASSWORD + "\n")
    thread.join(BOUND)
    assert results == [1]


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def may_insert(connection):
    try:
        connection.execute("INSERT INTO numbers VALUES (100)")
        return True
    except psycopg.errors.InsufficientPrivilege:
        return False


def grant_words(gateway, user, *words):
    return [SLUICE, *words, "--user", user, "--password-stdin", "--config", str(gateway.config), "-o", "json"]


def as_user(gateway, user, *words):
    done = subprocess.run(grant_words(gateway, user, *words), input=PASSWORD + "\n", text=True, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def given(asked_at, approved_at, lasts="1h"):
    grant = as_user(asked_at, "alice", "request", "orders", "--role", "writer", "--for", lasts, "--reason", "repair",
                    "--no-wait")
    as_user(approved_at, "dora", "approval", "approve", str(grant["request"]))
    return str(grant["number"])


def test_Threat62_a_grant_begins_and_ends_in_the_sessions_of_all(pair):
    one, two = pair
    save(one, ROLES)
    with psycopg.connect(one.dsn(), autocommit=True) as here, psycopg.connect(two.dsn(), autocommit=True) as there:
        until(lambda: not may_insert(here) and not may_insert(there))
        number = given(one, two)
        until(lambda: may_insert(here) and may_insert(there))
        as_user(two, "alice", "grant", "return", number)
        until(lambda: not may_insert(here) and not may_insert(there))
        # What is under way does not outlive it, wherever it is revoked.
        number = given(two, one)
        until(lambda: may_insert(here) and may_insert(there))
        there.execute("BEGIN")
        assert may_insert(there)
        as_user(one, "dora", "grant", "revoke", number)
        until(lambda: ended(there) and not may_insert(here))
    number = given(one, two, "12s")
    with psycopg.connect(one.dsn(), autocommit=True) as here, psycopg.connect(two.dsn(), autocommit=True) as there:
        until(lambda: may_insert(here) and may_insert(there))
        here.execute("BEGIN")
        assert may_insert(here)
        until(lambda: ended(here) and not may_insert(there))
    # Each word is on one record, and once.
    until(lambda: sum("is expired" in message for message in recorded(pair, "--type", "grant")) == 1)
    told = recorded(pair, "--type", "grant")
    for words, times in (("asks for role", 3), ("is in force until", 3), ("is returned", 1), ("is revoked", 1)):
        assert sum(words in message for message in told) == times, (words, told)


def test_Threat62_the_glass_is_broken_once_of_both(pair):
    one, two = pair
    save(one, ROLES)
    until(lambda: "writer" in two.cli("policy", "show").stdout)
    taking = [subprocess.Popen(grant_words(gateway, "alice", "break-glass", "orders", "--role", "writer", "--for", "5m",
                                           "--reason", "orders do not go out"),
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
              for gateway in (one, two, one, two)]
    for process in taking:
        process.stdin.write(PASSWORD + "\n")
        process.stdin.close()
    assert sorted(process.wait(60) == 0 for process in taking) == [False, False, False, True]
    with psycopg.connect(two.dsn(), autocommit=True) as connection:
        until(lambda: may_insert(connection))


def test_each_change_is_on_one_record_once(pair):
    one, two = pair
    names = [f"user{i}" for i in range(12)]
    adding = [subprocess.Popen([SLUICE, "user", "add", name, "--generate", "--config", str((one, two)[i % 2].config)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for i, name in enumerate(names)]
    assert [process.wait(60) for process in adding] == [0] * len(names)
    two.kill9()
    two.start()
    deadline = time.time() + 10
    while time.time() < deadline and len(added := recorded(pair, "--type", "admin")) < len(names) + 2:
        time.sleep(0.2)
    for name in ["alice", "dora", *names]:
        assert added.count(f'user "{name}" added') == 1, (name, added)


def test_what_is_read_of_a_log_is_on_that_log(pair):
    one, two = pair
    two.search()
    assert two.wait_for(lambda records: records, "--type", "audit_read")
    assert not one.search("--type", "audit_read", "--user", "nobody") and \
        len(one.search("--type", "audit_read")) <= 1, "that of asking here"


def test_a_store_that_comes_back_is_used_again(pair, store):
    one, two = pair
    store.kill()
    try:
        refused = one.cli("user", "add", "late", "--generate", check=False)
        assert refused.returncode != 0 and "the store at 127.0.0.1" in refused.stderr and "k33per" not in refused.stderr
    finally:
        store.start()
    one.cli("user", "add", "late", "--password-stdin", input=PASSWORD + "\n")
    started = time.monotonic()
    while not can_log_in(two, user="late"):
        assert time.monotonic() - started < 10
        time.sleep(0.05)
    assert "k33per" not in one.log.read_text() + two.log.read_text()


def test_who_needs_an_approval_is_not_told_where_the_store_is(pair, store):
    one, _ = pair
    with psycopg.connect(one.dsn(), autocommit=True) as connection:
        connection.execute("SELECT 1")
        store.kill()
        try:
            with pytest.raises(psycopg.Error) as refused:
                connection.execute("ALTER TABLE numbers ADD COLUMN late int")
        finally:
            store.start()
    told = refused.value.diag
    everything = " ".join(filter(None, (told.message_primary, told.message_detail, told.message_hint)))
    assert "the gateway cannot reach its store" in told.message_primary and "Try again" in told.message_hint
    assert str(store.port) not in everything and "keeper" not in everything
    assert f"127.0.0.1:{store.port}" in one.log.read_text(), "operators are told"


def test_without_the_store_nobody_stays_for_long(pair, store):
    one, _ = pair
    connection = psycopg.connect(one.dsn(), autocommit=True)
    assert one.process.poll() is None
    stopped = [int(pid) for pid in store.sql("SELECT pid FROM pg_stat_activity WHERE datname = 'store'")] + [store.pid()]
    # It closes nothing and answers nothing: the worst that can be.
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert can_log_in(one), "what was read last counts for a while"
        while not ended(connection):
            assert time.monotonic() - started < GRACE + 12
            time.sleep(0.2)
        assert time.monotonic() - started > 1
        with pytest.raises(psycopg.OperationalError, match="cannot reach its store"):
            psycopg.connect(one.dsn())
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    started = time.monotonic()
    while not can_log_in(one):
        assert time.monotonic() - started < 10
        time.sleep(0.1)


def test_a_gateway_does_not_start_without_its_store(server, store, pair):
    one, _ = pair
    one.process.terminate()
    one.process.wait(60)
    store.kill()
    try:
        with pytest.raises(RuntimeError, match="the store at 127.0.0.1"):
            one.start()
    finally:
        store.start()
    one.start()


def test_a_password_in_the_url_is_refused_and_not_shown(tmp_path):
    config = tmp_path / "sluice.yaml"
    for url in ("postgres://keeper:s3cr3t@127.0.0.1/store", "postgres://keeper:s3c/r3t@127.0.0.1/store"):
        config.write_text(f"state: {tmp_path}\nstore: {url}\ndatabases:\n  - {{ name: a, environment: b, user: c,"
                          " url: postgres://h/d }\n")
        done = subprocess.run([SLUICE, "config", "check", "--config", str(config)], capture_output=True, text=True)
        assert done.returncode != 0 and "store_password_file" in done.stderr + done.stdout
        assert "3cr3t" not in done.stderr + done.stdout and "r3t@" not in done.stderr + done.stdout
