#include "sql/planner_cost.h"

#include <algorithm>
#include <array>

#include "sql/node.h"

namespace sluice::sql {
namespace {

constexpr std::array<std::string_view, 5> kQueries = {"SELECT", "INSERT", "UPDATE", "DELETE",
                                                      "MERGE"};
/// EXPLAIN takes them too, but they cannot be prepared with parameters.
constexpr std::array<std::string_view, 3> kOfQueries = {"CREATE TABLE AS", "DECLARE CURSOR",
                                                        "EXECUTE"};
/// They run plans of their own.
constexpr std::array<std::string_view, 5> kUnknown = {"COPY", "CALL", "DO", "EXPLAIN",
                                                      "REFRESH MATERIALIZED VIEW"};

template <size_t N>
bool is_one(const std::array<std::string_view, N>& all, std::string_view kind) {
  return std::find(all.begin(), all.end(), kind) != all.end();
}

/// Most parameters of the protocol.
constexpr uint32_t kMostParameters = 65535;

}  // namespace

Planned planned(const StatementFacts& facts) {
  if (!facts.unanalysable.empty() || facts.statements > 1) return Planned::kUnknown;
  if (is_one(kQueries, facts.kind)) return Planned::kYes;
  if (is_one(kOfQueries, facts.kind))
    return facts.parameters == 0 ? Planned::kYes : Planned::kUnknown;
  // EXPLAIN without ANALYZE runs nothing, and calls nothing of what it explains.
  if (facts.kind == "EXPLAIN" && !facts.runs_explained) return Planned::kNothing;
  return is_one(kUnknown, facts.kind) ? Planned::kUnknown : Planned::kNothing;
}

PlanQuestions plan_questions(std::string_view text, uint32_t parameters,
                             const std::vector<std::string>& types, std::string_view name) {
  // What the text ends with may be a comment.
  const std::string body = std::string(text) + "\n";
  if (parameters == 0 || parameters > kMostParameters)
    return {{"EXPLAIN (FORMAT JSON) " + body}, 0};
  const std::string quoted = "\"" + std::string(name) + "\"";
  std::string values, declared;
  for (uint32_t i = 0; i < parameters; ++i) {
    const bool known = i < types.size() && !types[i].empty();
    declared += (i == 0 ? "" : ", ") + (known ? types[i] : std::string("unknown"));
    values += i == 0 ? "NULL" : ", NULL";
  }
  return {{"SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)",
           "PREPARE " + quoted + "(" + declared + ") AS " + body,
           "EXPLAIN (FORMAT JSON) EXECUTE " + quoted + "(" + values + ")", "DEALLOCATE " + quoted,
           "SELECT pg_catalog.set_config('plan_cache_mode', 'auto', true)"},
          2};
}

std::optional<double> total_cost(std::string_view plan) {
  simdjson::dom::parser parser;
  Node root;
  if (parser.parse(simdjson::padded_string(plan)).get(root) != simdjson::SUCCESS) return {};
  double cost = 0;
  if (root.at_pointer("/0/Plan/Total Cost").get(cost) != simdjson::SUCCESS) return {};
  return cost;
}

}  // namespace sluice::sql
