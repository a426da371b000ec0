#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "policy/approval_spec.h"
#include "policy/policy.h"

namespace sluice::policy {

/// Whether what a rule holds needs no person, and everything that was looked at for that.
struct Automatic {
  bool approved = false;
  std::vector<std::string> evidence;
};

/// Applies `spec.automatic`. Any doubt is a no. `lint`: what lint finds worse than advice, one a
/// line; asked for only where `spec.lint_clean`. `proofs`: what others vouch for.
Automatic decide_automatically(const ApprovalSpec& spec, const sql::StatementFacts& facts,
                               const catalog::Catalog* catalog, const Principal& principal,
                               const Target& target, const Circumstances& circumstances,
                               const std::vector<std::string>& lint, const Proofs& proofs = {});

}  // namespace sluice::policy
