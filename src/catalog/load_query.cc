// The texts of load_query and fingerprint_query.
//
// They run in sessions whose settings we may not touch, a client's own among them. So every
// function, type and relation is written with its schema, and every operator as
// OPERATOR(pg_catalog.=): a search_path with an operator of somebody's own in front of pg_catalog
// changes nothing. What resolves operators by itself is not used (IN, BETWEEN, IS DISTINCT FROM,
// USING, CASE x WHEN). No backslash stands in them, for sessions without
// standard_conforming_strings. Columns are those of PostgreSQL 13 to 17.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "catalog/loader.h"
#include "catalog/qualified.h"

namespace sluice::catalog {

namespace {

// In the templates operators stand as in any SQL, set off by blanks; `qualified` spells them out.
//
// {rows of c} stands for a hash over the rows of catalog r, whose column c says what a row is of.
// Nobody can give xmin a wished-for value, so a sum of hashes does.
//
// xmin tells that a row was written: it is kept when a row is frozen (since 9.4), and changes to a
// row in place (by VACUUM and ANALYZE, in pg_class) leave it. pg_class and pg_index are also
// written anew by TRUNCATE, CLUSTER, VACUUM FULL, REINDEX and REFRESH, which swap files: of these
// two the columns that make the definition are taken. Relations of pg_toast (99) come and go with
// such rewrites. Hints that VACUUM clears when it likes (relhasrules, relhasindex, …) say nothing.
constexpr std::string_view kFingerprintTemplate = R"(
WITH temporary AS MATERIALIZED (
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relpersistence = 't'),
passing AS MATERIALIZED (
  SELECT c.oid FROM pg_catalog.pg_class c
  WHERE c.oid >= 16384 AND (c.relpersistence = 't' OR c.relnamespace = 99)),
spaces AS MATERIALIZED (
  SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(toast_)?temp_')
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(
  pg_catalog.concat_ws('=', part.number, part.hash), ',' ORDER BY part.number), 'UTF8')), 'hex')
FROM (
SELECT 1, pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', c.relname,
  c.relnamespace, c.relowner, c.reloftype, c.relam, c.reltablespace, c.relpersistence, c.relkind,
  c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispartition, c.relacl,
  c.reloptions, c.relpartbound), c.oid::pg_catalog.int8))
  FROM pg_catalog.pg_class c
  WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace <> 99
UNION ALL
SELECT 2, {rows of attrelid} FROM pg_catalog.pg_attribute r
  WHERE r.attrelid >= 16384 AND r.attnum > 0
  AND NOT r.attrelid = ANY (SELECT t.oid FROM passing t)
UNION ALL
SELECT 3, pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', i.indisunique,
  i.indisprimary, i.indisexclusion, i.indimmediate, i.indisvalid, i.indisready, i.indislive,
  i.indisreplident), i.indexrelid::pg_catalog.int8))
  FROM pg_catalog.pg_index i
  WHERE i.indexrelid >= 16384 AND NOT i.indexrelid = ANY (SELECT t.oid FROM passing t)
UNION ALL
SELECT 4, {rows of oid} FROM pg_catalog.pg_constraint r
  JOIN spaces ON spaces.oid = r.connamespace WHERE r.oid >= 16384
UNION ALL
SELECT 5, {rows of oid} FROM pg_catalog.pg_trigger r
  WHERE r.tgrelid >= 16384 AND NOT r.tgrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 6, {rows of oid} FROM pg_catalog.pg_rewrite r
  WHERE r.ev_class >= 16384 AND NOT r.ev_class = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 7, {rows of oid} FROM pg_catalog.pg_proc r
  JOIN spaces ON spaces.oid = r.pronamespace WHERE r.oid >= 16384
UNION ALL
SELECT 8, {rows of oid} FROM pg_catalog.pg_type r
  JOIN spaces ON spaces.oid = r.typnamespace WHERE r.oid >= 16384
UNION ALL
SELECT 9, {rows of oid} FROM pg_catalog.pg_namespace r JOIN spaces ON spaces.oid = r.oid
UNION ALL
SELECT 10, {rows of inhrelid} FROM pg_catalog.pg_inherits r
  WHERE r.inhrelid >= 16384 AND NOT r.inhrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 11, {rows of oid} FROM pg_catalog.pg_attrdef r
  WHERE r.adrelid >= 16384 AND NOT r.adrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 12, {rows of oid} FROM pg_catalog.pg_policy r
  WHERE r.polrelid >= 16384 AND NOT r.polrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 13, {rows of objoid} FROM pg_catalog.pg_description r
  WHERE r.objoid >= 16384 AND NOT r.objoid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 14, {rows of oid} FROM pg_catalog.pg_enum r
  JOIN pg_catalog.pg_type t ON t.oid = r.enumtypid JOIN spaces ON spaces.oid = t.typnamespace
UNION ALL
SELECT 15, {rows of oid} FROM pg_catalog.pg_operator r
  JOIN spaces ON spaces.oid = r.oprnamespace WHERE r.oid >= 16384
UNION ALL
SELECT 16, {rows of oid} FROM pg_catalog.pg_collation r
  JOIN spaces ON spaces.oid = r.collnamespace WHERE r.oid >= 16384
UNION ALL
SELECT 17, {rows of seqrelid} FROM pg_catalog.pg_sequence r
  WHERE r.seqrelid >= 16384 AND NOT r.seqrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 18, {rows of oid} FROM pg_catalog.pg_statistic_ext r
  WHERE r.stxrelid >= 16384 AND NOT r.stxrelid = ANY (SELECT t.oid FROM temporary t)
UNION ALL
SELECT 19, {rows of ftrelid} FROM pg_catalog.pg_foreign_table r
UNION ALL
SELECT 20, {rows of oid} FROM pg_catalog.pg_foreign_server r
UNION ALL
SELECT 21, {rows of oid} FROM pg_catalog.pg_foreign_data_wrapper r
UNION ALL
SELECT 22, {rows of oid} FROM pg_catalog.pg_cast r WHERE r.oid >= 16384
UNION ALL
SELECT 23, {rows of oid} FROM pg_catalog.pg_language r WHERE r.oid >= 16384
UNION ALL
SELECT 24, {rows of oid} FROM pg_catalog.pg_event_trigger r
UNION ALL
SELECT 25, {rows of oid} FROM pg_catalog.pg_extension r
UNION ALL
SELECT 26, {rows of oid} FROM pg_catalog.pg_default_acl r
UNION ALL
SELECT 27, {rows of oid} FROM pg_catalog.pg_publication r
UNION ALL
SELECT 28, {rows of oid} FROM pg_catalog.pg_publication_rel r
UNION ALL
SELECT 29, {rows of aggfnoid} FROM pg_catalog.pg_aggregate r
  WHERE r.aggfnoid::pg_catalog.oid >= 16384
UNION ALL
SELECT 30, {rows of oid} FROM pg_catalog.pg_opclass r WHERE r.oid >= 16384
UNION ALL
SELECT 31, {rows of oid} FROM pg_catalog.pg_amproc r WHERE r.oid >= 16384
UNION ALL
SELECT 32, {rows of oid} FROM pg_catalog.pg_amop r WHERE r.oid >= 16384
UNION ALL
SELECT 33, {rows of refobjid} FROM pg_catalog.pg_depend r
  WHERE r.classid = 6237::pg_catalog.oid
) part(number, hash)
)";

// After the fingerprint, in the order in which `build` reads them. {first} is the lowest oid.
//
// Rendering a definition locks the relations it names (those of a view most of all), which would
// wait for somebody's schema change under way, or deadlock with it: {locked} and {busy} say which
// not to render ("2618", pg_rewrite; "1255", pg_proc). And pg_get_viewdef and pg_get_ruledef
// themselves run a query with unqualified operators: {trusted} says whether pg_catalog's come
// first in this session's path; functions and operators are never taken from pg_temp.
constexpr std::string_view kLoadTemplate = R"(;
SELECT pg_catalog.current_schemas(true);

SELECT n.oid, n.nspname
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_(toast_)?temp_' OR n.oid = pg_catalog.pg_my_temp_schema();

WITH {trusted}, {locked}, {busy},
busy_views AS MATERIALIZED (
  SELECT r.ev_class FROM pg_catalog.pg_rewrite r JOIN busy ON busy.objid = r.oid
  WHERE busy.classid = 2618)
SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence,
  pg_catalog.pg_get_userbyid(c.relowner), c.relrowsecurity, c.reltuples, c.relpages,
  d.description,
  CASE WHEN c.oid >= 16384 AND c.relkind = ANY ('{v,m}'::pg_catalog."char"[])
      AND (SELECT t.holds FROM trusted t) AND NOT c.oid = ANY (SELECT b.ev_class FROM busy_views b)
    THEN pg_catalog.pg_get_viewdef(c.oid) END
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = c.oid AND d.classoid = 1259 AND d.objsubid = 0
WHERE c.oid >= {first} AND c.relkind = ANY ('{r,p,v,m,f,S,i,I,c,t}'::pg_catalog."char"[])
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema());

WITH {locked}
SELECT a.attrelid, a.attnum, a.attname, a.atttypid,
  pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef,
  a.attgenerated <> '', a.attidentity <> '',
  CASE WHEN f.adrelid IS NOT NULL AND NOT f.adrelid = ANY (SELECT l.relation FROM locked l)
    THEN pg_catalog.pg_get_expr(f.adbin, f.adrelid) END,
  d.description
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = a.attrelid AND d.classoid = 1259 AND d.objsubid = a.attnum
WHERE a.attrelid >= {first} AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind = ANY ('{r,p,v,m,f,S,c}'::pg_catalog."char"[])
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema());

SELECT i.inhrelid, i.inhparent
FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
WHERE i.inhrelid >= {first}
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())
ORDER BY i.inhrelid, i.inhseqno;

WITH {trusted}, {locked}, {busy}
SELECT r.ev_class, r.rulename, r.ev_type, r.ev_enabled,
  CASE WHEN (SELECT t.holds FROM trusted t)
      AND NOT r.oid = ANY (SELECT b.objid FROM busy b WHERE b.classid = 2618)
    THEN pg_catalog.pg_get_ruledef(r.oid) END
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
WHERE r.ev_class >= {first} AND r.rulename <> '_RETURN'
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())
ORDER BY r.ev_class, r.oid;

WITH {locked}
SELECT t.tgrelid, t.tgname, t.tgfoid, t.tgdeferrable, t.tginitdeferred, t.tgenabled,
  CASE WHEN NOT t.tgrelid = ANY (SELECT l.relation FROM locked l)
    THEN pg_catalog.pg_get_triggerdef(t.oid) END
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
WHERE (NOT t.tgisinternal OR (t.tgparentid <> 0 AND (t.tgconstraint = 0 OR k.contype = 't')))
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())
ORDER BY t.tgrelid, t.tgname;

WITH {locked}
SELECT i.indrelid, i.indexrelid, x.relname, i.indisunique, i.indisprimary, i.indisvalid,
  i.indpred IS NOT NULL, i.indkey, i.indnkeyatts,
  CASE WHEN NOT i.indrelid = ANY (SELECT l.relation FROM locked l)
      AND NOT i.indexrelid = ANY (SELECT l.relation FROM locked l)
    THEN pg_catalog.pg_get_indexdef(i.indexrelid) END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid >= {first} AND x.relnamespace <> 99
  AND (x.relpersistence <> 't' OR x.relnamespace = pg_catalog.pg_my_temp_schema())
ORDER BY i.indrelid, i.indexrelid;

WITH {locked}
SELECT k.conrelid, k.oid, k.conname, k.contype, k.conkey, k.confrelid, k.confkey, k.confupdtype,
  k.confdeltype, k.convalidated, k.condeferrable,
  CASE WHEN NOT k.conrelid = ANY (SELECT l.relation FROM locked l)
      AND NOT k.confrelid = ANY (SELECT l.relation FROM locked l)
    THEN pg_catalog.pg_get_constraintdef(k.oid) END
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
WHERE k.conrelid >= {first} AND k.contype = ANY ('{c,f,p,u,x}'::pg_catalog."char"[])
  AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())
ORDER BY k.conrelid, k.oid;

WITH {locked}, {busy}
SELECT p.oid, p.pronamespace, p.proname, p.prokind, p.proargtypes, p.proargnames, p.proargmodes,
  p.pronargdefaults, p.provariadic <> 0, p.prorettype, p.proretset, l.lanname, p.provolatile,
  p.prosecdef, p.prosrc,
  l.lanname = 'sql' AND p.prosrc = '' AND p.prokind = ANY ('{f,p}'::pg_catalog."char"[]),
  CASE WHEN l.lanname = 'sql' AND p.prosrc = '' AND p.prokind = ANY ('{f,p}'::pg_catalog."char"[])
      AND NOT p.oid = ANY (SELECT b.objid FROM busy b WHERE b.classid = 1255)
    THEN pg_catalog.pg_get_functiondef(p.oid) END,
  p.proconfig
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid >= {first}
  AND (n.nspname !~ '^pg_(toast_)?temp_' OR n.oid = pg_catalog.pg_my_temp_schema());

SELECT t.oid, t.typnamespace, t.typname, t.typtype, t.typrelid,
  CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, t.typbasetype,
  CASE WHEN t.typtype = 'd' THEN pg_catalog.concat_ws(' ',
      pg_catalog.format_type(t.typbasetype, t.typtypmod), 'DEFAULT '::pg_catalog.text
      || pg_catalog.pg_get_expr(t.typdefaultbin, 0), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
      k.definition)
    ELSE e.labels END
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN (
  SELECT k.contypid, pg_catalog.string_agg(
    pg_catalog.concat_ws(' ', k.conname, pg_catalog.pg_get_constraintdef(k.oid)),
    ' ' ORDER BY k.conname) AS definition
  FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND k.contype <> 'n' GROUP BY k.contypid
) k ON k.contypid = t.oid
LEFT JOIN (
  SELECT e.enumtypid, pg_catalog.string_agg(
    pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) AS labels
  FROM pg_catalog.pg_enum e GROUP BY e.enumtypid
) e ON e.enumtypid = t.oid
WHERE t.oid >= {first}
  AND (n.nspname !~ '^pg_(toast_)?temp_' OR n.oid = pg_catalog.pg_my_temp_schema());

SELECT o.oid, o.oprnamespace, o.oprname, o.oprleft, o.oprright, o.oprcode::pg_catalog.oid
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384
  AND (n.nspname !~ '^pg_(toast_)?temp_' OR n.oid = pg_catalog.pg_my_temp_schema());

WITH {locked}, {busy},
policies AS MATERIALIZED (
  SELECT p.polrelid, p.polqual, p.polwithcheck,
    p.polrelid = ANY (SELECT l.relation FROM locked l)
      OR p.oid = ANY (SELECT b.objid FROM busy b WHERE b.classid = 3256) AS busy
  FROM pg_catalog.pg_policy p),
family_functions AS MATERIALIZED (
  SELECT s.amprocfamily AS family, s.amproc::pg_catalog.oid AS function
  FROM pg_catalog.pg_amproc s WHERE s.amproc::pg_catalog.oid >= 16384
  UNION
  SELECT s.amopfamily, p.oprcode::pg_catalog.oid
  FROM pg_catalog.pg_amop s
  JOIN pg_catalog.pg_operator p ON p.oid = s.amopopr
  WHERE p.oprcode::pg_catalog.oid >= 16384)
SELECT 'c', c.castsource, c.casttarget, c.castfunc::pg_catalog.oid,
  c.castcontext::pg_catalog.text
FROM pg_catalog.pg_cast c WHERE c.oid >= 16384 AND c.castfunc::pg_catalog.oid <> 0
UNION ALL
SELECT 's', 0::pg_catalog.oid, 0::pg_catalog.oid, 0::pg_catalog.oid, s.name
FROM pg_catalog.pg_settings s
WHERE s.name = ANY ('{primary_conninfo,ssl_passphrase_command}'::pg_catalog.text[])
  AND s.setting <> ''
UNION ALL
SELECT 'e', e.oid, 0::pg_catalog.oid, e.evtfoid, pg_catalog.concat_ws(',', e.evtevent,
  pg_catalog.array_to_string(e.evttags, ','))
FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D'
UNION ALL
SELECT 'f', p.oid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  pg_catalog.pg_get_expr(p.proargdefaults, 0::pg_catalog.oid)
FROM pg_catalog.pg_proc p WHERE p.oid >= 16384 AND p.pronargdefaults > 0
UNION ALL
SELECT 'a', a.aggfnoid::pg_catalog.oid, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM pg_catalog.pg_aggregate a
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
  a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
  a.aggmfinalfn]::pg_catalog.oid[]) AS s(function)
WHERE a.aggfnoid::pg_catalog.oid >= 16384 AND s.function <> 0::pg_catalog.oid
UNION ALL
SELECT 'd', k.contypid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  pg_catalog.pg_get_constraintdef(k.oid)
FROM pg_catalog.pg_constraint k WHERE k.contypid >= 16384 AND k.contype = 'c'
UNION ALL
SELECT 'r', r.rngtypid, r.rngsubtype, 0::pg_catalog.oid, NULL::pg_catalog.text
FROM pg_catalog.pg_range r WHERE r.rngtypid >= 16384
UNION ALL
SELECT 'r', m.multirange, m.rngtypid, 0::pg_catalog.oid, NULL::pg_catalog.text
FROM (
  SELECT r.rngtypid, pg_catalog.json_object_field_text(pg_catalog.row_to_json(r),
    'rngmultitypid')::pg_catalog.oid AS multirange
  FROM pg_catalog.pg_range r WHERE r.rngtypid >= 16384
) m WHERE m.multirange >= 16384
UNION ALL
SELECT 'p', p.polrelid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  CASE WHEN NOT p.busy THEN pg_catalog.pg_get_expr(p.polqual, p.polrelid) END
FROM policies p WHERE p.polqual IS NOT NULL
UNION ALL
SELECT 'p', p.polrelid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  CASE WHEN NOT p.busy THEN pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) END
FROM policies p WHERE p.polwithcheck IS NOT NULL
UNION ALL
SELECT 'k', p.partrelid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  CASE WHEN NOT p.partrelid = ANY (SELECT l.relation FROM locked l)
    THEN pg_catalog.pg_get_expr(p.partexprs, p.partrelid) END
FROM pg_catalog.pg_partitioned_table p WHERE p.partexprs IS NOT NULL
UNION ALL
SELECT 'b', p.partrelid, p.partdefid, 0::pg_catalog.oid, p.partattrs::pg_catalog.text
FROM pg_catalog.pg_partitioned_table p
UNION ALL
SELECT 'v', t.oid, 0::pg_catalog.oid, 0::pg_catalog.oid,
  pg_catalog.pg_get_expr(t.typdefaultbin, 0::pg_catalog.oid)
FROM pg_catalog.pg_type t
WHERE t.oid >= 16384 AND t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
UNION ALL
SELECT 't', t.oid, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM pg_catalog.pg_type t
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend,
  t.typmodin, t.typmodout, r.rngcanonical, r.rngsubdiff]::pg_catalog.oid[]) AS s(function)
WHERE t.oid >= 16384 AND s.function >= 16384
UNION ALL
SELECT 'o', o.opcintype, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM pg_catalog.pg_opclass o
JOIN family_functions s ON s.family = o.opcfamily
WHERE o.oid >= 16384
UNION ALL
SELECT 'o', r.rngtypid, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM pg_catalog.pg_range r
JOIN family_functions s
  ON s.family = (SELECT o.opcfamily FROM pg_catalog.pg_opclass o WHERE o.oid = r.rngsubopc)
WHERE r.rngtypid >= 16384
UNION ALL
SELECT 'm', o.oid, 0::pg_catalog.oid, p.oprcode::pg_catalog.oid, NULL::pg_catalog.text
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_operator p ON p.oid = o.oprcom OR p.oid = o.oprnegate
WHERE o.oid >= 16384 AND p.oprcode::pg_catalog.oid >= 16384
UNION ALL
SELECT 'm', o.amopopr, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM pg_catalog.pg_amop o
JOIN family_functions s ON s.family = o.amopfamily
WHERE o.amopopr >= 16384
UNION ALL
SELECT 'x', k.relation, 0::pg_catalog.oid, s.function, NULL::pg_catalog.text
FROM (
  SELECT i.indrelid AS relation, pg_catalog.unnest(i.indclass::pg_catalog.oid[]) AS class
  FROM pg_catalog.pg_index i
  UNION
  SELECT p.partrelid, pg_catalog.unnest(p.partclass::pg_catalog.oid[])
  FROM pg_catalog.pg_partitioned_table p
) k
JOIN pg_catalog.pg_opclass o ON o.oid = k.class
JOIN family_functions s ON s.family = o.opcfamily
WHERE o.oid >= 16384
)";

constexpr std::string_view kTrusted = R"(trusted AS MATERIALIZED (
  SELECT p.path[1] = 'pg_catalog' OR (p.path[1] ~ '^pg_temp_' AND p.path[2] = 'pg_catalog') AS holds
  FROM (SELECT pg_catalog.current_schemas(true) AS path) p))";

// Waiting for the lock is enough: whoever comes later waits behind.
constexpr std::string_view kLocked = R"(locked AS MATERIALIZED (
  SELECT l.relation FROM pg_catalog.pg_locks l
  WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
    AND (l.pid IS NULL OR l.pid <> pg_catalog.pg_backend_pid())))";

constexpr std::string_view kBusy = R"(busy AS MATERIALIZED (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
  JOIN locked ON locked.relation = d.refobjid WHERE d.refclassid = 1259))";

}  // namespace

std::string_view fingerprint_query() {
  static const std::string query = qualified(
      replaced(replaced(kFingerprintTemplate, "{rows of ",
                        "pg_catalog.sum(pg_catalog.hash_array_extended(ARRAY[r.xmin], r."),
               "}", "::pg_catalog.int8))"));
  return query;
}

std::string_view load_query(bool with_system) {
  const auto make = [](std::string_view first) {
    std::string text = replaced(kLoadTemplate, "{first}", first);
    text = replaced(text, "{trusted}", kTrusted);
    text = replaced(text, "{locked}", kLocked);
    text = replaced(text, "{busy}", kBusy);
    return std::string(fingerprint_query()) + qualified(text);
  };
  static const std::string all = make("0");
  static const std::string users = make("16384");
  return with_system ? all : users;
}

std::vector<std::string> load_statements(bool with_system) {
  std::vector<std::string> statements;
  std::string_view rest = load_query(with_system);
  for (;;) {
    // No string in the templates holds a semicolon at the end of a line.
    const size_t end = rest.find(";\n");
    statements.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) return statements;
    rest.remove_prefix(end + 2);
  }
}

bool may_read_again(std::string_view sqlstate) {
  // "cache lookup failed", "could not open relation with OID" and the like have no code of their
  // own: they are XX000, internal_error.
  constexpr std::string_view kCodes[] = {"XX000", "42P01", "42704", "42883", "40P01"};
  return std::find(std::begin(kCodes), std::end(kCodes), sqlstate) != std::end(kCodes);
}

}  // namespace sluice::catalog
