#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/attesters.h"
#include "config/tickets.h"
#include "policy/proofs.h"

namespace sluice::change {

/// Longer ones are none.
inline constexpr size_t kLongestAttestation = size_t{64} << 10;

/// Who vouches for changes.
struct Vouching {
  std::vector<config::AttesterConfig> attesters;
  std::vector<config::TicketSystemConfig> tickets;
};

/// Fills in what `envelope` attests of a change with these scripts: an in-toto statement of a test
/// result (predicate type https://in-toto.io/attestation/test-result/v0.1, `result` PASSED, with
/// `finishedOn`) whose subjects are the SHA-256 of the script and of the rollback script, if there
/// is one, in a DSSE envelope that configured keys have signed. What is wrong with it is
/// `attestation_problem`.
void read_attestation(std::string_view envelope, std::string_view script, std::string_view rollback,
                      const std::vector<config::AttesterConfig>& attesters, int64_t now_micros,
                      policy::Proofs& proofs);

}  // namespace sluice::change
