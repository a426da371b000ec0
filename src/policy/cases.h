#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/understand.h"

namespace sluice::policy {

/// One case of `sluice policy test`: who runs what where, and what is expected (docs/policy.md).
struct PolicyCase {
  std::string name;
  int line = 0;
  Principal principal;
  Target target;
  std::string sql;
  std::string application, purpose, client;  ///< circumstances
  bool in_transaction = false;
  bool run = false, prompt = false;  ///< of an agent: its client has named one
  bool tainted = false;
  std::optional<double> estimated_rows;
  int64_t now_micros = 0;  ///< 0: the time of the run

  Effect expect = Effect::kDeny;
  std::string rule;             ///< empty: any
  LimitSpec limits;             ///< those given must be in force, exactly
  std::optional<Words> shadow;  ///< names of shadow rules that must have matched, all of them
};

/// Every key a case may have, as "a case.name".
std::set<std::string> case_keys();

/// Reads cases. Errors: kInvalidInput with every problem as "file:line:column: …".
Result<std::vector<PolicyCase>> parse_cases(std::string_view yaml, std::string_view file_name);

/// How a case went.
struct CaseResult {
  const PolicyCase* the_case = nullptr;
  std::shared_ptr<const Decision> decision;
  std::vector<std::string> failures;  ///< what was expected and what came; empty: passed
  bool passed() const { return failures.empty(); }
};

/// Runs cases, which must outlive the results. `now_micros`: for cases that give no time.
std::vector<CaseResult> run_cases(const std::shared_ptr<const Policy>& policy,
                                  const std::vector<PolicyCase>& cases,
                                  const Understand& understand, int64_t now_micros);

}  // namespace sluice::policy
