#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "gateway/gateway.h"
#include "policy/policy.h"
#include "store/policy_versions.h"

namespace sluice::gateway {

/// A policy and where it comes from.
struct SourcedPolicy {
  std::shared_ptr<const policy::Policy> policy;
  std::string_view source;  ///< "file", "profile" or "store"
  int64_t number = 0;       ///< of the version in the store; 0 for other sources
};

/// What policies that come from the store are called: "stored policy 3".
std::string stored_policy_name(int64_t number);

/// kInvalidInput: each problem is on a line of its own, with its place in the file.
Result<std::shared_ptr<const policy::Policy>> read_policy_file(const std::string& file);

/// The policy that `config` means. One that cannot be used is an error which says what to do;
/// nothing else takes its place.
Result<SourcedPolicy> load_policy(const config::PolicyConfig& config, store::Database& database);

/// Checks a policy and adds it to the store's versions, as store::add_policy_version does; `name`
/// is what its problems call it. kDenied where `config` names another policy, as this one would
/// then not decide. Returns its number.
Result<int64_t> save_policy(const config::PolicyConfig& config, store::Database& database,
                            store::PolicyVersion next, std::string_view name, int64_t expected);

/// The policy in force, and all that changes it: one change at a time, so that none undoes another
/// unseen. May be called from any thread.
class PolicyKeeper {
 public:
  /// `database` must be nobody else's.
  static Result<std::unique_ptr<PolicyKeeper>> open(store::Database database,
                                                    config::PolicyConfig config);

  SourcedPolicy in_force() const;
  /// Lets `gateway` take a configuration with the policy that it means.
  Result<> reload(Gateway& gateway, std::shared_ptr<const config::Config> config);
  /// Reads the policy again. True if it is another, which then is in force.
  Result<bool> refresh(Gateway& gateway);
  /// As save_policy; the policy is in force for the next statement of every session.
  Result<SourcedPolicy> save(Gateway& gateway, store::PolicyVersion next, std::string_view name,
                             int64_t expected);

  /// Whether `save` would do it.
  Result<> could_save(const store::PolicyVersion& next, std::string_view name, int64_t expected);
  /// Groups of whom somebody has to approve what is saved; none: nobody.
  std::vector<std::string> approvers() const;

  Result<std::vector<store::PolicyVersion>> versions();
  Result<store::PolicyVersion> version(int64_t number);

 private:
  PolicyKeeper(store::Database database, config::PolicyConfig config)
      : database_(std::move(database)), config_(std::move(config)) {}
  /// The same with the lock held.
  Result<bool> refresh_locked(Gateway& gateway);

  mutable std::mutex mutex_;  ///< guards all below
  store::Database database_;
  config::PolicyConfig config_;
  SourcedPolicy in_force_;
};

}  // namespace sluice::gateway
