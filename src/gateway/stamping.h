#pragma once

#include <cstdint>
#include <memory>

#include "audit/stamp.h"

namespace sluice::gateway {

/// What a session knows of the stamps that it writes into the server's WAL.
struct Stamping {
  std::unique_ptr<audit::StampMaker> maker;  ///< null: writes to this database have none
  uint64_t last_token = 0;
  uint64_t now = 0;      ///< in the transaction of what is sent next; 0: none that is certain
  uint64_t at_sync = 0;  ///< it, at a Sync that may have ended its transaction
  uint64_t server_transaction = 0, server_transaction_of = 0;  ///< of the last stamp; that stamp
};

}  // namespace sluice::gateway
