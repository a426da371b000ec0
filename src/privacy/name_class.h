#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "privacy/classes.h"
#include "privacy/name_words.h"

namespace sluice::privacy {

/// What a name alone says.
struct NameVerdict {
  Class cls = Class::kNone;
  float strength = 0;  ///< 0 to 1
};

/// What a column, key or tag of that name may hold, the likeliest first; empty if it says nothing.
/// `path` is what it stands in: table, parent keys.
std::vector<NameVerdict> classes_of_name(std::string_view name, const Concepts& path = {});

/// The likeliest, kNone if it is not likely.
NameVerdict class_of_name(std::string_view name, const Concepts& path = {});

/// Whether the name says that this is nothing about a person: "order_no", "part", "is_active".
bool names_a_thing(const Concepts& concepts);

}  // namespace sluice::privacy
