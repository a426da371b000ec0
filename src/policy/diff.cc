#include "policy/diff.h"

#include <algorithm>

#include "policy/role.h"
#include "policy/rule.h"

namespace sluice::policy {
namespace {

const Rule* find(const Policy& policy, const std::string& name) {
  const auto found = std::find_if(policy.rules().begin(), policy.rules().end(),
                                  [&](const Rule& rule) { return rule.name == name; });
  return found == policy.rules().end() ? nullptr : &*found;
}

/// Names of the rules that the other policy has as well, in file order.
std::vector<std::string> shared_names(const Policy& policy, const Policy& other) {
  std::vector<std::string> names;
  for (const Rule& rule : policy.rules()) {
    if (find(other, rule.name) != nullptr) names.push_back(rule.name);
  }
  return names;
}

/// Roles stand behind the rules, as "role NAME".
void add_roles(const Policy& old_policy, const Policy& new_policy, PolicyDiff& out) {
  for (const Role& role : old_policy.roles()) {
    const Role* now = find_role(new_policy, role.name);
    if (now != nullptr && now->text == role.text) continue;
    out.rules.push_back({now == nullptr ? RuleChange::What::kRemoved : RuleChange::What::kChanged,
                         "role " + role.name, role.line, now == nullptr ? 0 : now->line, role.text,
                         now == nullptr ? "" : now->text});
  }
  for (const Role& role : new_policy.roles()) {
    if (find_role(old_policy, role.name) == nullptr)
      out.rules.push_back(
          {RuleChange::What::kAdded, "role " + role.name, 0, role.line, "", role.text});
  }
}

}  // namespace

PolicyDiff diff(const Policy& old_policy, const Policy& new_policy) {
  PolicyDiff out;
  for (const Rule& rule : old_policy.rules()) {
    const Rule* now = find(new_policy, rule.name);
    if (now == nullptr) {
      out.rules.push_back({RuleChange::What::kRemoved, rule.name, rule.line, 0, rule.text, ""});
    } else if (now->text != rule.text) {
      out.rules.push_back(
          {RuleChange::What::kChanged, rule.name, rule.line, now->line, rule.text, now->text});
    }
  }
  for (const Rule& rule : new_policy.rules()) {
    if (find(old_policy, rule.name) == nullptr)
      out.rules.push_back({RuleChange::What::kAdded, rule.name, 0, rule.line, "", rule.text});
  }
  add_roles(old_policy, new_policy, out);
  out.reordered = shared_names(old_policy, new_policy) != shared_names(new_policy, old_policy);
  return out;
}

}  // namespace sluice::policy
