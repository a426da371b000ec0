#include "sql/plan_estimate.h"

#include <algorithm>
#include <set>
#include <string>

#include "sql/node.h"

namespace sluice::sql {
namespace {

std::optional<double> rows_of(const Node& node) {
  double rows = 0;
  const auto found = field(node, "Plan Rows");
  if (!found || found->get(rows) != simdjson::SUCCESS) return {};
  return rows;
}

/// By how much the rows of a plan below Gather fall short, which are those of one process: the
/// leader helps less the more workers there are (get_parallel_divisor).
double processes(const Node& gather) {
  const auto workers = static_cast<double>(number_field(gather, "Workers Planned"));
  return std::max(1.0, workers + std::max(0.0, 1.0 - 0.3 * workers));
}

/// What a plan does besides returning the rows of its top node.
class Touched {
 public:
  double written = 0;                         ///< by all its writes
  bool writes = false;                        ///< it is known how many
  double together = 0;                        ///< most rows that become one value
  std::set<std::string, std::less<>> tables;  ///< named in it

  /// `times`: how often it is expected to run.
  void walk(const Node& node, double times) {
    const auto type = text_field(node, "Node Type");
    if (const auto table = text_field(node, "Relation Name"); !table.empty()) tables.emplace(table);
    for_each(node, "Target Tables",
             [&](const Node& target) { tables.emplace(text_field(target, "Relation Name")); });
    if (type == "Gather" || type == "Gather Merge") times *= processes(node);
    double outer = 1;
    for_each(node, "Plans", [&](const Node& child) {
      const auto relation = text_field(child, "Parent Relationship");
      const double rows = rows_of(child).value_or(0);
      double runs = times;
      if (relation == "Outer") outer = std::max(1.0, rows);
      if (relation == "Inner" && type == "Nested Loop") runs *= outer;
      if (relation == "SubPlan") runs *= std::max(1.0, rows_of(node).value_or(1));
      const bool apart = relation == "InitPlan" || relation == "SubPlan";
      if (apart) {
        // That of WITH gives its rows to whatever scans it.
        if (!text_field(child, "Subplan Name").starts_with("CTE ")) takes(rows * runs);
      } else if (type == "ModifyTable") {
        writes = writes || rows_of(child).has_value();
        written += rows * runs;
      } else if (type == "Aggregate" || type == "WindowAgg") {
        takes(rows * runs);
      }
      walk(child, runs);
    });
  }

 private:
  void takes(double rows) { together = std::max(together, rows); }
};

template <typename Visit>
void for_each_plan(std::string_view text, Visit visit) {
  simdjson::dom::parser parser;
  simdjson::dom::array plans;
  if (parser.parse(simdjson::padded_string(text)).get(plans) != simdjson::SUCCESS) return;
  // Rules make several of one statement.
  for (const Node plan : plans) {
    if (const auto top = field(plan, "Plan")) visit(*top);
  }
}

bool changes(ActionKind kind) {
  using enum ActionKind;
  return kind == kInsert || kind == kUpdate || kind == kDelete || kind == kMerge ||
         kind == kTruncate || kind == kCopyIn;
}

/// Partitions that a plan leaves out are told of with the table that they are of.
bool told_of(const std::string& name, Oid oid, const Touched& touched,
             const catalog::Catalog& catalog) {
  if (touched.tables.contains(name)) return true;
  const auto* relation = catalog.relation(oid);
  return relation != nullptr &&
         std::any_of(relation->parents.begin(), relation->parents.end(), [&](Oid parent) {
           const auto* above = catalog.relation(parent);
           return above != nullptr && told_of(above->name, parent, touched, catalog);
         });
}

}  // namespace

std::optional<double> estimated_rows(std::string_view plan) {
  std::optional<double> most;
  Touched touched;
  for_each_plan(plan, [&](const Node& top) {
    // A writing node returns what RETURNING does; what it changes is what its children find.
    if (text_field(top, "Node Type") != "ModifyTable") {
      if (const auto rows = rows_of(top)) most = std::max(most.value_or(0), *rows);
    }
    touched.walk(top, 1);
  });
  if (touched.writes) most = std::max(most.value_or(0), touched.written);
  if (most) most = std::max(*most, touched.together);
  return most;
}

bool code_changes_more(const StatementFacts& facts, const catalog::Catalog& catalog,
                       std::string_view plan) {
  if (facts.functions.empty()) return false;
  const bool writes_itself =
      std::any_of(facts.actions.begin(), facts.actions.end(), [](const Action& action) {
        return changes(action.kind) &&
               std::any_of(action.targets.begin(), action.targets.end(),
                           [](const Object& target) { return !target.reached; });
      });
  Touched touched;
  for_each_plan(plan, [&](const Node& top) { touched.walk(top, 1); });
  return std::any_of(facts.actions.begin(), facts.actions.end(), [&](const Action& action) {
    if (!changes(action.kind) || (writes_itself && action.kind == ActionKind::kInsert))
      return false;
    return std::any_of(action.targets.begin(), action.targets.end(), [&](const Object& target) {
      return target.reached && !target.temporary &&
             target.kind != catalog::RelationKind::kSequence &&
             !told_of(target.name, target.oid, touched, catalog);
    });
  });
}

}  // namespace sluice::sql
