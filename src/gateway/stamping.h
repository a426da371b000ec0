#pragma once

#include <cstdint>
#include <memory>

#include "audit/stamp.h"
#include "gateway/statement.h"

namespace sluice::gateway {

/// What a session knows of the stamps that it writes into the server's WAL.
struct Stamping {
  std::unique_ptr<audit::StampMaker> maker;  ///< null: writes to this database have none
  uint64_t last_token = 0;
  uint64_t now = 0;      ///< in the transaction of what is sent next; 0: none that is certain
  uint64_t at_sync = 0;  ///< it, at a Sync that may have ended its transaction
  uint64_t server_transaction = 0, server_transaction_of = 0;  ///< of the last stamp; that stamp

  /// Whether `statement` is to have one; null: it is not known. `writes`: it, or a statement that
  /// it EXECUTEs, may change rows. What makes tables may fill them.
  bool must(bool writes, const Statement* statement) const {
    if (!maker) return false;
    if (statement == nullptr) return writes;
    const auto& facts = statement->facts();
    return (writes || facts.schema_change) && !facts.outside_transaction;
  }
};

}  // namespace sluice::gateway
