"""Who has received a value: shown or masked, by every way out, and nobody else."""

import json
import subprocess

import psycopg2
import pytest
from harness.gateway import PASSWORD, Gateway

PEOPLE = [(i, f"Person {i}", f"person{i}@example.com", f"+49 30 5550{i:04}") for i in range(300)]


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server):
    rows = ", ".join(f"({i}, '{name}', '{email}', '{phone}', '{'wrote from ' + email + ' about the order' if i < 5 else 'all well'}')" for i, name, email, phone in PEOPLE)
    server.sql(f"DROP TABLE IF EXISTS seen_people; CREATE TABLE seen_people (id int PRIMARY KEY, full_name text, email text, phone text, note text); INSERT INTO seen_people VALUES {rows}", "orders")
    policy = """
rules:
  - { name: everybody, effect: allow }
  - { name: support-sees, effect: unmask, who: { groups: [support] }, classes: ["*"] }
"""
    running = Gateway(server, reactor=request.param, environment="staging", masking=True, start=False)
    (running.root / "policy.yaml").write_text(policy)
    running.config.write_text(running.config.read_text() + f"policy: {{ file: {running.root}/policy.yaml }}\n")
    for user in ("dora", "carl"):
        running.cli("user", "add", user, "--group", "support", "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


def who_saw(gateway, value, *more):
    return json.loads(gateway.cli("audit", "who-saw", value, "-o", "json", "--limit", "10000", *more).stdout)


WAYS = {
    "simple": lambda c, where: c.execute(f"SELECT id, email, full_name FROM seen_people WHERE {where}"),
    "prepared": lambda c, where: (c.execute(f"PREPARE p AS SELECT email FROM seen_people WHERE {where}"), c.execute("EXECUTE p")),
    "cursor": lambda c, where: (c.execute("BEGIN"), c.execute(f"DECLARE k CURSOR FOR SELECT email FROM seen_people WHERE {where}"), c.execute("FETCH ALL FROM k"), c.execute("COMMIT")),
    "returning": lambda c, where: c.execute(f"UPDATE seen_people SET id = id WHERE {where} RETURNING email"),
    "join": lambda c, where: c.execute(f"SELECT a.email FROM seen_people a JOIN seen_people b USING (id) WHERE a.{where}"),
    "copy": lambda c, where: c.copy_expert(f"COPY (SELECT id, email FROM seen_people WHERE {where}) TO STDOUT", open("/dev/null", "wb")),
    "copy csv": lambda c, where: c.copy_expert(f"COPY (SELECT id, email FROM seen_people WHERE {where}) TO STDOUT CSV HEADER", open("/dev/null", "wb")),
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_receives_a_value_is_named_and_told_how(gateway, way):
    number = 20 + list(WAYS).index(way)
    marker = f"id = {number}"
    for user in ("alice", "dora"):
        connection = psycopg2.connect(gateway.dsn(user=user, application_name=f"way {way}"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            WAYS[way](cursor, marker)
        connection.close()
    shown = who_saw(gateway, PEOPLE[number][2])
    assert {r["user"] for r in shown} == {"dora"} and all(r["seen"] == "shown" and r["certain"] for r in shown), shown
    assert all("seen_people.email" in r["through"] for r in shown), shown
    both = who_saw(gateway, PEOPLE[number][2].upper(), "--masked-too")
    assert {(r["user"], r["seen"]) for r in both} == {("dora", "shown"), ("alice", "masked")}, both
    assert who_saw(gateway, PEOPLE[number + 100][2], "--masked-too") == []


def test_values_within_texts_count_too(gateway):
    assert gateway.psql("-c", "SELECT note FROM seen_people WHERE id = 3").returncode == 0
    assert {r["user"] for r in who_saw(gateway, PEOPLE[3][2], "--masked-too")} == {"alice"}


def test_a_telephone_number_is_found_however_it_is_written(gateway):
    assert gateway.psql("-c", "SELECT phone FROM seen_people WHERE id = 7", user="dora").returncode == 0
    for written in ("+49 30 55500007", "0049 (30) 5550-0007", "493055500007"):
        (found,) = who_saw(gateway, written)
        assert found["user"] == "dora" and "spelled" not in found, found
    # With and without the country's code: how it stands there is told.
    for written in ("030 5550 0007", "3055500007", "+49 (0)30 55500007", "011 49 30 55500007"):
        (found,) = who_saw(gateway, written)
        assert found["user"] == "dora" and found["spelled"] == "493055500007" and found["certain"], found
        assert who_saw(gateway, written, "--exact") == []
    assert who_saw(gateway, "+44 30 55500007") == who_saw(gateway, "030 5550 0008") == []
    head, row = gateway.cli("audit", "who-saw", "030 5550 0007").stdout.splitlines()[:2]
    assert "SPELLED" in head.split() and "493055500007" in row.split()


def test_large_results_are_found_and_marked_unconfirmed(gateway):
    assert gateway.psql("-c", "SELECT * FROM seen_people", user="dora").returncode == 0
    found = [r for r in who_saw(gateway, PEOPLE[250][2]) if "SELECT *" in r["text"]]
    assert len(found) == 1 and not found[0]["certain"] and found[0]["rows"] == 300
    assert found[0]["through"] == "public.seen_people.email", "not what else of the result is sensitive"
    (by_phone,) = [r for r in who_saw(gateway, PEOPLE[250][3]) if "SELECT *" in r["text"]]
    assert by_phone["through"] == "public.seen_people.phone"
    # How many of each column were shown.
    released = {tuple(each.split()[:2]): each.split()[3:] for each in found[0]["released"]}
    assert released[("public.seen_people.email", "email")] == ["300"], found[0]["released"]


def test_the_table_tells_who_acts_for_whom(gateway):
    assert gateway.psql("-c", "SELECT email FROM seen_people WHERE id = 15", user="dora").returncode == 0
    head, row = gateway.cli("audit", "who-saw", PEOPLE[15][2]).stdout.splitlines()[:2]
    assert head.split()[:4] == ["TIME", "USER", "PRINCIPAL_KIND", "ACTORS"] and "dora" in row and "human" in row


def test_people_are_counted_by_how_much_they_have_seen(gateway):
    def seen(*more):
        rows = json.loads(gateway.cli("audit", "subjects", "-o", "json", *more).stdout)
        return {row["user"]: row for row in rows}

    for where in ("id BETWEEN 100 AND 119", "id BETWEEN 110 AND 129", "id = 115"):
        assert gateway.psql("-c", f"SELECT email FROM seen_people WHERE {where}", user="carl").returncode == 0
    assert gateway.psql("-c", "SELECT count(*) FROM seen_people", user="carl").returncode == 0
    # 30 addresses, however often each was shown; masked ones are none.
    assert {key: seen("--user", "carl")["carl"][key] for key in ("subjects", "exact", "statements")} == {"subjects": 30, "exact": True, "statements": 3}
    assert seen("--user", "carl", "--text", "id = 115")["carl"]["subjects"] == 1
    assert "alice" not in seen() and seen("--user", "carl", "--day", "2026-01-01") == {}
    assert gateway.psql("-c", "SELECT email FROM seen_people", user="carl").returncode == 0
    whole = seen("--user", "carl")["carl"]
    assert abs(whole["subjects"] - 300) <= 1 and not whole["exact"], whole
    records = gateway.wait_for(lambda r: len(r) == 1, "--user", "carl", "--min-subjects", "300")
    assert records[0]["values_shown"] == 300
    assert len(gateway.wait_for(lambda r: len(r) == 4, "--user", "carl", "--min-subjects", "1")) == 4


def test_values_are_nowhere_in_the_log_and_questions_are_on_record(gateway):
    for file in (gateway.root / "state/audit/log").iterdir():
        assert b"person250@" not in file.read_bytes()
    reads = gateway.wait_for(lambda r: any("who has seen" in e["message"] for e in r), "--type", "audit_read")
    assert any("who has seen" in e["message"] for e in reads) and not any("person250" in e["message"] for e in reads)
    refused = gateway.cli("audit", "who-saw", " - ", check=False)
    assert refused.returncode == 2 and "letters or digits" in refused.stderr
