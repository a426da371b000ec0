#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/directory.h"
#include "policy/principal.h"

namespace sluice::gateway {

/// Why somebody may not be here, or not any longer.
struct NotWelcome {
  std::string why;     ///< for the record and the operator
  bool renew = false;  ///< they would be, with a new credential
};

/// Whether a user, and whatever they have shown, is good for `database`; `credential` null: the
/// password. Somebody who acts for a person is here only as long as that person could be.
std::optional<NotWelcome> not_welcome(const identity::Directory& directory,
                                      const identity::User& user,
                                      const identity::Credential* credential,
                                      std::string_view database, int64_t now_micros);

/// Where and when somebody is: grants are for one database, and for a while.
struct Place {
  std::string_view database = {};  ///< empty: nowhere, where no grant counts
  int64_t now_micros = 0;
};

/// `Principal::chain` of `principal`, a connection that acts through its `actors` or for its
/// `end_user`, as the directory knows each of them; null where it acts for nobody it knows.
/// Somebody in between who is not known here is another directory's. `grants`: in force, of
/// everybody.
std::shared_ptr<const std::vector<policy::Identity>> chain_of(const identity::Directory& directory,
                                                              const policy::Principal& principal,
                                                              const Place& place,
                                                              std::vector<std::string>& grants);

/// Who they are for rules and record. `mechanism` tells how the password was checked, or that a
/// certificate was ("certificate"), at `now_micros`; of a credential counts when and how its holder
/// got it. Groups of somebody who acts for others are only those that everybody of the chain is in;
/// rules are asked for each with their own. Grants of each add to the groups of each, so that
/// nobody has by a grant what those for whom they act have not.
policy::Principal principal_of(const identity::Directory& directory, const identity::User& user,
                               const identity::Credential* credential, std::string_view mechanism,
                               int64_t now_micros, const Place& place = {});

/// Whether they may say for whom they act: a service with a key to sign that with.
bool may_assert(const identity::User& user);

/// Makes `principal` act for an end user: where that is a user here, groups count that both are in;
/// of the end user those that are theirs for good.
void limit_to_end_user(const identity::Directory& directory, const std::string& end_user,
                       policy::Principal& principal);

/// Whether principal_of says the same of `principal` in both, but for the time that passes.
bool same_identity(const identity::Directory& before, const identity::Directory& after,
                   const policy::Principal& principal, std::string_view database = {});

/// When the next of the grants ends that make `principal` what it is; INT64_MAX: none does.
int64_t next_end(const identity::Directory& directory, const policy::Principal& principal,
                 const Place& place);

}  // namespace sluice::gateway
