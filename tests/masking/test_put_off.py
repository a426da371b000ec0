"""What the server says of constraints that were put off hides what it would hide at once: in a transaction of the gateway's
own, in which rows are counted, and at the client's COMMIT."""

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, parse, query

SCHEMA = """
DROP TABLE IF EXISTS persons, at_once, later, again, keyed, quiet CASCADE;
CREATE TABLE persons (id int PRIMARY KEY, email text, last_name text);
INSERT INTO persons SELECT i, 'person' || i || '@mail.example', (ARRAY['Miller', 'Johnson', 'Anderson', 'Thompson'])[1 + i % 4]
    FROM generate_series(1, 200) i;
CREATE TABLE at_once (id int); CREATE TABLE later (id int); CREATE TABLE again (last_name text); CREATE TABLE quiet (id int);
INSERT INTO again VALUES ('Miller'), ('Johnson'), ('Anderson'), ('Thompson');
ALTER TABLE again ADD UNIQUE (last_name) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE keyed (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO keyed VALUES (7);
CREATE OR REPLACE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS
    $$DECLARE n text; BEGIN SELECT last_name INTO n FROM persons WHERE id = NEW.id; RAISE EXCEPTION 'not for %', n; END$$;
CREATE TRIGGER t BEFORE INSERT ON at_once FOR EACH ROW EXECUTE FUNCTION tells();
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tells();
"""
NAMES = ("Miller", "Johnson", "Anderson", "Thompson")
WRITES = {
    "at once": "INSERT INTO at_once VALUES (7)",
    "later": "INSERT INTO later VALUES (7)",
    "key": "INSERT INTO again SELECT last_name FROM persons WHERE id = 7",
}


def block(client, sql):
    client.run(query("BEGIN"))
    return [*client.run(query(sql)), *client.run(query("COMMIT"))]


def constraints(client, sql):
    client.run(query("BEGIN"))
    return [*client.run(query(sql)), *client.run(query("SET CONSTRAINTS ALL IMMEDIATE"))]


def behind(client, sql):
    """Sent before the answer to another transaction has come."""
    one = parse("SELECT pg_sleep(0.2)") + bind() + execute() + SYNC
    client.send(one + parse(sql) + bind() + execute() + SYNC)
    return [*client.read_until(), *client.read_until()]


def code(client, sql):
    client.run(query("BEGIN"))
    return [*client.run(query(sql)), *client.run(query("DO $$BEGIN SET CONSTRAINTS ALL IMMEDIATE; END$$"))]


SEND = {
    "code": code,
    "behind": behind,
    "query": lambda c, sql: c.run(query(sql)),
    "extended": lambda c, sql: c.run(parse(sql) + bind() + execute() + SYNC),
    "one text": lambda c, sql: c.run(query(f"BEGIN; {sql}; COMMIT")),
    "block": block,
    "SET CONSTRAINTS": constraints,
    "pipeline": lambda c, sql: c.run(parse("BEGIN") + bind() + execute() + parse(sql) + bind() + execute() + parse("COMMIT") + bind() + execute() + SYNC),
}


@pytest.fixture(scope="module", params=["production", "staging"])
def gateway(request, server):
    """In production rows are counted, elsewhere not."""
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment=request.param, masking=True)
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()


def errors(answer):
    return [error_fields(body) for kind, body in answer if kind == b"E"]


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize("write", WRITES)
def test_errors_hide_what_is_masked(client, send, write):
    answer = SEND[send](client, WRITES[write])
    assert errors(answer)
    assert not [name for name in NAMES for _, body in answer if name.encode() in body], errors(answer)
    client.run(query("ROLLBACK"))


@pytest.mark.parametrize("send", SEND)
def test_what_hides_nothing_is_told(client, send):
    [error] = errors(SEND[send](client, "INSERT INTO keyed VALUES (7)"))
    assert "keyed_id_key" in error["M"], error
    client.run(query("ROLLBACK"))


def test_code_does_not_read_what_was_put_off(client):
    client.run(query("BEGIN"))
    client.run(query(WRITES["key"]))
    answer = client.run(query("DO $$DECLARE d text; BEGIN SET CONSTRAINTS ALL IMMEDIATE; "
                              "EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RAISE NOTICE '%', d; END$$"))
    [error] = errors(answer)
    assert "looks at the texts of errors" in error["M"], error
    assert not [name for name in NAMES for _, body in answer if name.encode() in body], answer
    client.run(query("ROLLBACK"))


POLICY = """
rules:
  - { name: reads, effect: allow, do: [read, call] }
  - { name: free, effect: allow, do: [insert], on: { tables: [public.again] } }
  - { name: few, effect: allow, do: [insert], on: { tables: [public.quiet] }, limit: { rows_changed: 10 } }
"""


def test_counting_a_write_tells_nothing_of_one_before_it(server):
    """The second is counted in a transaction of the gateway's own, which what the first has put off belongs to."""
    server.sql(SCHEMA + "CREATE OR REPLACE FUNCTION passes() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; "
                        "CREATE TRIGGER p AFTER INSERT ON quiet FOR EACH ROW EXECUTE FUNCTION passes();", "orders")
    gateway = Gateway(server, masking=True, start=False)
    (gateway.root / "policy.yaml").write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + "policy: { file: policy.yaml }\n")
    gateway.start()
    try:
        client = WireClient(gateway.port)
        assert client.login()[-1][0] == b"Z"
        answer = client.run(parse(WRITES["key"]) + bind() + execute() + parse("INSERT INTO quiet VALUES (7)") + bind() + execute() + SYNC)
        assert [error["C"] for error in errors(answer)] == ["23505"], answer
        assert not [name for name in NAMES for _, body in answer if name.encode() in body], errors(answer)
        client.close()
    finally:
        assert gateway.stop() == 0
