#include "mask/refused_use.h"

#include <fmt/format.h>

namespace sluice::mask {
namespace {

/// Pages of which no condition can ask for a whole value.
constexpr std::string_view kLargeObjects = "pg_catalog.pg_largeobject.data";

}  // namespace

std::optional<RefusedUse> refused_use(const ColumnView& column, sql::ColumnUses uses) {
  using policy::Predicates;
  if (!column.hidden() || !column.proven) return std::nullopt;
  const auto refused = [&](std::string_view message, std::string_view hint) {
    return RefusedUse{fmt::format("column {} is masked for you and {}", column.name, message),
                      std::string(hint)};
  };
  const bool decides = (uses & (sql::kUsedInPredicate | sql::kUsedInJoin)) != 0;
  if ((uses & sql::kGivenAway) != 0) {
    return refused("cannot be passed to a function that may pass it on",
                   "Leave the function out, or ask for a rule that unmasks the column.");
  }
  if (column.predicates == Predicates::kAny) return std::nullopt;
  if (column.predicates == Predicates::kNone && decides) {
    return refused("cannot be used in conditions",
                   "Leave the condition out, or ask for a rule with \"predicates\".");
  }
  if ((uses & sql::kProbed) != 0 && column.name == kLargeObjects) {
    return refused("cannot be used in conditions, nor can what lo_get and loread return of it",
                   "Leave the condition out, or ask for a rule with \"predicates: any\".");
  }
  if ((uses & sql::kProbed) != 0) {
    return refused("can only be compared with = in conditions",
                   "Compare the whole value, or ask for a rule with \"predicates: any\".");
  }
  if ((uses & sql::kUsedInOrdering) != 0) {
    return refused("cannot be ordered by",
                   "Order by another column, or ask for a rule with \"predicates: any\".");
  }
  if ((uses & sql::kUsedInGrouping) != 0) {
    // Groups come sorted: beside values of one's own they tell between which a hidden one lies.
    return refused("cannot be grouped by, as groups come in its order",
                   "Group by another column, or ask for a rule with \"predicates: any\".");
  }
  return std::nullopt;
}

ColumnView with_field(ColumnView column, sql::ColumnRef ref, const sql::StatementFacts& facts) {
  std::string_view field;
  for (const auto& [of, step] : facts.computed) {
    if (!(of == ref) || !step.starts_with('.')) continue;
    if (!field.empty()) return column;  // Which of them is refused is not known here.
    field = step;
  }
  if (!field.empty()) column.name = fmt::format("({}){}", column.name, field);
  return column;
}

}  // namespace sluice::mask
