"""Triggers, rules, checks and defaults of temporary tables are their maker's own code: it sees no more than the maker may."""

import pytest

from harness.gateway import Gateway

SCHEMA = """
SET ROLE sluice;
CREATE TABLE patrons (id int, full_name text, email text);
INSERT INTO patrons SELECT i, 'Wilhelmina Abernathy', 'wilhelmina.abernathy' || i || '@mail.example' FROM generate_series(1, 60) i;
CREATE FUNCTION mail_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.patrons WHERE id = $1';
CREATE FUNCTION known_mail_of(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT email FROM public.patrons WHERE id = $1';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION fills_mail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := (SELECT email FROM public.patrons WHERE id = NEW.id); RETURN NEW; END $$;
CREATE FUNCTION fills_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := (SELECT to_jsonb(p)::text FROM public.patrons p WHERE p.id = NEW.id); RETURN NEW; END $$;
CREATE FUNCTION skips_alike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM public.patrons WHERE email LIKE NEW.note) THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := NEW.id || ' of ' || NEW.note; RETURN NEW; END $$;
"""
TABLE = "CREATE TEMP TABLE asked (id int, note text)"
VIEW = "CREATE TEMP VIEW seen AS SELECT 1 AS id, 'x'::text AS note"


def trigger(function, what="BEFORE INSERT ON asked", when=""):
    return f"CREATE TRIGGER t {what} FOR EACH ROW {when} EXECUTE FUNCTION {function}()"


# Each is refused at one of its statements; were one let through, the last would tell.
REFUSED = {
    "a trigger that fills a column": (TABLE, trigger("fills_mail"), "INSERT INTO asked VALUES (1, 'x')"),
    "a trigger that fills it with all": (TABLE, trigger("fills_all"), "INSERT INTO asked VALUES (1, 'x') RETURNING note"),
    "a trigger of an update": (TABLE, trigger("fills_mail", "BEFORE UPDATE ON asked"), "INSERT INTO asked VALUES (1, 'x')", "UPDATE asked SET id = 1 WHERE id = 1"),
    "a trigger of a view": (VIEW, trigger("fills_mail", "INSTEAD OF INSERT ON seen"), "INSERT INTO seen VALUES (1, 'x') RETURNING note"),
    "a trigger under MERGE": (TABLE, trigger("fills_mail"), "MERGE INTO asked USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT VALUES (1, 'x')"),
    "a trigger that guesses": (TABLE, trigger("skips_alike"), "INSERT INTO asked VALUES (1, 'w%')"),
    "a trigger's condition": (TABLE, trigger("counts", when="WHEN (mail_of(NEW.id) LIKE 'w%')"), "INSERT INTO asked VALUES (1, 'x')"),
    "a rule's condition": (TABLE, "CREATE RULE r AS ON INSERT TO asked WHERE mail_of(NEW.id) LIKE 'w%' DO INSTEAD NOTHING", "INSERT INTO asked VALUES (1, 'x')"),
    "a rule's condition by order": (TABLE, "CREATE RULE r AS ON UPDATE TO asked WHERE mail_of(OLD.id) < 'x' DO INSTEAD NOTHING", "UPDATE asked SET id = 1 WHERE id = 1"),
    "a check": ("CREATE TEMP TABLE asked (id int CHECK (mail_of(id) LIKE 'w%'))", "INSERT INTO asked VALUES (1)"),
    "a default of a new column": (TABLE, "INSERT INTO asked VALUES (1, 'x')", "ALTER TABLE asked ADD more text DEFAULT mail_of(1)"),
    "a guess of a new column": (TABLE, "INSERT INTO asked VALUES (1, 'x')", "ALTER TABLE asked ADD more bool DEFAULT starts_with(mail_of(1), 'w')"),
    "a check of a new column": (TABLE, "INSERT INTO asked VALUES (1, 'x')", "ALTER TABLE asked ADD more text DEFAULT mail_of(1) CHECK (more LIKE 'w%')"),
    "all in one text": (f"{TABLE}; {trigger('fills_mail')}; INSERT INTO asked VALUES (1, 'x') RETURNING note",),
}
ALLOWED = {
    "a trigger": ((TABLE, trigger("counts"), "INSERT INTO asked VALUES (3, 'x') RETURNING note"), "3 of x"),
    "a trigger's condition": ((TABLE, trigger("counts", when="WHEN (NEW.id > 2)"), "INSERT INTO asked VALUES (2, 'x') RETURNING note"), "x"),
    "a rule": ((TABLE, "CREATE RULE r AS ON INSERT TO asked WHERE NEW.id > 2 DO INSTEAD NOTHING", "INSERT INTO asked VALUES (1, 'x')", "SELECT note FROM asked"), "x"),
    "a default": ((TABLE, "INSERT INTO asked VALUES (1, 'x')", "ALTER TABLE asked ADD more int DEFAULT twice(4)", "SELECT more FROM asked"), "8"),
    "a check": (("CREATE TEMP TABLE asked (id int CHECK (twice(id) > 2))", "INSERT INTO asked VALUES (4) RETURNING id"), "4"),
    "a plan": (("EXPLAIN (VERBOSE, COSTS OFF) SELECT twice(21)",), "Output: 42"),
}
PLANS = ["EXPLAIN VERBOSE SELECT known_mail_of(1)", "EXPLAIN (VERBOSE, FORMAT JSON) SELECT reverse(known_mail_of(1))",
         "EXPLAIN VERBOSE SELECT known_mail_of(1) LIKE 'w%'", "EXPLAIN SELECT 1 FROM generate_series(1, ascii(mail_of(1)))",
         "EXPLAIN VERBOSE SELECT * FROM (SELECT known_mail_of(1) AS x OFFSET 0) y"]


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(SCHEMA, "orders")
    running = Gateway(server, environment="staging", masking=True)
    yield running
    assert running.stop() == 0


def run(gateway, statements):
    return gateway.psql("-At", "-v", "VERBOSITY=verbose", *(word for one in statements for word in ("-c", one)), user="alice")


@pytest.mark.parametrize("name", REFUSED)
def test_own_code_sees_no_more(gateway, name):
    answer = run(gateway, ("BEGIN", *REFUSED[name]))
    assert "42501" in answer.stderr, answer
    assert "abernathy" not in (answer.stdout + answer.stderr).lower()
    assert "INSERT 0 0" not in answer.stdout and "UPDATE 0" not in answer.stdout


@pytest.mark.parametrize("name", ALLOWED)
def test_own_code_that_sees_nothing_runs(gateway, name):
    statements, last = ALLOWED[name]
    answer = run(gateway, statements)
    assert answer.stderr == "" and last in answer.stdout.splitlines()[-1] + answer.stdout, answer


@pytest.mark.parametrize("text", PLANS)
def test_a_plan_shows_nothing_that_a_function_would(gateway, text):
    answer = run(gateway, [text])
    told = (answer.stdout + answer.stderr).lower()
    assert "abernathy" not in told and "yhtanreba" not in told and "output: true" not in told, answer
    assert "redacted" in told or "42501" in told or answer.stdout.strip() == "", answer
