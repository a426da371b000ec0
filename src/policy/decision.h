#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "policy/approval_spec.h"

namespace sluice::policy {

/// What a rule does. Verdicts are of the first three; the others say how values are shown.
enum class Effect : uint8_t { kAllow, kHold, kDeny, kMask, kUnmask };

/// "allow", "hold", "deny", "mask", "unmask".
std::string_view name_of(Effect effect);

/// A bound and the rule that set it.
template <typename T>
struct Bound {
  T most{};
  std::string rule;
};

/// What an allowed statement may at most do; the tightest of all rules that matched.
struct Limits {
  std::optional<Bound<uint64_t>> rows;   ///< returned
  std::optional<Bound<uint64_t>> bytes;  ///< returned, as messages on the wire
  std::optional<Bound<Duration>> duration;
  std::optional<Bound<uint32_t>> statements_per_minute;  ///< of this user, by this rule
  /// The same of each for whom the user acts, who has one account for all who act for them.
  std::vector<std::pair<std::string, Bound<uint32_t>>> rates_of_others;
  std::optional<Bound<uint64_t>> rows_changed;  ///< cascades and triggers included
  std::optional<Bound<uint32_t>> tables_changed;
  /// What is returned is kept in the log as the client receives it, so many bytes of it at most;
  /// the largest of all rules that matched.
  std::optional<Bound<uint64_t>> capture;

  bool on_results() const { return rows || bytes || duration; }
  bool on_changes() const { return rows_changed || tables_changed; }
};

/// Of an approved statement that is to be undoable: what is kept of it.
struct Undoable {
  Duration keep{};                 ///< for so long
  int64_t request = 0;             ///< the approval it runs under
  bool rows = false;               ///< those that it changes
  std::vector<std::string> first;  ///< statements of the gateway's own that take out of its way
                                   ///< what it would destroy, in its transaction
  std::string place;               ///< the schema they take it to
  std::string content;             ///< how to bring it back (undo::Kept)
  std::string summary;
};

/// The verdict on one statement. `message`, `detail` and `hint` go to the client when refused.
struct Decision {
  Effect effect = Effect::kDeny;
  std::string rule;      ///< stable name of the rule that decided, e.g. "no-unbounded-writes"
  std::string sqlstate;  ///< "42501" unless the reason is a syntax or complexity error
  std::string message;
  /// The facts that mattered; its last line is the same as one JSON object that a program can act
  /// on (docs/policy.md): {"rule":…,"reason":…,"facts":{…},"next":…}.
  std::string detail;
  std::string hint;
  int position = 0;                  ///< of a syntax error, for ErrorResponse 'P'; 0 if none
  std::vector<std::string> matched;  ///< every enforced rule that matched, in file order
  std::vector<std::string> shadow;   ///< "rule: effect" of shadow rules that matched
  Limits limits;                     ///< of an allowed statement, or one that is once approved
  std::string policy_version;
  /// A held statement: all that must be approved before it runs. Empty: nobody can approve it.
  std::vector<std::shared_ptr<const ApprovalSpec>> holds;
  std::string approval;                      ///< of one that was held: "12 by dora"
  std::shared_ptr<const Undoable> undoable;  ///< null: nothing is kept
  /// What the planner expects it to cost, where a budget counts that; unset: not known.
  std::optional<double> planner_cost;
  /// How many rows the planner expects, where a rule asks; unset: not known.
  std::optional<double> estimated_rows;

  /// Held statements are not, before they are approved.
  bool allowed() const { return effect == Effect::kAllow; }
};

}  // namespace sluice::policy
