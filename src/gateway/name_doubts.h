#pragma once

#include <cstdint>
#include <memory>

#include "gateway/session_scope.h"
#include "policy/decision.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// As of when a session knows what names mean, and what of it has come into doubt.
struct NameDoubts {
  uint64_t catalog_version = 0;  ///< CatalogKeeper::version that its scope is made from
  uint8_t now = kPathDoubt;
  uint8_t of_transaction = 0;  ///< what the transaction's end may change back
  bool has_temporary = false, finding = false, own_settings = false;
  bool first = true;   ///< as the server connection came from the pool
  bool waits = false;  ///< until all that has been sent is answered
  uint8_t taken = 0;   ///< those being settled
  std::shared_ptr<const policy::Decision> problem;
  /// What statements have made of application_name since the server has last told it: some servers
  /// do so with ReadyForQuery alone.
  sql::ApplicationChange application;
};

}  // namespace sluice::gateway
