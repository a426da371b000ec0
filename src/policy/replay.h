#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/understand.h"

namespace sluice::policy {

/// A statement as it was recorded, and what was decided then.
struct RecordedStatement {
  uint64_t id = 0;  ///< of the record
  int64_t time_micros = 0;
  Principal principal;
  Target target;
  std::string text;
  /// The record kept less than the whole text: what it would be today cannot be told.
  bool cut = false;
  std::string client_address, application, purpose;
  bool in_transaction = false;
  bool run = false, prompt = false, tainted = false;  ///< of an agent: as Circumstances

  Effect effect = Effect::kAllow;  ///< then
  std::string rule;                ///< then
};

/// What would change alike for one user: the same rule gave way to the same rule.
struct Change {
  std::string user;
  std::string old_rule, new_rule;
  Effect old_effect = Effect::kAllow, new_effect = Effect::kAllow;
  size_t statements = 0;
  size_t texts = 0;       ///< different ones among them
  uint64_t first_id = 0;  ///< of a record to look at
  std::string example;    ///< its text
  std::string message;    ///< what the client would see; empty when it would be allowed
};

struct ReplayReport {
  size_t statements = 0;
  size_t unchanged = 0;
  /// Not judged, since their text was cut.
  size_t cut = 0;
  /// Of those that change, how many are refused that were allowed, and the other way round.
  size_t newly_refused = 0, newly_allowed = 0;
  /// By user, then most statements first. Only changes of effect count; see `with_rules`.
  std::vector<Change> changes;
};

/// The verdict of `policy` on one recorded statement, as for `replay`.
std::shared_ptr<const Decision> decide_again(const std::shared_ptr<const Policy>& policy,
                                             const RecordedStatement& statement,
                                             const Understand& understand);

/// Judges recorded statements by `policy`, at the time and in the circumstances in which each ran.
/// Rules that ask for the planner's estimate, which is not recorded, are taken at their worst.
/// `with_rules`: another rule with the same effect counts as a change as well.
ReplayReport replay(const std::shared_ptr<const Policy>& policy,
                    const std::vector<RecordedStatement>& statements, const Understand& understand,
                    bool with_rules = false);

}  // namespace sluice::policy
