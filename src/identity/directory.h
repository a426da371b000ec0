#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "identity/credential.h"

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
  /// "SCRAM-SHA-256$<iter>:<salt>$<StoredKey>:<ServerKey>", PostgreSQL's form; empty: no password.
  std::string scram_verifier;
  bool disabled = false;
  int64_t created_micros = 0;
  UserKind kind = UserKind::kHuman;
  std::map<std::string, std::string> attributes;  ///< for rules to ask about: team=data
  /// The newest first; those that ended lately too, so that it can be said that they did.
  std::vector<Credential> credentials;
  SecretString totp_secret;       ///< raw; empty: no one-time codes
  SecretString assertion_key;     ///< with which a service signs for whom it acts (end_user.h)
  int64_t last_login_micros = 0;  ///< 0: never; may lag behind by a minute
  std::string made_by;  ///< empty: an operator; "scim", or the issuer at whose word they were made
  int64_t valid_until_micros = 0;  ///< from then on disabled; 0: never
  int64_t named_micros = 0;        ///< when SCIM gave them this name; 0: they were made with it
  std::vector<std::string> former_names;

  /// Since when the name is theirs: what was done under it earlier was done by somebody else.
  int64_t since() const { return std::max(created_micros, named_micros); }
};

/// Groups that somebody has for a while at one database.
struct Grant {
  int64_t number = 0;
  std::string user;
  std::string acts_for;  ///< counts only in sessions that act for this person; empty: in all
  std::string role;
  std::string database;
  std::vector<std::string> groups;
  int64_t until_micros = 0;

  bool operator==(const Grant&) const = default;
};

/// All users at one moment: an immutable snapshot shared by the workers.
class Directory {
 public:
  Directory(std::vector<User> users, uint64_t version);
  /// Each credential goes to its user; those of nobody are dropped.
  Directory(std::vector<User> users, std::vector<Credential> credentials, uint64_t version,
            std::vector<Grant> grants = {});
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  /// Nobody: who there is is not known any more, and `why`.
  static std::shared_ptr<const Directory> lost(std::string why);
  /// Why nobody is in it who should be; empty: all are.
  const std::string& why_lost() const { return why_lost_; }
  /// Null when there is no such user; a disabled one is returned with `disabled` set.
  const User* find(std::string_view name) const;
  /// Who has the name, and those who have had it.
  std::vector<const User*> called(std::string_view name) const;
  /// Live or not; null when there is none of that name.
  const Credential* credential(std::string_view id) const;
  /// By what its holder has shown; live or not.
  const Credential* credential_of_secret(std::string_view secret) const;
  /// By the SHA-256 of the public key of a client certificate; live or not.
  const Credential* credential_of_key(std::string_view key_digest) const;
  /// Those that a user has at a database, whoever it acts for; few, in no order.
  std::vector<const Grant*> grants(std::string_view user, std::string_view database) const;
  const std::vector<Grant>& grants() const { return grants_; }
  /// Rises with every change of the store.
  uint64_t version() const { return version_; }
  const std::vector<User>& users() const { return users_; }
  /// Whether the time of a user who is not disabled yet is over.
  bool somebody_ended(int64_t now_micros) const;

 private:
  std::vector<User> users_;
  std::vector<Grant> grants_;
  std::unordered_map<std::string_view, User*> by_name_;
  std::unordered_multimap<std::string_view, const User*> by_former_name_;
  std::unordered_map<std::string_view, const Credential*> by_id_, by_digest_;
  uint64_t version_;
  std::string why_lost_;
};

}  // namespace sluice::identity
