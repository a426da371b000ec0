#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

/// Who they are for rules and record. `mechanism` tells how the password was checked, at
/// `now_micros`; of a credential counts when and how its holder got it. Groups of somebody who acts
/// for others are only those that everybody of the chain is in.
policy::Principal principal_of(const identity::Directory& directory, const identity::User& user,
                               const identity::Credential* credential, std::string_view mechanism,
                               int64_t now_micros);

/// Whether they may say for whom they act: a service with a key to sign that with.
bool may_assert(const identity::User& user);

/// Makes `principal` act for an end user: where that is a user here, groups count that both are in.
void limit_to_end_user(const identity::Directory& directory, const std::string& end_user,
                       policy::Principal& principal);

/// Whether principal_of says the same of `principal` in both.
bool same_identity(const identity::Directory& before, const identity::Directory& after,
                   const policy::Principal& principal);

}  // namespace sluice::gateway
