#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/recorded.h"
#include "policy/understand.h"

namespace sluice::policy {

/// What would change alike for one user: the same rule gave way to the same rule.
struct Change {
  std::string user;
  std::string old_rule, new_rule;
  Fate old_fate = Fate::kAllow, new_fate = Fate::kAllow;
  size_t statements = 0;
  size_t texts = 0;       ///< different ones among them; so many at least, from a million of all
  uint64_t first_id = 0;  ///< of a record to look at
  std::string example;    ///< its text
  std::string message;    ///< what the client would see; empty when it would be allowed
  /// The limit that would be passed, by the statement that passes it most; none otherwise.
  std::optional<PassedLimit> passed;
};

/// Statements of which nobody can say what the policy would make of them.
struct NotJudged {
  std::string why;
  size_t statements = 0;
};

struct ReplayReport {
  size_t statements = 0;
  size_t unchanged = 0;
  /// Of `unchanged`: refused by the gateway itself, whatever the policy says.
  size_t by_gateway = 0;
  std::vector<NotJudged> not_judged;  ///< most statements first
  /// Of those that change, how many are refused that ran, are ended by a limit that were allowed,
  /// and are allowed that were not.
  size_t newly_refused = 0, newly_limited = 0, newly_allowed = 0;
  /// By user, then most statements first. Only changes of fate count; see `with_rules`.
  std::vector<Change> changes;

  size_t count_not_judged() const;
};

/// Judges recorded statements one after the other, the oldest first, by a policy: at the time and
/// in the circumstances in which each ran, and what they used by its limits. What hangs on
/// something that is not on record is not judged. What it holds grows with the users and rules that
/// there are, not with the statements.
class Replay {
 public:
  /// `before`: what it makes of them counts in place of the recorded verdicts; null: those do.
  /// `with_rules`: another rule with the same fate counts as a change as well. `understand` is to
  /// live as long.
  Replay(std::shared_ptr<const Policy> before, std::shared_ptr<const Policy> now,
         const Understand& understand, bool with_rules = false);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  void add(const RecordedStatement& statement);
  /// Once, at the end.
  ReplayReport finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same of statements that are at hand.
ReplayReport replay(const std::shared_ptr<const Policy>& policy,
                    const std::vector<RecordedStatement>& statements, const Understand& understand,
                    bool with_rules = false);

/// The same of what `new_policy` makes of them in place of `old_policy`.
ReplayReport replay_both(const std::shared_ptr<const Policy>& old_policy,
                         const std::shared_ptr<const Policy>& new_policy,
                         const std::vector<RecordedStatement>& statements,
                         const Understand& understand);

}  // namespace sluice::policy
