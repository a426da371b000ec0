#pragma once

#include <memory>
#include <string>
#include <utility>

#include "agents/attribution.h"
#include "gateway/said_settings.h"
#include "gateway/stated.h"
#include "gateway/taints.h"
#include "policy/ledger.h"

namespace sluice::gateway {

/// For whom a service acts, as far as it may say so at all (docs/identity.md), and for which run
/// and prompt of an agent (docs/agents.md).
struct Acting {
  bool may = false;              ///< it has a key to sign with
  std::string session;           ///< as `SET sluice.end_user` has said; empty: for itself
  std::string now;               ///< in the statement at hand
  agents::Attribution said;      ///< for which run and prompt of an agent, in the session
  agents::Attribution said_now;  ///< in the statement at hand
  bool tainted = false;          ///< it has read text that anybody may have written
  /// What the statement at hand may use of budgets, until it is sent.
  std::unique_ptr<policy::Spending> spending;
  Stated stated;         ///< what its session is for (docs/provenance.md)
  std::string envelope;  ///< the receipt of its last export for training
  SaidSettings before;   ///< the transaction and its savepoints

  Said all_said() const { return {session, said, stated}; }
  /// The server has taken settings back. A session that trains goes on so: receipts are made.
  void take_back(Said to) {
    session = std::move(to.end_user);
    said = std::move(to.attribution);
    if (!stated.trains()) stated = std::move(to.stated);
  }
};

struct Admission;
struct Spender;

/// Who pays for what it does (gateway/budgets.h).
Spender spender_of(const Admission& admission, const Acting& acting, int64_t now_micros);

/// Whether it, its run or its credential has read text that anybody may have written, as far as
/// `policy` asks.
bool is_tainted(const Acting& acting, const policy::Principal& who, const policy::Policy& policy,
                const Taints& taints, int64_t now_micros);

}  // namespace sluice::gateway
