#pragma once

#include "base/bytes.h"
#include "gateway/expected.h"

namespace sluice::gateway {

// What the requests whose answers are still to come may do to each other: the server answers in
// order, and each of them may fail.

/// The last PREPARE or DEALLOCATE of `name` that `entry` runs as SQL; null for none.
const sql::PreparedUse* last_use(const Expected& entry, Bytes name);

/// Whether `entry` may leave `portal` standing for something else than it did, or for nothing.
bool takes_portal(const Expected& entry, Bytes portal);

/// Whether what a prepared statement's name stands for depends on something that may fail by
/// itself.
bool statement_in_flight(const ExpectedQueue& expected, Bytes name);

/// The same for a portal.
bool portal_in_flight(const ExpectedQueue& expected, Bytes portal);

/// The Bind of what a portal will be.
struct BindAhead {
  const Expected* bind = nullptr;  ///< null: none is under way. Valid until the queue changes.
  bool other = false;  ///< something behind it may leave the portal standing for something else
};
BindAhead bind_ahead(const ExpectedQueue& expected, Bytes portal);

/// Whether something that runs was sent behind what is answered now.
bool runs_behind_front(const ExpectedQueue& expected);

/// How many ReadyForQuery the client is to get, that of the message at hand included.
size_t readies_to_come(const ExpectedQueue& expected);

/// Whether a ReadyForQuery is still to come.
bool ready_outstanding(const ExpectedQueue& expected);

/// Whether anything that is under way may end an aborted transaction.
bool may_leave_aborted(const ExpectedQueue& expected);

}  // namespace sluice::gateway
