#include "policy/veil_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/covers.h"

namespace sluice::policy {
namespace {

/// The classes that an unmask rule shows at some column.
ClassSet may_show(const Rule& rule, bool exact) {
  const VeilSpec& veil = rule.veil;
  if (exact) return veil.chosen;
  return veil.outright | (veil.chosen & ~classes_of(privacy::Strength::kHigh));
}

/// At the columns that it names best.
ClassSet shown_at_most(const Rule& rule) {
  const auto& columns = rule.on.columns;
  return may_show(rule, std::any_of(columns.begin(), columns.end(),
                                    [](const NamePattern& each) { return each.exact(); }));
}

/// At every column that it is about.
ClassSet shown_at_least(const Rule& rule) {
  const auto& columns = rule.on.columns;
  return may_show(
      rule, !columns.empty() && std::all_of(columns.begin(), columns.end(),
                                            [](const NamePattern& each) { return each.exact(); }));
}

bool within(const ClassSet& narrow, const ClassSet& wide) { return (narrow & ~wide).none(); }

/// A mask rule that is also about columns without a class.
bool masks_unclassed(const Rule& rule) { return rule.veil.any_class() && !rule.on.columns.empty(); }

/// `wide` decides, by its classes, all that `narrow` would.
bool covers_classes(const Rule& wide, const Rule& narrow) {
  if (narrow.effect == Effect::kMask) {
    return wide.effect == Effect::kMask && within(narrow.veil.chosen, wide.veil.chosen) &&
           (masks_unclassed(wide) || !masks_unclassed(narrow));
  }
  if (wide.effect == Effect::kMask) return within(shown_at_most(narrow), wide.veil.chosen);
  return within(shown_at_most(narrow), shown_at_least(wide)) &&
         (wide.veil.everything() || !narrow.veil.everything());
}

bool covers(const Rule& wide, const Rule& narrow) {
  return !wide.when.any() && policy::covers(wide.who, narrow.who) &&
         policy::covers(wide.on, narrow.on) && covers_classes(wide, narrow);
}

}  // namespace

std::string idle_veil(const Rule& rule) {
  if (rule.effect != Effect::kUnmask) return "";
  const ClassSet shown = shown_at_most(rule);
  if (shown.none()) {
    return "can never apply: its classes are of strength high, which are shown only where the "
           "class is named, or the column";
  }
  if (within(shown, classes_of(privacy::Strength::kLow)))
    return "never has an effect: values of its classes are shown anyway";
  return "";
}

std::string veil_overlap(const Rule& other, const Rule& rule, bool earlier) {
  if (!covers(other, rule)) return "";
  const bool mask = other.effect == Effect::kMask;
  const std::string_view does = mask ? "masks" : "unmasks";
  if (mask && rule.effect == Effect::kUnmask) {
    const bool same = !rule.when.any() && policy::covers(rule.who, other.who) &&
                      policy::covers(rule.on, other.on) &&
                      within(other.veil.chosen, rule.veil.chosen);
    return same ? fmt::format("contradicts rule \"{}\" (line {}), which masks the same", other.name,
                              other.line)
                : fmt::format("never has an effect: rule \"{}\" (line {}) masks all of it",
                              other.name, other.line);
  }
  // The first mask gives the method; a later one may still widen what conditions may do.
  if (mask && (!earlier || rule.veil.predicates || rule.veil.aggregates)) return "";
  if (!mask && !earlier && covers(rule, other)) return "";
  // One that names databases or environments unmasks what goes to a model of that name too.
  const auto names_places = [](const Rule& each) {
    return each.on.databases.has_value() || each.on.environments.has_value();
  };
  if (!mask && names_places(rule) && !names_places(other)) return "";
  return fmt::format("adds nothing: rule \"{}\" (line {}) {} all of it", other.name, other.line,
                     does);
}

}  // namespace sluice::policy
