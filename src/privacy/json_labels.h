#pragma once

#include <string_view>

namespace sluice::privacy {

/// Of an object like {"q": "phone", "a": "030 1107822"} or {"key": "email", "value": "…"}: one
/// member says what another one holds, as a key-value table's rows do.
struct LabelledMember {
  std::string_view value_key;  ///< empty: there is none
  std::string_view label;      ///< as it stands, without quotes
};

/// `members` is an object's text behind its opening brace. Looks at the first few members only,
/// and at none behind one that has parts; knows of no label that means nothing as a name.
LabelledMember labelled_member(std::string_view members);

/// Whether other members of an object say that it is about a person: an e-mail address, a telephone
/// number, a date of birth, a family name. Then its `name` is that person's. `members` as above;
/// looks at the first few, and at none behind one that has parts.
bool is_about_a_person(std::string_view members);

}  // namespace sluice::privacy
