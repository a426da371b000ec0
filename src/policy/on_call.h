#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/time_window.h"

namespace sluice::policy {

/// Groups that decide while a window is open.
struct OnCall {
  TimeWindow window;
  std::vector<std::string> groups;

  friend bool operator==(const OnCall& a, const OnCall& b) {
    // A zone is what its name says.
    return a.window.zone_name == b.window.zone_name && a.window.days == b.window.days &&
           a.window.from == b.window.from && a.window.to == b.window.to && a.groups == b.groups;
  }
};

/// Groups that decide too, once a request has waited for so long.
struct Escalation {
  Duration after = Duration::zero();
  std::vector<std::string> groups;

  friend bool operator==(const Escalation&, const Escalation&) = default;
};

/// So many different people out of those who decide at the time.
struct ApprovalStage {
  std::vector<std::string> groups;  ///< decide while no window of `on_call` is open
  unsigned people = 1;
  std::vector<OnCall> on_call = {};
  std::vector<Escalation> escalate = {};

  /// The groups that decide at `at_micros` on what was asked for at `asked_micros`.
  std::vector<std::string> groups_at(int64_t asked_micros, int64_t at_micros) const;
  /// Those that decide at some time or other.
  std::vector<std::string> groups_ever() const;

  friend bool operator==(const ApprovalStage&, const ApprovalStage&) = default;
};

}  // namespace sluice::policy
