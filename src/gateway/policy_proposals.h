#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "approval/desk.h"
#include "gateway/policy_keeper.h"

namespace sluice::gateway {

/// Policies that wait for somebody's approval before they are saved: requests at the desk, as those
/// for statements are, of which the text of the policy is the statement. One that was approved is
/// saved and in force a moment later, by whichever gateway sees it first; unless another policy has
/// come into force since it was proposed, others approve by now, or who proposed it is gone or
/// disabled. May be called from any thread.
class PolicyProposals {
 public:
  /// All outlive this.
  PolicyProposals(approval::Desk& desk, PolicyKeeper& policies)
      : desk_(desk), policies_(policies) {}

  /// Asks for `next` to be approved by one of `groups`; its author is the name of a user, a person,
  /// who does not decide on it. Errors as of PolicyKeeper::save, and kDenied where nobody could
  /// approve it.
  Result<approval::Request> propose(const identity::Directory& directory,
                                    const store::PolicyVersion& next, const std::string& name,
                                    int64_t expected, const std::vector<std::string>& groups,
                                    approval::Login login);

  /// Saves what has been approved.
  Result<> look(Gateway& gateway);
  /// The same if the last look could not finish: the store was away, or busy.
  void look_again(Gateway& gateway);

 private:
  Result<> look_locked(Gateway& gateway);
  Result<> look_at(Gateway& gateway, approval::State state);
  Result<std::vector<approval::Request>> proposed(approval::State state);
  Result<> settle(Gateway& gateway, approval::Request request);
  Result<> give_up(int64_t number, const std::string& why);
  Result<bool> is_saved(const approval::Request& request);

  approval::Desk& desk_;
  PolicyKeeper& policies_;
  std::mutex mutex_;          ///< guards all below
  bool used_seen_ = false;    ///< those that were used: all of them are saved, or never will be
  bool again_ = false;        ///< something is left that may be saved yet
  std::set<int64_t> failed_;  ///< that were approved and cannot be saved: told once
  std::set<int64_t> told_;    ///< of which it has been told that they are not saved yet
};

}  // namespace sluice::gateway
