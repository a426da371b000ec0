#include "policy/veil_spec.h"

namespace sluice::policy {
namespace {

template <typename Wanted>
ClassSet classes_where(Wanted wanted) {
  ClassSet set;
  for (const privacy::ClassInfo& each : privacy::classes()) {
    if (wanted(each)) set.set(static_cast<size_t>(each.id));
  }
  return set;
}

}  // namespace

std::string_view name_of(Predicates predicates) {
  switch (predicates) {
    case Predicates::kNone:
      return "none";
    case Predicates::kEquality:
      return "equality";
    case Predicates::kAny:
      return "any";
  }
  return "none";
}

ClassSet every_class() {
  static const ClassSet all = classes_where([](const auto&) { return true; });
  return all;
}

ClassSet classes_of(privacy::Category category) {
  return classes_where([&](const auto& each) { return each.category == category; });
}

ClassSet classes_of(privacy::Strength strength) {
  return classes_where([&](const auto& each) { return each.strength == strength; });
}

}  // namespace sluice::policy
