#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/automatic.h"
#include "policy/policy.h"
#include "policy/rule.h"

namespace sluice::policy {

/// `break_glass` of a role: who may take it without asking, and who looks at it afterwards.
struct BreakGlass {
  Rule asks;  ///< its `who` and `when`
  Duration at_most = std::chrono::hours(1);
  std::vector<std::string> review_by;  ///< groups
  Duration review_within = std::chrono::hours(24);
};

/// One of `roles`: groups that somebody may have for a while.
struct Role {
  std::string name;
  std::string description;
  std::vector<std::string> groups;  ///< that it gives while it lasts
  Rule asks;                        ///< its `who`, `on` and `when`: who may ask for it where
  Duration at_most = std::chrono::hours(8);
  std::shared_ptr<const ApprovalSpec> approve;  ///< null: it cannot be asked for
  std::optional<BreakGlass> break_glass;
  int line = 0;      ///< from 1
  int column = 0;    ///< from 1
  std::string text;  ///< as Rule::text
};

/// The role of that name; null if there is none.
const Role* find_role(const Policy& policy, std::string_view name);

/// Whether a role exists at a database at all.
bool is_for(const Role& role, const Target& target);
/// Whether somebody is among those who may have it there at all; not how they logged in, or when.
bool may_have(const Role& role, bool break_glass, const Principal& principal, const Target& target);

/// Whether somebody may ask for `role` there (with `break_glass`: take it) in these circumstances:
/// kDenied says what is in the way. `principal` has the groups that are theirs for good.
Result<> may_ask(const Role& role, bool break_glass, const Principal& principal,
                 const Target& target, const Circumstances& circumstances);

/// Whether nobody has to be asked for it: `approve.automatic` of the role. Any doubt is a no.
Automatic decide_automatically(const Role& role, const Principal& principal, const Target& target,
                               const Circumstances& circumstances);

}  // namespace sluice::policy
