-- As a role that row security applies to.
-- @role reader
SELECT * FROM app.secured;
SELECT secret FROM app.v_secured;
UPDATE app.secured SET secret = 'x' WHERE id = 1;
DELETE FROM app.secured;
SELECT a FROM t1 JOIN app.secured s ON s.id = t1.a;
SELECT id FROM app.v_invoker;
SELECT name FROM app.v_users;
