// What statements do, against a small database: see sample_catalog.h for it and facts_text.h for
// how facts are written down here.
#include "sql/analyse.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse_fixture.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace sluice::sql {
namespace {

TEST(Analyse, TellsWhatResetsAllSettingsAndWhereUnknownSqlRuns) {
  check(
      {
          {"RESET ALL", "resets "},
          {"SET work_mem = 1; RESET ALL", "resets "},
          {"DISCARD ALL", "resets "},
          {"DISCARD PLANS", ""},
          {"RESET work_mem", ""},
          {"DO $$BEGIN RESET ALL; END$$", "in body "},
          {"DO $$BEGIN EXECUTE 'RESET ALL'; END$$", "in body "},
          {"DO $$BEGIN EXECUTE 'RESET ' || 'ALL'; END$$", "<>"},
          {"SELECT run('x')", "<public.run>"},
          {"SELECT run('x'), query_to_xml('a', true, true, 'b')", "<public.run><>"},
          {"SELECT whoami()", ""},
      },
      resets);
}

TEST(Analyse, ResolvesRelationsByTheSearchPath) {
  check(
      {
          {"SELECT 1", "read"},
          {"SELECT * FROM orders", "read pg_temp_3.orders"},
          {"SELECT * FROM public.orders", "read public.orders"},
          {"SELECT * FROM pg_temp.orders", "read pg_temp_3.orders"},
          {"SELECT * FROM app.secret", "read app.secret"},
          {"SELECT \"A b\" FROM \"Mixed Case\"", "read public.Mixed Case"},
          {"TABLE log", "read public.log"},
          {"SELECT * FROM nope", "read nope?"},
          {"SELECT * FROM app.nope", "read app.nope?"},
          {"SELECT relname FROM pg_class", "read; read_catalog pg_catalog.pg_class"},
          {"SELECT * FROM pg_authid", "read pg_catalog.pg_authid"},
          {"SET search_path = app; SELECT * FROM users",
           "session_setting search_path?; read app.users"},
      },
      actions);
}

TEST(Analyse, FindsRelationsWhereverTheyStand) {
  const char* kUsers = "read public.users public.admins*";
  check(
      {
          {"SELECT (SELECT max(ssn) FROM users)", kUsers},
          {"SELECT 1 WHERE EXISTS (SELECT FROM users)", kUsers},
          {"SELECT 1 UNION SELECT 2 FROM users", kUsers},
          {"SELECT 1 ORDER BY (SELECT id FROM users)", kUsers},
          {"SELECT 1 LIMIT (SELECT count(*) FROM users)", kUsers},
          {"SELECT 1 GROUP BY (SELECT id FROM users)", kUsers},
          {"SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM users))", kUsers},
          {"SELECT count(*) OVER (PARTITION BY (SELECT id FROM users))", kUsers},
          {"SELECT CASE WHEN EXISTS (SELECT FROM users) THEN 1 END", kUsers},
          {"VALUES ((SELECT ssn FROM users))", kUsers},
          {"SELECT * FROM LATERAL (SELECT * FROM users) s", kUsers},
          {"SELECT * FROM unnest(ARRAY(SELECT ssn FROM users)) AS u(x)", kUsers},
          {"SELECT * FROM generate_series(1, (SELECT id FROM users))", kUsers},
          {"SELECT * FROM ROWS FROM (unnest((SELECT ssn FROM users)))", kUsers},
          {"SELECT * FROM log TABLESAMPLE system ((SELECT id FROM users))",
           "read public.log public.users public.admins*"},
          {"SELECT * FROM log JOIN log b ON EXISTS (SELECT FROM users)",
           "read public.log public.users public.admins*"},
          {"COPY (SELECT * FROM users) TO STDOUT", "copy_out; read public.users public.admins*"},
          {"EXPLAIN SELECT * FROM users", kUsers},
          {"PREPARE p AS SELECT * FROM users", "prepare; read public.users public.admins*"},
          {"DECLARE c CURSOR FOR TABLE users", "cursor; read public.users public.admins*"},
          {"CREATE TABLE x AS TABLE users",
           "read public.users public.admins*; create/table public.x?"},
          {"SELECT * INTO x FROM users",
           "read public.users public.admins*; create/table public.x?"},
          {"CREATE VIEW x AS TABLE users",
           "create/view public.x?; read public.users public.admins*"},
          {"INSERT INTO log SELECT ssn, name FROM users",
           "insert public.log; read public.users public.admins*"},
          {"DELETE FROM log USING users WHERE who = ssn",
           "delete public.log; read public.users public.admins*"},
          {"SELECT * FROM ONLY users", "read public.users"},
          {"SELECT * FROM events", "read public.events public.events_2* public.events_1*"},
      },
      actions);
}

TEST(Analyse, CommonTableExpressionsHideOnlyWhatSqlSays) {
  check(
      {
          {"WITH users AS (SELECT 1 AS one) SELECT * FROM users, public.users",
           "read public.users public.admins*"},
          {"WITH a AS (SELECT * FROM log), log AS (SELECT 1) SELECT * FROM a", "read public.log"},
          {"WITH RECURSIVE a AS (SELECT * FROM log), log AS (SELECT 1 AS x) SELECT * FROM a",
           "read"},
          {"WITH log AS (SELECT * FROM log) SELECT * FROM log", "read public.log"},
          {"WITH RECURSIVE log AS (SELECT 1 AS x UNION SELECT x FROM log) SELECT * FROM log",
           "read"},
          {"SELECT * FROM (WITH log AS (SELECT 1) SELECT * FROM log) s, log", "read public.log"},
          {"WITH log AS (SELECT 1) SELECT (SELECT count(*) FROM log)", "read"},
          {"WITH log AS (DELETE FROM log WHERE what = 'a' RETURNING who) "
           "INSERT INTO log (what, who) SELECT 'x', who FROM log",
           "delete public.log; read public.log; insert public.log"},
          {"WITH a AS (WITH log AS (SELECT 1) SELECT * FROM log) SELECT * FROM a, log",
           "read public.log"},
      },
      actions);
}

TEST(Analyse, ReachesThroughViewsAndFunctions) {
  check(
      {
          {"SELECT * FROM v", "read public.v public.users* public.admins*"},
          {"SELECT * FROM vv", "read public.vv public.v* public.users* public.admins*"},
          {"SELECT * FROM stored", "read public.stored"},
          {"REFRESH MATERIALIZED VIEW stored",
           "maintenance public.stored; read public.users* public.admins*"},
          {"SELECT caller_path(), by_path()", "read public.users* public.admins* app.users*"},
          {"SELECT * FROM get_users()", "read public.users* public.admins*"},
          {"SELECT wipe()", "read; delete! public.log*"},
          {"SELECT atomic_wipe()", "read; delete! public.log*"},
          {"EXPLAIN SELECT wipe()", "read public.log*"},
          {"SELECT find_ssn('x')", "read public.users* public.admins*"},
          {"SELECT name === ssn FROM users", "read public.users public.admins* app.secret*"},
          {"CALL tidy('1')", "call public.tidy; delete! public.orders*; update public.items*"},
          {"SELECT wipe(); SELECT wipe()", "read; delete! public.log*; read; delete! public.log*"},
          {"DO $$BEGIN DELETE FROM log; END$$", "call; delete! public.log"},
          {"DO $$BEGIN EXECUTE 'DELETE FROM log'; END$$", "call; delete! public.log"},
          {"DO $$DECLARE r users%ROWTYPE; BEGIN r.id := 1; UPDATE log SET who = r.id; END$$",
           "call; update! public.log"},
          {"DO $$BEGIN PERFORM wipe(); END$$", "call; delete! public.log*"},
          {"SELECT pg_sleep('1'), pg_read_file('x')",
           "read; function pg_catalog.pg_sleep pg_catalog.pg_read_file"},
          {"SELECT set_config('role', 'x', 'f')",
           "read; function pg_catalog.set_config; role_change role?"},
          {"SELECT set_config('work_mem', 'x', 'f')",
           "read; function pg_catalog.set_config; session_setting work_mem?"},
          {"SELECT set_config(what, 'x', 'f') FROM log",
           "read public.log; function pg_catalog.set_config; role_change *?; session_setting *?"},
          {"SELECT nextval('seq')", "read; update public.seq"},
      },
      actions);
}

TEST(Analyse, WritesReachWhatTheyTouch) {
  check(
      {
          {"UPDATE users SET name = 'x' WHERE id = 1",
           "update public.users public.admins*; insert public.log*"},
          {"UPDATE users SET id = 2 WHERE id = 1",
           "update public.users public.orders* public.admins*; insert public.log*"},
          {"DELETE FROM users WHERE id = 1",
           "delete public.users public.orders* public.admins*; update public.items*"},
          {"DELETE FROM ONLY users", "delete! public.users public.orders*; update public.items*"},
          {"DELETE FROM items WHERE sku = 'a'",
           "delete public.items; insert public.log*; read app.secret*"},
          {"INSERT INTO events VALUES ('a', 'b')",
           "insert public.events public.events_2* public.events_1*"},
          {"INSERT INTO log (what) VALUES ('a')", "insert public.log; read app.secret*"},
          {"INSERT INTO log VALUES ('a', 'b')", "insert public.log"},
          {"INSERT INTO log VALUES ('a', 'b') ON CONFLICT (what) DO UPDATE SET who = 'c'",
           "insert public.log; update public.log"},
          {"UPDATE log SET who = 'c' WHERE what = 'b' RETURNING who",
           "update public.log; read public.log"},
          {"UPDATE v SET id = 1 WHERE id = 2",
           "update public.v public.users* public.orders* public.admins*; read public.users* "
           "public.admins*; insert public.log*"},
          {"MERGE INTO log USING users u ON what = name WHEN MATCHED THEN DELETE",
           "merge public.log; read public.users public.admins*; delete public.log"},
          {"MERGE INTO log USING users u ON true WHEN MATCHED THEN UPDATE SET who = 'a'",
           "merge public.log; read public.users public.admins*; update! public.log"},
          {"TRUNCATE users CASCADE",
           "truncate public.users public.admins* public.orders* public.items*"},
          {"TRUNCATE ONLY users", "truncate public.users"},
          {"COPY log FROM STDIN", "copy_in public.log; insert public.log"},
          {"COPY log TO '/tmp/x'", "copy_out/file public.log; read public.log"},
          {"COPY log TO PROGRAM 'x'", "copy_out/program public.log; read public.log"},
          {"EXPLAIN DELETE FROM log", "read public.log"},
          {"EXPLAIN ANALYZE DELETE FROM log", "read; delete! public.log"},
          {"EXPLAIN (ANALYZE off) DELETE FROM log", "read public.log"},
          {"SELECT record_it(ssn) FROM users",
           "read public.users public.admins*; insert public.log*"},
      },
      actions);
}

TEST(Analyse, DefinitionsNameWhatTheyChange) {
  check(
      {
          {"CREATE TABLE x (a int)", "create/table public.x?"},
          {"CREATE TEMP TABLE x (a int)", "create/table pg_temp_3.x?"},
          {"CREATE TABLE app.x (LIKE log)", "create/table app.x?; read public.log"},
          {"CREATE INDEX ON users (lower(name))", "create/index public.users"},
          {"CREATE TRIGGER t BEFORE INSERT ON log EXECUTE FUNCTION on_user()",
           "create/trigger public.log"},
          {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM log'",
           "create/function public.f?"},
          {"CREATE SCHEMA x", "create/schema x?"},
          {"CREATE ROLE x", "create/role x?"},
          {"DROP TABLE log, app.secret", "drop/table public.log app.secret"},
          {"DROP TRIGGER audit ON users", "drop/trigger public.users"},
          {"DROP FUNCTION wipe()", "drop/function public.wipe"},
          {"DROP SCHEMA app", "drop/schema app?"},
          {"ALTER TABLE log DROP COLUMN who", "alter/table public.log; drop/column public.log.who"},
          {"ALTER TABLE log RENAME TO x", "alter/table public.log"},
          {"ALTER SEQUENCE seq RESTART", "alter/sequence public.seq"},
          {"COMMENT ON COLUMN users.ssn IS 'x'", "alter/comment public.users"},
          {"GRANT SELECT ON log TO bob", "grant/table public.log"},
          {"REVOKE SELECT ON log FROM bob", "revoke/table public.log"},
          {"LOCK TABLE log", "lock public.log"},
          {"VACUUM log", "maintenance public.log"},
          {"LISTEN x", "notify"},
          {"SET ROLE bob", "role_change role?"},
          {"CREATE RULE r AS ON DELETE TO log DO INSTEAD DELETE FROM items",
           "create/rule public.log; read public.items public.log* app.secret*"},
      },
      actions);
}

TEST(Analyse, TellsWhereOutputComesFrom) {
  check(
      {
          {"SELECT id, lower(name) AS n FROM users", "id: users.id; n: lower(users.name)"},
          {"SELECT * FROM log", "what: log.what; who: log.who"},
          {"SELECT l.* FROM users u, log l WHERE u.name = l.what", "what: log.what; who: log.who"},
          {"SELECT t.c FROM users AS t(a, b, c)", "c: users.ssn"},
          {"SELECT * FROM v", "id: users.id; label: lower(users.ssn)"},
          {"SELECT label FROM vv", "label: lower(users.ssn)"},
          {"SELECT * FROM stored", "s: users.ssn stored.s"},
          {"SELECT u FROM users u", "u: users.0"},
          {"SELECT row_to_json(u) FROM users u", "row_to_json: row_to_json(users.0)"},
          {"SELECT (u).ssn FROM users u", "ssn: users.ssn"},
          {"SELECT (u).* FROM users u",
           "id: users.id; name: users.name; ssn: users.ssn; email: users.email"},
          {"SELECT ssn(u) FROM users u", "ssn: users.ssn"},
          {"SELECT (x).ssn FROM (SELECT users AS x FROM users) s", "ssn: users.ssn"},
          {"SELECT to_jsonb(s) FROM (SELECT ssn, lower(name) FROM users) s",
           "to_jsonb: to_jsonb(lower(users.name)) to_jsonb(users.ssn)"},
          {"SELECT ssn FROM users UNION SELECT who FROM log", "ssn: users.ssn log.who"},
          {"SELECT id FROM users JOIN public.orders USING (id)", "id: users.id orders.id"},
          {"SELECT ju.id FROM users JOIN public.orders USING (id) AS ju", "id: users.id orders.id"},
          {"SELECT j.ssn FROM (users JOIN log ON what = name) AS j", "ssn: users.ssn"},
          {"SELECT coalesce(ssn, name), greatest(ssn), nullif(ssn, 'x') FROM users",
           "coalesce: users.name users.ssn; greatest: greatest(users.ssn); nullif: "
           "nullif(users.ssn)"},
          {"SELECT ssn::text, ssn || name, ssn COLLATE \"C\" FROM users",
           "ssn: ::text(users.ssn); ?column?: ||(users.name) ||(users.ssn); ssn: users.ssn"},
          {"SELECT CASE WHEN ssn = 'x' THEN name ELSE email END FROM users",
           "email: users.name users.email"},
          {"SELECT (SELECT max(ssn) FROM users), ARRAY(SELECT ssn FROM users), "
           "EXISTS (SELECT ssn FROM users)",
           "max: max(users.ssn); array: array(users.ssn); exists:"},
          {"SELECT ARRAY[ssn], ROW(ssn, name) FROM users",
           "array: array(users.ssn); row: row(users.name) row(users.ssn)"},
          {"SELECT lag(ssn) OVER (ORDER BY name) FROM users", "lag: lag(users.ssn)"},
          {"SELECT row_number() OVER (ORDER BY ssn) FROM users", "row_number:"},
          {"SELECT string_agg(ssn, ',' ORDER BY name) FROM users",
           "string_agg: string_agg(users.ssn)"},
          {"WITH RECURSIVE c(a, n) AS (SELECT ssn, 1 FROM users UNION ALL SELECT lower(a), n + 1 "
           "FROM c) SELECT * FROM c",
           "a: lower(users.ssn) users.ssn; n:"},
          {"WITH d AS (DELETE FROM log WHERE what = 'a' RETURNING who) SELECT * FROM d",
           "who: log.who"},
          {"UPDATE log SET who = 'x' WHERE what = 'y' RETURNING lower(what), *",
           "lower: lower(log.what); what: log.what; who: log.who"},
          {"SELECT ident(ssn), shout(ssn) FROM users", "ident: users.ssn; shout: upper(users.ssn)"},
          {"SELECT ssn FROM get_users()", "ssn: users.ssn"},
          {"SELECT (get_users()).ssn", "ssn: users.ssn"},
          {"SELECT u.full_name FROM users u", "full_name: .ssn(users.0)"},
          {"SELECT find_ssn(name) FROM users", "find_ssn: find_ssn(users.ssn)"},
          {"SELECT foreign_code(ssn) FROM users", "foreign_code: foreign_code(users.ssn) …"},
          {"SELECT forever(ssn) FROM users", "forever: forever(users.ssn) …"},
          {"SELECT run('x')", "run: …"},
          {"SELECT pg_read_file('x')", "pg_read_file: …"},
          {"SELECT ctid FROM users", "ctid:"},
          {"SELECT * FROM nope", "*: …"},
          {"SELECT x FROM (VALUES ('a')) AS t(x)", "x:"},
          {"SELECT a.x, b.x FROM (SELECT ssn AS x FROM users) a, LATERAL (SELECT a.x) b",
           "x: users.ssn; x: users.ssn"},
          {"COPY users (id, ssn) TO STDOUT", "id: users.id; ssn: users.ssn"},
          {"COPY (SELECT lower(ssn) FROM users) TO STDOUT", "lower: lower(users.ssn)"},
          {"EXPLAIN SELECT ssn FROM users", "QUERY PLAN:"},
          {"FETCH ALL FROM c", "*: …"},
          {"EXECUTE p", "*: …"},
      },
      output);
}

TEST(Analyse, TellsHowColumnsAreUsed) {
  check(
      {
          {"SELECT id FROM users WHERE ssn = 'x' ORDER BY email",
           "users.id=o users.ssn=p users.email=s"},
          {"SELECT DISTINCT ssn FROM users", "users.ssn=og"},
          {"SELECT count(*) FROM users GROUP BY ssn HAVING max(name) > 'a'",
           "users.name=p? users.ssn=g"},
          {"SELECT 1 FROM users u JOIN log ON u.ssn = who", "users.ssn=j log.who=j"},
          {"SELECT CASE WHEN ssn = 'x' THEN 1 END FROM users", "users.ssn=p"},
          {"SELECT count(*) FILTER (WHERE ssn = 'x') FROM users", "users.ssn=p"},
          {"SELECT sum(id) OVER (PARTITION BY ssn ORDER BY email) FROM users",
           "users.id=o users.ssn=g users.email=s"},
          {"SELECT 1 FROM v WHERE label = 'x'", "users.ssn=p?"},
          {"SELECT ssn AS x FROM users ORDER BY x", "users.ssn=os"},
          {"SELECT ssn FROM users ORDER BY 1", "users.ssn=os"},
          {"SELECT ssn FROM users UNION SELECT who FROM log", "users.ssn=og log.who=og"},
          {"SELECT 1 FROM users WHERE ident(ssn) = 'x'", "users.ssn=p"},
          {"SELECT find_ssn(email) FROM users", "users.name=p? users.ssn=o users.email=p?"},
          {"SELECT 1 FROM users LIMIT (SELECT max(ssn) FROM users)", "users.ssn=p?"},
          {"UPDATE log SET who = 'x' WHERE what = 'y'", "log.what=p log.who=w"},
          {"DO $$BEGIN RAISE NOTICE '%', (SELECT max(ssn) FROM users); END$$", "users.ssn=o!"},
          {"DO $$DECLARE x text; BEGIN SELECT ssn INTO x FROM users; RAISE NOTICE '%', x; END$$",
           "users.ssn=o!"},
      },
      uses);
}

TEST(Analyse, TellsWhatIsWrittenFromWhat) {
  check(
      {
          {"INSERT INTO log SELECT lower(ssn), name FROM users",
           "log.what: lower(users.ssn); log.who: users.name"},
          {"INSERT INTO log (who, what) VALUES ('a', (SELECT max(ssn) FROM users))",
           "log.what: max(users.ssn); log.who:"},
          {"INSERT INTO log (what) VALUES ('a')", "log.what:; log.who: secret.k"},
          {"UPDATE log SET (what, who) = (SELECT ssn, lower(name) FROM users)",
           "log.what: users.ssn; log.who: lower(users.name)"},
          {"UPDATE log SET (what, who) = ROW(who, what)", "log.what: log.who; log.who: log.what"},
          {"CREATE TABLE x AS SELECT ssn FROM users", "0.1: users.ssn"},
          {"SELECT record_it(ssn) FROM users", "log.what: users.ssn; log.who:"},
          {"MERGE INTO log USING users u ON what = name WHEN NOT MATCHED THEN INSERT VALUES "
           "(u.ssn, 'x')",
           "log.what: users.ssn; log.who:"},
          {"DO $$DECLARE x text; BEGIN SELECT ssn INTO x FROM users; INSERT INTO log VALUES (x, "
           "'a'); END$$",
           "log.what: do(users.ssn); log.who:"},
          {"UPDATE users SET name = 'x' WHERE id = '1'",
           "users.name:; log.what:; log.who: users.ssn"},
      },
      written);
}

TEST(Analyse, RowsThatMoveFireTriggersOfTheirNewPartition) {
  check({{"UPDATE parts SET key = 'b' WHERE key = 'a'",
          "update public.parts public.parts_1*; delete! public.items*; insert public.log*; "
          "read app.secret*"}},
        actions);
}

TEST(Analyse, DefinitionsReachWhatGoesWithTheirTargets) {
  check(
      {
          {"DROP TABLE parts", "drop/table public.parts public.parts_1*"},
          {"DROP INDEX parts_key", "drop/index public.parts_key public.parts*"},
          {"DROP TABLE orders", "drop/table pg_temp_3.orders"},
          {"DROP VIEW v CASCADE", "drop/view public.v public.vv*"},
          {"CREATE OR REPLACE VIEW v AS SELECT 1", "create/view public.v"},
          {"CREATE OR REPLACE VIEW w AS SELECT 1", "create/view public.w?"},
          {"LOCK TABLE v",
           "lock public.v public.users* public.admins*; read public.v "
           "public.users* public.admins*"},
      },
      actions);
}

TEST(Analyse, NamesOfArgumentsTellOverloadsApart) {
  check({{"SELECT find(pattern => 'a')", "read public.users* public.admins*"},
         {"SELECT find(number => 'a')", "read app.secret*"}},
        actions);
}

TEST(Analyse, NamesSettings) {
  check(
      {
          {"SET \"ROLE\" = bob", "role_change role?"},
          {"SET \"Session_Authorization\" = bob", "role_change session_authorization?"},
          {"SET \"Search_Path\" = app; SELECT * FROM users",
           "session_setting search_path?; read app.users"},
          {"SET LOCAL Track_Counts TO off", "session_setting track_counts?"},
          {"RESET session_replication_role", "session_setting session_replication_role?"},
          {"RESET ALL", "session_setting"},
          {"DO $$BEGIN SET LOCAL track_counts = off; END$$", "call; session_setting track_counts?"},
          {"SELECT set_config('TRACK_counts'::text, 'off', 'f')",
           "read; function pg_catalog.set_config; session_setting track_counts?"},
          // A cast may shorten what is written.
          {"SELECT set_config('roles'::varchar(4), 'bob', 'f')",
           "read; function pg_catalog.set_config; role_change *?; session_setting *?"},
          {"SELECT set_config(name, 'x', false) FROM pg_catalog.pg_settings WHERE name = 'geqo'",
           "read; read_catalog pg_catalog.pg_settings; function pg_catalog.set_config; "
           "session_setting geqo?"},
          {"SELECT set_config(name, 'x', false) FROM pg_catalog.pg_settings WHERE name = 'role'",
           "read; read_catalog pg_catalog.pg_settings; function pg_catalog.set_config; "
           "role_change role?"},
          {"SELECT set_config(name, 'x', false) FROM pg_catalog.pg_settings WHERE name > 'geqo'",
           "read; read_catalog pg_catalog.pg_settings; function pg_catalog.set_config; "
           "role_change *?; session_setting *?"},
          {"WITH pg_settings AS (SELECT what AS name FROM log) "
           "SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'geqo'",
           "read public.log; function pg_catalog.set_config; role_change *?; session_setting *?"},
          {"SELECT set_config($1, 'off', 'f')",
           "read; function pg_catalog.set_config; role_change *?; session_setting *?"},
          {"ALTER ROLE bob SET log_statement = 'none'",
           "alter/role bob?; session_setting log_statement?"},
          {"ALTER SYSTEM SET track_counts = off", "alter/system; session_setting track_counts?"},
          {"ALTER FUNCTION wipe() SET \"Track_Counts\" = off",
           "alter/function public.wipe; session_setting track_counts?"},
          {"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET track_counts = off AS 'SELECT 1'",
           "create/function public.f?; session_setting track_counts?"},
          {"SELECT uncounted()", "read; session_setting track_counts?*; delete! public.log*"},
          {"SELECT as_other()", "read; role_change role?*"},
      },
      actions);
}

}  // namespace
}  // namespace sluice::sql
