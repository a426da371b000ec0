#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::identity {

/// What somebody who connects is; policies tell them apart.
enum class UserKind : uint8_t { kHuman, kService, kAgent };

/// "human", "service", "agent".
std::string_view name_of(UserKind kind);
std::optional<UserKind> find_kind(std::string_view name);

/// Somebody who may connect.
struct User {
  std::string name;
  std::vector<std::string> groups;
  std::string
      scram_verifier;  ///< "SCRAM-SHA-256$<iter>:<salt>$<StoredKey>:<ServerKey>", PostgreSQL's form
  bool disabled = false;
  int64_t created_micros = 0;
  UserKind kind = UserKind::kHuman;
  std::map<std::string, std::string> attributes;  ///< for rules to ask about: team=data
};

/// All users at one moment: an immutable snapshot shared by the workers.
class Directory {
 public:
  Directory(std::vector<User> users, uint64_t version);
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  /// Null when there is no such user; a disabled one is returned with `disabled` set.
  const User* find(std::string_view name) const;
  /// Rises with every change of the store.
  uint64_t version() const { return version_; }
  const std::vector<User>& users() const { return users_; }

 private:
  std::vector<User> users_;
  std::unordered_map<std::string_view, const User*> by_name_;
  uint64_t version_;
};

}  // namespace sluice::identity
