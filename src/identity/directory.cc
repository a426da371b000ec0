#include "identity/directory.h"

namespace sluice::identity {

Directory::Directory(std::vector<User> users, uint64_t version)
    : users_(std::move(users)), version_(version) {
  for (const User& user : users_) by_name_.emplace(user.name, &user);
}

const User* Directory::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

}  // namespace sluice::identity
