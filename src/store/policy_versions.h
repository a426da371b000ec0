#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

namespace sluice::store {

/// One version of the policy that is kept in the store. None is ever changed or removed; the one
/// with the highest number counts.
struct PolicyVersion {
  int64_t number = 0;  ///< 1, 2, 3, …; given when it is saved
  int64_t time_micros = 0;
  std::string hash;    ///< policy::Policy::version() of the text
  std::string author;  ///< required
  std::string comment;
  std::string text;
};

/// Adds a version and leaves word of it for the audit log, both or neither. `expected` is the
/// number of the latest version that its author knew, 0 for none; kExists when there is a later
/// one, so that nobody's change is lost unseen. Returns the new number. The text is not looked at.
Result<int64_t> add_policy_version(Database& database, const PolicyVersion& next, int64_t expected);

/// Whether add_policy_version would do it now.
Result<> check_policy_version(Database& database, const PolicyVersion& next, int64_t expected);

/// The version that counts, or nothing when none has been saved.
Result<std::optional<PolicyVersion>> latest_policy_version(Database& database);

/// kNotFound if there is no such number.
Result<PolicyVersion> policy_version(Database& database, int64_t number);

/// All of them, the newest first, without their texts.
Result<std::vector<PolicyVersion>> policy_versions(Database& database);

}  // namespace sluice::store
