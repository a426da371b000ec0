#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/classes.h"

namespace sluice::policy {

/// What those who may not see a column may still do with it in conditions, from the narrowest.
enum class Predicates : uint8_t { kNone, kEquality, kAny };

/// "none", "equality", "any".
std::string_view name_of(Predicates predicates);

/// Indexed by privacy::Class; kNone is never in it.
using ClassSet = std::bitset<static_cast<size_t>(privacy::Class::kCount)>;

inline bool has(const ClassSet& set, privacy::Class cls) { return set[static_cast<size_t>(cls)]; }

/// Every class but kNone.
ClassSet every_class();
ClassSet classes_of(privacy::Category category);
ClassSet classes_of(privacy::Strength strength);

/// What only rules that mask or unmask say.
struct VeilSpec {
  std::vector<std::string> classes;  ///< as written; empty where left out
  ClassSet chosen = every_class();
  /// Of `chosen`, those named themselves or by "*": an unmask rule shows them whatever their
  /// strength.
  ClassSet outright;
  std::optional<privacy::Method> method;  ///< `with`
  std::optional<Predicates> predicates;
  std::optional<bool> aggregates;  ///< shown

  bool any_class() const { return classes.empty(); }
  /// `classes` is "*", excluding none: also what is not known yet.
  bool everything() const { return outright == every_class(); }
};

}  // namespace sluice::policy
