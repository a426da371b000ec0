#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "scim/resource.h"
#include "store/database.h"

namespace sluice::identity {

/// What a listing is narrowed by; what is not set does not.
struct ScimLookup {
  std::optional<std::string> id;
  std::optional<std::string> name;  ///< in any case
  std::optional<std::string> external_id;
};

/// Users and groups that an identity provider keeps over SCIM. Its users are users of the store,
/// marked as its own; it sees and changes no others. Their groups are those of its groups that they
/// are members of. Each change is one transaction (within the caller's, where there is one)
/// together with the word it leaves for the audit log; `actor` says who made it. What changes
/// nothing leaves no word and no new version.
///
/// Errors: kNotFound for an id that is nobody's here; kExists for a name that is taken, in any
/// case, by whomever; kInvalidInput for names that cannot be used and members that are not its
/// users.
class ScimStore {
 public:
  ScimStore(store::Database& database, std::string actor)
      : database_(database), actor_(std::move(actor)) {}

  Result<scim::User> add(const scim::User& user);
  Result<scim::User> user(const std::string& id);
  Result<std::vector<scim::User>> users(const ScimLookup& lookup);
  /// Makes the user what `next` says; `active` that is not said stays. One who is not active any
  /// more is disabled. A new name ends all credentials.
  Result<scim::User> put(const std::string& id, const scim::User& next);
  /// For good: the name cannot come back by a login that would make users. Where an operator has
  /// disabled them or given them a time, that holds for the next whom `add` or `put` calls so.
  Result<> remove_user(const std::string& id);

  Result<scim::Group> add(const scim::Group& group);
  Result<scim::Group> group(const std::string& id);
  Result<std::vector<scim::Group>> groups(const ScimLookup& lookup, bool with_members);
  Result<scim::Group> put(const std::string& id, const scim::Group& next);
  Result<> remove_group(const std::string& id);

  /// Hands a user who was made here over to the identity provider, which then finds them by their
  /// name. Password, groups and credentials of before are gone. Errors: kDenied for a service or
  /// agent, kExists if they are handed over already.
  Result<> adopt(const std::string& name);

 private:
  Result<> check_free(const std::string& name, const std::string& but);
  Result<> rename(const std::string& name, const std::string& next);
  /// What says of accounts that they are the person called `name` says so of `next`.
  Result<> rename_person(const std::string& name, const std::string& next);
  /// What an operator said of those of the name who were removed; forgotten by it.
  struct Word {
    int64_t disabled = 0;
    int64_t valid_until_micros = 0;
  };
  Result<Word> take_word(const std::string& name);
  Result<> insert_row(const scim::User& user, const std::string& id, int64_t now);
  Result<std::string> group_row(const scim::Group& group, const std::string& but);
  /// Returns the names of the users that came and went.
  Result<std::pair<std::vector<std::string>, std::vector<std::string>>> set_members(
      const std::string& id, const std::vector<scim::Reference>& before,
      const std::vector<scim::Reference>& next);
  Result<> refresh_groups(const std::string& user_id);
  Result<> say(std::string_view message);
  Result<> say_members(const std::string& group, std::string_view what,
                       const std::vector<std::string>& names);

  store::Database& database_;
  std::string actor_;
};

/// Ends what SCIM knows of a user, in the caller's transaction, when an operator removes them.
Result<> forget_scim_user(store::Database& database, std::string_view name);
/// Users who are called so but for the case of letters, `name` itself among them: all, or only
/// those whom the identity provider keeps.
Result<std::vector<std::string>> users_alike(store::Database& database, std::string_view name,
                                             bool by_scim);
/// Whether the identity provider has removed somebody of that name, in any case.
Result<bool> removed_by_scim(store::Database& database, std::string_view name);

}  // namespace sluice::identity
