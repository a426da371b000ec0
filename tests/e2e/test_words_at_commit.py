"""What runs as a transaction commits chooses the words of its errors: they are bounded as what has put it off."""

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: code, effect: allow, do: [function], on: { functions: ['public.*'] } }
  - { name: few-rows, effect: allow, do: [insert], on: { tables: [public.wc_counted] }, limit: { rows_changed: 3 } }
  - { name: few-bytes, effect: allow, do: [insert], on: { tables: [public.wc_later] }, limit: { bytes: 2kB } }
  - { name: few-read, effect: allow, do: [read], on: { tables: [public.wc_read] }, limit: { bytes: 2kB } }
"""

SETUP = """
DROP TABLE IF EXISTS wc_counted, wc_later, wc_read;
CREATE TABLE wc_counted (id int);
CREATE TABLE wc_later (n int);
CREATE TABLE wc_read AS SELECT 1 AS n;
CREATE OR REPLACE FUNCTION wc_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', repeat('x', NEW.n); END $$;
CREATE OR REPLACE FUNCTION wc_raises(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', repeat('x', n); END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON wc_later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wc_fails();
"""


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    server.sql(SETUP, "orders")
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    running = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    yield running
    server.sql("DROP TABLE wc_counted, wc_later, wc_read", "orders")
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()


def ext(sql):
    return parse(sql) + bind() + execute()


COUNTED = "INSERT INTO wc_counted VALUES (1)"
LATER = "INSERT INTO wc_later VALUES (%d)"
HELD = "DECLARE c CURSOR WITH HOLD FOR SELECT wc_raises(%d) FROM wc_read"
# What is sent at once, each time: as messages of the extended protocol with a Sync behind them, or as one text.
EXTENDED = {
    "at the gateway's own COMMIT": [[COUNTED, LATER]],
    "the other way around": [[LATER, COUNTED]],
    "a cursor at the gateway's own COMMIT": [[COUNTED, HELD]],
    "at the server's": [[LATER]],
    "a cursor at the server's": [[HELD]],
    "at the client's": [["BEGIN"], [LATER], ["COMMIT"]],
    "at the client's, in a pipeline": [["BEGIN", LATER, "COMMIT"]],
}
SIMPLE = {
    "at the client's": ["BEGIN", LATER, "COMMIT"],
    "behind a counted one": ["BEGIN", COUNTED, LATER, "COMMIT"],
    "a cursor at the client's": ["BEGIN", HELD, "COMMIT"],
    "in a text": [LATER],
    "in a text of several": [f"{COUNTED}; {LATER}"],
    "prepared": [f"PREPARE later AS {LATER}", "BEGIN", "EXECUTE later", "COMMIT"],
}


def sent(part, n):
    def sized(text):
        return text % n if "%d" in text else text

    return query(sized(part)) if isinstance(part, str) else b"".join(ext(sized(text)) for text in part) + SYNC


@pytest.mark.parametrize("parts", [*EXTENDED.values(), *SIMPLE.values()], ids=[*(f"extended, {name}" for name in EXTENDED), *SIMPLE])
def test_words_of_what_was_put_off_are_bounded(client, parts):
    for n in (100, 9000, 100):
        answer = [message for part in parts for message in client.run(sent(part, n))]
        errors = [error_fields(body) for kind, body in answer if kind == b"E"]
        assert len(errors) == 1 and errors[0]["C"] == "P0001", (n, errors)
        if n == 100:
            assert errors[0]["M"] == "x" * 100, errors
        else:
            assert "left out" in errors[0]["M"] and "2000 bytes" in errors[0]["M"] and "xxx" not in str(errors), errors
        client.run(query("ROLLBACK; DEALLOCATE ALL"))
    assert kinds(client.run(query("SELECT 'and on'"))) == "TDCZ"
