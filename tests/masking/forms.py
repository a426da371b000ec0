"""The ways in which a value may leave a database, and what must come of each: a table that test_forms.py goes through with
every way to send a statement."""

import dataclasses

SCHEMA = """
CREATE TYPE contact AS (kind text, email text);
CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE people (
  id integer PRIMARY KEY, full_name text, email text, work_email varchar(60), private_email mail, phone text, card_number varchar(19),
  birth_date date, client_ip inet, notes text, profile jsonb, emails text[], contact contact, points integer, joined date);
INSERT INTO people
  SELECT i, (ARRAY['Alma','Bruno','Carla','Dario','Edith','Frida','Gustav','Helma'])[1 + i % 8] || ' '
      || (ARRAY['Quarrington','Pendlebury','Ravensdale','Ostermann','Lindqvist'])[1 + i % 5],
    'user' || i || '@mail' || i % 7 || '.example', 'w' || i || '@corp.example', 'p' || i || '@home.example',
    '+44 20 7946 ' || lpad(i::text, 4, '0'), '4012 8888 8888 1881', date '1950-01-01' + i * 37, ('10.1.' || i % 200 || '.' || i % 250)::inet,
    'Called about the invoice. Write to user' || i || '@mail' || i % 7 || '.example before Monday.',
    jsonb_build_object('email', 'user' || i || '@mail' || i % 7 || '.example', 'plan', 'gold'),
    ARRAY['user' || i || '@mail' || i % 7 || '.example', 'w' || i || '@corp.example'],
    ROW('work', 'w' || i || '@corp.example')::contact, i * 10, date '2020-01-01' + i
  FROM generate_series(1, 300) i;
UPDATE people SET full_name = 'Zora Quarrington', email = 'zora.quarrington@secret.example', private_email = 'zora@home.example',
  work_email = 'zora.q@corp.example', phone = '+44 20 7946 0958', card_number = '4539 1488 0343 6467', birth_date = '1971-03-14',
  client_ip = '203.0.113.77', notes = 'Zora said: write to zora.quarrington@secret.example or pay with 4539 1488 0343 6467.',
  profile = '{"email": "zora.quarrington@secret.example", "plan": "gold", "card": {"number": "4539148803436467"}}',
  emails = '{zora.quarrington@secret.example,zora.q@corp.example}', contact = ROW('work', 'zora.q@corp.example') WHERE id = 7;
CREATE VIEW mailing AS SELECT id, email AS address FROM people;
CREATE MATERIALIZED VIEW mailing_copy AS SELECT id, email AS address FROM people;
CREATE FUNCTION mail_of(integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM people WHERE id = $1';
CREATE FUNCTION mail_by_code(integer) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT email FROM people WHERE id = $1); END';
CREATE FUNCTION all_mails() RETURNS TABLE (who integer, mail text) LANGUAGE sql STABLE AS 'SELECT id, email FROM people';
CREATE TABLE events (id integer, detail text) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);
ANALYZE people;
"""

#: Nothing of these may be seen, in whatever letters.
SECRETS = ["zora.quarrington@secret.example", "zora.q@corp.example", "zora@home.example", "Zora Quarrington", "4539 1488 0343 6467",
           "4539148803436467", "7946 0958", "1971-03-14", "203.0.113.77"]


@dataclasses.dataclass
class Form:
    name: str
    sql: str
    setup: tuple = ()
    also: tuple = ()  # further secrets: what the form makes of them
    refused: bool = False  # always; else masked, and rows must come
    simple_only: bool = False
    rows: bool = True


FORMS = [
    Form("plain", "SELECT email FROM people WHERE id = 7"),
    Form("star", "SELECT * FROM people WHERE id = 7"),
    Form("table", "TABLE people"),
    Form("alias", "SELECT email AS x FROM people WHERE id = 7"),
    Form("qualified", "SELECT public.people.email FROM public.people WHERE id = 7"),
    Form("domain", "SELECT private_email FROM people WHERE id = 7"),
    Form("varchar", "SELECT work_email, card_number FROM people WHERE id = 7"),
    Form("date", "SELECT birth_date FROM people WHERE id = 7", also=("\0\0\xd7\xa9",)),
    Form("inet", "SELECT client_ip FROM people WHERE id = 7"),
    Form("free text", "SELECT notes FROM people WHERE id = 7"),
    Form("json", "SELECT profile FROM people WHERE id = 7"),
    Form("array", "SELECT emails FROM people WHERE id = 7"),
    Form("composite", "SELECT contact FROM people WHERE id = 7"),
    Form("composite field", "SELECT (contact).email FROM people WHERE id = 7"),
    Form("array element", "SELECT emails[1] FROM people WHERE id = 7"),
    Form("unnest", "SELECT unnest(emails) FROM people WHERE id = 7"),
    Form("concatenation", "SELECT email || '' FROM people WHERE id = 7"),
    Form("concat", "SELECT concat('<', email, '>') FROM people WHERE id = 7"),
    Form("format", "SELECT format('%s', email) FROM people WHERE id = 7"),
    Form("upper", "SELECT upper(email) FROM people WHERE id = 7"),
    Form("reverse", "SELECT reverse(email) FROM people WHERE id = 7", also=("elpmaxe.terces",)),
    Form("substring", "SELECT substr(email, 1, 16), substr(email, 17) FROM people WHERE id = 7", also=("zora.quarrington", "secret.example")),
    Form("hex", "SELECT encode(convert_to(email, 'UTF8'), 'hex') FROM people WHERE id = 7", also=("7a6f72612e7175",)),
    Form("base64", "SELECT encode(email::bytea, 'base64') FROM people WHERE id = 7", also=("em9yYS5xdWFycm",)),
    Form("bytea", "SELECT convert_to(email, 'UTF8') FROM people WHERE id = 7", also=("7a6f72612e7175",)),
    Form("cast", "SELECT email::varchar FROM people WHERE id = 7"),
    Form("date as text", "SELECT birth_date::text FROM people WHERE id = 7"),
    Form("extract", "SELECT extract(doy from birth_date) FROM people WHERE id = 7"),
    Form("notes in upper case", "SELECT upper(notes) FROM people WHERE id = 7"),
    Form("notes in pieces", "SELECT substr(notes, 22, 20), substr(notes, 42, 20) FROM people WHERE id = 7", also=("zora.quarr", "secret.ex")),
    Form("json field", "SELECT profile->>'email' FROM people WHERE id = 7"),
    Form("json path", "SELECT jsonb_path_query_first(profile, '$.card.number') FROM people WHERE id = 7"),
    Form("rows of json", "SELECT jsonb_path_query(profile, '$.card.number') FROM people WHERE id = 7", refused=True),
    Form("json as text", "SELECT profile::text FROM people WHERE id = 7"),
    Form("json made", "SELECT json_build_object('a', email) FROM people WHERE id = 7"),
    Form("row_to_json", "SELECT row_to_json(t) FROM people t WHERE id = 7"),
    Form("to_jsonb", "SELECT to_jsonb(t) -> 'email' FROM people t WHERE id = 7"),
    Form("whole row", "SELECT t FROM people t WHERE id = 7"),
    Form("row as text", "SELECT t::text FROM people t WHERE id = 7"),
    Form("row constructor", "SELECT ROW(id, email) FROM people WHERE id = 7"),
    Form("expanded row", "SELECT (t).* FROM people t WHERE id = 7"),
    Form("xml", "SELECT xmlelement(name m, email) FROM people WHERE id = 7"),
    Form("xmlforest", "SELECT xmlforest(email) FROM people WHERE id = 7"),
    Form("array_agg", "SELECT array_agg(email) FROM people WHERE id = 7"),
    Form("string_agg", "SELECT string_agg(email, ';') FROM people"),
    Form("min", "SELECT min(email) FROM people WHERE id = 7"),
    Form("max", "SELECT max(birth_date) FROM people WHERE id = 7"),
    Form("json_agg", "SELECT json_agg(t) FROM people t WHERE id = 7"),
    Form("first_value", "SELECT first_value(email) OVER () FROM people WHERE id = 7"),
    Form("lag", "SELECT lag(email) OVER (ORDER BY id) FROM people"),
    Form("case", "SELECT CASE WHEN id = 7 THEN email END FROM people WHERE id = 7"),
    Form("coalesce", "SELECT coalesce(email, '-') FROM people WHERE id = 7"),
    Form("nullif", "SELECT nullif(email, '-') FROM people WHERE id = 7"),
    Form("greatest", "SELECT greatest(email, 'a') FROM people WHERE id = 7"),
    Form("subquery", "SELECT x FROM (SELECT email AS x FROM people WHERE id = 7) s"),
    Form("scalar subquery", "SELECT (SELECT email FROM people WHERE id = 7)"),
    Form("array subquery", "SELECT ARRAY(SELECT email FROM people WHERE id = 7)"),
    Form("values", "VALUES ((SELECT email FROM people WHERE id = 7))"),
    Form("lateral", "SELECT l.x FROM people p, LATERAL (SELECT p.email AS x) l WHERE p.id = 7"),
    Form("cte", "WITH q(x) AS (SELECT email FROM people WHERE id = 7) SELECT x FROM q"),
    Form("recursive", "WITH RECURSIVE q(x, n) AS (SELECT email, 1 FROM people WHERE id = 7 UNION ALL SELECT x, n + 1 FROM q WHERE n < 3) SELECT x FROM q"),
    Form("union", "SELECT 'a' AS status UNION ALL SELECT email FROM people WHERE id = 7"),
    Form("except", "SELECT email FROM people WHERE id = 7 EXCEPT SELECT 'x'", refused=True),
    Form("join", "SELECT b.email FROM people a JOIN people b USING (id) WHERE a.id = 7"),
    Form("view", "SELECT address FROM mailing WHERE id = 7"),
    Form("materialized view", "SELECT address FROM mailing_copy WHERE id = 7"),
    Form("sql function", "SELECT mail_of(7)"),
    Form("plpgsql function", "SELECT mail_by_code(7)"),
    Form("set-returning function", "SELECT mail FROM all_mails() WHERE who = 7"),
    Form("set-returning function's row", "SELECT f FROM all_mails() f WHERE who = 7"),
    Form("returning", "UPDATE people SET points = points WHERE id = 7 RETURNING email AS x"),
    Form("returning star", "UPDATE people SET email = email WHERE id = 7 RETURNING *"),
    Form("delete returning", "DELETE FROM people WHERE id = 7 RETURNING email", setup=("BEGIN",)),
    Form("cte returning", "WITH w AS (UPDATE people SET points = points WHERE id = 7 RETURNING email) SELECT * FROM w"),
    Form("copy", "COPY people TO STDOUT", simple_only=True),
    Form("copy columns", "COPY people (id, email) TO STDOUT", simple_only=True),
    Form("copy csv", "COPY people TO STDOUT (FORMAT csv, HEADER)", simple_only=True),
    Form("copy binary", "COPY people TO STDOUT (FORMAT binary)", simple_only=True),
    Form("copy query", "COPY (SELECT upper(email), notes FROM people WHERE id = 7) TO STDOUT", simple_only=True),
    Form("copy delimiter", "COPY people (email) TO STDOUT (DELIMITER '@')", simple_only=True, also=("zora.quarrington",)),
    Form("cursor", "FETCH ALL FROM c", setup=("BEGIN", "DECLARE c CURSOR FOR SELECT email AS q FROM people WHERE id = 7")),
    Form("cursor of an expression", "FETCH ALL FROM c", setup=("BEGIN", "DECLARE c CURSOR FOR SELECT upper(email) FROM people WHERE id = 7")),
    Form("binary cursor", "FETCH ALL FROM c", setup=("BEGIN", "DECLARE c BINARY CURSOR FOR SELECT email FROM people WHERE id = 7")),
    Form("cursor over another that failed", "FETCH ALL FROM c",
         setup=("BEGIN", "DECLARE c CURSOR FOR SELECT upper(email) FROM people WHERE id = 7", "SAVEPOINT s", "DECLARE c CURSOR FOR SELECT 1",
                "ROLLBACK TO s")),
    Form("execute", "EXECUTE p", setup=("PREPARE p AS SELECT upper(email) FROM people WHERE id = 7",)),
    Form("execute with parameters", "EXECUTE p(7)", setup=("PREPARE p(int) AS SELECT email FROM people WHERE id = $1",)),
    Form("explain analyze", "EXPLAIN (ANALYZE, VERBOSE) SELECT email FROM people WHERE id = 7"),
    Form("pg_stats", "SELECT most_common_vals, histogram_bounds, most_common_elems FROM pg_stats WHERE tablename = 'people'", rows=False),
    Form("failed cast", "SELECT email::int FROM people WHERE id = 7", refused=True),
    Form("failed regclass", "SELECT email::regclass FROM people WHERE id = 7", refused=True),
    Form("failed constraint", "UPDATE people SET id = 8 WHERE id = 7", rows=False),
    Form("failed not-null row", "UPDATE people SET id = NULL WHERE id = 7", rows=False),
    Form("unique violation", "INSERT INTO u SELECT email FROM people WHERE id = 7 UNION ALL SELECT email FROM people WHERE id = 7",
         setup=("CREATE TEMP TABLE u (k text UNIQUE)",), refused=True),
    Form("notice", "DO $$ DECLARE r text; BEGIN SELECT email INTO r FROM people WHERE id = 7; RAISE NOTICE 'v=%', r; END $$", refused=True),
    Form("exception", "DO $$ DECLARE r text; BEGIN SELECT email INTO r FROM people WHERE id = 7; RAISE EXCEPTION 'v=%', r; END $$", refused=True),
    Form("notify", "SELECT pg_notify('c', email) FROM people WHERE id = 7", setup=("LISTEN c",), refused=True),
    Form("setting", "SELECT set_config('application_name', email, false) FROM people WHERE id = 7", refused=True),
    Form("create table as", "CREATE TABLE stolen AS SELECT email FROM people", refused=True),
    Form("create temporary table as", "CREATE TEMP TABLE stolen AS SELECT email FROM people", refused=True),
    Form("select into", "SELECT email INTO TEMP stolen FROM people", refused=True),
    Form("insert select", "INSERT INTO events SELECT id, email FROM people WHERE id = 7", refused=True),
    Form("update from", "UPDATE events SET detail = email FROM people WHERE people.id = events.id", refused=True),
    Form("update within", "UPDATE people SET points = length(email) WHERE id = 7", refused=True),
    Form("merge", "MERGE INTO events e USING people p ON e.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.email)", refused=True),
    Form("like", "SELECT count(*) FROM people WHERE email LIKE 'zora%'", refused=True),
    Form("range", "SELECT count(*) FROM people WHERE email > 'z'", refused=True),
    Form("between", "SELECT id FROM people WHERE birth_date BETWEEN '1971-01-01' AND '1971-12-31'", refused=True),
    Form("function in a condition", "SELECT id FROM people WHERE substr(email, 1, 1) = 'z'", refused=True),
    Form("condition in a function", "SELECT id FROM people WHERE CASE WHEN email LIKE 'z%' THEN 1 / 0 = 1 ELSE true END", refused=True),
    Form("join by range", "SELECT a.id FROM people a JOIN people b ON a.email < b.email", refused=True),
    Form("having", "SELECT count(*) FROM people GROUP BY joined HAVING min(email) LIKE 'z%'", refused=True),
    Form("filter", "SELECT count(*) FILTER (WHERE email LIKE 'zora%') FROM people", refused=True),
    Form("order by", "SELECT id FROM people ORDER BY email", refused=True),
    Form("order by position", "SELECT id, email FROM people ORDER BY 2", refused=True),
    Form("window order", "SELECT id, rank() OVER (ORDER BY birth_date) FROM people", refused=True),
    Form("notes searched", "SELECT id FROM people WHERE notes ILIKE '%secret%'", refused=True),
    Form("error as an oracle", "SELECT 1 / (ascii(email) - 122) FROM people WHERE id = 7", refused=True),
    Form("emptiness as an oracle", "SELECT substring(email from '^z') IS NULL, nullif(left(email, 1), 'z') FROM people WHERE id = 7"),
    Form("keys of json made", "SELECT json_build_object(email, 1), json_object_agg(email, 1) FROM people WHERE id = 7 GROUP BY id, email", refused=True),
    Form("key of json made", "SELECT json_build_object(email, 1) FROM people WHERE id = 7"),
    Form("names of xml", "SELECT ('<a' || encode(email::bytea, 'hex') || '/>')::xml FROM people WHERE id = 7", refused=True),
    Form("shape of an array", "SELECT array_fill(0, ARRAY[1], ARRAY[ascii(email)]) FROM people WHERE id = 7", refused=True),
    Form("dictionary", "SELECT p.id, d FROM people p JOIN generate_series('1971-01-01'::date, '1971-12-31', '1 day') d ON p.birth_date = d", refused=True),
    Form("dictionary of one's own", "SELECT p.id FROM people p JOIN guesses g ON g.guess = p.email", setup=("CREATE TEMP TABLE guesses (guess text)",), refused=True),
    Form("many comparisons", "SELECT " + ", ".join(f"(SELECT id FROM people WHERE client_ip = '203.0.113.{i}')" for i in range(60)), refused=True),
    Form("grouped", "SELECT count(*) FROM people GROUP BY left(email, 1) = 'z'", refused=True),
    Form("merged", "SELECT v.x, p.id FROM (VALUES ('a'), ('zorb')) v(x) FULL JOIN people p ON p.email = v.x", refused=True),
    Form("intersected", "SELECT left(email, 1) FROM people WHERE id = 7 INTERSECT SELECT 'z'", refused=True),
    Form("rewritten in place", "UPDATE people SET email = 'x@' || replace(email, '@', '.') WHERE id = 7 RETURNING email", refused=True),
    Form("dynamic code", "DO $$ DECLARE q text := 'SELECT 1'; BEGIN EXECUTE q; END $$", refused=True),
    Form("view made anew in the same text", "CREATE OR REPLACE VIEW mailing AS SELECT id, reverse(email) AS address FROM people; SELECT address FROM mailing",
         refused=True, simple_only=True),
    Form("view made anew in the same transaction", "SELECT address FROM mailing WHERE id = 7", also=("elpmaxe.terces",),
         setup=("BEGIN", "CREATE OR REPLACE VIEW mailing AS SELECT id, reverse(email) AS address FROM people", "SET LOCAL search_path = public")),
    Form("check constraint", "ALTER TABLE people ADD CONSTRAINT ck CHECK (reverse(email)::int > 0)", refused=True),
    Form("index of an expression", "CREATE INDEX ix ON people ((left(email, 4)::int))", refused=True),
    Form("generated column", "ALTER TABLE people ADD COLUMN nn int GENERATED ALWAYS AS (reverse(email)::int) STORED", refused=True),
    Form("type changed", "ALTER TABLE people ALTER points TYPE int USING ascii(email)", refused=True),
    Form("check of a domain", "ALTER DOMAIN mail ADD CHECK (VALUE NOT LIKE 'zora%')", refused=True),
    Form("trigger of one's own", "CREATE TRIGGER t BEFORE UPDATE ON people FOR EACH ROW WHEN (OLD.email LIKE 'z%') EXECUTE FUNCTION suppress_redundant_updates_trigger()",
         refused=True),
    Form("rule of one's own", "CREATE RULE r AS ON UPDATE TO people WHERE OLD.email LIKE 'z%' DO INSTEAD NOTHING", refused=True),
    Form("toast", "SELECT * FROM pg_toast.pg_toast_2619", rows=False),
    Form("renamed", "SELECT product FROM people WHERE id = 7", setup=("BEGIN", "ALTER TABLE people RENAME full_name TO product"), rows=False),
    Form("masked value written back", "UPDATE people SET email = '***@secret.example' WHERE id = 8", refused=True),
    Form("sleep", "SELECT CASE WHEN email LIKE 'z%' THEN pg_sleep(1) END FROM people WHERE id = 7", refused=True),
]

#: What nobody needs a right for: answered as without the gateway.
HARMLESS = [
    "SELECT 'hello', 42, 3.14, true",
    "SELECT id, points, joined FROM people ORDER BY id",
    "SELECT count(*) FROM people",
    "SELECT count(email), count(card_number) FROM people",
    "SELECT count(*) FROM people WHERE email IS NOT NULL",
    "SELECT id FROM people WHERE email = 'zora.quarrington@secret.example'",
    "SELECT id FROM people WHERE id IN (SELECT id FROM mailing) ORDER BY id LIMIT 5",
    "SELECT sum(points), max(joined) FROM people WHERE id < 100",
    "SELECT joined, count(*) FROM people GROUP BY joined ORDER BY 2 DESC, 1 LIMIT 3",
    "SELECT p.id, e.detail FROM people p LEFT JOIN events e ON e.id = p.id ORDER BY p.id",
    "EXPLAIN (COSTS off) SELECT id FROM people WHERE id = 7",
    "SHOW server_version",
    "SELECT relname FROM pg_class WHERE relname LIKE 'peop%' ORDER BY 1",
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position",
    "SELECT generate_series(1, 3), current_database()",
    "VALUES (1, 'a'), (2, 'b')",
]
