#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sql/lint.h"

namespace sluice::sql {

inline std::vector<std::string> rules_in(const std::string& script, const Scope& scope = {}) {
  std::vector<std::string> rules;
  for (const auto& finding : lint(script, scope)) rules.emplace_back(finding.rule);
  return rules;
}

inline const Finding* find(const std::vector<Finding>& findings, std::string_view rule) {
  const auto it = std::find_if(findings.begin(), findings.end(),
                               [&](const auto& finding) { return finding.rule == rule; });
  return it == findings.end() ? nullptr : &*it;
}

inline std::string safer(const std::string& script, std::string_view rule,
                         const Scope& scope = {}) {
  const auto findings = lint(script, scope);
  const auto* found = find(findings, rule);
  return found == nullptr ? "no finding" : found->safer;
}

}  // namespace sluice::sql
