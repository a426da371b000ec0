#include "identity/directory.h"

namespace sluice::identity {

std::string_view name_of(UserKind kind) {
  switch (kind) {
    case UserKind::kHuman:
      return "human";
    case UserKind::kService:
      return "service";
    case UserKind::kAgent:
      return "agent";
  }
  return "human";
}

std::optional<UserKind> find_kind(std::string_view name) {
  for (const auto kind : {UserKind::kHuman, UserKind::kService, UserKind::kAgent}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

Directory::Directory(std::vector<User> users, uint64_t version)
    : users_(std::move(users)), version_(version) {
  for (const User& user : users_) by_name_.emplace(user.name, &user);
}

const User* Directory::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

}  // namespace sluice::identity
