#pragma once

#include <optional>

#include "policy/match.h"

namespace sluice::policy {

/// Where a value comes from. Each may be null: not known.
struct Origin {
  const catalog::Relation* relation = nullptr;
  const catalog::Column* column = nullptr;
  const catalog::Catalog* catalog = nullptr;  ///< for partitions and children
};

/// Whether `on` speaks of an origin. A rule that masks names a table's partitions and children with
/// the table, and may mean a table of which it names a child.
Truth matches_origin(const Rule& rule, const Origin& origin);

/// `on.columns` names the column without wildcards.
bool names_exactly(const On& on, const Origin& origin);

/// Whether a rule that masks or unmasks speaks of values of a class at an origin; no class: not
/// known which.
Truth matches_values(const Rule& rule, const Origin& origin, std::optional<privacy::Class> cls);

/// Conditions on session and moment.
Truth matches_moment(const Rule& rule, const Principal& principal, const Circumstances& now,
                     Reasons reasons);

/// For people: whether a rule that masks or unmasks speaks of columns that a statement reads, what
/// they hold left aside.
bool explain_veil(const Rule& rule, const Question& question, const Circumstances& now,
                  std::vector<std::string>& reasons);

}  // namespace sluice::policy
