-- Functions and what they reach: SQL, PL/pgSQL, overloads, own settings, operators, casts, aggregates.
SELECT app.twice(3);
SELECT app.twice(a) FROM t1;
SELECT app.any_sum(1, 2, 3);
SELECT app.any_sum(VARIADIC ARRAY[1, 2]);
SELECT app.first_of(tags) FROM app.users;
SELECT app.total_of(1);
SELECT app.total_of(a) FROM t1;
SELECT a FROM t1 WHERE app.total_of(a) > 1;
SELECT a FROM t1 ORDER BY app.total_of(b);
SELECT count(*) FROM t1 GROUP BY app.twice(b) HAVING app.total_of(1) > 0;
SELECT * FROM app.orders_of(1);
SELECT o.total FROM app.orders_of(1) o WHERE o.status = 'done';
SELECT u.name, o.total FROM app.users u, app.orders_of(u.id) o;
SELECT u.name, o.total FROM app.users u LEFT JOIN LATERAL app.orders_of(u.id) o ON true;
SELECT (app.orders_of(1)).total;
SELECT app.orders_of(id) FROM app.users;
SELECT (o).total FROM (SELECT app.orders_of(1) AS o) s;
SELECT * FROM ROWS FROM (app.orders_of(1), generate_series(1, 2)) AS r;
SELECT app.mail_of(1);
SELECT app.mail_of(who => 2);
-- @known overloads are told apart by the number of arguments only
SELECT * FROM app.find('a%');
-- @known overloads are told apart by the number of arguments only
SELECT id FROM app.find('a%') f JOIN t1 ON t1.a = f.id;
-- @known overloads are told apart by the number of arguments only
SELECT * FROM app.find(1);
-- @known overloads are told apart by the number of arguments only
SELECT * FROM app.find(number => 7);
-- @known overloads are told apart by the number of arguments only
SELECT * FROM app.find(pattern => 'b%');
-- @also sales.stock
SELECT app.lookup(1);
-- @also sales.stock
SELECT app.lookup(1, 'some');
SELECT app.lookup(99, fallback => 'none');
SELECT app.own_path();
SELECT app.session_path();
SELECT app.own_path_plpgsql();
SELECT app.display_name(u) FROM app.users u;
SELECT app.last_total(u) FROM app.users u WHERE app.last_total(u) > 1;
SELECT u.name FROM app.users u ORDER BY app.last_total(u);
-- @also public.scratch
SELECT app.bump(1);
-- @also public.scratch
SELECT * FROM app.bump(1);
-- @also public.scratch
SELECT before, after FROM app.bump(2);
-- @also public.scratch
SELECT (app.bump(1)).after;
SELECT app.remember('x');
SELECT app.remember(c) FROM t1;
SELECT app.nested(1);
SELECT app.looping();
SELECT app.two_step();
SELECT app.names(id) FROM app.users;
SELECT app.names(a ORDER BY b) FILTER (WHERE a > 0) FROM t1;
SELECT app.names(a) OVER (ORDER BY b) FROM t1;
SELECT a OPERATOR(app.===) b FROM t1;
SELECT 1 <+> 2;
SELECT a <+> b FROM t1 WHERE a <+> 1 > 2;
SELECT a FROM t1 WHERE a OPERATOR(public.<+>) b = 3;
-- @known users' casts
SELECT p::text FROM sales.products p;
-- @known users' casts
SELECT CAST(p AS text) FROM sales.products p WHERE id = 1;
SELECT count_all();
SELECT t1.a FROM t1 WHERE a > count_all();
SELECT app.dynamic('t1');
CALL app.settle(1);
CALL app.settle(app.twice(1));
CALL app.settle_all(0);
SELECT pg_typeof(app.total_of(1));
-- @also sales.stock
SELECT coalesce(app.mail_of(99), app.lookup(1));
-- @also sales.stock
SELECT CASE WHEN app.twice(1) = 2 THEN app.lookup(1) END;
INSERT INTO t2 SELECT id, app.total_of(id), app.mail_of(id) FROM app.users;
INSERT INTO scratch VALUES (app.mail_of(1), app.total_of(1)::text) RETURNING app.lookup(99);
UPDATE t1 SET c = app.mail_of(a) WHERE app.total_of(a) IS NOT NULL;
DELETE FROM t1 WHERE app.mail_of(a) = 'none';
-- @known overloads are told apart by the number of arguments only
SELECT x.* FROM t1, LATERAL app.find(t1.a) x;
-- @known overloads are told apart by the number of arguments only
SELECT f.name FROM t1, app.find(t1.c) f;
SELECT * FROM generate_series(1, 2) g, app.total_of(g);
SELECT total_of FROM app.total_of(1);
SELECT t.* FROM app.total_of(1) t;
SELECT EXISTS (SELECT FROM app.orders_of(2));
SELECT a FROM t1 WHERE a IN (SELECT id FROM app.orders_of(1));
SELECT app.twice(app.twice((SELECT max(a) FROM t1)));
SELECT max(app.twice(total::int)) FROM sales.orders;
WITH w AS (SELECT * FROM app.orders_of(1)) SELECT sum(total) FROM w;
SELECT lower(app.mail_of(1)) || app.own_path();
SELECT nextval('counter'), currval('counter');
SELECT last_value FROM counter;
SELECT setval('counter', 5);
SELECT * FROM counter;
-- @path app, public
SELECT u.display_name FROM users u;
SELECT (u).display_name FROM users u;
SELECT u.display_name, u.last_total, u.name FROM users u;
SELECT display_name(users) FROM users;
-- @known name(row) is the column of that name
SELECT name(u) FROM users u;
SELECT twice(1), total_of(2);
SELECT session_path();
SELECT 1 === 2;
SELECT * FROM t1 JOIN t2 ON t1.a === t2.a;
-- @known overloads are told apart by the number of arguments only
SELECT find('a%');
-- @known overloads are told apart by the number of arguments only
SELECT find(1);
SELECT find(7), find('b%');
-- @path archive, app
SELECT app.session_path(), app.own_path();
SELECT count(*) FROM users;
-- @path "Mixed Case", public
SELECT app.session_path();
-- @path public
DO $$ BEGIN PERFORM a FROM t1; END $$;
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM sales.orders WHERE user_id IN (SELECT id FROM app.users); UPDATE t3 SET y = n; END $$;
DO $$ BEGIN FOR i IN 1..2 LOOP INSERT INTO t2 VALUES (i, i, 'do'); END LOOP; DELETE FROM scratch; END $$;
-- @also public.t3
DO $$ BEGIN IF EXISTS (SELECT 1 FROM t1) THEN UPDATE t2 SET d = 'if'; ELSE DELETE FROM t3; END IF; END $$;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM app.v_users LOOP PERFORM app.total_of(r.id); END LOOP; END $$;
-- @also public.t3
DO $$ BEGIN INSERT INTO t1 VALUES (33, 3, 'x'); EXCEPTION WHEN unique_violation THEN UPDATE t3 SET y = 0; END $$;
-- libpg_query reads PL/pgSQL without types: it knows no cursor variables and no fields of rows.
-- @refused
DO $$ DECLARE c CURSOR FOR SELECT ssn FROM app.users; v text; BEGIN OPEN c; FETCH c INTO v; CLOSE c; END $$;
DO $$ DECLARE t1 int := 5; BEGIN t1 := (SELECT max(x) FROM t3); END $$;
-- @refused
-- @known definitions
DO $$ DECLARE n sales.orders%ROWTYPE; BEGIN SELECT * INTO n FROM sales.orders LIMIT 1; n.total := (SELECT max(b) FROM t2); END $$;
DO $$ BEGIN CALL app.settle(1); END $$;
DO $$ DECLARE a app.users.id%TYPE; BEGIN a := app.twice(2); RAISE DEBUG '% %', a, (SELECT max(b) FROM t1); ASSERT (SELECT count(*) FROM t2) > 0; END $$;
DO $$ BEGIN WHILE (SELECT count(*) FROM t3) > 100 LOOP NULL; END LOOP; CASE (SELECT max(a) FROM t1) WHEN 1 THEN NULL; ELSE NULL; END CASE; END $$;
DO $$ DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY(SELECT a FROM t1) LOOP NULL; END LOOP; END $$;
