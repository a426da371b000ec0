#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "approval/desk.h"
#include "gateway/policy_keeper.h"

namespace sluice::gateway {

/// Policies that wait for somebody's approval before they are saved: requests at the desk, as those
/// for statements are, of which the text of the policy is the statement. One that was approved is
/// saved and in force a moment later, by whichever gateway sees it first; unless another policy has
/// come into force since it was proposed. May be called from any thread.
class PolicyProposals {
 public:
  /// All outlive this.
  PolicyProposals(approval::Desk& desk, PolicyKeeper& policies)
      : desk_(desk), policies_(policies) {}

  /// Asks for `next` to be approved by one of `groups`; its author is the name of a user, who does
  /// not decide on it. Errors as of PolicyKeeper::save, and kDenied where nobody could approve it.
  Result<approval::Request> propose(const identity::Directory& directory,
                                    const store::PolicyVersion& next, const std::string& name,
                                    int64_t expected, const std::vector<std::string>& groups);

  /// Saves what has been approved.
  Result<> look(Gateway& gateway);

 private:
  Result<> look_at(Gateway& gateway, approval::State state);
  Result<> settle(Gateway& gateway, approval::Request request);
  Result<bool> is_saved(const approval::Request& request);

  approval::Desk& desk_;
  PolicyKeeper& policies_;
  std::mutex mutex_;  ///< guards all below
  bool begun_ = false;
  std::set<int64_t> failed_;  ///< that were approved and could not be saved: told once
};

}  // namespace sluice::gateway
