"""A trigger or rule that a text makes for a temporary table fires within the same text, where no catalog has it yet."""

import pytest

from harness.gateway import Gateway

SCHEMA = """
SET ROLE sluice;
CREATE TABLE stock (id int PRIMARY KEY, n int DEFAULT 0);
INSERT INTO stock SELECT g FROM generate_series(1, 1000) g;
CREATE TABLE vault (secret text);
INSERT INTO vault VALUES ('opensesame');
CREATE FUNCTION touches() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.stock SET n = n + 1 WHERE id > 0; RETURN NEW; END $$;
CREATE FUNCTION empties() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN TRUNCATE public.stock; RETURN NEW; END $$;
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.s := (SELECT secret FROM public.vault); RETURN NEW; END $$;
CREATE FUNCTION runs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'UPDATE public.stock SET n = n + 1'; RETURN NEW; END $$;
"""
OPEN = """
rules:
  - { name: all, effect: allow }
  - { name: not-the-vault, effect: deny, who: { users: [alice] }, on: { tables: [public.vault] } }
"""
TABLE = "CREATE TEMP TABLE a (id int, s text)"
WRITE = "INSERT INTO a VALUES (1, 'x') RETURNING s"


def trigger(function, name="a"):
    return f"CREATE TRIGGER t BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION {function}()"


def code(what):
    return f"CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {what} RETURN NEW; END $f$"


TEXTS = {
    "by code that is replaced": ([TABLE, code(""), trigger("pg_temp.f")], code("UPDATE public.stock SET n = n + 1 WHERE id > 0;") + "; " + WRITE),
    "made in it": ([], f"{TABLE}; {{made}}; {WRITE}"),
    "made for a table of before": ([TABLE], f"{{made}}; {WRITE}"),
    "made by code": ([TABLE], f"DO $do$ BEGIN {{made}}; INSERT INTO a VALUES (1, 'x'); END $do$"),
    "made for what a partition is of": (["CREATE TEMP TABLE p (id int, s text) PARTITION BY LIST (id)"],
                                        "{of_p}; CREATE TEMP TABLE a PARTITION OF p DEFAULT; " + WRITE),
    "of a partition": (["CREATE TEMP TABLE p (id int, s text) PARTITION BY LIST (id)", "{of_p}"], "CREATE TEMP TABLE a PARTITION OF p DEFAULT; " + WRITE),
    "attached": (["CREATE TEMP TABLE p (id int, s text) PARTITION BY LIST (id)", "{of_p}", TABLE], "ALTER TABLE p ATTACH PARTITION a DEFAULT; " + WRITE),
    "switched on": ([TABLE, "{made}", "ALTER TABLE a DISABLE TRIGGER t"], f"ALTER TABLE a ENABLE TRIGGER t; {WRITE}"),
    "under another name": ([TABLE.replace("TABLE a", "TABLE b"), "{of_b}"], f"ALTER TABLE b RENAME TO a; {WRITE}"),
    "before what was prepared": ([TABLE, f"PREPARE i AS {WRITE}"], "{made}; EXECUTE i"),
    "merged into": ([TABLE], "{made}; MERGE INTO a USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT VALUES (1, 'x')"),
}


@pytest.fixture(scope="module", params=["standard", "strict", "open"])
def gateway(server, request):
    if request.param == "standard":
        server.sql(SCHEMA, "orders")
    running = Gateway(server, start=False)
    (running.root / "open.yaml").write_text(OPEN)
    policy = "file: " + str(running.root / "open.yaml") if request.param == "open" else "profile: " + request.param
    running.config.write_text(running.config.read_text() + f"policy: {{ {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("function", ["touches", "empties", "looks", "runs"])
@pytest.mark.parametrize("name", TEXTS)
def test_nothing_fires_unseen(gateway, server, name, function):
    server.sql("UPDATE stock SET n = 0", "orders")
    before, text = TEXTS[name]
    made = {"made": trigger(function), "of_p": trigger(function, "p"), "of_b": trigger(function, "b")}
    statements = [part.format(**made) for part in (*before, text)]
    answer = gateway.psql("-At", "-v", "VERBOSITY=verbose", *(word for one in statements for word in ("-c", one)), user="alice")
    assert "42501" in answer.stderr, answer
    assert "opensesame" not in answer.stdout + answer.stderr
    assert server.sql("SELECT count(*), sum(n) FROM stock", "orders") == ["1000|0"]


def test_texts_in_which_nothing_fires_run(gateway):
    answer = gateway.psql("-Atc", f"{TABLE}; INSERT INTO a VALUES (1, 'x'); ALTER TABLE a ADD more int DEFAULT 3; UPDATE a SET s = 'y' WHERE id = 1; SELECT s FROM a",
                          user="alice")
    assert answer.stderr == "" and answer.stdout.splitlines()[-1] == "y", answer
