#pragma once

#include <string>
#include <vector>

#include "approval/delegation.h"
#include "approval/request.h"
#include "base/result.h"
#include "identity/directory.h"

namespace sluice::approval {

/// By what votes are judged: people, delegations and the time as they are now.
struct Judging {
  const identity::Directory& directory;
  const std::vector<Delegation>& delegations;
  int64_t now_micros = 0;
};

/// What votes have come to.
struct Standing {
  bool approved = false;
  std::vector<std::string> missing;  ///< "rule schema-changes: 1 more of dba"
  std::vector<Vote> counted;         ///< approvals by which it is what it is, as they came
};

/// Counts the approvals of people who may give them as they are now: enabled, human, not the
/// requester under any name, in a group that decided when they voted, and no person twice in one
/// rule. A vote that somebody has given for somebody else is both's.
Standing standing(const Request& request, const Judging& judging);

/// Whether somebody may decide on it now, for themselves or on behalf of `on_behalf`; kDenied says
/// why not, in a sentence.
Result<> may_vote(const Request& request, const Vote& vote, const Judging& judging);

/// Whether enough people could approve it, at some time or other, if all of them wanted to; kDenied
/// says what is missing.
Result<> can_be_approved(const Request& request, const identity::Directory& directory);

}  // namespace sluice::approval
