-- Which relation a name means: search_path, temporary tables, quoting, case, Unicode escapes, aliases.
SELECT * FROM users;
SELECT id FROM Users;
SELECT ID FROM PUBLIC.USERS;
SELECT u."id" FROM "users" u;
SELECT "Line No", "select", "quote""d", "naïve" FROM "Mixed Case"."Order Lines";
SELECT "имя" FROM "схема"."таблица";
SELECT имя, число FROM схема.таблица;
SELECT U&"\0438\043C\044F" FROM U&"\0441\0445\0435\043C\0430".U&"\0442\0430\0431\043B\0438\0446\0430";
SELECT U&"d!0061t!+000061" UESCAPE '!' FROM (SELECT a AS "data" FROM t1) s;
SELECT U&"d!0061ta" UESCAPE '!' FROM (SELECT a AS "data" FROM t1) s;
SELECT * FROM U&"t\0031";
SELECT "t1"."a" FROM "public"."t1";
SELECT orders.public.t1.a FROM orders.public.t1;
SELECT "ID", id FROM "Mixed Case".users;
SELECT users.id, u2.id FROM users, "Mixed Case".users u2;
SELECT t2.a FROM t1 AS t2;
SELECT t1.d FROM t2 AS t1, t1 AS t2;
SELECT t1.x FROM t3 AS t1 WHERE EXISTS (SELECT 1 FROM t1 AS t3 WHERE t3.a = t1.x);
SELECT E'a\'b', $q$it's$q$, $$;$$, 'x'
  'y' FROM t1 WHERE c = E'\x6fne' AND U&'\0061' = 'a';
SELECT a FROM t1 WHERE c = 'a''b; DELETE FROM t2';
SELECT 1 AS "from", a AS "select" FROM t1 "where";
SELECT count(*) AS users FROM orders;
SELECT (SELECT name FROM users WHERE users.id = orders.id) FROM orders;
SELECT name FROM (SELECT 'x' AS name) users;
-- @path app, public
SELECT * FROM users;
SELECT users.ssn, p.note FROM users, public.users p;
SELECT * FROM orders, users;
SELECT id FROM v_users;
SELECT display_name(u) FROM users u;
UPDATE users SET name = 'n' WHERE id = 1;
DELETE FROM users WHERE id = 4;
INSERT INTO users (id, name) VALUES (80, 'p');
SELECT * FROM events;
SELECT count(*) FROM people, t1;
-- @path public, app
SELECT * FROM users;
SELECT ssn FROM app.users, users;
SELECT * FROM audit;
-- @path sales, app, public
SELECT o.total, u.ssn, t1.c FROM orders o, users u, t1;
SELECT * FROM order_sums, items;
INSERT INTO orders (user_id) SELECT id FROM users;
-- @path archive, sales
SELECT * FROM orders;
SELECT * FROM orders o JOIN items i ON i.order_id = o.id;
SELECT name FROM users;
UPDATE orders SET total = 1 WHERE id = 2;
-- @path "Mixed Case", "схема"
SELECT "Name" FROM users;
SELECT * FROM "таблица", "Order Lines";
-- @path nowhere, sales, public
SELECT * FROM orders, t1;
-- @path public, pg_catalog
SELECT * FROM t1;
SELECT relname FROM pg_class WHERE relname = 't1';
-- @path public
-- @setup CREATE TEMP TABLE t1 (a int, c text); INSERT INTO t1 VALUES (1, 'temp');
SELECT a FROM t1;
-- @known pg_temp by name
SELECT pg_temp.t1.a, public.t1.b FROM pg_temp.t1, public.t1;
SELECT t1.c, p.c FROM t1 JOIN public.t1 p USING (a);
UPDATE t1 SET c = 'x';
UPDATE public.t1 p SET c = t1.c FROM t1 WHERE t1.a = p.a;
DELETE FROM t1 WHERE a IN (SELECT a FROM public.t1);
INSERT INTO t1 SELECT a, c FROM public.t1;
INSERT INTO public.t1 (a) SELECT a + 500 FROM t1;
TRUNCATE t1;
SELECT app.looping();
SELECT * FROM app.v_star;
-- @setup CREATE TEMP VIEW users AS SELECT id, ssn FROM app.users;
SELECT * FROM users;
SELECT u.ssn, p.note FROM users u JOIN public.users p USING (id);
SELECT app.session_path();
UPDATE users SET ssn = 'x' WHERE id = 1;
-- @setup CREATE TEMP TABLE orders AS SELECT id FROM sales.orders; CREATE TEMP TABLE fresh (id int, note text);
SELECT * FROM orders;
SELECT o.id FROM orders o JOIN sales.orders s USING (id) LEFT JOIN fresh f USING (id);
INSERT INTO fresh SELECT id, remark FROM public.orders RETURNING note;
INSERT INTO fresh (id) VALUES (1);
WITH fresh AS (SELECT id FROM app.users) SELECT fresh.id FROM fresh, pg_temp.fresh f;
-- @path pg_catalog, public, pg_temp
SELECT * FROM orders;
SELECT * FROM pg_temp.orders, orders;
-- @path public
-- @setup CREATE TEMP TABLE pg_class (relname text); INSERT INTO pg_class VALUES ('mine');
SELECT relname FROM pg_class;
SELECT relname FROM pg_catalog.pg_class WHERE relname = 't1';
-- @setup
