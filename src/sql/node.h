#pragma once

#include <optional>
#include <string_view>

#include <simdjson.h>

namespace sluice::sql {

/// A node of the JSON parse tree.
using Node = simdjson::dom::element;

/// The field `name` of a node, if it is there.
inline std::optional<Node> field(const Node& node, std::string_view name) {
  Node value;
  if (!node.is_object() || node[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

/// A field that holds a number; `otherwise` when absent (libpg_query leaves zeros out).
inline int64_t number_field(const Node& node, std::string_view name, int64_t otherwise = 0) {
  int64_t value = 0;
  const auto found = field(node, name);
  return found && found->get(value) == simdjson::SUCCESS ? value : otherwise;
}

/// A field that holds text; empty when absent.
inline std::string_view text_field(const Node& node, std::string_view name) {
  std::string_view value;
  if (const auto found = field(node, name)) (void)found->get(value);
  return value;
}

inline bool bool_field(const Node& node, std::string_view name) {
  bool value = false;
  if (const auto found = field(node, name)) (void)found->get(value);
  return value;
}

/// Calls `visit` for each element of the list field `name`.
template <typename Visit>
void for_each(const Node& node, std::string_view name, Visit visit) {
  const auto found = field(node, name);
  simdjson::dom::array items;
  if (!found || found->get(items) != simdjson::SUCCESS) return;
  for (const Node item : items) visit(item);
}

}  // namespace sluice::sql
