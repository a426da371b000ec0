#pragma once

#include <string>

#include "base/clock.h"
#include "base/secret.h"

namespace sluice::config {

/// One entry of `attesters`: whose signature vouches that tests have passed (docs/approvals.md).
struct AttesterConfig {
  std::string name;                           ///< as `attested_by` names it
  std::string public_key;                     ///< Ed25519, 32 raw bytes; empty: by `secret`
  SecretString secret;                        ///< of HMAC-SHA-256
  Duration max_age = std::chrono::hours(24);  ///< since the tests have ended
};

}  // namespace sluice::config
