#pragma once

#include <memory>
#include <optional>

#include "gateway/taken.h"
#include "policy/decision.h"

namespace sluice::gateway {

/// What a session notifies itself of: NOTIFY and pg_notify send any text back to whoever listens,
/// their own session too, at the end of the transaction. It counts by the tightest bounds of all
/// that ran in it. Pure.
struct Notified {
  bool listens = false;                        ///< the session may have sent a LISTEN
  std::shared_ptr<const policy::Decision> by;  ///< null: nothing bounds it
  Taken taken;
  bool passed = false;  ///< a limit, and the client knows

  /// A statement with bounds is sent.
  void bound(const std::shared_ptr<const policy::Decision>& decision);
  /// One more has come, of so many bytes. False: it is too much.
  bool take(size_t bytes);
  /// The transaction is over.
  void end();
};

/// Whether it may LISTEN: by itself, or in code.
bool may_listen(const sql::StatementFacts& facts);

}  // namespace sluice::gateway
