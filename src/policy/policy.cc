#include "policy/policy.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "policy/budget.h"
#include "policy/checks.h"
#include "policy/profiles.h"
#include "policy/role_reader.h"
#include "policy/rule_reader.h"
#include "yaml/text_lines.h"

namespace sluice::policy {
namespace {

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxRules = 1000;
constexpr size_t kMaxRoles = 200;
constexpr size_t kMaxBudgets = 100;

/// What a file says.
struct Parts {
  std::vector<Rule>& rules;
  std::vector<Role>& roles;
  std::vector<Budget>& budgets;
  std::vector<std::string>& access_reviewers;
};

void read_parts(const YAML::Node& root, const Parts& parts, yaml::Problems& problems) {
  if (!root.IsMap()) {
    problems.add(root.IsDefined() ? root.Mark() : YAML::Mark::null_mark(),
                 "expected a mapping with rules");
    return;
  }
  yaml::MapReader top(root, "the policy", problems);
  const YAML::Node list = top.node("rules");
  if (list.IsDefined() && list.IsSequence() && list.size() > kMaxRules) {
    problems.add(list.Mark(), fmt::format("rules: more than {} rules", kMaxRules));
    return;
  }
  top.maps("rules", "a rule",
           [&](yaml::MapReader& map) { parts.rules.push_back(read_rule(map, problems)); });
  if (const YAML::Node roles = top.node("roles"); roles.IsDefined()) {
    if (roles.IsSequence() && roles.size() > kMaxRoles) {
      problems.add(roles.Mark(), fmt::format("roles: more than {} roles", kMaxRoles));
      return;
    }
    top.maps("roles", "a role",
             [&](yaml::MapReader& map) { parts.roles.push_back(read_role(map, problems)); });
  }
  if (const YAML::Node budgets = top.node("budgets"); budgets.IsDefined()) {
    if (budgets.IsSequence() && budgets.size() > kMaxBudgets) {
      problems.add(budgets.Mark(), fmt::format("budgets: more than {} budgets", kMaxBudgets));
      return;
    }
    top.maps("budgets", "a budget",
             [&](yaml::MapReader& map) { parts.budgets.push_back(read_budget(map, problems)); });
  }
  top.map("access_review",
          [&](yaml::MapReader& map) { parts.access_reviewers = read_access_review(map); });
}

}  // namespace

Policy::Policy() = default;
Policy::~Policy() = default;

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view yaml,
                                                    std::string_view file_name) {
  yaml::Problems problems{std::string(file_name)};
  if (yaml.size() > kMaxFile)
    return fail(ErrorCode::kInvalidInput, fmt::format("{}: larger than 1 MiB", file_name));
  if (const size_t line = yaml::line_that_is_no_text(yaml); line != 0)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("{}:{}:1: is not UTF-8 text", file_name, line));
  std::shared_ptr<Policy> policy(new Policy());
  policy->text_ = yaml;
  policy->name_ = file_name;
  policy->version_ = to_hex(Bytes(sha256(yaml).data(), 8));
  try {
    const YAML::Node root = yaml::load_document(policy->text_, problems);
    if (!problems.any())
      read_parts(root,
                 {policy->rules_, policy->roles_, policy->budgets_, policy->access_reviewers_},
                 problems);
  } catch (const YAML::Exception& error) {
    problems.add(error.mark, error.msg);
  }
  if (!problems.any()) {
    check_rules(policy->rules_, problems);
    check_roles(policy->roles_, problems);
    check_budgets(policy->budgets_, problems);
  }
  if (problems.any()) return fail(ErrorCode::kInvalidInput, problems.text());
  for (const Rule& rule : policy->rules_) {
    policy->asks_taint_ = policy->asks_taint_ || rule.when.tainted.has_value();
    policy->asks_classes_ = policy->asks_classes_ || rule.asks_classes();
    policy->captures_ = policy->captures_ || (rule.capture && !rule.shadow);
    if (rule.veils() && !rule.shadow) policy->veils_.push_back(&rule);
  }
  return policy;
}

Result<std::shared_ptr<const Policy>> Policy::profile(std::string_view name) {
  for (const Profile& profile : profiles()) {
    if (profile.name == name) return parse(profile.text, name);
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("there is no profile \"{}\"; profiles are agents, observe, standard and strict",
                  name));
}

}  // namespace sluice::policy
