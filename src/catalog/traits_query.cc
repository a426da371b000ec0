// The texts of the queries for traits. As in load_query.cc every name is written with its schema,
// and operators are qualified before the text is sent. Columns are those of PostgreSQL 13 to 17;
// what came with a later one is taken out of the row as JSON.
#include <string>
#include <string_view>

#include "catalog/qualified.h"
#include "catalog/traits.h"

namespace sluice::catalog {

namespace {

// {acl X} stands for the rows that tell who may do what with the objects of X(kind, schema, name,
// oid, owner, acl): its owner may give himself what he likes, and is not listed.
constexpr std::string_view kAcl = R"(
SELECT o.kind, o.schema, o.name, o.oid, pg_catalog.concat('acl ', o.part, g.grantee),
  pg_catalog.concat('privileges of ', CASE WHEN g.grantee = 0::pg_catalog.oid THEN 'PUBLIC'
    ELSE pg_catalog.pg_get_userbyid(g.grantee) END, o.of),
  pg_catalog.string_agg(pg_catalog.concat(g.privilege_type,
    CASE WHEN g.is_grantable THEN ' with grant option' END), ', ' ORDER BY g.privilege_type),
  NULL::pg_catalog.text
FROM {objects} o CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) g
WHERE g.grantee <> o.owner
GROUP BY o.kind, o.schema, o.name, o.oid, o.part, o.of, g.grantee)";

constexpr std::string_view kTraits = R"(
WITH relations AS MATERIALIZED (
  SELECT CASE WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN 'materialized view'
      WHEN c.relkind = 'f' THEN 'foreign table' WHEN c.relkind = 'S' THEN 'sequence'
      ELSE 'table' END AS kind, n.nspname AS schema, c.relname AS name, c.oid,
    c.relowner AS owner, c.relacl AS acl, c.relforcerowsecurity, c.relreplident, c.reloptions
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid >= 16384 AND c.relkind = ANY ('{r,p,v,m,f,S}'::pg_catalog."char"[])
    AND c.relpersistence <> 't'),
others AS MATERIALIZED (
  SELECT CASE WHEN p.prokind = 'p' THEN 'procedure' WHEN p.prokind = 'a' THEN 'aggregate'
      ELSE 'function' END AS kind, n.nspname AS schema, pg_catalog.concat(p.proname, '(',
      pg_catalog.oidvectortypes(p.proargtypes), ')') AS name, p.oid, p.proowner AS owner,
    COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)) AS acl
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid >= 16384 AND n.nspname !~ '^pg_(toast_)?temp_'
  UNION ALL
  SELECT 'schema', '', n.nspname, n.oid, n.nspowner,
    COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner))
  FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(toast_)?temp_'
  UNION ALL
  SELECT 'foreign server', '', s.srvname, s.oid, s.srvowner,
    COALESCE(s.srvacl, pg_catalog.acldefault('S', s.srvowner))
  FROM pg_catalog.pg_foreign_server s
  UNION ALL
  SELECT 'publication', '', p.pubname, p.oid, p.pubowner, NULL FROM pg_catalog.pg_publication p
  UNION ALL
  SELECT 'event trigger', '', e.evtname, e.oid, e.evtowner, NULL
  FROM pg_catalog.pg_event_trigger e),
defaults AS MATERIALIZED (
  SELECT pg_catalog.concat('of ', pg_catalog.pg_get_userbyid(d.defaclrole), ' for ',
      CASE WHEN d.defaclobjtype = 'r' THEN 'tables' WHEN d.defaclobjtype = 'S' THEN 'sequences'
        WHEN d.defaclobjtype = 'f' THEN 'functions' WHEN d.defaclobjtype = 'T' THEN 'types'
        WHEN d.defaclobjtype = 'n' THEN 'schemas' ELSE 'objects' END, ' in schema '::pg_catalog.text
      || n.nspname::pg_catalog.text) AS name, d.oid, d.defaclrole AS owner, d.defaclacl AS acl
  FROM pg_catalog.pg_default_acl d
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace),
granted(kind, schema, name, oid, part, of, owner, acl) AS (
  SELECT r.kind, r.schema, r.name, r.oid, '', '', r.owner, r.acl
  FROM relations r WHERE r.acl IS NOT NULL
  UNION ALL
  SELECT r.kind, r.schema, r.name, r.oid, pg_catalog.concat(a.attnum, ' '),
    pg_catalog.concat(' on column ', a.attname), r.owner, a.attacl
  FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT o.kind, o.schema, o.name, o.oid, '', '', o.owner, o.acl
  FROM others o WHERE o.acl IS NOT NULL
  UNION ALL
  SELECT 'default privileges', '', d.name, d.oid, '', '', d.owner, d.acl FROM defaults d)
SELECT r.kind, r.schema, r.name, r.oid, 'itself', '', '', NULL::pg_catalog.text FROM relations r
UNION ALL
SELECT o.kind, o.schema, o.name, o.oid, 'owner', 'owner',
  pg_catalog.pg_get_userbyid(o.owner)::pg_catalog.text, o.owner::pg_catalog.text FROM others o
UNION ALL
SELECT 'default privileges', '', d.name, d.oid, 'itself', '', '', NULL FROM defaults d
UNION ALL {acl granted}
UNION ALL
SELECT r.kind, r.schema, r.name, r.oid, 'force', 'forced row security', 'on', NULL
FROM relations r WHERE r.relforcerowsecurity
UNION ALL
SELECT r.kind, r.schema, r.name, r.oid, 'replident', 'replica identity',
  CASE WHEN r.relreplident = 'n' THEN 'nothing' WHEN r.relreplident = 'f' THEN 'full'
    ELSE pg_catalog.concat('index ', (SELECT x.relname FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = r.oid AND i.indisreplident)) END,
  CASE WHEN r.relreplident = 'i' THEN (SELECT i.indexrelid::pg_catalog.text
    FROM pg_catalog.pg_index i WHERE i.indrelid = r.oid AND i.indisreplident) END
FROM relations r WHERE r.kind = 'table' AND r.relreplident <> 'd'
UNION ALL
SELECT r.kind, r.schema, r.name, r.oid, pg_catalog.concat('option ', o.option_name),
  pg_catalog.concat('option ', o.option_name), o.option_value, NULL
FROM relations r CROSS JOIN LATERAL pg_catalog.pg_options_to_table(r.reloptions) o
WHERE r.reloptions IS NOT NULL
UNION ALL
SELECT r.kind, r.schema, r.name, r.oid, 'sequence', 'values', pg_catalog.concat(
  pg_catalog.format_type(s.seqtypid, NULL), ' start ', s.seqstart, ' increment ', s.seqincrement,
  ' from ', s.seqmin, ' to ', s.seqmax, ' cache ', s.seqcache,
  CASE WHEN s.seqcycle THEN ' cycle' END), NULL
FROM relations r JOIN pg_catalog.pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT r.kind, r.schema, r.name, r.oid, pg_catalog.concat('policy ', p.oid),
  pg_catalog.concat('policy ', p.polname), pg_catalog.concat(
    CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, ' for ',
    CASE WHEN p.polcmd = 'r' THEN 'SELECT' WHEN p.polcmd = 'a' THEN 'INSERT'
      WHEN p.polcmd = 'w' THEN 'UPDATE' WHEN p.polcmd = 'd' THEN 'DELETE' ELSE 'ALL' END, ' to ',
    (SELECT pg_catalog.string_agg(CASE WHEN m.role = 0::pg_catalog.oid THEN 'PUBLIC'
        ELSE pg_catalog.pg_get_userbyid(m.role)::pg_catalog.text END, ', ' ORDER BY m.role)
      FROM pg_catalog.unnest(p.polroles) m(role))),
  pg_catalog.concat_ws(' ', p.polname, p.polpermissive, p.polcmd, p.polroles)
FROM relations r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT 'publication', '', p.pubname, p.oid, 'what', 'publishes', pg_catalog.concat_ws(', ',
  CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
  CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END,
  CASE WHEN p.puballtables THEN 'all tables' END,
  CASE WHEN p.pubviaroot THEN 'by way of the root' END), NULL
FROM pg_catalog.pg_publication p
UNION ALL
SELECT 'publication', '', p.pubname, p.oid, pg_catalog.concat('table ', m.prrelid),
  pg_catalog.concat('table ', n.nspname, '.', c.relname), pg_catalog.concat('published',
    ', columns '::pg_catalog.text || m.columns, ', filter '::pg_catalog.text
    || pg_catalog.left(pg_catalog.md5(m.filter), 8)), NULL
FROM (SELECT r.prpubid, r.prrelid,
    pg_catalog.json_object_field_text(pg_catalog.row_to_json(r), 'prattrs') AS columns,
    pg_catalog.json_object_field_text(pg_catalog.row_to_json(r), 'prqual') AS filter
  FROM pg_catalog.pg_publication_rel r) m
JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid
JOIN pg_catalog.pg_class c ON c.oid = m.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT 'publication', '', p.pubname, p.oid, pg_catalog.concat('schema ', n.oid),
  pg_catalog.concat('tables in schema ', n.nspname), 'published', NULL
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_publication p ON p.oid = d.refobjid
JOIN pg_catalog.pg_depend s ON s.classid = d.classid AND s.objid = d.objid
JOIN pg_catalog.pg_namespace n ON n.oid = s.refobjid
WHERE d.classid = 6237::pg_catalog.oid AND d.refclassid = 6104::pg_catalog.oid
  AND s.refclassid = 2615::pg_catalog.oid
UNION ALL
SELECT 'event trigger', '', e.evtname, e.oid, 'what', 'runs', pg_catalog.concat(e.evtfoid::pg_catalog.regproc,
  ' on ', e.evtevent, ' of '::pg_catalog.text || pg_catalog.array_to_string(e.evttags, ', '),
  CASE WHEN e.evtenabled = 'D' THEN ', disabled' WHEN e.evtenabled = 'R' THEN ', on replicas'
    WHEN e.evtenabled = 'A' THEN ', always' END),
  pg_catalog.concat_ws(' ', e.evtfoid, e.evtevent, e.evttags, e.evtenabled)
FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT 'foreign server', '', s.srvname, s.oid, pg_catalog.concat('option ', o.option_name),
  pg_catalog.concat('option ', o.option_name), o.option_value, NULL
FROM pg_catalog.pg_foreign_server s
CROSS JOIN LATERAL pg_catalog.pg_options_to_table(s.srvoptions) o
UNION ALL
SELECT 'extension', '', x.extname, x.oid, 'version', 'version', x.extversion, NULL
FROM pg_catalog.pg_extension x
)";

constexpr std::string_view kServerTraits = R"(
WITH databases(kind, schema, name, oid, part, of, owner, acl) AS (
  SELECT 'database', '', d.datname, d.oid, '', '', d.datdba,
    COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))
  FROM pg_catalog.pg_database d)
SELECT 'role' AS kind, '' AS schema, r.rolname::pg_catalog.text AS name, r.oid AS oid,
  'attributes' AS id, 'attributes' AS aspect, pg_catalog.concat_ws(', ',
  CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
  CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
  CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
  CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END) AS value, NULL::pg_catalog.text AS same
FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'
UNION ALL
SELECT 'role', '', r.rolname, r.oid, 'until', 'valid until',
  pg_catalog.to_char(pg_catalog.timezone('UTC', r.rolvaliduntil), 'YYYY-MM-DD HH24:MI:SS UTC'), NULL
FROM pg_catalog.pg_roles r
WHERE r.rolname !~ '^pg_' AND pg_catalog.isfinite(r.rolvaliduntil)
UNION ALL
SELECT 'role', '', r.rolname, r.oid, pg_catalog.concat('member ', m.roleid),
  pg_catalog.concat('member of ', g.rolname), pg_catalog.string_agg(DISTINCT pg_catalog.concat(
    'granted', CASE WHEN m.admin_option THEN ' with admin option' END,
    CASE WHEN m.inherits = 'false' THEN ', not inherited' END,
    CASE WHEN m.sets = 'false' THEN ', without SET' END), '; '), NULL
FROM (SELECT a.roleid, a.member, a.admin_option,
    pg_catalog.json_object_field_text(pg_catalog.row_to_json(a), 'inherit_option') AS inherits,
    pg_catalog.json_object_field_text(pg_catalog.row_to_json(a), 'set_option') AS sets
  FROM pg_catalog.pg_auth_members a) m
JOIN pg_catalog.pg_roles r ON r.oid = m.member
JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
WHERE r.rolname !~ '^pg_'
GROUP BY r.rolname, r.oid, m.roleid, g.rolname
UNION ALL
SELECT 'database', '', d.name, d.oid, 'owner', 'owner', pg_catalog.pg_get_userbyid(d.owner),
  d.owner::pg_catalog.text
FROM databases d
UNION ALL {acl databases}
UNION ALL
SELECT CASE WHEN s.setrole = 0::pg_catalog.oid AND s.setdatabase <> 0::pg_catalog.oid
    THEN 'database' ELSE 'role' END, '',
  CASE WHEN s.setrole <> 0::pg_catalog.oid THEN pg_catalog.pg_get_userbyid(s.setrole)
    ELSE COALESCE(d.datname, 'all') END,
  CASE WHEN s.setrole = 0::pg_catalog.oid THEN s.setdatabase ELSE s.setrole END,
  pg_catalog.concat('set ', s.setdatabase, ' ', pg_catalog.split_part(v.line, '=', 1)),
  pg_catalog.concat('setting ', pg_catalog.split_part(v.line, '=', 1),
    CASE WHEN s.setrole <> 0::pg_catalog.oid THEN ' in database '::pg_catalog.text
      || d.datname::pg_catalog.text END),
  CASE WHEN pg_catalog.split_part(v.line, '=', 1) ~ '[.]'
    THEN pg_catalog.concat('(digest ', pg_catalog.left(pg_catalog.md5(v.line), 8), ')')
    ELSE pg_catalog.regexp_replace(v.line, '^[^=]*=', '') END, NULL
FROM pg_catalog.pg_db_role_setting s
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) v(line)
WHERE s.setrole = 0::pg_catalog.oid OR s.setrole >= 16384 OR s.setrole = 10::pg_catalog.oid
)";

std::string finished(std::string_view text, std::string_view objects) {
  const std::string mark = "{acl " + std::string(objects) + "}";
  return qualified(replaced(text, mark, replaced(kAcl, "{objects}", objects)));
}

}  // namespace

std::string_view traits_query() {
  static const std::string query = finished(kTraits, "granted");
  return query;
}

std::string_view server_traits_query() {
  static const std::string query = finished(kServerTraits, "databases");
  return query;
}

std::string_view server_traits_fingerprint_query() {
  static const std::string query =
      "SELECT pg_catalog.md5(pg_catalog.string_agg(t.line, ' ' ORDER BY t.line)) FROM ("
      "SELECT pg_catalog.concat_ws(',', t.kind, t.name, t.oid, t.id, t.value, t.same) AS line "
      "FROM (" +
      std::string(server_traits_query()) + ") t) t";
  return query;
}

}  // namespace sluice::catalog
