#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "access/keeper.h"
#include "approval/person.h"
#include "base/result.h"
#include "identity/directory.h"
#include "policy/role.h"

// Who is who, as this room asks it. Internal to it.

namespace sluice::access {

bool in_some(const identity::User& user, const std::vector<std::string>& groups);

/// The one behind a principal, or behind the last for whom it acts: accounts of one person are one.
std::string person_behind(const identity::Directory& directory, const policy::Principal& principal);

/// The holder of a grant and the one for whom it is held, under any name. Holds as long as
/// `directory`.
class Holders {
 public:
  Holders(const identity::Directory& directory, const GrantRow& grant)
      : known_({grant.holder, grant.person, grant.acts_for}, directory),
        created_micros_(grant.holder_created_micros) {}

  /// Renamed they are who they were.
  bool are(const identity::User& user) const {
    return user.created_micros == created_micros_ || known_.is(user);
  }

 private:
  approval::Somebody known_;
  int64_t created_micros_;
};

/// Somebody who decides: enabled and human; kDenied says why not.
Result<const identity::User*> decider(const identity::Directory& directory,
                                      const std::string& name);

/// Who somebody is for good, in sessions that act for `acts_for`, or for themselves.
policy::Principal lasting(const identity::Directory& directory, const identity::User& user,
                          const std::string& acts_for);

/// Groups whose people may end a grant of a role.
std::vector<std::string> revokers(const policy::Policy& policy, const GrantRow& grant);

}  // namespace sluice::access
