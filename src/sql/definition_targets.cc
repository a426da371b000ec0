// What a definition is about, and what it refers to.
#include <algorithm>
#include <array>
#include <utility>

#include "sql/walker.h"

namespace sluice::sql {
namespace {

bool stands_on_table(std::string_view kind) {
  return kind == "trigger" || kind == "rule" || kind == "policy" || kind == "constraint" ||
         kind == "column";
}

bool is_relation_kind(std::string_view kind) {
  return kind == "table" || kind == "view" || kind == "materialized view" ||
         kind == "foreign table" || kind == "sequence" || kind == "index";
}

/// Names of what has no schema, in the fields that hold them.
constexpr std::string_view kNameFields[] = {
    "schemaname", "extname",    "role",    "dbname",  "tablespacename", "subname",
    "pubname",    "servername", "fdwname", "plname",  "amname",         "policy_name",
    "trigname",   "rulename",   "name",    "idxname", "lang",           "options_name"};

/// Lists of names, of what stands in a schema. The typeName of CREATE DOMAIN is what it is made of.
constexpr std::string_view kNameLists[] = {"domainname",     "funcname",    "typeName",
                                           "defnames",       "opclassname", "opfamilyname",
                                           "conversion_name"};

/// Kinds of node that compute a value, whatever they stand in.
bool is_expression(std::string_view kind) {
  static constexpr std::array<std::string_view, 14> kKinds = {
      "A_Expr",       "SubLink",       "CaseExpr",   "TypeCast",      "BoolExpr",
      "CoalesceExpr", "A_Indirection", "MinMaxExpr", "CollateClause", "RowExpr",
      "XmlExpr",      "A_ArrayExpr",   "NullTest",   "BooleanTest"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

}  // namespace

Object Walker::range_object(const Node& range_var) {
  const Name name = name_of_range(range_var);
  return resolver_.object(name, resolver_.find_relation(name), context_.reached);
}

Object Walker::created_object(std::string_view name, const Node& body) {
  if (name == "CreateForeignTableStmt") {
    for (const std::string_view base : {"base_stmt", "baseStmt", "base"}) {
      if (const auto inner = field(body, base)) return created_object("CreateStmt", *inner);
    }
  }
  const bool on_table = name == "IndexStmt" || name == "CreateTrigStmt" || name == "RuleStmt" ||
                        name == "CreatePolicyStmt";
  for (const std::string_view key : {"relation", "view", "sequence", "typevar", "table"}) {
    auto range = field(body, key);
    if (!range) continue;
    if (const auto wrapped = field(*range, "RangeVar")) range = wrapped;
    if (!field(*range, "relname")) continue;
    if (on_table) {
      const Name named = name_of_range(*range);
      return resolver_.object(named, resolver_.relation(named), context_.reached);
    }
    return resolver_.created(name_of_range(*range), text_field(*range, "relpersistence") == "t");
  }
  for (const std::string_view key : kNameLists) {
    if (!field(body, key)) continue;
    return resolver_.created(name_in(body, key), false);
  }
  Object object;
  for (const std::string_view key : kNameFields) {
    const std::string_view text = text_field(body, key);
    if (text.empty()) continue;
    object.name = text;
    break;
  }
  return object;
}

Object Walker::named_object(std::string_view kind, const Node& object) {
  std::vector<std::string_view> parts;
  if (const auto list = field(object, "List")) parts = strings_in(*list, "items");
  if (const auto function = field(object, "ObjectWithArgs"))
    parts = strings_in(*function, "objname");
  if (const auto type = field(object, "TypeName")) parts = strings_in(*type, "names");
  if (const auto text = field(object, "String")) parts = {text_field(*text, "sval")};
  if (const auto range = field(object, "RangeVar")) return range_object(*range);
  if (const auto role = field(object, "RoleSpec")) parts = {text_field(*role, "rolename")};
  if (stands_on_table(kind) && parts.size() > 1) parts.pop_back();
  const Name name = name_of_strings(parts);
  if (is_relation_kind(kind) || (stands_on_table(kind) && !parts.empty())) {
    return resolver_.object(name, resolver_.find_relation(name), context_.reached);
  }
  Object out = resolver_.object(name, nullptr, context_.reached);
  if (kind == "function" || kind == "procedure" || kind == "aggregate" || kind == "routine") {
    const auto found = resolver_.functions(name);
    if (!found.empty()) {
      out.oid = found.size() == 1 ? found[0]->oid : 0;
      out.schema = found[0]->schema;
    }
  } else if (kind == "type" || kind == "domain") {
    if (const auto* type = resolver_.type(name)) {
      out.oid = type->oid;
      out.schema = type->schema;
    }
  }
  return out;
}

bool Walker::altered_object(const Node& body, Object& out) {
  for (const std::string_view key : {"relation", "sequence", "view", "table"}) {
    auto range = field(body, key);
    if (!range) continue;
    if (const auto wrapped = field(*range, "RangeVar")) range = wrapped;
    if (!field(*range, "relname")) continue;
    out = range_object(*range);
    return true;
  }
  for (const std::string_view key : {"objtype", "objectType", "renameType"}) {
    const std::string_view type = text_field(body, key);
    const auto object = field(body, "object");
    if (type.empty() || !object) continue;
    out = named_object(object_kind_of(type), *object);
    return true;
  }
  if (const auto function = field(body, "func")) {
    const auto parts = strings_in(*function, "objname");
    const Name name = name_of_strings(parts);
    out = resolver_.object(name, nullptr, context_.reached);
    const auto found = resolver_.functions(name);
    if (!found.empty()) out.schema = found[0]->schema;
    if (found.size() == 1) out.oid = found[0]->oid;
    return true;
  }
  for (const std::string_view key : kNameLists) {
    if (!field(body, key)) continue;
    const Name name = name_in(body, key);
    out = resolver_.object(name, nullptr, context_.reached);
    if (const auto* type = resolver_.type(name)) {
      out.oid = type->oid;
      out.schema = type->schema;
    }
    return true;
  }
  for (const std::string_view key : kNameFields) {
    std::string_view text = text_field(body, key);
    if (const auto role = field(body, key); role && field(*role, "rolename")) {
      text = text_field(*role, "rolename");
    }
    if (text.empty()) continue;
    out.name = text;
    return true;
  }
  return false;
}

void Walker::walk_fields(const Node& body, std::string_view except) {
  simdjson::dom::object object;
  if (body.get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) {
    if (key == "setstmt") {
      set_elsewhere(value);
    } else if (key != except) {
      walk_definition(value);
    }
  }
}

/// Evaluated here and now, and kept where anybody can read it.
void Walker::partition_bound(const Node& bound) {
  const bool explained = std::exchange(context_.explained, false);
  Level level;
  level.has_variables = true;  // MINVALUE and MAXVALUE look like columns.
  for (const std::string_view list : {"listdatums", "lowerdatums", "upperdatums"})
    give_away(eval_all(bound, list, level));
  context_.explained = explained;
}

void Walker::walk_definition(const Node& node) {
  if (!spend()) return;
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) walk_definition(item);
    return;
  }
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return;
  if (field(node, "relname")) {
    (void)read_relation(name_of_range(node), !bool_field(node, "inh"));
    return;
  }
  if (field(node, "listdatums") || field(node, "lowerdatums")) return partition_bound(node);
  // Names here are columns of what is being defined.
  Level level;
  level.has_variables = true;
  // What a column holds by default is computed of no row.
  if (text_field(node, "contype") == "CONSTR_DEFAULT") {
    const bool before = facts_.defines_expressions;
    const Value value = eval_field(node, "raw_expr", level);
    facts_.defines_expressions = before;
    // By ALTER TABLE … ADD COLUMN all rows that are there get it, in a column that nobody has
    // looked at yet.
    if (!context_.explained) note_written({0, 1}, value);
    return;
  }
  for (const auto [key, value] : object) {
    const bool expression = key == "FuncCall" || key == "A_Expr" || key == "SubLink" ||
                            key == "CaseExpr" || key == "TypeCast" || key == "BoolExpr" ||
                            key == "CoalesceExpr" || key == "NullTest" || key == "BooleanTest" ||
                            key == "A_Indirection" || key == "MinMaxExpr" || key == "whereClause" ||
                            key == "raw_expr" || key == "whenClause";
    facts_.defines_expressions = facts_.defines_expressions || expression;
    if (key == "VariableSetStmt") {
      set_elsewhere(value);
    } else if (key == "FuncCall") {
      give_away(function_call(value, level).value);
    } else if (is_expression(key)) {
      give_away(eval_node(key, value, level));
    } else if (key.ends_with("Stmt") && key[0] >= 'A' && key[0] <= 'Z') {
      if (key == "RawStmt" || key == "ReturnStmt" || key == "PLAssignStmt" ||
          key == "ReplicaIdentityStmt") {
        walk_definition(value);
      } else {
        (void)rows_of(node, &level, nullptr);
      }
    } else if (key == "typeName") {
      meet_type_name(value);
    } else {
      walk_definition(value);
    }
  }
}

}  // namespace sluice::sql
