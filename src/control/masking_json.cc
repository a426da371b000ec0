#include "control/masking_json.h"

#include <set>

#include "base/bytes.h"
#include "mask/refused_use.h"
#include "privacy/columns.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using privacy::Shape;

/// Columns that are told of, at most: whole rows have many.
constexpr size_t kMostColumns = 1000;

/// How the values of a column are hidden: by one method, or by what is found in each.
std::string_view method_of(const mask::ColumnPlan& plan) {
  return plan.shape == Shape::kWhole ? mask::name(plan.rule.strategy) : "found";
}

json::object column_json(const sql::StatementResult& result, const mask::ResultPlan& plan,
                         size_t i) {
  const auto& column = plan.columns[i];
  const auto& note = plan.notes[i];
  const bool masked = column.shape != Shape::kNone;
  json::object out{{"column", i < result.columns.size() ? to_printable_utf8(result.columns[i].name)
                                                        : std::string()},
                   {"masked", masked}};
  if (!note.column.empty()) out["from"] = to_printable_utf8(note.column);
  if (note.cls != privacy::Class::kNone) out["class"] = privacy::name(note.cls);
  if (masked) out["method"] = method_of(column);
  if (masked || !note.column.empty()) out["rule"] = note.rule.empty() ? "default" : note.rule;
  return out;
}

/// The columns that a statement uses, whole rows as each of theirs, with how.
std::vector<sql::UsedColumn> used_one_by_one(const sql::StatementFacts& facts,
                                             const catalog::Catalog& catalog) {
  std::vector<sql::UsedColumn> out;
  for (const auto& used : facts.columns) {
    const auto* relation = catalog.relation(used.column.relation);
    if (used.column.column != 0 || relation == nullptr) {
      out.push_back(used);
      continue;
    }
    for (const auto& column : relation->columns) {
      out.push_back(used);
      out.back().column.column = column.number;
    }
  }
  return out;
}

/// What those who may not see a column may do with it in conditions, and what of that this
/// statement does and may not.
json::array conditions_json(const sql::StatementFacts& facts, const mask::Audience& audience) {
  json::array out;
  std::set<sql::ColumnRef> told;
  for (const auto& used : used_one_by_one(facts, *audience.catalog)) {
    if (out.size() >= kMostColumns) break;
    const auto column = mask::view(audience, used.column);
    const auto refused = mask::refused_use(column, used.uses);
    const bool limited =
        column.hidden() && column.proven && column.predicates != policy::Predicates::kAny;
    if ((!limited && !refused) || !told.insert(used.column).second) continue;
    json::object one{{"column", to_printable_utf8(column.name)},
                     {"may", policy::name_of(column.predicates)},
                     {"rule", column.rule.empty() ? "default" : column.rule}};
    if (refused) one["refused"] = to_printable_utf8(refused->message);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

json::object masking_json(const sql::StatementFacts& facts, const mask::Audience& audience,
                          const mask::StatementPlan& plan) {
  json::array columns, unlabelled;
  bool others = false;
  for (size_t r = 0; r < plan.results.size() && r < facts.results.size(); ++r) {
    const auto& result = plan.results[r];
    others = others || result.hides_unknown;
    for (size_t i = 0; i < result.columns.size() && columns.size() < kMostColumns; ++i) {
      columns.push_back(column_json(facts.results[r], result, i));
      if (plan.results.size() > 1) columns.back().as_object()["statement"] = r + 1;
    }
  }
  for (const auto oid : plan.unlabelled) {
    const auto* relation = audience.catalog->relation(oid);
    if (relation != nullptr) unlabelled.emplace_back(to_printable_utf8(relation->qualified_name()));
  }
  json::object out{{"columns", std::move(columns)},
                   {"conditions", conditions_json(facts, audience)}};
  if (others) out["other_columns_masked"] = true;
  if (!unlabelled.empty()) out["not_classified"] = std::move(unlabelled);
  if (plan.objection) {
    out["refused"] = json::object{{"message", to_printable_utf8(plan.objection->message)},
                                  {"hint", to_printable_utf8(plan.objection->hint)}};
  }
  return out;
}

}  // namespace sluice::control
