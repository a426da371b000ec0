-- What the corpus works on. Every way in which PostgreSQL can run more than it is asked to is here once: triggers,
-- cascades, rules, views, functions in every place that may hold one, operators, casts, domains, policies.
-- Names starting with wipe_ delete without bounds; those starting with safe_ only read.

CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text, country text, vip bool NOT NULL DEFAULT false);
INSERT INTO customers SELECT i, 'customer ' || i, 'c' || i || '@example.org', (ARRAY['DE','FR','PL','SE'])[1 + i % 4], i % 50 = 0
    FROM generate_series(1, 200) i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE,
                     status text NOT NULL, total numeric(10,2), note text);
INSERT INTO orders SELECT i, 1 + i % 200, (ARRAY['new','paid','sent','done'])[1 + i % 4], i * 1.5, NULL
    FROM generate_series(1, 500) i;
-- Customer 200 has 5 orders, customer 7 has 300 payments by one order.
CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE, amount numeric(10,2));
INSERT INTO payments SELECT i, CASE WHEN i <= 300 THEN 6 ELSE i END, i FROM generate_series(1, 500) i;
CREATE TABLE notes (id int PRIMARY KEY, payment_id int REFERENCES payments ON DELETE SET NULL, body text);
INSERT INTO notes SELECT i, i, 'note ' || i FROM generate_series(1, 500) i;

-- Look-alike names.
CREATE TABLE "truncate" (id int PRIMARY KEY, "delete" bool DEFAULT false, "drop" text, "where" int, "update" int);
INSERT INTO "truncate" SELECT i, false, 'd' || i, i, i FROM generate_series(1, 150) i;
CREATE TABLE "Delete From" (id int PRIMARY KEY, "SET" text);
INSERT INTO "Delete From" SELECT i, 's' || i FROM generate_series(1, 150) i;
CREATE TABLE truncate_log (id serial PRIMARY KEY, drop_table text, at int);
INSERT INTO truncate_log (drop_table, at) SELECT 'x', i FROM generate_series(1, 20) i;
CREATE TABLE "größe" (id int PRIMARY KEY, "größe" int);
INSERT INTO "größe" SELECT i, i FROM generate_series(1, 150) i;
CREATE SEQUENCE delete_sequence;

-- Few rows, for cases about 100 and 101.
CREATE TABLE small (id int PRIMARY KEY, v int);
INSERT INTO small SELECT i, i FROM generate_series(1, 10) i;
CREATE TABLE empty (id int PRIMARY KEY, v int);

-- Partitions and inheritance.
CREATE TABLE events (id int, day date NOT NULL, what text) PARTITION BY RANGE (day);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO events SELECT i, date '2025-06-01' + i, 'event' FROM generate_series(1, 300) i;
CREATE TABLE people (id int, name text);
CREATE TABLE employees (salary int) INHERITS (people);
INSERT INTO people SELECT i, 'p' || i FROM generate_series(1, 5) i;
INSERT INTO employees SELECT i, 'e' || i, i FROM generate_series(1, 200) i;

-- Triggers that do much more than the statement.
CREATE TABLE levers (id int PRIMARY KEY, what text);
INSERT INTO levers SELECT i, 'lever' FROM generate_series(1, 5) i;
CREATE TABLE victims (id int PRIMARY KEY, v int);
INSERT INTO victims SELECT i, i FROM generate_series(1, 300) i;
CREATE FUNCTION wipe_victims_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN NULL; END$$;
CREATE TRIGGER pulled AFTER DELETE ON levers FOR EACH ROW EXECUTE FUNCTION wipe_victims_trigger();
CREATE TABLE mailbox (id int PRIMARY KEY, body text);
CREATE FUNCTION touch_victims_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN UPDATE victims SET v = v + 1 WHERE id > 0; RETURN NEW; END$$;
CREATE TRIGGER arrived BEFORE INSERT ON mailbox FOR EACH STATEMENT EXECUTE FUNCTION touch_victims_trigger();
CREATE TABLE pulses (id int PRIMARY KEY, n int);
INSERT INTO pulses VALUES (1, 0);
CREATE FUNCTION dynamic_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN EXECUTE 'DELETE FROM ' || TG_ARGV[0]; RETURN NULL; END$$;
CREATE TRIGGER pulsed AFTER UPDATE ON pulses FOR EACH STATEMENT EXECUTE FUNCTION dynamic_trigger('victims');
CREATE TABLE late (id int PRIMARY KEY, n int);
INSERT INTO late VALUES (1, 0);
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON late DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wipe_victims_trigger();
-- The same with a WHERE: only counting tells.
CREATE TABLE later_victims (id int PRIMARY KEY, v int);
INSERT INTO later_victims SELECT i, i FROM generate_series(1, 300) i;
CREATE TABLE late_bounded (id int PRIMARY KEY, n int);
INSERT INTO late_bounded VALUES (1, 0), (2, 0);
CREATE TABLE soon_bounded (id int PRIMARY KEY, n int);
INSERT INTO soon_bounded VALUES (1, 0), (2, 0);
CREATE FUNCTION wipe_later_victims() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN DELETE FROM later_victims WHERE id > NEW.n; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON late_bounded DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wipe_later_victims();
CREATE CONSTRAINT TRIGGER soon AFTER UPDATE ON soon_bounded DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW EXECUTE FUNCTION wipe_later_victims();
-- A harmless trigger.
CREATE TABLE stamped (id int PRIMARY KEY, v int, changes int NOT NULL DEFAULT 0);
INSERT INTO stamped SELECT i, i FROM generate_series(1, 150) i;
CREATE FUNCTION safe_stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END$$;
CREATE TRIGGER stamp BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION safe_stamp();

-- Foreign keys without a cascade to rows, and deferred ones.
CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE pets (id int PRIMARY KEY, owner int DEFAULT 1 REFERENCES owners ON DELETE SET DEFAULT ON UPDATE CASCADE);
INSERT INTO owners SELECT i FROM generate_series(1, 3) i;
INSERT INTO pets SELECT i, 2 FROM generate_series(1, 150) i;

-- Views, rules.
CREATE VIEW open_orders AS SELECT id, customer_id, status, total FROM orders WHERE status <> 'done';
CREATE VIEW open_orders_too AS SELECT * FROM open_orders;
CREATE VIEW order_totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
CREATE FUNCTION instead_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN DELETE FROM victims WHERE id > OLD.customer_id - 1000; RETURN OLD; END$$;
CREATE TRIGGER instead INSTEAD OF DELETE ON order_totals FOR EACH ROW EXECUTE FUNCTION instead_trigger();
CREATE TABLE ruled (id int PRIMARY KEY, v int);
INSERT INTO ruled VALUES (1, 1), (2, 2);
CREATE RULE also AS ON UPDATE TO ruled DO ALSO DELETE FROM victims;
CREATE RULE instead_of_insert AS ON INSERT TO ruled DO INSTEAD UPDATE victims SET v = 0;
CREATE VIEW ruled_view AS SELECT 1 AS id;
CREATE RULE wipe AS ON DELETE TO ruled_view DO INSTEAD DELETE FROM victims WHERE id IN (SELECT id FROM victims);
CREATE MATERIALIZED VIEW order_counts AS SELECT status, count(*) AS n FROM orders GROUP BY status;

-- Functions that delete, in every language and place.
CREATE FUNCTION wipe_sql() RETURNS bigint LANGUAGE sql AS 'DELETE FROM victims; SELECT 1::bigint';
CREATE FUNCTION wipe_sql_body() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM victims; END;
CREATE FUNCTION wipe_plpgsql() RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE FUNCTION wipe_where(lowest int) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims WHERE id >= lowest; RETURN 1; END$$;
CREATE FUNCTION wipe_one(victim int) RETURNS int LANGUAGE sql AS 'DELETE FROM victims WHERE id = victim RETURNING id';
CREATE FUNCTION wipe_dynamic(sql text) RETURNS int LANGUAGE plpgsql AS $$BEGIN EXECUTE sql; RETURN 1; END$$;
CREATE FUNCTION wipe_truncate() RETURNS void LANGUAGE plpgsql AS $$BEGIN TRUNCATE victims; END$$;
CREATE FUNCTION wipe_drop() RETURNS void LANGUAGE plpgsql AS $$BEGIN DROP TABLE truncate_log; END$$;
CREATE FUNCTION wipe_nested() RETURNS int LANGUAGE sql AS 'SELECT wipe_plpgsql()';
CREATE FUNCTION wipe_definer() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$BEGIN PERFORM wipe_plpgsql(); RETURN 1; END$$;
CREATE FUNCTION wipe_set() RETURNS SETOF victims LANGUAGE sql AS 'DELETE FROM victims RETURNING *';
CREATE FUNCTION wipe_text(t text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN true; END$$;
CREATE FUNCTION wipe_default(a int, b int DEFAULT wipe_plpgsql()) RETURNS int LANGUAGE sql AS 'SELECT a + b';
CREATE FUNCTION wipe_state(state int, value int) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE AGGREGATE wipe_aggregate(int) (SFUNC = wipe_state, STYPE = int, INITCOND = '0');
CREATE PROCEDURE wipe_procedure() LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; COMMIT; END$$;
CREATE PROCEDURE wipe_sql_procedure() LANGUAGE sql AS 'DELETE FROM victims';
CREATE FUNCTION wipe_lookalike(lower text) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE FUNCTION wipe_exception() RETURNS int LANGUAGE plpgsql AS
    $$BEGIN DELETE FROM victims; RAISE EXCEPTION 'x'; EXCEPTION WHEN others THEN DELETE FROM victims WHERE id > 0; RETURN 2; END$$;
CREATE FUNCTION wipe_cursor() RETURNS int LANGUAGE plpgsql AS
    $$DECLARE c CURSOR FOR SELECT * FROM victims FOR UPDATE;
    BEGIN FOR r IN c LOOP DELETE FROM victims WHERE CURRENT OF c; END LOOP; RETURN 1; END$$;
CREATE FUNCTION wipe_overloaded(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
CREATE FUNCTION wipe_overloaded(a text) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE FUNCTION wipe_settings() RETURNS text LANGUAGE sql AS $$SELECT set_config('session_replication_role', 'replica', false)$$;
CREATE FUNCTION wipe_operator(a int, b int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN true; END$$;
CREATE OPERATOR <#> (FUNCTION = wipe_operator, LEFTARG = int, RIGHTARG = int);
CREATE TYPE lever AS (a int);
CREATE FUNCTION wipe_cast(l lever) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE CAST (lever AS int) WITH FUNCTION wipe_cast(lever);
CREATE DOMAIN wipe_domain AS int CHECK (wipe_text(VALUE::text));
CREATE VIEW wipe_view AS SELECT wipe_plpgsql() AS wiped;
CREATE TABLE with_default (id int PRIMARY KEY, v int DEFAULT wipe_plpgsql());
INSERT INTO with_default VALUES (1, 1);
CREATE TABLE with_check (id int PRIMARY KEY, v text CHECK (wipe_text(v)));
CREATE TABLE with_policy (id int PRIMARY KEY);
INSERT INTO with_policy VALUES (1);
CREATE POLICY wiping ON with_policy USING (wipe_text(id::text));
ALTER TABLE with_policy ENABLE ROW LEVEL SECURITY;
CREATE DOMAIN wipe_default_domain AS int DEFAULT wipe_plpgsql();
CREATE TABLE with_domain_default (id int PRIMARY KEY, v wipe_default_domain);
INSERT INTO with_domain_default VALUES (1, 1);
CREATE FUNCTION read_secret_file() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN pg_read_file('secret.txt'); END$$;
CREATE VIEW secret_file AS SELECT pg_read_file('secret.txt') AS content;
CREATE FUNCTION read_secret_file_sql() RETURNS text LANGUAGE sql AS $$SELECT pg_read_file('secret.txt')$$;
CREATE FUNCTION read_shadow() RETURNS SETOF text LANGUAGE sql AS 'SELECT rolpassword FROM pg_authid';
CREATE VIEW secret_roles AS SELECT rolname, rolpassword FROM pg_catalog.pg_authid;
CREATE FUNCTION kill_victim() RETURNS bool LANGUAGE sql AS
    $$SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'$$;
CREATE FUNCTION renamed_read(text) RETURNS text LANGUAGE internal STRICT AS 'pg_read_file_all';

-- Functions that PostgreSQL runs without being asked: while it plans, builds indexes, checks types. Armed ones delete only
-- in a session that has set app.armed, so that this file can be run.
CREATE FUNCTION wipe_immutable(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.wipe_plpgsql(); RETURN a; END$$;
CREATE FUNCTION wipe_armed(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN IF current_setting('app.armed', true) = 'yes' THEN PERFORM public.wipe_plpgsql(); END IF; RETURN a; END$$;
CREATE TABLE with_index (id int PRIMARY KEY, v int);
INSERT INTO with_index SELECT i, i FROM generate_series(1, 5) i;
CREATE INDEX with_index_v ON with_index (wipe_armed(v));
CREATE TABLE with_partial_index (id int PRIMARY KEY, v int);
INSERT INTO with_partial_index SELECT i, i FROM generate_series(1, 5) i;
CREATE INDEX with_partial_index_v ON with_partial_index (v) WHERE wipe_armed(v) > 0;
CREATE TABLE with_generated (id int PRIMARY KEY, g int GENERATED ALWAYS AS (wipe_armed(id)) STORED);
CREATE MATERIALIZED VIEW wiping AS SELECT wipe_armed(1) AS w;
CREATE FUNCTION wipe_event() RETURNS event_trigger LANGUAGE plpgsql AS
    $$BEGIN DELETE FROM public.victims WHERE id > 0 AND current_setting('app.armed', true) = 'yes'; END$$;
CREATE EVENT TRIGGER armed ON ddl_command_end EXECUTE FUNCTION wipe_event();
CREATE FUNCTION wipe_uncounted() RETURNS int LANGUAGE plpgsql SET track_counts = off AS
    $$BEGIN DELETE FROM victims WHERE id > 0; RETURN 1; END$$;
CREATE PROCEDURE wipe_in_pieces() LANGUAGE plpgsql AS
    $$BEGIN FOR i IN 0..5 LOOP DELETE FROM victims WHERE id BETWEEN i * 50 AND i * 50 + 49; COMMIT; END LOOP; END$$;
CREATE TYPE holder AS (d wipe_domain);
CREATE TABLE with_holder (id int, h holder);
CREATE TYPE lever2 AS (a int);
CREATE FUNCTION wipe_cast2(l lever2) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM victims; RETURN 1; END$$;
CREATE CAST (lever2 AS int) WITH FUNCTION wipe_cast2(lever2) AS IMPLICIT;
CREATE TYPE lever3 AS (a int);
CREATE FUNCTION wipe_compare(a lever3, b lever3) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN PERFORM public.wipe_plpgsql(); RETURN (a).a - (b).a; END$$;
CREATE FUNCTION lever3_less(a lever3, b lever3) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT (a).a < (b).a';
CREATE FUNCTION lever3_equal(a lever3, b lever3) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT (a).a = (b).a';
CREATE OPERATOR < (FUNCTION = lever3_less, LEFTARG = lever3, RIGHTARG = lever3);
CREATE OPERATOR = (FUNCTION = lever3_equal, LEFTARG = lever3, RIGHTARG = lever3);
CREATE OPERATOR CLASS lever3_ops DEFAULT FOR TYPE lever3 USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 wipe_compare(lever3, lever3);
CREATE TYPE l3range AS RANGE (subtype = lever3, multirange_type_name = l3multirange);
-- Operators that do nothing themselves; what the server calls in their place does.
CREATE TYPE turned AS (a int);
CREATE FUNCTION turned_equal(a turned, b turned) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT (a).a = (b).a';
CREATE FUNCTION turned_differs(a turned, b turned) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN PERFORM public.wipe_plpgsql(); RETURN true; END$$;
CREATE OPERATOR === (FUNCTION = turned_equal, LEFTARG = turned, RIGHTARG = turned, NEGATOR = !==);
CREATE OPERATOR !== (FUNCTION = turned_differs, LEFTARG = turned, RIGHTARG = turned, NEGATOR = ===);
CREATE FUNCTION turned_left(a int, b turned) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a = (b).a';
CREATE FUNCTION turned_right(a turned, b int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN PERFORM public.wipe_plpgsql(); RETURN true; END$$;
CREATE OPERATOR =<= (FUNCTION = turned_left, LEFTARG = int, RIGHTARG = turned, COMMUTATOR = =>=, HASHES);
CREATE OPERATOR =>= (FUNCTION = turned_right, LEFTARG = turned, RIGHTARG = int, COMMUTATOR = =<=, HASHES);
CREATE FUNCTION int_compare(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN PERFORM public.wipe_plpgsql(); RETURN a - b; END$$;
CREATE OPERATOR CLASS int_ops2 FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 int_compare(int, int);
CREATE TABLE by_class (id int, v int);
CREATE INDEX by_class_v ON by_class (v int_ops2);
INSERT INTO by_class VALUES (1, 1);
-- Better matches for some argument types than those of pg_catalog.
CREATE FUNCTION initcap(t varchar) RETURNS text LANGUAGE plpgsql AS $$BEGIN DELETE FROM public.victims; RETURN t; END$$;
CREATE FUNCTION wipe_varchar(a varchar, b varchar) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM public.victims; RETURN true; END$$;
CREATE OPERATOR # (FUNCTION = wipe_varchar, LEFTARG = varchar, RIGHTARG = varchar);
-- A name of 63 bytes; longer spellings are cut to it.
CREATE FUNCTION wipe_aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffff() RETURNS int LANGUAGE sql AS 'SELECT wipe_plpgsql()';

-- Functions that only read.
CREATE FUNCTION safe_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM victims';
CREATE FUNCTION safe_total(customer int) RETURNS numeric LANGUAGE sql STABLE AS
    'SELECT sum(total) FROM orders WHERE customer_id = customer';
CREATE FUNCTION safe_plpgsql(customer int) RETURNS int LANGUAGE plpgsql STABLE AS
    $$DECLARE n int; BEGIN SELECT count(*) INTO n FROM orders WHERE customer_id = customer; RETURN n; END$$;
CREATE FUNCTION safe_delete(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'DELETE FROM ' || name$$;
CREATE FUNCTION safe_touch_one(one int) RETURNS int LANGUAGE sql AS 'UPDATE small SET v = v + 1 WHERE id = one RETURNING v';
CREATE FUNCTION safe_set(n int) RETURNS TABLE (id int, "delete" text) LANGUAGE sql STABLE AS
    'SELECT id, status FROM orders WHERE id <= n ORDER BY id';
CREATE FUNCTION safe_insert(n int) RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO empty VALUES (n, n); RETURN n; END$$;
CREATE FUNCTION safe_raise(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'TRUNCATE %', t; END$$;
CREATE PROCEDURE safe_procedure(one int) LANGUAGE plpgsql AS $$BEGIN UPDATE small SET v = v + 1 WHERE id = one; END$$;
CREATE AGGREGATE safe_sum(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION safe_plus(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE OPERATOR |+| (FUNCTION = safe_plus, LEFTARG = int, RIGHTARG = int);

CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0 AND abs(VALUE) < 1000);

-- Shadows: other objects under the names of harmless ones.
CREATE SCHEMA shadow;
CREATE FUNCTION shadow.safe_count() RETURNS bigint LANGUAGE sql AS 'DELETE FROM public.victims; SELECT 0::bigint';
CREATE FUNCTION shadow.lower(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN DELETE FROM public.victims; RETURN 'x'; END$$;
CREATE FUNCTION shadow.wipe_equal(a int, b int) RETURNS bool LANGUAGE plpgsql AS
    $$BEGIN DELETE FROM public.victims; RETURN true; END$$;
CREATE OPERATOR shadow.= (FUNCTION = shadow.wipe_equal, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR shadow.|+| (FUNCTION = shadow.wipe_equal, LEFTARG = int, RIGHTARG = int);
CREATE VIEW shadow.empty AS SELECT public.wipe_plpgsql() AS id, 1 AS v;
CREATE VIEW shadow.small AS SELECT id, v FROM public.victims;
CREATE TABLE shadow.victims (id int PRIMARY KEY, v int);
INSERT INTO shadow.victims SELECT i, i FROM generate_series(1, 5) i;
CREATE DOMAIN shadow.int4 AS pg_catalog.int4 CHECK (public.wipe_text(VALUE::text));
CREATE SCHEMA "pg temp";
CREATE VIEW "pg temp".victims AS SELECT * FROM public.victims;

-- Extensions with ways out.
CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE EXTENSION adminpack;
CREATE EXTENSION xml2;
CREATE EXTENSION file_fdw;
CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
-- The same rows by another way: what is changed through it is not counted here.
CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port :'port', dbname 'orders');
CREATE USER MAPPING FOR sluice SERVER loopback OPTIONS (user 'sluice', password :'password');
CREATE FOREIGN TABLE remote_victims (id int, v int) SERVER loopback OPTIONS (schema_name 'public', table_name 'victims');

-- Copies to restore rows from.
CREATE SCHEMA pristine;
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'shadow') LOOP
        EXECUTE format('CREATE TABLE pristine.%I AS SELECT * FROM ONLY %I.%I', r.nspname || '__' || r.relname, r.nspname, r.relname);
    END LOOP;
END $$;
ANALYZE;
