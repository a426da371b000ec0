#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "identity/directory.h"

namespace sluice::approval {

/// The person behind a user: several accounts of one carry the same attribute "person".
std::string person_of(const identity::User& user);

/// All by which a person is known, in lower case: the account's name, its attribute "person", and
/// e-mail addresses that are an attribute of it.
std::vector<std::string> names_of(const identity::User& user);

/// Whether two accounts are one person's: they have one of these names in common.
bool same_person(const identity::User& one, const identity::User& other);

/// Somebody who is known by some names, as `directory` has people now: every account of theirs.
/// Names are compared in any case, and whoever has had one of them counts too: in doubt it is
/// theirs. Holds as long as `directory`.
class Somebody {
 public:
  Somebody(const std::vector<std::string_view>& names, const identity::Directory& directory);

  /// Whether it is an account of theirs; one of the same directory.
  bool is(const identity::User& user) const { return accounts_.contains(&user); }

 private:
  std::set<const identity::User*> accounts_;
};

}  // namespace sluice::approval
