#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/node.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// A name as it is written: the schema is empty where there is none.
struct Name {
  std::string_view schema;
  std::string_view name;
};

/// Of a RangeVar; the name of a database before the schema says nothing.
Name name_of_range(const Node& range_var);
/// The texts of a list of String nodes.
std::vector<std::string_view> strings_in(const Node& node, std::string_view list);

/// Whether a ColumnRef stands for all columns: `*`, `t.*`.
bool ends_in_star(const Node& reference);
/// The last two of such texts.
Name name_of_strings(const std::vector<std::string_view>& parts);
Name name_in(const Node& node, std::string_view list);

/// "OBJECT_MATVIEW" -> "materialized view"
std::string object_kind_of(std::string_view type);
std::string upper(std::string_view text);

/// Calls `use` with the name and the fields of the one node in a wrapper: {"DeleteStmt": {…}}.
template <typename Use>
void unwrap(const Node& wrapper, Use use) {
  simdjson::dom::object object;
  if (wrapper.get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) {
    use(key, value);
    return;
  }
}

/// A string constant, maybe cast: 'x', 'x'::regclass. False for anything else.
bool string_literal(const Node& expression, std::string_view& out);

/// The parts of a name in a text, as regclass reads it: 'app."Orders"' -> app, Orders.
std::vector<std::string> names_in_text(std::string_view text);

}  // namespace sluice::sql
