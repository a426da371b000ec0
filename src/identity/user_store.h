#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "identity/directory.h"
#include "store/database.h"

namespace sluice::identity {

/// Somebody to be added.
struct NewUser {
  std::string name;
  std::vector<std::string> groups;
  UserKind kind = UserKind::kHuman;
  std::map<std::string, std::string> attributes;
  int64_t valid_until_micros = 0;  ///< 0: never disabled by time
};

/// What is to become of a user; what is not set stays.
struct UserChange {
  std::optional<UserKind> kind;
  std::optional<std::vector<std::string>> groups;
  std::optional<std::map<std::string, std::string>> attributes;
  std::optional<int64_t> valid_until_micros;  ///< 0: no end
};

/// Reads "key=value". Errors: kInvalidInput.
Result<std::pair<std::string, std::string>> parse_attribute(std::string_view text);

/// Reads until when a user is valid: a time (parse_time), how long from now ("90d"), or "never"
/// (0). Errors: kInvalidInput.
Result<int64_t> parse_valid_until(std::string_view text);

/// Changes to the users of an installation. Each is one transaction together with the word it
/// leaves for the audit log; `actor` says who made it.
class UserStore {
 public:
  UserStore(store::Database& database, std::string actor)
      : database_(database), actor_(std::move(actor)) {}

  /// Errors: kExists; kInvalidInput for a name or password that cannot be used.
  Result<> add(const NewUser& user, const SecretString& password);
  /// Somebody without a password: an identity provider vouches for them.
  Result<> add(const NewUser& user);
  /// Errors of these: kNotFound; kDenied for what an identity provider keeps over SCIM. Sessions
  /// that were got with the old one end; tokens go on.
  Result<> set_password(std::string_view name, const SecretString& password);
  /// Counts from the next statement of each of the user's sessions on. Who becomes a person has no
  /// credential any more.
  Result<> set(std::string_view name, const UserChange& change);
  /// Takes one group away from those that the user has then. Errors: kNotFound for one that is not.
  Result<> leave_group(std::string_view name, std::string_view group);
  Result<> set_disabled(std::string_view name, bool disabled);
  /// Disables everybody whose time is over.
  Result<> disable_ended(int64_t now_micros);
  Result<> remove(std::string_view name);
  /// Demands one-time codes of a user from now on; returns the secret that makes them (raw). An
  /// older one is replaced.
  Result<SecretString> enrol_totp(std::string_view name);
  Result<> remove_totp(std::string_view name);
  /// When they last logged in; nothing for the record, the logins are on it.
  Result<> logged_in(const std::vector<std::pair<std::string, int64_t>>& when);
  /// The key with which a service signs for whom it acts (end_user.h); an older one is replaced.
  /// Errors: kDenied for a person or an agent.
  Result<SecretString> make_assertion_key(std::string_view name);
  Result<> remove_assertion_key(std::string_view name);

 private:
  Result<> insert(const NewUser& user, const std::string& verifier);
  /// Errors: kDenied, if the identity provider keeps the user over SCIM.
  Result<> becomes_human(std::string_view name);
  Result<> not_of_scim(std::string_view name, std::string_view why);
  Result<> may_be_enabled(std::string_view name);
  Result<std::string> next_verifier(std::string_view name, const SecretString& password);
  /// These in the caller's transaction.
  Result<> changed(store::Statement& change, std::string_view name, std::string_view message);
  Result<> set_totp(std::string_view name, const SecretString& secret, std::string_view message);
  Result<> update(std::string_view name, std::string_view sql, std::string_view value,
                  std::string_view message);
  store::Database& database_;
  std::string actor_;
};

/// All users with their credentials as they are now.
Result<std::shared_ptr<const Directory>> load_directory(store::Database& database);

}  // namespace sluice::identity
