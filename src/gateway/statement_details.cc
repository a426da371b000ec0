#include "gateway/statement_details.h"

#include <algorithm>
#include <set>

namespace sluice::gateway {
namespace {

constexpr sql::ColumnUses kPredicate = sql::kUsedInPredicate | sql::kUsedInJoin |
                                       sql::kUsedInGrouping | sql::kUsedInOrdering | sql::kArbiter;

void add_actions(const sql::StatementFacts& facts, std::vector<std::string>& out) {
  for (const sql::Action& action : facts.actions) {
    const std::string name(sql::name_of(action.kind));
    if (action.targets.empty()) out.push_back(name);
    for (const sql::Object& target : action.targets) out.push_back(name + " " + target.display());
  }
}

/// "schema.table.column"; empty for a relation or column that the catalog does not have.
std::string name_of(const catalog::Relation& relation, int16_t number) {
  if (number == 0) return relation.qualified_name() + ".*";
  const catalog::Column* column = relation.column(number);
  return column == nullptr ? std::string() : relation.qualified_name() + "." + column->name;
}

void add_classes(const privacy::TableLabels& table, int16_t number,
                 std::set<std::string_view>& out) {
  for (const privacy::ColumnLabel& column : table.columns) {
    if (number != 0 && column.number != number) continue;
    if (column.decision.cls != privacy::Class::kNone) {
      out.insert(privacy::name(column.decision.cls));
    }
  }
}

}  // namespace

audit::StatementDetails details_of(const sql::StatementFacts& facts,
                                   const catalog::Catalog* catalog, const privacy::Labels* labels) {
  audit::StatementDetails details;
  details.tables = facts.tables;
  add_actions(facts, details.actions);
  if (catalog == nullptr) return details;
  std::set<std::string_view> classes;
  const auto add = [&](const sql::UsedColumn& used) {
    const catalog::Relation* relation = catalog->relation(used.column.relation);
    if (relation == nullptr) return;
    const std::string name = name_of(*relation, used.column.column);
    if (name.empty()) return;
    if ((used.uses & sql::kUsedInOutput) != 0) details.output_columns.push_back(name);
    if ((used.uses & kPredicate) != 0) details.predicate_columns.push_back(name);
    if ((used.uses & sql::kWritten) != 0) details.written_columns.push_back(name);
    const auto* table = labels == nullptr ? nullptr : labels->table(relation->oid);
    if (table != nullptr) add_classes(*table, used.column.column, classes);
  };
  const auto own = [](const sql::UsedColumn& used) {
    return used.column.relation >= catalog::kFirstUserOid;
  };
  for (const auto& used : facts.columns) {
    if (own(used)) add(used);
  }
  for (const auto& used : facts.columns) {
    if (!own(used)) add(used);
  }
  details.classes.assign(classes.begin(), classes.end());
  return details;
}

}  // namespace sluice::gateway
