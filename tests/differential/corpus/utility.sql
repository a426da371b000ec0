-- COPY, TRUNCATE, LOCK, cursors, PREPARE, EXPLAIN, CREATE … AS, and changes of the schema.
COPY t1 TO STDOUT;
COPY t1 (a, c) TO STDOUT (FORMAT csv, HEADER);
COPY sales.orders TO STDOUT (FORMAT binary);
COPY (SELECT c, d FROM t1 JOIN t2 USING (a)) TO STDOUT;
COPY (SELECT ssn FROM app.users WHERE id = 1) TO STDOUT CSV;
COPY (TABLE app.v_users) TO STDOUT;
COPY (DELETE FROM t3 RETURNING x) TO STDOUT;
COPY (INSERT INTO t2 VALUES (1) RETURNING a) TO STDOUT;
COPY (UPDATE t1 SET c = 'c' WHERE a = 1 RETURNING b) TO STDOUT;
COPY (WITH w AS (SELECT a FROM t1) SELECT * FROM w, t2) TO STDOUT;
-- @data 80|1|x
COPY t1 FROM STDIN;
-- @data 80|x
COPY t2 (a, d) FROM STDIN;
-- @data 81|5|x;82|0|y
COPY t1 FROM STDIN WHERE b > 1;
-- @known an INSERT by an INSTEAD OF trigger does not read the view
-- @data 70|copied|\N
COPY app.v_instead FROM STDIN;
-- @data 9|copied
COPY app.people FROM STDIN;
COPY app.people TO STDOUT;
COPY archive.events_2024_click TO STDOUT;
TRUNCATE t1;
TRUNCATE TABLE t1, t2 RESTART IDENTITY;
TRUNCATE app.accounts CASCADE;
TRUNCATE app.users CASCADE;
LOCK TABLE t1;
LOCK TABLE t1, t2 IN ACCESS SHARE MODE;
LOCK TABLE t1 IN ROW SHARE MODE;
LOCK TABLE t1 IN ROW EXCLUSIVE MODE;
LOCK TABLE t1 IN SHARE UPDATE EXCLUSIVE MODE;
LOCK TABLE t1 IN SHARE MODE;
LOCK TABLE t1 IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE t1 IN EXCLUSIVE MODE NOWAIT;
LOCK TABLE app.people IN SHARE MODE;
LOCK TABLE ONLY app.people IN SHARE MODE;
LOCK TABLE app.events IN EXCLUSIVE MODE;
-- @known what goes with the object that is named
LOCK TABLE app.v_v_users IN SHARE MODE;
DECLARE c CURSOR FOR SELECT a FROM t1;
DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM app.users;
DECLARE c SCROLL CURSOR FOR SELECT * FROM app.v_users v JOIN t1 ON t1.a = v.id;
DECLARE c CURSOR FOR SELECT a FROM t1 FOR UPDATE;
PREPARE p AS SELECT a FROM t1 WHERE a = $1;
PREPARE p (int, text) AS INSERT INTO t1 (a, c) VALUES ($1, $2) RETURNING b;
PREPARE p AS UPDATE t2 SET d = $1 FROM t3 WHERE t3.x = t2.a;
PREPARE p AS DELETE FROM sales.item_notes WHERE note = $1;
EXPLAIN SELECT a FROM t1;
EXPLAIN (COSTS OFF) DELETE FROM t3;
EXPLAIN ANALYZE SELECT name FROM app.users JOIN t2 ON t2.a = id;
EXPLAIN ANALYZE UPDATE t2 SET d = 'explained';
EXPLAIN (ANALYZE false, VERBOSE) INSERT INTO t3 SELECT a FROM t1;
EXPLAIN ANALYZE CREATE TABLE made AS SELECT a FROM t1;
CREATE TABLE made AS SELECT a, d FROM t1 JOIN t2 USING (a);
CREATE TABLE made (p, q) AS TABLE t3;
CREATE TABLE app.made AS SELECT ssn FROM app.users WITH NO DATA;
CREATE TEMP TABLE made AS SELECT * FROM sales.order_sums;
CREATE TABLE IF NOT EXISTS t1 AS SELECT 1 AS one;
SELECT a, ssn INTO made FROM t1 JOIN app.users ON id = a;
SELECT * INTO TEMP made FROM t2;
CREATE VIEW made AS SELECT a, z FROM t1, t3;
-- @known definitions
CREATE OR REPLACE VIEW app.v_simple AS SELECT id, name, ssn FROM app.users WHERE id > 0;
CREATE TEMP VIEW made AS SELECT * FROM app.v_users;
CREATE MATERIALIZED VIEW made AS SELECT count(*) FROM sales.items;
REFRESH MATERIALIZED VIEW sales.totals;
REFRESH MATERIALIZED VIEW CONCURRENTLY sales.totals;
-- @known lock level of definitions
CREATE TABLE made (a int REFERENCES t1, b int);
CREATE TABLE made (LIKE t1 INCLUDING ALL);
-- @known lock level of definitions
CREATE TABLE made () INHERITS (app.people);
-- @known lock level of definitions
CREATE TABLE made PARTITION OF app.events FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
CREATE TABLE made (a int, b text);
CREATE INDEX made ON t1 (b);
-- @known what goes with the object that is named
CREATE INDEX made ON app.events (kind);
CREATE UNIQUE INDEX made ON t2 (a) WHERE b > 0;
CREATE INDEX made ON t1 (app.twice(b));
CREATE TRIGGER made AFTER INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION app.write_audit();
CREATE RULE made AS ON INSERT TO t1 DO ALSO INSERT INTO t2 (a) VALUES (NEW.a);
CREATE POLICY made ON app.permissions USING (true);
-- @known lock level of definitions
CREATE STATISTICS made ON a, b FROM t1;
ALTER TABLE t1 ADD COLUMN e int;
ALTER TABLE t1 ADD COLUMN e int DEFAULT 5 NOT NULL;
-- @known what goes with the object that is named
ALTER TABLE t1 DROP COLUMN c CASCADE;
ALTER TABLE scratch ALTER COLUMN v TYPE varchar(10);
ALTER TABLE t1 ALTER COLUMN b SET DEFAULT 1;
ALTER TABLE t2 ALTER COLUMN b SET NOT NULL, ADD CHECK (a > 0);
-- @known lock level of definitions
ALTER TABLE t2 ADD CONSTRAINT made FOREIGN KEY (a) REFERENCES t1;
-- @known lock level of definitions
ALTER TABLE t2 ADD CONSTRAINT made FOREIGN KEY (a) REFERENCES t1 NOT VALID;
ALTER TABLE t2 ADD CHECK (a > 0) NOT VALID;
ALTER TABLE t1 RENAME TO t9;
ALTER TABLE t1 RENAME COLUMN b TO bb;
ALTER TABLE t3 SET SCHEMA app;
ALTER TABLE t1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE t1 OWNER TO reader;
ALTER TABLE t1 ALTER COLUMN b SET STATISTICS 10;
ALTER TABLE sales.items DISABLE TRIGGER take_stock;
ALTER TABLE sales.items VALIDATE CONSTRAINT items_order_id_fkey;
ALTER TABLE t1 SET (fillfactor = 70);
ALTER TABLE app.people ADD COLUMN e int;
ALTER TABLE app.events ADD COLUMN e int;
-- @known children are not touched
ALTER TABLE app.events DETACH PARTITION app.events_2023;
-- @known lock level of definitions
ALTER TABLE app.customers INHERIT app.people;
ALTER TABLE scratch SET LOGGED;
ALTER TABLE t1 CLUSTER ON t1_pkey;
ALTER VIEW app.v_simple RENAME TO v_plain;
ALTER INDEX t1_pkey RENAME TO t1_key;
ALTER SEQUENCE counter RESTART;
DROP TABLE t3;
-- @known what goes with the object that is named
DROP TABLE t1, t2 CASCADE;
DROP TABLE IF EXISTS no_such_table;
-- @known what goes with the object that is named
DROP TABLE app.people CASCADE;
-- @known what goes with the object that is named
DROP TABLE app.events CASCADE;
DROP VIEW app.v_v_users;
-- @known what goes with the object that is named
DROP VIEW app.v_users CASCADE;
-- @known what goes with the object that is named
DROP MATERIALIZED VIEW sales.totals CASCADE;
-- @known what goes with the object that is named
DROP INDEX sales.totals_user;
DROP TRIGGER take_stock ON sales.items;
DROP RULE ruled_insert ON app.ruled;
-- @known what goes with the object that is named
DROP SEQUENCE counter CASCADE;
COMMENT ON TABLE t1 IS 'one';
COMMENT ON COLUMN t1.a IS 'key';
GRANT SELECT ON t1 TO reader;
GRANT SELECT (a) ON t1 TO reader;
REVOKE ALL ON sales.orders, t2 FROM reader;
ANALYZE t1;
ANALYZE app.events;
CLUSTER t1 USING t1_pkey;
-- @known lock level of definitions
REINDEX TABLE t1;
SET search_path = app;
SHOW search_path;
BEGIN;
NOTIFY channel, 'x';
LISTEN channel;
SET ROLE reader;
