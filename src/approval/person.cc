#include "approval/person.h"

#include <algorithm>

#include "base/lower_case.h"

namespace sluice::approval {
namespace {

using Names = std::vector<std::string>;

bool have_one_in_common(const Names& some, const Names& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& name) {
    return std::find(others.begin(), others.end(), name) != others.end();
  });
}

bool has_had(const identity::User& user, const Names& names) {
  return std::any_of(user.former_names.begin(), user.former_names.end(), [&](const auto& former) {
    return std::find(names.begin(), names.end(), lower_case(former)) != names.end();
  });
}

}  // namespace

std::string person_of(const identity::User& user) {
  const auto found = user.attributes.find("person");
  return found == user.attributes.end() ? user.name : found->second;
}

std::vector<std::string> names_of(const identity::User& user) {
  Names names = {lower_case(user.name)};
  for (const auto& [attribute, value] : user.attributes) {
    if (attribute == "person" || value.find('@') != std::string::npos)
      names.push_back(lower_case(value));
  }
  return names;
}

bool same_person(const identity::User& one, const identity::User& other) {
  return have_one_in_common(names_of(one), names_of(other));
}

Somebody::Somebody(const std::vector<std::string_view>& names,
                   const identity::Directory& directory) {
  Names known;
  for (const std::string_view name : names) {
    if (!name.empty()) known.push_back(lower_case(name));
  }
  // What only the name says first; then whatever is known to be the same person's.
  std::vector<Names> all;
  all.reserve(directory.users().size());
  for (const identity::User& user : directory.users()) all.push_back(names_of(user));
  Names theirs = known;
  for (size_t i = 0; i < all.size(); ++i) {
    const identity::User& user = directory.users()[i];
    if (!have_one_in_common(all[i], known) && !has_had(user, known)) continue;
    accounts_.insert(&user);
    theirs.insert(theirs.end(), all[i].begin(), all[i].end());
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (have_one_in_common(all[i], theirs)) accounts_.insert(&directory.users()[i]);
  }
}

}  // namespace sluice::approval
