#include "policy/policy.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "policy/checks.h"
#include "policy/profiles.h"
#include "policy/rule_reader.h"

namespace sluice::policy {
namespace {

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxRules = 1000;

void read_rules(const YAML::Node& root, std::vector<Rule>& rules, yaml::Problems& problems) {
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
           [&](yaml::MapReader& map) { rules.push_back(read_rule(map, problems)); });
}

}  // namespace

Policy::~Policy() = default;

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view yaml,
                                                    std::string_view file_name) {
  yaml::Problems problems{std::string(file_name)};
  if (yaml.size() > kMaxFile)
    return fail(ErrorCode::kInvalidInput, fmt::format("{}: larger than 1 MiB", file_name));
  if (yaml.find('\0') != std::string_view::npos || !is_utf8(yaml))
    return fail(ErrorCode::kInvalidInput, fmt::format("{}: is not UTF-8 text", file_name));
  std::shared_ptr<Policy> policy(new Policy());
  policy->text_ = yaml;
  policy->name_ = file_name;
  policy->version_ = to_hex(Bytes(sha256(yaml).data(), 8));
  try {
    const YAML::Node root = yaml::load_document(policy->text_, problems);
    if (!problems.any()) read_rules(root, policy->rules_, problems);
  } catch (const YAML::Exception& error) {
    problems.add(error.mark, error.msg);
  }
  if (!problems.any()) check_rules(policy->rules_, problems);
  if (problems.any()) return fail(ErrorCode::kInvalidInput, problems.text());
  for (const Rule& rule : policy->rules_) {
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
      fmt::format("there is no profile \"{}\"; profiles are observe, standard and strict", name));
}

}  // namespace sluice::policy
