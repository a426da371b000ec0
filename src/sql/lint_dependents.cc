#include "sql/lint_dependents.h"

#include <algorithm>

#include "sql/lexer.h"
#include "sql/lint_text.h"
#include "sql/tree.h"

namespace sluice::sql {
namespace {

/// What a query names: the table, and a column of that name.
struct Mentions {
  bool table = false;
  bool column = false;
};

void read(const Node& node, const catalog::Relation& wanted, std::string_view column,
          Mentions& mentions) {
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) read(item, wanted, column, mentions);
    return;
  }
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return;
  if (text_field(node, "relname") == wanted.name) {
    const std::string_view schema = text_field(node, "schemaname");
    mentions.table = mentions.table || schema.empty() || schema == wanted.schema;
  }
  for (const auto [key, value] : object) {
    if (key == "ColumnRef") {
      const auto names = names_in(value, "fields");
      mentions.column = mentions.column || (!names.empty() && names.back() == column);
    }
    read(value, wanted, column, mentions);
  }
}

/// `name` as it stands between quotes, which is the same without them where it needs none.
std::string within_quotes(std::string_view name) {
  std::string out;
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out;
}

bool view_uses(const catalog::Relation& view, const catalog::Relation& table,
               std::string_view column) {
  // Most views name something else, and parsing costs far more than looking.
  if (view.view_definition.find(within_quotes(table.name)) == std::string::npos) return false;
  Mentions mentions;
  std::string why;
  const bool parsed = with_tree(view.view_definition, why, nullptr, [&](const Node& root) {
    read(root, table, column, mentions);
    return true;
  });
  // A view that cannot be read may use anything that is named in it.
  if (!parsed) return true;
  return mentions.table && (column.empty() || mentions.column);
}

bool function_uses(const catalog::Function& function, const catalog::Relation& table,
                   std::string_view column) {
  if (function.system() || (function.language != "sql" && function.language != "plpgsql")) {
    return false;
  }
  Mentions mentions{false, column.empty()};
  Lexer lexer(function.source);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    const bool is_quoted = token.kind == TokenKind::kQuotedName;
    const auto names = [&](std::string_view name) {
      return is_quoted ? token.text == quote_ident(name) : is_word(token, name);
    };
    mentions.table = mentions.table || names(table.name);
    mentions.column = mentions.column || names(column);
  }
  return mentions.table && mentions.column;
}

bool holds(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

/// Whether an SQL text has a name among its words.
bool text_names(std::string_view text, std::string_view name) {
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (token.kind == TokenKind::kQuotedName ? token.text == quote_ident(name)
                                             : is_word(token, name)) {
      return true;
    }
  }
  return false;
}

void add_own_parts(const catalog::Relation& table, const catalog::Column& column,
                   std::vector<std::string>& found) {
  for (const auto& index : table.indexes) {
    const bool expression =
        holds(index.columns, 0) || index.definition.find(" WHERE ") != std::string::npos;
    if (holds(index.columns, column.number) ||
        (expression && text_names(index.definition, column.name))) {
      found.push_back("index " + table.schema + "." + index.name);
    }
  }
  for (const auto& constraint : table.constraints) {
    if (holds(constraint.columns, column.number)) found.push_back("constraint " + constraint.name);
  }
  for (const auto& other : table.columns) {
    if (other.generated && text_names(other.default_text, column.name)) {
      found.push_back("generated column " + other.name);
    }
  }
  for (const auto& trigger : table.triggers) {
    if (text_names(trigger.definition, column.name)) found.push_back("trigger " + trigger.name);
  }
}

void add_referencing(const catalog::Catalog& catalog, const catalog::Relation& table,
                     const catalog::Column* column, std::vector<std::string>& found) {
  for (const auto& [other, key] : catalog.referencing(table.oid)) {
    if (other->oid == table.oid && column == nullptr) continue;
    if (column != nullptr && !holds(key->referenced_columns, column->number)) continue;
    found.push_back("foreign key " + key->name + " of " + other->qualified_name());
  }
}

}  // namespace

std::vector<std::string> dependents_of(const catalog::Catalog& catalog,
                                       const catalog::Relation& table,
                                       std::string_view column_name) {
  std::vector<std::string> found;
  const auto* column = column_name.empty() ? nullptr : table.column(column_name);
  for (const auto& view : catalog.relations()) {
    if (!view.is_view() || view.system() || view.oid == table.oid) continue;
    if (!view_uses(view, table, column_name)) continue;
    const bool stored = view.kind == catalog::RelationKind::kMaterializedView;
    found.push_back((stored ? "materialized view " : "view ") + view.qualified_name());
  }
  if (column != nullptr) add_own_parts(table, *column, found);
  add_referencing(catalog, table, column, found);
  if (column_name.empty()) {
    for (const auto child : table.children) {
      if (const auto* relation = catalog.relation(child)) {
        found.push_back("table " + relation->qualified_name());
      }
    }
  }
  for (const auto& function : catalog.functions()) {
    if (function_uses(function, table, column_name)) {
      found.push_back("function " + function.schema + "." + function.name);
    }
  }
  return found;
}

std::string summary_of(const std::vector<std::string>& dependents) {
  constexpr size_t kShown = 5;
  std::string out;
  for (size_t i = 0; i < std::min(dependents.size(), kShown); ++i) {
    out.append(i == 0 ? "" : ", ").append(dependents[i]);
  }
  if (dependents.size() > kShown) {
    out += " and " + std::to_string(dependents.size() - kShown) + " more";
  }
  return out;
}

}  // namespace sluice::sql
