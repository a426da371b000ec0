-- The system's own relations.
SELECT relname FROM pg_class;
SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r';
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace;
SELECT attname FROM pg_attribute WHERE attrelid = 'app.users'::regclass;
SELECT tablename FROM pg_tables;
SELECT * FROM pg_stats WHERE tablename = 'users';
SELECT usename FROM pg_user;
SELECT query FROM pg_stat_activity;
SELECT table_name FROM information_schema.tables;
SELECT column_name FROM information_schema.columns WHERE table_name = 'users';
SELECT proname FROM pg_proc JOIN t1 ON pronargs = a;
SELECT rolname FROM pg_roles;
SELECT name, setting FROM pg_settings;
SELECT * FROM pg_indexes;
SELECT viewname FROM pg_views;
SELECT d.datname FROM pg_database d;
SELECT to_regclass('app.users');
-- @less app.users, app.v_users
SELECT pg_get_viewdef('app.v_users'::regclass);
SELECT conname FROM pg_constraint;
SELECT * FROM pg_sequences;
SELECT typname FROM pg_type;
