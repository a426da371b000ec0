#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/veil_match.h"

namespace sluice::policy {
namespace {

/// How many columns a reason names.
constexpr size_t kMostColumns = 8;

std::string name_of(const Origin& origin) {
  if (origin.relation == nullptr) return "a column that is not known";
  return fmt::format("{}.{}", origin.relation->qualified_name(),
                     origin.column == nullptr ? "*" : origin.column->name);
}

/// The columns that a statement reads, whole rows as each of their columns.
std::vector<Origin> read_by(const Question& question) {
  std::vector<Origin> origins;
  for (const sql::UsedColumn& used : question.facts.columns) {
    if ((used.uses & ~sql::kWritten) == 0) continue;
    Origin origin;
    origin.catalog = question.catalog;
    if (question.catalog != nullptr)
      origin.relation = question.catalog->relation(used.column.relation);
    if (origin.relation != nullptr) origin.column = origin.relation->column(used.column.column);
    if (origin.relation == nullptr || origin.column != nullptr) {
      origins.push_back(origin);
      continue;
    }
    for (const catalog::Column& column : origin.relation->columns) {
      origin.column = &column;
      origins.push_back(origin);
    }
  }
  return origins;
}

std::string classes_of(const VeilSpec& veil) {
  if (!veil.any_class()) return fmt::format("{}", fmt::join(veil.classes, ", "));
  return "any class";
}

std::string columns_text(const std::vector<std::string>& columns) {
  const size_t shown = std::min(columns.size(), kMostColumns);
  std::string text = fmt::format(
      "{}", fmt::join(columns.begin(), columns.begin() + static_cast<ptrdiff_t>(shown), ", "));
  if (shown < columns.size()) text += fmt::format(" and {} more", columns.size() - shown);
  return text;
}

}  // namespace

bool explain_veil(const Rule& rule, const Question& question, const Circumstances& now,
                  std::vector<std::string>& reasons) {
  if (!matches_session(rule, question.principal, question.target, &reasons)) return false;
  if (!applies(rule, matches_moment(rule, question.principal, now, &reasons))) return false;
  const std::vector<Origin> origins = read_by(question);
  std::vector<std::string> columns;
  for (const Origin& origin : origins) {
    if (applies(rule, matches_origin(rule, origin))) columns.push_back(name_of(origin));
  }
  const bool mask = rule.effect == Effect::kMask;
  if (columns.empty() && mask && (question.facts.dynamic_sql || question.facts.unresolved))
    columns.emplace_back("what it reads, which is not known");
  if (columns.empty()) {
    reasons.emplace_back(origins.empty() ? "on: the statement reads no column"
                                         : "on: the statement reads no column that the rule names");
    return false;
  }
  reasons.push_back(fmt::format("{} values of {} in {}", mask ? "masks" : "unmasks",
                                classes_of(rule.veil), columns_text(columns)));
  if (rule.shadow) reasons.emplace_back("mode: a shadow rule is never applied to values");
  return true;
}

}  // namespace sluice::policy
