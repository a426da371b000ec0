#include "sql/plan_estimate.h"

#include <algorithm>

#include "sql/node.h"

namespace sluice::sql {

std::optional<double> estimated_rows(std::string_view plan) {
  simdjson::dom::parser parser;
  Node root;
  if (parser.parse(simdjson::padded_string(plan)).get(root) != simdjson::SUCCESS) return {};
  Node node;
  if (root.at_pointer("/0/Plan").get(node) != simdjson::SUCCESS) return {};
  const auto rows_of = [](const Node& of) -> std::optional<double> {
    double rows = 0;
    const auto found = field(of, "Plan Rows");
    if (!found || found->get(rows) != simdjson::SUCCESS) return {};
    return rows;
  };
  // A writing node returns what RETURNING does; what it changes is what its children find.
  if (text_field(node, "Node Type") != "ModifyTable") return rows_of(node);
  std::optional<double> most;
  for_each(node, "Plans", [&](const Node& child) {
    if (const auto rows = rows_of(child)) most = std::max(most.value_or(0), *rows);
  });
  return most;
}

}  // namespace sluice::sql
