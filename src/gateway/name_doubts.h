#pragma once

#include <cstdint>
#include <memory>

#include "gateway/session_scope.h"
#include "policy/decision.h"

namespace sluice::gateway {

/// What a session does not know, or no longer, about what names mean.
struct NameDoubts {
  uint8_t now = kPathDoubt;
  uint8_t of_transaction = 0;  ///< what the transaction's end may change back
  bool has_temporary = false, finding = false, own_settings = false;
  bool first = true;   ///< as the server connection came from the pool
  bool waits = false;  ///< until all that has been sent is answered
  uint8_t taken = 0;   ///< those being settled
  std::shared_ptr<const policy::Decision> problem;
};

}  // namespace sluice::gateway
