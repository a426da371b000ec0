#pragma once

#include <string>
#include <vector>

#include "approval/request.h"
#include "base/result.h"
#include "identity/directory.h"

namespace sluice::approval {

/// The person behind a user: several accounts of one carry the same attribute "person".
std::string person_of(const identity::User& user);

/// What votes have come to.
struct Standing {
  bool approved = false;
  std::vector<std::string> missing;  ///< "rule schema-changes: 1 more of dba"
};

/// Counts the approvals of people who may give them as `directory` has them now: enabled, human,
/// not the requester under any name, in a group of the stage, and no person twice in one rule.
Standing standing(const Request& request, const identity::Directory& directory);

/// Whether `voter` may say that now: kDenied says why not. Approving is for those whom the open
/// stage asks; rejecting for all who are asked at any stage, also after they approved; commenting
/// for everybody.
Result<> may_vote(const Request& request, const std::string& voter, Verdict verdict,
                  const identity::Directory& directory);

/// Whether anybody but the requester could ever approve it: kDenied says for which rule nobody can.
Result<> can_be_approved(const Request& request, const identity::Directory& directory);

}  // namespace sluice::approval
