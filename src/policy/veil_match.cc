#include "policy/veil_match.h"

#include <algorithm>
#include <unordered_set>

namespace sluice::policy {
namespace {

/// Sessions name their own temporary schema so, whatever number it has.
std::string_view schema_of(const catalog::Relation& relation) {
  return relation.schema.starts_with("pg_temp_") ? std::string_view("pg_temp") : relation.schema;
}

template <typename Match>
Truth any_of(const std::vector<NamePattern>& patterns, Match match) {
  if (patterns.empty()) return Truth::kYes;
  Truth best = Truth::kNo;
  for (const NamePattern& pattern : patterns) best = either(best, match(pattern));
  return best;
}

Truth matches_table(const std::vector<Glob>& parts, const catalog::Relation& relation) {
  return truth(parts[0].matches(schema_of(relation)) && parts[1].matches(relation.name));
}

Truth matches_column(const Glob& glob, const catalog::Column* column) {
  if (glob.all()) return Truth::kYes;
  return column == nullptr ? Truth::kMaybe : truth(glob.matches(column->name));
}

/// By the relation's own name.
Truth matches_names(const On& on, const catalog::Relation* relation,
                    const catalog::Column* column) {
  if (relation == nullptr) {
    const auto all = [](const NamePattern& pattern) {
      return pattern.all() ? Truth::kYes : Truth::kMaybe;
    };
    return both(any_of(on.schemas, all), both(any_of(on.tables, all), any_of(on.columns, all)));
  }
  const Truth schemas = any_of(on.schemas, [&](const NamePattern& pattern) {
    return truth(pattern.parts[0].matches(schema_of(*relation)));
  });
  const Truth tables = any_of(on.tables, [&](const NamePattern& pattern) {
    return matches_table(pattern.parts, *relation);
  });
  const Truth columns = any_of(on.columns, [&](const NamePattern& pattern) {
    return both(matches_table(pattern.parts, *relation), matches_column(pattern.parts[2], column));
  });
  return both(schemas, both(tables, columns));
}

/// By the names of relations that this one is a part of, or that are parts of it.
Truth matches_relatives(const On& on, const Origin& origin,
                        std::vector<catalog::Oid> catalog::Relation::* relatives) {
  const std::vector<catalog::Oid>& direct = origin.relation->*relatives;
  if (direct.empty()) return Truth::kNo;
  if (origin.catalog == nullptr) return Truth::kMaybe;
  Truth best = Truth::kNo;
  // Tables may have many parents, so that paths are far more than tables.
  std::vector<catalog::Oid> open(direct);
  std::unordered_set<catalog::Oid> seen(direct.begin(), direct.end());
  while (!open.empty() && best != Truth::kYes) {
    const catalog::Relation* other = origin.catalog->relation(open.back());
    open.pop_back();
    // Columns have the same names all along.
    best = either(best, matches_names(on, other, origin.column));
    if (other == nullptr) continue;
    for (const catalog::Oid oid : other->*relatives) {
      if (seen.insert(oid).second) open.push_back(oid);
    }
  }
  return best;
}

}  // namespace

Truth matches_origin(const Rule& rule, const Origin& origin) {
  const On& on = rule.on;
  if (!on.names_relations()) return Truth::kYes;
  const Truth own = matches_names(on, origin.relation, origin.column);
  if (own == Truth::kYes || rule.effect == Effect::kUnmask || origin.relation == nullptr)
    return own;
  const Truth above = matches_relatives(on, origin, &catalog::Relation::parents);
  // Some of the rows may come from the child that is named.
  const Truth below = matches_relatives(on, origin, &catalog::Relation::children);
  return either(own, either(above, both(below, Truth::kMaybe)));
}

bool names_exactly(const On& on, const Origin& origin) {
  if (origin.relation == nullptr || origin.column == nullptr) return false;
  return std::any_of(on.columns.begin(), on.columns.end(), [&](const NamePattern& pattern) {
    return pattern.exact() && matches_table(pattern.parts, *origin.relation) == Truth::kYes &&
           pattern.parts[2].matches(origin.column->name);
  });
}

Truth matches_values(const Rule& rule, const Origin& origin, std::optional<privacy::Class> cls) {
  const VeilSpec& veil = rule.veil;
  const bool unclassed = veil.any_class() && !rule.on.columns.empty();
  if (rule.effect == Effect::kMask) {
    Truth is = Truth::kMaybe;
    if (unclassed) {
      is = Truth::kYes;
    } else if (cls) {
      is = truth(has(veil.chosen, *cls));
    }
    return is == Truth::kNo ? is : both(is, matches_origin(rule, origin));
  }
  bool is = veil.everything();
  if (cls) {
    is = has(veil.outright, *cls) ||
         (has(veil.chosen, *cls) && (privacy::info(*cls).strength != privacy::Strength::kHigh ||
                                     names_exactly(rule.on, origin)));
  } else if (!is && unclassed) {
    is = names_exactly(rule.on, origin);
  }
  return is ? matches_origin(rule, origin) : Truth::kNo;
}

Truth matches_moment(const Rule& rule, const Principal& principal, const Circumstances& now,
                     Reasons reasons) {
  return both(matches_method(rule.when, principal, reasons),
              matches_circumstances(rule.when, now, reasons));
}

}  // namespace sluice::policy
