-- Rules, triggers, INSTEAD OF, deferred triggers, foreign-key actions.
INSERT INTO app.ruled VALUES (5, 'five');
INSERT INTO app.ruled SELECT a, c FROM t1;
INSERT INTO app.ruled VALUES (6, 'six') RETURNING a;
UPDATE app.ruled SET a = a + 1;
UPDATE app.ruled SET b = 'same' WHERE a = 1;
UPDATE app.ruled r SET a = t2.b FROM t2 WHERE t2.a = r.a;
DELETE FROM app.ruled WHERE a = 1;
DELETE FROM app.ruled;
DELETE FROM app.frozen;
DELETE FROM app.frozen WHERE a IN (SELECT a FROM t1);
UPDATE app.frozen SET b = 'thawed';
INSERT INTO app.v_ruled VALUES (1, 'ann');
INSERT INTO app.v_ruled SELECT id, name FROM public.users;
UPDATE app.v_ruled SET name = 'z' WHERE id = 7;
UPDATE app.v_ruled v SET name = t1.c FROM t1 WHERE t1.a = v.id;
DELETE FROM app.v_ruled WHERE id = 7;
DELETE FROM app.v_ruled WHERE id = 7 RETURNING name;
WITH w AS (SELECT 7 AS id) DELETE FROM app.v_ruled WHERE id IN (SELECT id FROM w);
-- @known an INSERT by an INSTEAD OF trigger does not read the view
INSERT INTO app.v_instead VALUES (70, 'inst', NULL);
UPDATE app.v_instead SET name = 'upd' WHERE id = 1;
DELETE FROM app.v_instead WHERE id = 1;
DELETE FROM app.v_instead WHERE id IN (SELECT a FROM t1) RETURNING name;
INSERT INTO app.deferred VALUES (1);
INSERT INTO app.disabled VALUES (1);
UPDATE app.conditional SET state = 'never' WHERE id = 1;
TRUNCATE app.truncated;
TRUNCATE sales.payments;
TRUNCATE sales.orders CASCADE;
TRUNCATE sales.items, sales.item_notes;
UPDATE t2 SET b = t2.b + 1 FROM t1 WHERE t1.a = t2.a;
INSERT INTO sales.items SELECT 3, 2 + n, 2, 1, 1 FROM generate_series(1, 2) n;
DELETE FROM app.users WHERE manager_id = 2;
UPDATE sales.orders SET id = id + 1000 WHERE id IN (1, 3);
WITH d AS (DELETE FROM sales.orders WHERE id = 3 RETURNING id) SELECT count(*) FROM d;
-- @data 5
COPY app.deferred FROM STDIN;
-- @data 20|2023-03-03|view|{};21|2024-03-03|click|{}
COPY app.events FROM STDIN;
-- @also public.scratch
-- @data 3|7|1
COPY sales.items (order_id, line, product_id) FROM STDIN;
