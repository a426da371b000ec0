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

/// What reading a statement as a schema change has found, one a line.
struct Objections {
  std::vector<std::string> lint;    ///< worse than advice
  std::vector<std::string> breaks;  ///< what may stop older clients (sql/compatibility.h)
};

/// Applies `spec.automatic`. Any doubt is a no. `objections` are asked for where the spec wants
/// lint clean, or backward compatibility. `proofs`: what others vouch for.
Automatic decide_automatically(const ApprovalSpec& spec, const sql::StatementFacts& facts,
                               const catalog::Catalog* catalog, const Principal& principal,
                               const Target& target, const Circumstances& circumstances,
                               const Objections& objections, const Proofs& proofs = {});

}  // namespace sluice::policy
