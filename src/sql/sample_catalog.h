#pragma once

// A small database for tests, fuzzing and benchmarks: tables with inheritance, partitions and
// foreign keys, views, rules, triggers and functions.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"

namespace sluice::sql {

class SampleCatalog {
 public:
  static std::shared_ptr<const catalog::Catalog> make() { return SampleCatalog().finish(); }

 private:
  using Relation = catalog::Relation;
  using Function = catalog::Function;
  using Kind = catalog::RelationKind;
  static constexpr catalog::Oid kText = 25;
  static constexpr catalog::Oid kRecord = 2249;
  static constexpr catalog::Oid kVoid = 2278;
  static constexpr catalog::Oid kTrigger = 2279;
  static constexpr catalog::Oid kAny = 2283;

  Relation& relation(std::string schema, std::string name, const std::vector<std::string>& columns,
                     Kind kind = Kind::kTable) {
    Relation item;
    item.oid = ++oid_;
    item.schema = std::move(schema);
    item.name = std::move(name);
    item.kind = kind;
    for (const std::string& column : columns) {
      catalog::Column one;
      one.number = static_cast<int16_t>(item.columns.size() + 1);
      one.name = column;
      one.type = kText;
      item.columns.push_back(one);
    }
    contents_.relations.push_back(std::move(item));
    return contents_.relations.back();
  }

  void view(const std::string& name, const std::vector<std::string>& columns,
            const std::string& definition, Kind kind = Kind::kView) {
    relation("public", name, columns, kind).view_definition = definition;
  }

  Function& function(std::string schema, std::string name,
                     const std::vector<std::string>& arguments, std::string language,
                     std::string source, catalog::Oid result = kText) {
    Function item;
    item.oid = schema == "pg_catalog" ? ++system_oid_ : ++oid_;
    item.schema = std::move(schema);
    item.name = std::move(name);
    item.argument_types.assign(arguments.size(), kText);
    item.argument_names = arguments;
    item.language = std::move(language);
    item.source = std::move(source);
    item.return_type = result;
    if (item.oid < catalog::kFirstUserOid) item.volatility = 'i';
    contents_.functions.push_back(std::move(item));
    return contents_.functions.back();
  }

  void type(catalog::Oid oid, std::string schema, std::string name, char kind,
            catalog::Oid relation = 0) {
    catalog::Type item;
    item.oid = oid;
    item.schema = std::move(schema);
    item.name = std::move(name);
    item.kind = kind;
    item.relation = relation;
    contents_.types.push_back(std::move(item));
  }

  static void inherit(Relation& parent, Relation& child) {
    parent.children.push_back(child.oid);
    child.parents.push_back(parent.oid);
  }

  static void references(Relation& from, int16_t column, const Relation& to, int16_t referenced,
                         char on_delete, char on_update) {
    catalog::Constraint key;
    key.name = from.name + "_fk";
    key.type = 'f';
    key.columns = {column};
    key.referenced = to.oid;
    key.referenced_columns = {referenced};
    key.on_delete = on_delete;
    key.on_update = on_update;
    from.constraints.push_back(key);
  }

  void tables() {
    auto& list = contents_.relations;
    list.reserve(100);
    Relation& users = relation("public", "users", {"id", "name", "ssn", "email"});
    Relation& orders = relation("public", "orders", {"id", "user_id", "total"});
    Relation& items = relation("public", "items", {"order_id", "sku"});
    Relation& log = relation("public", "log", {"what", "who"});
    inherit(users, relation("public", "admins", {"id", "name", "ssn", "email"}));
    Relation& events = relation("public", "events", {"at", "body"}, Kind::kPartitionedTable);
    inherit(events, relation("public", "events_1", {"at", "body"}));
    inherit(events, relation("public", "events_2", {"at", "body"}));
    references(orders, 2, users, 1, 'c', 'c');
    references(items, 1, orders, 1, 'n', 'a');
    relation("app", "secret", {"k"});
    relation("app", "users", {"app_id"});
    relation("pg_temp_3", "scratch", {"a"}).persistence = 't';
    relation("pg_temp_3", "orders", {"id"}).persistence = 't';
    relation("public", "seq", {"last_value"}, Kind::kSequence);
    relation("public", "Mixed Case", {"A b"});
    relation("pg_catalog", "pg_class", {"oid", "relname"}).oid = 1259;
    relation("pg_catalog", "pg_authid", {"rolname", "rolpassword"}).oid = 1260;
    relation("pg_catalog", "pg_settings", {"name", "setting"}, Kind::kView).oid = 1261;
    relation("pg_catalog", "pg_largeobject", {"loid", "pageno", "data"}).oid = 2613;
    catalog::Trigger trigger;
    trigger.name = "audit";
    trigger.function =
        function("public", "on_user", {}, "plpgsql",
                 "BEGIN INSERT INTO public.log VALUES ('x', NEW.ssn); RETURN NEW; END", kTrigger)
            .oid;
    trigger.definition =
        "CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION "
        "public.on_user()";
    users.triggers.push_back(trigger);
    Relation& parts = relation("public", "parts", {"key"}, Kind::kPartitionedTable);
    Relation& part = relation("public", "parts_1", {"key"});
    inherit(parts, part);
    catalog::Trigger arrival;
    arrival.name = "arrival";
    arrival.function = function("public", "on_part", {}, "plpgsql",
                                "BEGIN DELETE FROM public.items; RETURN NEW; END", kTrigger)
                           .oid;
    arrival.definition =
        "CREATE TRIGGER arrival AFTER INSERT ON public.parts_1 FOR EACH ROW EXECUTE FUNCTION "
        "public.on_part()";
    part.triggers.push_back(arrival);
    catalog::Index index;
    index.name = "parts_key";
    index.oid = relation("public", "parts_key", {"key"}, Kind::kIndex).oid;
    parts.indexes.push_back(index);
    catalog::Rule rule;
    rule.name = "keep";
    rule.event = '4';
    rule.definition =
        "CREATE RULE keep AS ON DELETE TO public.items DO ALSO INSERT INTO public.log (what) "
        "VALUES "
        "(old.sku)";
    items.rules.push_back(rule);
    log.columns[1].has_default = true;
    log.columns[1].default_text = "public.whoami()";
    users_type_ = ++oid_;
    type(users_type_, "public", "users", 'c', users.oid);
  }

  void views() {
    view("v", {"id", "label"}, " SELECT users.id, lower(users.ssn) AS label FROM public.users;");
    view("vv", {"label"}, " SELECT v.label FROM public.v WHERE (v.id > 1);");
    view("stored", {"s"}, " SELECT users.ssn AS s FROM public.users;", Kind::kMaterializedView);
    view("joined", {"ssn", "total"},
         " SELECT u.ssn, o.total FROM (public.users u JOIN public.orders o ON ((o.user_id = "
         "u.id)));");
    for (int i = 0; i < 40; ++i) {
      const std::string below = i == 0 ? "public.users" : "public.bomb" + std::to_string(i - 1);
      view("bomb" + std::to_string(i), {"ssn"},
           "SELECT a.ssn FROM " + below + " a CROSS JOIN " + below + " b;");
    }
  }

  void functions() {
    for (const char* name : {"lower", "upper", "row_to_json", "length", "to_jsonb"}) {
      function("pg_catalog", name, {""}, "internal", "");
    }
    function("pg_catalog", "unnest", {""}, "internal", "").returns_set = true;
    function("pg_catalog", "lo_get", {""}, "internal", "");
    function("pg_catalog", "lo_get", {"", "", ""}, "internal", "");
    function("pg_catalog", "convert_from", {"", ""}, "internal", "");
    function("pg_catalog", "loread", {"", ""}, "internal", "").volatility = 'v';
    for (const char* name : {"nextval", "pg_sleep", "pg_read_file"}) {
      function("pg_catalog", name, {""}, "internal", "").volatility = 'v';
    }
    for (const char* name : {"count", "sum", "max", "min", "array_agg", "string_agg"}) {
      function("pg_catalog", name, {""}, "internal", "").kind = 'a';
    }
    function("pg_catalog", "string_agg", {"", ""}, "internal", "").kind = 'a';
    function("pg_catalog", "count", {}, "internal", "").kind = 'a';
    function("pg_catalog", "now", {}, "internal", "");
    function("pg_catalog", "row_number", {}, "internal", "").kind = 'w';
    function("pg_catalog", "lag", {""}, "internal", "").kind = 'w';
    function("pg_catalog", "first_value", {""}, "internal", "").kind = 'w';
    function("pg_catalog", "mode", {""}, "internal", "").kind = 'a';
    function("pg_catalog", "percentile_disc", {"", ""}, "internal", "").kind = 'a';
    function("pg_catalog", "json_populate_record", {"", ""}, "internal", "", kAny);
    function("pg_catalog", "generate_series", {"", ""}, "internal", "").returns_set = true;
    function("pg_catalog", "set_config", {"", "", ""}, "internal", "").volatility = 'v';
    function("pg_catalog", "query_to_xml", {"", "", "", ""}, "internal", "");
    function("pg_catalog", "concat", {""}, "internal", "").variadic = true;

    function("public", "whoami", {}, "sql", "SELECT k FROM app.secret");
    function("public", "ident", {"x"}, "sql", "SELECT x");
    function("public", "get_users", {}, "sql", "SELECT * FROM public.users", users_type_)
        .returns_set = true;
    function("public", "wipe", {}, "sql", "DELETE FROM public.log", kVoid);
    function("public", "atomic_wipe", {}, "sql", "BEGIN ATOMIC DELETE FROM public.log; END", kVoid);
    function("public", "shout", {"q"}, "sql", "RETURN upper(q)");
    function("public", "full_name", {"u"}, "sql", "SELECT u.ssn");
    function("public", "find_ssn", {"wanted"}, "plpgsql",
             "DECLARE r text; BEGIN SELECT ssn INTO r FROM public.users WHERE name = wanted; "
             "RETURN r; END");
    function("public", "record_it", {"what"}, "plpgsql",
             "BEGIN INSERT INTO public.log (what, who) VALUES (record_it.what, 'me'); END", kVoid);
    function("public", "run", {"q"}, "plpgsql", "BEGIN EXECUTE q; END", kVoid);
    function("public", "foreign_code", {"q"}, "c", "x");
    function("public", "forever", {"q"}, "sql", "SELECT public.forever(q)");
    function("public", "by_path", {}, "sql", "SELECT app_id FROM users").settings =
        "search_path=app, pg_temp";
    function("public", "caller_path", {}, "sql", "SELECT count(*) FROM users");
    function("public", "tidy", {"n"}, "plpgsql", "BEGIN DELETE FROM public.orders; COMMIT; END",
             kVoid)
        .kind = 'p';
    catalog::Operator op;
    op.oid = ++oid_;
    op.schema = "public";
    op.name = "===";
    op.left = op.right = kText;
    op.function = function("public", "same", {"a", "b"}, "sql",
                           "SELECT count(*) > 0 FROM app.secret WHERE k = a")
                      .oid;
    contents_.operators.push_back(op);
    catalog::Operator turned = op;
    turned.oid = ++oid_;
    turned.name = "==~";
    turned.substitutes = {
        function("public", "differs", {"a", "b"}, "sql", "DELETE FROM public.log").oid};
    contents_.operators.push_back(turned);
    op.schema = "app";
    for (const char* name : {"=", "<>", "<", ">", "<=", ">="}) {
      op.oid = ++oid_;
      op.name = name;
      contents_.operators.push_back(op);
    }
    function("public", "uncounted", {}, "sql", "DELETE FROM public.log", kVoid).settings =
        "track_counts=off";
    function("public", "as_other", {}, "sql", "SELECT 1").settings = "role=other";
    function("public", "find", {"pattern"}, "sql", "SELECT ssn FROM public.users");
    function("public", "find", {"number"}, "sql", "SELECT k FROM app.secret");
    function("public", "twice", {}, "sql", "DELETE FROM public.log", kVoid);
    function("app", "twice", {}, "sql", "SELECT k FROM app.secret", kVoid);
  }

  std::shared_ptr<const catalog::Catalog> finish() {
    contents_.schemas = {"pg_catalog", "public", "app", "pg_temp_3"};
    contents_.functions.reserve(200);
    type(kText, "pg_catalog", "text", 'b');
    type(kRecord, "pg_catalog", "record", 'p');
    type(kVoid, "pg_catalog", "void", 'p');
    type(kTrigger, "pg_catalog", "trigger", 'p');
    type(kAny, "pg_catalog", "anyelement", 'p');
    type(++oid_, "app", "text", 'd');
    tables();
    views();
    functions();
    return std::make_shared<const catalog::Catalog>(std::move(contents_));
  }

  catalog::Catalog::Contents contents_;
  catalog::Oid oid_ = 20000;
  catalog::Oid system_oid_ = 1300;
  catalog::Oid users_type_ = 0;
};

}  // namespace sluice::sql
