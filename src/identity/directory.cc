#include "identity/directory.h"

#include <algorithm>

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
    : Directory(std::move(users), {}, version) {}

Directory::Directory(std::vector<User> users, std::vector<Credential> credentials, uint64_t version,
                     std::vector<Grant> grants)
    : users_(std::move(users)), grants_(std::move(grants)), version_(version) {
  for (User& user : users_) by_name_.emplace(user.name, &user);
  for (Credential& credential : credentials) {
    const auto user = by_name_.find(credential.user);
    if (user != by_name_.end()) user->second->credentials.push_back(std::move(credential));
  }
  for (const User& user : users_) {
    for (const std::string& name : user.former_names) by_former_name_.emplace(name, &user);
    for (const Credential& credential : user.credentials) {
      by_id_.emplace(credential.id, &credential);
      by_digest_.emplace(credential.digest, &credential);
    }
  }
}

std::shared_ptr<const Directory> Directory::lost(std::string why) {
  auto directory = std::make_shared<Directory>(std::vector<User>(), 0);
  directory->why_lost_ = std::move(why);
  return directory;
}

bool Directory::somebody_ended(int64_t now_micros) const {
  return std::ranges::any_of(users_, [now_micros](const User& user) {
    return !user.disabled && user.valid_until_micros != 0 && user.valid_until_micros <= now_micros;
  });
}

const User* Directory::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<const User*> Directory::called(std::string_view name) const {
  std::vector<const User*> all;
  if (const User* now = find(name)) all.push_back(now);
  const auto [first, last] = by_former_name_.equal_range(name);
  for (auto at = first; at != last; ++at) all.push_back(at->second);
  return all;
}

std::vector<const Grant*> Directory::grants(std::string_view user,
                                            std::string_view database) const {
  std::vector<const Grant*> found;
  for (const Grant& grant : grants_) {
    if (grant.user == user && grant.database == database) found.push_back(&grant);
  }
  return found;
}

const Credential* Directory::credential(std::string_view id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

const Credential* Directory::credential_of_secret(std::string_view secret) const {
  if (!is_credential_secret(secret)) return nullptr;
  // Looked up by digest: how long that takes tells nothing of the secret.
  const auto it = by_digest_.find(credential_digest(secret));
  return it == by_digest_.end() ? nullptr : it->second;
}

const Credential* Directory::credential_of_key(std::string_view key_digest) const {
  const auto it = by_digest_.find(certificate_digest(key_digest));
  return it == by_digest_.end() ? nullptr : it->second;
}

}  // namespace sluice::identity
