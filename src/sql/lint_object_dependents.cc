#include "sql/lint_object_dependents.h"

#include <algorithm>
#include <set>

#include "sql/lexer.h"
#include "sql/lint_dependents.h"
#include "sql/lint_types.h"

namespace sluice::sql {
namespace {

using catalog::Oid;
using catalog::RelationKind;

std::string_view kind_of(const catalog::Relation& relation) {
  switch (relation.kind) {
    case RelationKind::kTable:
    case RelationKind::kPartitionedTable:
      return "table ";
    case RelationKind::kView:
      return "view ";
    case RelationKind::kMaterializedView:
      return "materialized view ";
    case RelationKind::kForeignTable:
      return "foreign table ";
    case RelationKind::kSequence:
      return "sequence ";
    default:
      return "";
  }
}

std::string named(const catalog::Function& function) {
  return (function.kind == 'p' ? "procedure " : "function ") + function.schema + "." +
         function.name;
}

std::string named(const catalog::Type& type) {
  return (type.kind == 'd' ? "domain " : "type ") + type.schema + "." + type.name;
}

/// A type with its arrays, ranges and the domains over it.
std::set<Oid> made_of(const catalog::Catalog& catalog, Oid type, bool domains_only) {
  std::set<Oid> all = {type};
  for (bool more = true; more;) {
    more = false;
    for (const auto& other : catalog.types()) {
      const bool domain = other.kind == 'd' && all.contains(other.base);
      const bool holds = !domains_only && ((other.element != 0 && all.contains(other.element)) ||
                                           (other.subtype != 0 && all.contains(other.subtype)));
      if (domain || holds) more = all.insert(other.oid).second || more;
    }
  }
  return all;
}

/// Whether a text names something, with the schema or without one.
bool calls(std::string_view text, std::string_view name) {
  if (text.find(name) == std::string_view::npos) return false;
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    const bool same = token.kind == TokenKind::kQuotedName ? token.text == quote_ident(name)
                                                           : is_word(token, name);
    if (same) return true;
  }
  return false;
}

void add_parts(const catalog::Relation& table, const catalog::Function& function,
               std::vector<std::string>& found) {
  const std::string of = " of " + table.qualified_name();
  for (const auto& trigger : table.triggers) {
    if (trigger.function == function.oid) found.push_back("trigger " + trigger.name + of);
  }
  for (const auto& column : table.columns) {
    if (calls(column.default_text, function.name))
      found.push_back("default of column " + table.qualified_name() + "." + column.name);
  }
  for (const auto& constraint : table.constraints) {
    if (calls(constraint.definition, function.name))
      found.push_back("constraint " + constraint.name + of);
  }
  for (const auto& index : table.indexes) {
    if (calls(index.definition, function.name))
      found.push_back("index " + table.schema + "." + index.name);
  }
  for (const auto& policy : table.policies) {
    if (!calls(policy, function.name)) continue;
    found.push_back("a policy" + of);
    break;
  }
}

/// The functions that DROP FUNCTION names: those whose arguments fit, all of the name if that
/// cannot be told.
std::vector<const catalog::Function*> functions_named(const LintScript& script,
                                                      const Node& object) {
  const auto with_args = field(object, "ObjectWithArgs");
  if (!with_args) return {};
  const auto names = names_in(*with_args, "objname");
  if (names.empty()) return {};
  const auto& catalog = *script.catalog();
  auto found = catalog.functions(script.search_path(),
                                 names.size() > 1 ? names[names.size() - 2] : "", names.back());
  if (bool_field(*with_args, "args_unspecified")) return found;
  std::vector<Oid> wanted;
  for_each(*with_args, "objargs", [&](const Node& wrapper) {
    const auto type_name = field(wrapper, "TypeName");
    const LintType type = type_name ? type_of(*type_name) : LintType{};
    const auto* known =
        catalog.type(script.search_path(), type.schema, type.array ? "_" + type.name : type.name);
    wanted.push_back(known == nullptr ? 0 : known->oid);
  });
  if (std::find(wanted.begin(), wanted.end(), Oid{0}) != wanted.end()) return found;
  std::erase_if(found, [&](const auto* function) { return function->argument_types != wanted; });
  return found;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  for (const auto& one : more) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
  }
}

}  // namespace

std::vector<DomainColumn> columns_of_domain(const catalog::Catalog& catalog, Oid domain) {
  const auto types = made_of(catalog, domain, true);
  std::vector<DomainColumn> found;
  for (const auto& table : catalog.relations()) {
    // A partitioned table has no rows of its own, a view none at all.
    if (table.kind != RelationKind::kTable && table.kind != RelationKind::kMaterializedView)
      continue;
    for (const auto& column : table.columns) {
      if (types.contains(column.type)) found.push_back({&table, &column});
    }
  }
  return found;
}

std::vector<std::string> dependents_of_type(const catalog::Catalog& catalog,
                                            const catalog::Type& type) {
  const auto types = made_of(catalog, type.oid, false);
  std::vector<std::string> found;
  for (const auto& other : catalog.types()) {
    if (other.oid != type.oid && other.element == 0 && other.kind != 'm' &&
        types.contains(other.oid))
      found.push_back(named(other));
  }
  for (const auto& relation : catalog.relations()) {
    if (relation.system()) continue;
    for (const auto& column : relation.columns) {
      if (types.contains(column.type))
        found.push_back("column " + relation.qualified_name() + "." + column.name);
    }
  }
  for (const auto& function : catalog.functions()) {
    if (function.system()) continue;
    const auto& arguments = function.argument_types;
    const bool takes = std::any_of(arguments.begin(), arguments.end(),
                                   [&](Oid argument) { return types.contains(argument); });
    if (takes || types.contains(function.return_type)) found.push_back(named(function));
  }
  return found;
}

std::vector<std::string> dependents_of_function(const catalog::Catalog& catalog,
                                                const catalog::Function& function) {
  std::vector<std::string> found;
  for (const auto& relation : catalog.relations()) {
    if (relation.system()) continue;
    if (relation.is_view() && calls(relation.view_definition, function.name))
      found.push_back(std::string(kind_of(relation)) + relation.qualified_name());
    add_parts(relation, function, found);
  }
  for (const auto& other : catalog.functions()) {
    if (other.system() || other.oid == function.oid) continue;
    const auto& supports = other.supports;
    const bool needs =
        std::find(supports.begin(), supports.end(), function.oid) != supports.end() ||
        calls(other.default_text, function.name) ||
        ((other.language == "sql" || other.language == "plpgsql") &&
         calls(other.source, function.name));
    if (needs) found.push_back(named(other));
  }
  for (const auto& op : catalog.operators()) {
    if (op.function == function.oid) found.push_back("operator " + op.schema + "." + op.name);
  }
  for (const auto& trigger : catalog.event_triggers()) {
    if (trigger.function == function.oid) found.push_back("an event trigger on " + trigger.event);
  }
  for (const auto& type : catalog.types()) {
    const bool checks = std::any_of(type.checks.begin(), type.checks.end(),
                                    [&](const auto& text) { return calls(text, function.name); });
    if (checks || calls(type.default_text, function.name)) found.push_back(named(type));
  }
  return found;
}

std::vector<std::string> dependents_of_schema(const catalog::Catalog& catalog,
                                              std::string_view schema) {
  std::vector<std::string> inside;
  std::vector<std::string> outside;
  for (const auto& relation : catalog.relations()) {
    if (relation.schema != schema || kind_of(relation).empty()) continue;
    inside.push_back(std::string(kind_of(relation)) + relation.qualified_name());
    append(outside, dependents_of(catalog, relation, ""));
  }
  for (const auto& function : catalog.functions()) {
    if (function.schema == schema) inside.push_back(named(function));
  }
  for (const auto& type : catalog.types()) {
    const bool own = type.element == 0 && type.kind != 'm' && type.kind != 'c';
    if (type.schema != schema || !own) continue;
    inside.push_back(named(type));
    append(outside, dependents_of_type(catalog, type));
  }
  append(inside, outside);
  return inside;
}

std::vector<std::string> dependents_of_object(const LintScript& script, std::string_view type,
                                              const Node& object) {
  std::vector<std::string> found;
  if (script.catalog() == nullptr) return found;
  const auto& catalog = *script.catalog();
  if (type == "OBJECT_FUNCTION" || type == "OBJECT_PROCEDURE" || type == "OBJECT_ROUTINE" ||
      type == "OBJECT_AGGREGATE") {
    for (const auto* function : functions_named(script, object))
      append(found, dependents_of_function(catalog, *function));
  } else if (type == "OBJECT_TYPE" || type == "OBJECT_DOMAIN") {
    const auto type_name = field(object, "TypeName");
    const LintType named_type = type_name ? type_of(*type_name) : LintType{};
    const auto* known = catalog.type(script.search_path(), named_type.schema, named_type.name);
    if (known != nullptr) found = dependents_of_type(catalog, *known);
  } else if (type == "OBJECT_SCHEMA") {
    const auto name = field(object, "String");
    if (name) found = dependents_of_schema(catalog, text_field(*name, "sval"));
  }
  return found;
}

}  // namespace sluice::sql
