"""Where anybody may make tables, what they make with them (triggers, defaults, indexes) shows nothing that is masked for them."""

import pytest

from harness.gateway import Gateway

SCHEMA = """
CREATE TABLE lodgers (id int, full_name text, email text, card_no text);
INSERT INTO lodgers SELECT i, 'Wilhelmina Abernathy', 'wilhelmina.abernathy' || (i % 50) || '@mail.example', '4539578763621486' FROM generate_series(1, 60) i;
ALTER TABLE lodgers OWNER TO sluice; GRANT CREATE ON SCHEMA public TO sluice;
"""
TRIGGER = ("CREATE FUNCTION pg_temp.fill() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.a := reverse((SELECT email FROM lodgers WHERE id = 1)); RETURN NEW; END$$",
           "CREATE TEMP TABLE filled (a text)", "CREATE TRIGGER t BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION pg_temp.fill()")
MADE = {
    "a trigger of a temporary table": (*TRIGGER, "INSERT INTO filled VALUES ('z') RETURNING a", "TABLE filled"),
    "a default": ("CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$SELECT reverse(email) FROM lodgers WHERE id = 1$$",
                  "CREATE TABLE by_default (a int, b text DEFAULT made())", "INSERT INTO by_default (a) VALUES (1)", "SELECT b FROM by_default"),
    "an index": ("CREATE UNIQUE INDEX twice ON lodgers ((card_no))", "CREATE UNIQUE INDEX twice ON lodgers (card_no)"),
    "a constraint": ("ALTER TABLE lodgers ADD UNIQUE (card_no)",),
}


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True)
    yield running
    assert running.stop() == 0


def sent(gateway, texts):
    answer = gateway.psql("-At", *(part for text in texts for part in ("-c", text)), user="alice")
    return answer.stdout.lower() + answer.stderr.lower()


@pytest.mark.parametrize("name", MADE)
def test_it_shows_nothing(gateway, name):
    answer = sent(gateway, MADE[name])
    assert answer and "abernathy" not in answer and "yhtanreba" not in answer and "4539578763621486" not in answer, answer


def test_a_trigger_of_ones_own_may_change_its_row(gateway):
    plain = TRIGGER[0].replace("reverse((SELECT email FROM lodgers WHERE id = 1))", "upper(NEW.a)")
    assert "zinnia" in sent(gateway, (plain, *TRIGGER[1:], "INSERT INTO filled VALUES ('zinnia') RETURNING a"))
