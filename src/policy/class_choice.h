#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/veil_spec.h"

namespace sluice::policy {

/// A list of classes while it is read.
struct ClassWords {
  ClassSet named, grouped, excluded;

  /// Takes a class, a category or "*", perhaps with "!" before it. Gives "" or what is wrong.
  std::string add(std::string_view text);
  /// What is wanted, less what is excluded; a list of exclusions alone is about all others.
  ClassSet chosen() const;
};

/// `classes` of `on` and `when`: statements by what the columns that they use hold.
struct ClassChoice {
  std::vector<std::string> texts;  ///< as written
  /// With kNone: columns that hold nothing sensitive ("none").
  ClassSet chosen;
  /// Texts and documents that people put anything into ("free_text"; "*" is about them too).
  bool free_text = false;

  bool covers(const ClassChoice& other) const {
    return (other.chosen & ~chosen).none() && (free_text || !other.free_text);
  }
};

}  // namespace sluice::policy
