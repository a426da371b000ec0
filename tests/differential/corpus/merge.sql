-- MERGE with every kind of branch and source.
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN MATCHED THEN UPDATE SET c = t2.d;
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN MATCHED THEN DELETE;
MERGE INTO t1 USING t2 ON t1.a = t2.a + 50 WHEN NOT MATCHED THEN INSERT VALUES (t2.a + 50, t2.b, t2.d);
MERGE INTO t1 USING t2 ON t1.a = t2.a + 50 WHEN NOT MATCHED THEN INSERT (a, c) VALUES (t2.a + 50, DEFAULT);
MERGE INTO t1 x USING t2 y ON x.a = y.a WHEN MATCHED AND y.b > 10 THEN DELETE WHEN MATCHED THEN UPDATE SET b = y.b, c = x.c || y.d WHEN NOT MATCHED THEN INSERT VALUES (y.a, y.b, y.d);
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN MATCHED THEN DO NOTHING;
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN NOT MATCHED AND t2.d = 'none' THEN DO NOTHING;
MERGE INTO t1 USING (SELECT x, z FROM t3 WHERE y > 1) s ON t1.a = s.x WHEN MATCHED THEN UPDATE SET c = s.z;
MERGE INTO t1 USING (VALUES (1, 'v'), (60, 'w')) v (k, w) ON v.k = t1.a WHEN MATCHED THEN UPDATE SET c = w WHEN NOT MATCHED THEN INSERT (a, c) VALUES (k, w);
MERGE INTO t1 USING (t2 JOIN t3 ON t3.x = t2.a) ON t1.a = t2.a WHEN MATCHED THEN UPDATE SET c = t3.z;
WITH w AS (SELECT a, d FROM t2) MERGE INTO t1 USING w ON w.a = t1.a WHEN MATCHED THEN UPDATE SET c = w.d;
MERGE INTO t1 USING t2 ON t1.a = t2.a AND t1.b = (SELECT max(y) FROM t3) WHEN MATCHED THEN UPDATE SET b = 0;
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN MATCHED AND EXISTS (SELECT 1 FROM t3) THEN UPDATE SET b = (SELECT max(x) FROM t3);
MERGE INTO t1 USING t2 ON t1.a = t2.a WHEN MATCHED THEN UPDATE SET (b, c) = (t2.b, t2.d);
MERGE INTO sales.orders o USING app.users u ON o.user_id = u.id WHEN MATCHED AND u.name = 'ann' THEN UPDATE SET total = 1 WHEN NOT MATCHED THEN INSERT (user_id, total) VALUES (u.id, 0);
MERGE INTO sales.orders o USING app.users u ON o.user_id = u.id AND u.id = 2 WHEN MATCHED THEN DELETE;
-- @also public.scratch
MERGE INTO sales.stock s USING sales.products p ON s.product_id = p.id WHEN MATCHED THEN UPDATE SET amount = s.amount + 1 WHEN NOT MATCHED THEN INSERT VALUES (p.id, 0);
MERGE INTO app.users u USING archive.users a ON a.id = u.id WHEN MATCHED THEN UPDATE SET name = a.name WHEN NOT MATCHED THEN INSERT (id, name, mail) VALUES (a.id, a.name, a.mail);
MERGE INTO app.people p USING t1 ON p.id = t1.a WHEN MATCHED THEN UPDATE SET name = t1.c;
MERGE INTO app.buckets b USING app.v_users v ON b.k = v.id WHEN MATCHED THEN UPDATE SET v = v.name WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.mail);
MERGE INTO ONLY app.people p USING t1 ON p.id = t1.a WHEN MATCHED THEN DELETE;
MERGE INTO t2 USING t2 AS src ON src.a = t2.b WHEN MATCHED THEN UPDATE SET d = src.d WHEN NOT MATCHED THEN INSERT VALUES (src.b, src.a, src.d);
MERGE INTO t1 USING generate_series(1, 3) g ON g = t1.a WHEN MATCHED THEN UPDATE SET b = g;
MERGE INTO t1 USING app.orders_of(1) o ON o.id = t1.a WHEN MATCHED THEN UPDATE SET b = o.total;
