"""The brake: after an agent has read text that anybody may have written, rules hold or deny what it does."""

import pathlib
import sys

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mcp_client import token_of, until_known  # noqa: E402

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: brake, effect: deny, do: [write], when: { tainted: true }, message: this agent has read what anybody may have written }
  - { name: wide, effect: deny, do: [read], when: { tainted: true, no_limit: true } }
  - { name: few-rows, effect: allow, do: [read, copy_out], when: { tainted: true }, limit: { rows: 50 } }
"""

SCHEMA = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO sluice; SET ROLE sluice;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE orders (id int PRIMARY KEY, status varchar(20), amount numeric, kind text, colour colour DEFAULT 'red');
INSERT INTO orders SELECT i, CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END, i, 'kind ' || i % 3 FROM generate_series(1, 200) i;
CREATE TABLE tickets (id int PRIMARY KEY, body text);
INSERT INTO tickets SELECT i, 'Hello, my parcel number ' || i || ' has not come yet. Could you please look into it, and call me back? '
  || 'I have waited for ' || i || ' days now, and nobody answers my letters. Thank you very much indeed.' FROM generate_series(1, 100) i;
CREATE VIEW complaints AS SELECT id, body AS what FROM tickets;
CREATE FUNCTION newest() RETURNS text LANGUAGE sql STABLE AS 'SELECT body FROM tickets ORDER BY id DESC LIMIT 1';
ANALYZE;
"""

WRITE = "UPDATE orders SET amount = amount WHERE id = 1"


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(server):
    gateway = Gateway(server, start=False, masking=True)
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for name in ("helper", "other"):
        gateway.cli("user", "add", name, "--kind", "agent", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    gateway.cli("data", "set", "orders.public.orders.kind", "class=none", "--comment", "our own words")
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def fresh(gateway):
    """A credential that has read nothing yet."""
    token = token_of(gateway, "mcp")
    until_known(gateway, token)
    return token


def connect(gateway, token, user="helper"):
    return psycopg.connect(gateway.dsn(user=user, password=token), autocommit=True)


def braked(db):
    try:
        db.execute(WRITE)
    except psycopg.Error as error:
        assert "brake" in str(error) and error.sqlstate == "42501", error
        return True
    return False


@pytest.mark.parametrize("text", ["SELECT body FROM tickets LIMIT 1", "SELECT * FROM tickets LIMIT 1", "SELECT what FROM complaints LIMIT 1",
                                  "SELECT newest()", "SELECT upper(left(body, 40)) FROM tickets LIMIT 1", "SELECT t FROM tickets t LIMIT 1",
                                  "DECLARE c CURSOR WITH HOLD FOR SELECT body FROM tickets LIMIT 1", "SELECT max(body) FROM tickets"])
def test_what_taints(gateway, fresh, text):
    with connect(gateway, fresh) as db:
        assert not braked(db)
        db.execute(text)
        assert braked(db), text
        with pytest.raises(psycopg.Error, match="wide"):
            db.execute("SELECT id FROM orders")
        db.execute("SELECT id FROM orders LIMIT 3")


@pytest.mark.parametrize("text", ["SELECT id, status, amount, colour FROM orders LIMIT 5", "SELECT kind FROM orders LIMIT 5", "SELECT count(*) FROM tickets WHERE body LIKE '%parcel%'",
                                  "SELECT id FROM tickets LIMIT 5", "SELECT relname FROM pg_class LIMIT 5", "SELECT 'a text of its own'"])
def test_what_does_not(gateway, fresh, text):
    with connect(gateway, fresh) as db:
        db.execute(text)
        assert not braked(db), text


@pytest.mark.parametrize("prepare", [False, True])
def test_a_wide_limit_is_no_limit(gateway, fresh, prepare):
    """A LIMIT of a million passes no_limit; what bounds it is a limit of rows, over both protocols."""
    wide = "SELECT id FROM orders LIMIT 1000000"
    with connect(gateway, fresh) as db:
        assert len(db.execute(wide, prepare=prepare).fetchall()) == 200
        db.execute("SELECT body FROM tickets LIMIT 1")
        for text in (wide, "SELECT id FROM orders WHERE id > 0 LIMIT 51"):
            with pytest.raises(psycopg.Error, match="few-rows") as caught:
                db.execute(text, prepare=prepare).fetchall()
            assert caught.value.sqlstate == "42501", caught.value
        assert len(db.execute("SELECT id FROM orders LIMIT 50", prepare=prepare).fetchall()) == 50


def test_people_are_not_braked(gateway):
    with psycopg.connect(gateway.dsn(), autocommit=True) as db:
        db.execute("SELECT body FROM tickets")
        assert not braked(db)


def test_Threat79_nothing_clears_it(gateway, fresh):
    with connect(gateway, fresh) as db:
        db.execute("SET sluice.run = 'tainted-run'")
        db.execute("SELECT body FROM tickets LIMIT 1")
        for text in ("RESET ALL", "DISCARD ALL", "SET sluice.run = 'another'", "RESET sluice.run"):
            db.execute(text)
            assert braked(db), text
    with connect(gateway, fresh) as db:
        assert braked(db), "another session of the same credential"
    second = token_of(gateway, "mcp")
    until_known(gateway, second)
    with connect(gateway, second) as db:
        assert not braked(db), "another credential, of no run"
        db.execute("SET sluice.run = 'tainted-run'")
        assert braked(db), "the same run"
        db.execute("SET sluice.run = 'clean-run'")
        assert not braked(db)
    record = gateway.wait_for(lambda r: any(x.get("tainted") for x in r), "--run", "tainted-run", "--type", "statement")
    assert any("body" in r["text"] and r.get("tainted") for r in record)
    gateway.process.terminate()
    assert gateway.process.wait(timeout=60) == 0
    gateway.start()
    with connect(gateway, fresh) as db:
        assert braked(db), "after a restart"
    with connect(gateway, second) as db:
        assert not braked(db)
        db.execute("SET sluice.run = 'tainted-run'")
        assert braked(db), "the run, after a restart"


def test_Threat79_what_was_prepared_before(gateway, fresh):
    with connect(gateway, fresh) as db:
        db.execute("PREPARE w AS UPDATE orders SET amount = amount WHERE id = 2")
        cursor = db.cursor()
        update = "UPDATE orders SET amount = amount WHERE id = %s"
        cursor.execute(update, (3,), prepare=True)
        db.execute("SELECT body FROM tickets LIMIT 1")
        for again in (lambda: db.execute("EXECUTE w"), lambda: cursor.execute(update, (3,), prepare=True)):
            with pytest.raises(psycopg.Error, match="brake"):
                again()


def test_Threat79_behind_it_in_one_pipeline(gateway, fresh):
    with connect(gateway, fresh) as db:
        with pytest.raises(psycopg.Error, match="brake"), db.pipeline() as pipeline:
            db.execute("SELECT body FROM tickets LIMIT 1")
            db.execute(WRITE)
            pipeline.sync()
