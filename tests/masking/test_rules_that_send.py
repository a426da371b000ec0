"""What rules of a table send beside a write's own rows, or in their place: anybody may make such rules for temporary tables."""

import pytest

from harness.gateway import Gateway

SCHEMA = """
CREATE TABLE patrons (id int, full_name text, email text);
INSERT INTO patrons SELECT i, 'Wilhelmina Abernathy', 'wilhelmina.abernathy' || i || '@mail.example' FROM generate_series(1, 60) i;
ALTER TABLE patrons OWNER TO sluice;
CREATE TABLE doors (id int, label text); INSERT INTO doors SELECT i, 'door ' || i FROM generate_series(1, 60) i; ALTER TABLE doors OWNER TO sluice;
"""
MADE = "CREATE TEMP TABLE asked (a text); CREATE TEMP TABLE kept (b text); CREATE TEMP VIEW seen AS SELECT 'x'::text AS a;"
HIDDEN = {
    "beside it": ("CREATE RULE r AS ON INSERT TO asked DO ALSO SELECT email FROM patrons WHERE id = 1", "INSERT INTO asked VALUES ('z')"),
    "an expression": ("CREATE RULE r AS ON INSERT TO asked DO ALSO SELECT reverse(email) FROM patrons WHERE id = 1", "INSERT INTO asked VALUES ('z')"),
    "in its place": ("CREATE RULE r AS ON INSERT TO seen DO INSTEAD SELECT email FROM patrons WHERE id = 1", "INSERT INTO seen VALUES ('z')"),
    "by way of another table": ("CREATE RULE r AS ON INSERT TO kept DO ALSO SELECT email FROM patrons WHERE id = 1;"
                                "CREATE RULE r AS ON INSERT TO asked DO ALSO INSERT INTO kept VALUES ('y')", "INSERT INTO asked VALUES ('z')"),
    "prepared": ("CREATE RULE r AS ON INSERT TO asked DO ALSO SELECT email FROM patrons WHERE id = 1; PREPARE p AS INSERT INTO asked VALUES ('z')", "EXECUTE p"),
}
RETURNING = "CREATE RULE r AS ON INSERT TO asked DO INSTEAD INSERT INTO kept VALUES ('y') RETURNING (SELECT email FROM patrons WHERE id = 1)"
for name, write in {"what it returns": "INSERT INTO asked VALUES ('z') RETURNING a", "all that it returns": "INSERT INTO asked VALUES ('z') RETURNING *",
                    "what a part returns": "WITH i AS (INSERT INTO asked VALUES ('z') RETURNING a) SELECT a FROM i"}.items():
    HIDDEN[name] = (RETURNING, write)
SHOWN = {
    "beside it": ("CREATE RULE r AS ON INSERT TO asked DO ALSO SELECT label FROM doors WHERE id = 7", "INSERT INTO asked VALUES ('z')", "door 7"),
    "what it returns": ("CREATE RULE r AS ON INSERT TO asked DO INSTEAD INSERT INTO kept VALUES (new.a) RETURNING kept.b", "INSERT INTO asked VALUES ('door 9') RETURNING a",
                        "door 9"),
}


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True)
    yield running
    assert running.stop() == 0


def sent(gateway, *texts):
    answer = gateway.psql("-At", "-f", "-", user="alice", input=";\n".join(part for text in texts for part in text.split(";")) + ";\n")
    return answer.stdout.lower() + answer.stderr.lower()


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_rule_sends_is_masked(gateway, name):
    answer = sent(gateway, MADE, *HIDDEN[name])
    assert "abernathy" not in answer and "yhtanreba" not in answer, answer
    assert "[redacted]" in answer or "***" in answer, answer


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_nobodys_is_shown(gateway, name):
    rule, write, seen = SHOWN[name]
    assert seen in sent(gateway, MADE, rule, write)
