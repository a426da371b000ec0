#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/principal.h"

namespace sluice::policy {

/// A ticket is in one of these states.
struct TicketCondition {
  std::string system;  ///< that says so
  std::vector<std::string> states;
};

/// Conditions of `automatic` that somebody else has to vouch for.
struct ProofConditions {
  /// Keys that attest that tests have passed for exactly what is asked; each of them must.
  std::vector<std::string> attested_by;
  /// The person behind who asks has proved who they are themselves, not longer ago; zero: not
  /// asked.
  Duration human_present = Duration::zero();
  /// A dry run changes at most so many rows.
  std::optional<uint64_t> dry_run_rows;

  std::optional<TicketCondition> ticket;

  bool any() const {
    return ticket || !attested_by.empty() || human_present > Duration::zero() ||
           dry_run_rows.has_value();
  }
};

/// What has come of running it and taking it back.
struct DryRun {
  /// That it changed, with all that follows from it.
  std::optional<uint64_t> rows = std::nullopt;
  std::vector<std::string> tables = {};  ///< "public.orders: 3 inserted, 1 updated, 2 deleted"
  std::string why_not = {};              ///< it was not done, or failed
};

/// What a system says of a ticket.
struct TicketState {
  std::string ticket;
  std::string state;    ///< empty: it is not known
  std::string problem;  ///< why not
};

/// What is known to those conditions. What is not in it is not known, and a no.
struct Proofs {
  std::map<std::string, std::string> attested;  ///< by key: what it attests, for people
  std::string attestation_problem;              ///< why what was given attests nothing
  std::map<std::string, TicketState> tickets;   ///< by system
  std::string human;                            ///< the person; empty: there is none
  int64_t human_authenticated_micros = 0;       ///< by themselves, last; 0: not known
  std::optional<DryRun> dry_run;
};

/// Whether all of them hold; says to each what was looked at.
bool proofs_hold(const ProofConditions& conditions, const Proofs& proofs, int64_t now_micros,
                 std::vector<std::string>& evidence);

}  // namespace sluice::policy
