#include "policy/role.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/match.h"

namespace sluice::policy {
namespace {

/// Each is asked, whatever the others say: who is refused wants to know all reasons at once.
bool holds(const Rule& rule, const Principal& principal, const Target& target,
           const Circumstances& now, Reasons reasons) {
  bool good = matches_session(rule, principal, target, reasons);
  good = matches_method(rule.when, principal, reasons) == Truth::kYes && good;
  return matches_circumstances(rule.when, now, reasons) == Truth::kYes && good;
}

}  // namespace

const Role* find_role(const Policy& policy, std::string_view name) {
  const auto& roles = policy.roles();
  const auto found =
      std::find_if(roles.begin(), roles.end(), [&](const Role& role) { return role.name == name; });
  return found == roles.end() ? nullptr : &*found;
}

bool is_for(const Role& role, const Target& target) {
  const On& on = role.asks.on;
  return (!on.databases || on.databases->matches(target.database)) &&
         (!on.environments || on.environments->matches(target.environment));
}

bool may_have(const Role& role, bool break_glass, const Principal& principal,
              const Target& target) {
  if (!is_for(role, target)) return false;
  if (break_glass)
    return role.break_glass && matches_session(role.break_glass->asks, principal, target, nullptr);
  return role.approve != nullptr && matches_session(role.asks, principal, target, nullptr);
}

Result<> may_ask(const Role& role, bool break_glass, const Principal& principal,
                 const Target& target, const Circumstances& circumstances) {
  if (!is_for(role, target)) {
    return fail(ErrorCode::kDenied, fmt::format("role \"{}\" is not for {} ({})", role.name,
                                                target.database, target.environment));
  }
  if (break_glass ? !role.break_glass : role.approve == nullptr) {
    return fail(ErrorCode::kDenied,
                fmt::format("role \"{}\" {}", role.name,
                            break_glass ? "cannot be taken by breaking glass"
                                        : "cannot be asked for: it is for emergencies alone"));
  }
  std::vector<std::string> reasons;
  const Rule& rule = break_glass ? role.break_glass->asks : role.asks;
  if (holds(rule, principal, target, circumstances, &reasons)) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("you may not {} role \"{}\" now: {}", break_glass ? "take" : "ask for",
                          role.name, fmt::join(reasons, "; ")));
}

Automatic decide_automatically(const Role& role, const Principal& principal, const Target& target,
                               const Circumstances& circumstances) {
  Automatic result;
  if (!role.approve || !role.approve->automatic) {
    result.evidence.push_back(fmt::format("role \"{}\" leaves it to people", role.name));
    return result;
  }
  result.evidence.push_back(fmt::format(
      "who: {} \"{}\" of {}, authenticated by {}{}", name_of(principal.kind), principal.user,
      principal.groups.empty() ? "no group" : fmt::format("{}", fmt::join(principal.groups, ", ")),
      principal.authentication,
      circumstances.client_address.empty()
          ? ""
          : fmt::format(" from {}", circumstances.client_address)));
  result.approved =
      holds(*role.approve->automatic, principal, target, circumstances, &result.evidence);
  return result;
}

}  // namespace sluice::policy
