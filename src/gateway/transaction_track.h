#pragma once

#include <cstdint>
#include <string_view>

#include "audit/event.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// Counts a session's transactions and says how each ended, from what the server answers in its
/// order. A transaction of the gateway's own around a statement is not told to it: to the client it
/// is the statement's implicit one.
class TransactionTrack {
 public:
  /// In which transaction something happened; `outcome` where it ended it.
  struct Place {
    uint64_t number = 0;
    audit::TransactionOutcome outcome = audit::TransactionOutcome::kOpen;
  };

  /// A statement has completed with this command tag. `effect` is what its text says it does to its
  /// transaction. `commits`: outside of a block the server has committed it by then, as it has the
  /// last statement of a simple query.
  Place completed(std::string_view command, sql::TransactionEffect effect, bool commits);
  /// A statement has failed: outside of a block all that came before it is undone.
  Place failed();
  /// Something happened that is no end; number 0 where no transaction is open.
  Place current() const { return {open_ ? number_ : 0}; }
  /// As `current`, of what may have begun a transaction.
  Place running();
  /// The server is ready: 'I' idle, 'T' in a block, 'E' in one that has failed.
  void ready(char status);

  /// Whether a transaction is open that is no block of the client's.
  bool implicit() const { return open_ && !block_; }
  bool open() const { return open_; }

 private:
  Place end(audit::TransactionOutcome outcome);

  uint64_t number_ = 0;
  bool open_ = false;
  bool block_ = false;  ///< BEGIN has made it one that only COMMIT or ROLLBACK ends
};

}  // namespace sluice::gateway
