#pragma once

#include <string_view>

#include "privacy/name_words.h"

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

/// Whether a part of that name says that what it is part of is about a person: an e-mail address, a
/// telephone number, a date of birth, a family name.
bool tells_of_a_person(std::string_view name);

/// Whether a name says no more than that it is one ("name", "nom"): beside what tells of a person
/// it is that person's.
bool is_bare_name(std::string_view name);

/// What a part of that name and value stands in: a person, if others `tell` of one and the name is
/// a bare one; else nothing.
Concepts path_beside(bool tell, std::string_view name, std::string_view value);

/// Whether other members of an object tell of a person. `members` as above; looks at the first few,
/// and at none behind one that has many parts.
bool is_about_a_person(std::string_view members);

}  // namespace sluice::privacy
