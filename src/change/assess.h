#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approval/request.h"
#include "base/result.h"
#include "change/attestation.h"
#include "change/change.h"
#include "change/script.h"
#include "gateway/gateway.h"
#include "policy/principal.h"
#include "policy/proofs.h"

namespace sluice::change {

/// Who asks, as they have proved.
struct Who {
  std::string user;
  std::string credential;  ///< its id
  std::string peer;        ///< address they ask from
};

/// The scripts of a change, and how they are run.
struct Plan {
  std::vector<Step> script, rollback;
  bool script_in_transaction = true;  ///< on each target; else each step by itself
  bool rollback_in_transaction = true;

  const std::vector<Step>& steps(Part part) const {
    return part == Part::kScript ? script : rollback;
  }
  bool in_transaction(Part part) const {
    return part == Part::kScript ? script_in_transaction : rollback_in_transaction;
  }
};

/// What the policy says of a change for who asks, on all its targets, as they are now.
struct Assessment {
  Plan plan;
  std::vector<approval::Need> needs;  ///< of all rules that hold something of it; empty: none does
  std::optional<uint64_t> max_rows;
  Duration valid = std::chrono::hours(24);
  bool automatic = false;  ///< everything held could be approved without anybody
  std::vector<std::string> evidence;
  policy::Proofs proofs;     ///< what others vouch for
  std::string brief;         ///< for those who decide: JSON, see approval/brief.h
  std::string environments;  ///< "staging, production"
  std::vector<std::string> persons;
  std::string kind;  ///< of the requester
  approval::Login login;
  /// Of approval::Subject, over all targets.
  std::string session, schema, policy;
  /// A schema was changed past the gateway a moment ago: what was judged may be out of date.
  bool outdated = false;
};

/// Judges every step on every target. kDenied names the step, its line and the database that
/// refuses it. What names something that only earlier steps make is judged as what it may be; for
/// certain it is judged when it runs. Blocking: asks the servers.
/// `rollback_only`: the script has been run, and is not looked at.
/// `vouching`: whose word on its tests and its ticket counts.
Result<Assessment> assess(gateway::Gateway& gateway, const Change& change, const Who& who,
                          const Vouching& vouching, bool rollback_only = false);

}  // namespace sluice::change
