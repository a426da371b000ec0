"""What the gateway finds columns to hold, and people's word on it."""

import json
import os
import time

import psycopg
import pytest
from harness.gateway import Gateway

PEOPLE = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth", "Niklaus Wirth",
          "Frances Allen", "Tony Hoare", "John Backus"]


def card(number):
    """With its check digit."""
    digits = f"453957{number:09d}"
    total = sum(sum(divmod(int(d) * 2, 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    server.sql("""
        DROP TABLE IF EXISTS members, payments, later, locked_out CASCADE;
        CREATE TABLE members (id int PRIMARY KEY, full_name text, email text, nick text, colour text, "odd.name" text);
        CREATE TABLE payments (id int PRIMARY KEY, member_email text, k7 text, amount numeric(10,2), note jsonb);
        CREATE VIEW mails AS SELECT email FROM members;
        DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'humble') THEN
          CREATE ROLE humble LOGIN PASSWORD 'server-password'; END IF; END $$""", "orders")
    with psycopg.connect(host=str(server.root), port=server.port, user="postgres", dbname="orders") as session:
        for i in range(60):
            name = f"{PEOPLE[i % 10].split()[0]} {PEOPLE[(i // 10 + i) % 10].split()[1]}"
            session.execute("INSERT INTO members VALUES (%s, %s, %s, %s, %s, 'x')",
                            (i, name, name.lower().replace(" ", ".") + f"{i}@example.org", f"wolf{i}", ["red", "blue"][i % 2]))
            session.execute("INSERT INTO payments VALUES (%s, %s, %s, %s, '{}')", (i, f"m{i}@example.org", card(i * 7919), i))


@pytest.fixture
def running(server):
    gateway = Gateway(server, environment="staging")
    yield gateway
    assert gateway.stop() == 0


def listed(running, *options):
    rows = json.loads(running.cli("data", "list", "orders", "-o", "json", "--limit", "10000", *options).stdout)
    return {f"{r['schema']}.{r['table']}.{r['column']}": r for r in rows}


def wait_for(running, name, wanted, seconds):
    deadline = time.time() + seconds
    while True:
        found = listed(running, "--all").get(name)
        if found and found["class"] == wanted or time.time() > deadline:
            return found
        time.sleep(0.2)


def test_list_and_explain(running):
    found = listed(running)
    assert found["public.members.full_name"]["class"] == "person_name"
    email = found["public.members.email"]
    assert (email["class"], email["shape"], email["category"], email["strength"], email["masked"], email["type"]) == (
        "email", "whole", "pii", "medium", True, "text")
    assert email["confidence"] > 0.9 and "email" in email["evidence"] and email["corrected_by"] == ""
    assert found["public.payments.k7"]["class"] == "card_number", "by its values alone"
    assert found["public.payments.note"]["shape"] == "structured"
    assert "public.members.colour" not in found and "pg_catalog.pg_stats.most_common_vals" not in found
    everything = listed(running, "--all")
    assert everything["public.members.colour"]["class"] == "none" and not everything["public.members.colour"]["masked"]
    assert everything["pg_catalog.pg_stats.most_common_vals"]["masked"]
    assert "public.mails.email" not in everything, "seen through to its table"
    emails = {"public.members.email", "public.payments.member_email"}
    deadline = time.time() + 20  # a foreign key's column is decided after what it refers to
    while set(listed(running, "--class", "email")) != emails and time.time() < deadline:
        time.sleep(0.2)
    assert set(listed(running, "--class", "email")) == emails
    table = running.cli("data", "list", "orders").stdout.splitlines()
    assert table[0].split() == ["DATABASE", "SCHEMA", "TABLE", "COLUMN", "TYPE", "SHAPE", "CLASS", "CATEGORY", "STRENGTH", "MASKED",
                                "CONFIDENCE", "EVIDENCE", "CORRECTED_BY"]
    assert len(running.cli("data", "list", "-o", "csv", "--limit", "2").stdout.splitlines()) == 3
    explained = running.cli("data", "explain", "orders.public.members").stdout
    assert "orders.public.members.email (text): email, whole, masked by default" in explained
    assert "- the name \"email\" says email" in explained and "60 values in 60 rows" in explained
    [one] = json.loads(running.cli("data", "explain", "orders.public.payments.k7", "-o", "json").stdout)
    assert any("pass the check of" in line or "card" in line for line in one["evidence"])


def test_what_is_not_there(running):
    def code(*words):
        done = running.cli("data", *words, check=False)
        return done.returncode, done.stderr
    assert code("list", "nowhere")[0] == 3
    assert code("explain", "orders.public.nothing")[0] == 3
    assert code("explain", "orders.public")[0] == 2
    assert code("set", "orders.public.members.nothing", "class=none")[0] == 3
    assert code("set", "orders.public.mails.email", "class=none")[0] == 3
    assert code("set", "orders.public.members.nick", "none")[0] == 2
    assert code("set", "orders.pg_catalog.pg_stats.most_common_vals", "class=none")[0] == 1
    wrong, said = code("set", "orders.public.members.nick", "class=nickname")
    assert wrong == 2 and "social_handle" in said and "auto" in said
    assert json.loads(running.cli("data", "history", "-o", "json").stdout) == []


def test_corrections_last(running):
    name = "orders.public.members.nick"
    before = listed(running, "--all")["public.members.nick"]
    running.cli("data", "set", name, "class=medical_record", "--comment", "for the test")
    after = listed(running)["public.members.nick"]
    assert (after["class"], after["masked"], after["confidence"]) == ("medical_record", True, 1)
    assert f"(uid {os.getuid()})" in after["corrected_by"]
    running.cli("data", "set", "orders.public.members.email", "class=none")
    assert not listed(running)["public.members.email"]["masked"], "what was corrected is listed"
    running.cli("data", "set", 'orders.public.members."odd.name"', "class=phone")
    assert listed(running)["public.members.odd.name"]["class"] == "phone"
    history = json.loads(running.cli("data", "history", "-o", "json").stdout)
    assert [(h["number"], h["column"], h["class"], h["comment"]) for h in history] == [
        (3, "odd.name", "phone", ""), (2, "email", "none", ""), (1, "nick", "medical_record", "for the test")]
    records = running.wait_for(lambda r: sum("correction" in x["message"] for x in r) == 3, "--type", "admin")
    said = [r for r in records if "correction" in r["message"]]
    assert said[0]["message"] == f"correction 1 saved: column {name} has the class medical_record: for the test"
    assert said[0]["user"] == history[0]["author"]
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0
    running.start()
    assert listed(running)["public.members.nick"]["class"] == "medical_record"
    assert not listed(running)["public.members.email"]["masked"]
    running.cli("data", "set", name, "class=auto")
    now = listed(running, "--all")["public.members.nick"]
    assert (now["class"], now["shape"], now["corrected_by"]) == (before["class"], before["shape"], "")


def test_new_and_filled_tables(running, server):
    listed(running)
    assert running.psql("-c", "CREATE TABLE later (id int, f3 text, member_id int REFERENCES members)").returncode == 0
    started = time.time()
    empty = listed(running, "--all")["public.later.f3"]
    assert time.time() - started < 1
    assert empty["masked"] or empty["unproven"], "nothing is known of what it will hold"
    server.sql("INSERT INTO later SELECT i, 'someone' || i || '@example.org', i FROM generate_series(0, 59) i", "orders")
    assert wait_for(running, "public.later.f3", "email", 25)["class"] == "email"
    # Past the gateway: found by its fingerprint.
    server.sql("ALTER TABLE later ADD COLUMN iban text", "orders")
    assert wait_for(running, "public.later.iban", "iban", 25)["class"] == "iban"


def test_with_few_rights(server):
    """What may not be read is judged by its name."""
    server.sql("CREATE TABLE IF NOT EXISTS locked_out (email text, colour text); GRANT SELECT (colour) ON locked_out TO humble;"
               "INSERT INTO locked_out SELECT 'a@example.org', 'red' FROM generate_series(1, 30);"
               "GRANT SELECT ON payments TO humble; GRANT CONNECT ON DATABASE orders TO humble", "orders")
    gateway = Gateway(server, environment="staging", start=False)
    gateway.config.write_text(gateway.config.read_text().replace("user: sluice", "user: humble"))
    gateway.start()
    try:
        found = listed(gateway, "--all")
        assert (found["public.members.email"]["class"], found["public.members.email"]["values"]) == ("email", 0)
        assert (found["public.locked_out.colour"]["values"], found["public.locked_out.email"]["values"]) == (30, 0)
        assert found["public.payments.k7"]["class"] == "card_number"
    finally:
        assert gateway.stop() == 0
