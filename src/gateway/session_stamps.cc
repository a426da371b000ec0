// Session: stamps, which say in the server's WAL that a change has passed through here.
//
// A stamp is a logical message of the transaction that changes rows, written before its first
// change by a statement of the gateway's own that costs no round trip of its own. Its token stands
// in the records of that transaction, with the server's number of it, which the server answers.
// Outside of a block the stamp opens the transaction that the client's statement runs in. Where it
// is not certain that a stamp is in the transaction that a write will run in, it has another one:
// one too many is only bytes.
#include <algorithm>
#include <charconv>

#include "gateway/in_flight.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/messages.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// The second column of the one row of `StampMaker::statement`.
uint64_t transaction_number(const std::vector<catalog::Rows>& results) {
  if (results.size() != 1 || results[0].size() != 1) return 0;
  const auto& row = results[0][0];
  if (row.size() != 2 || !row[1]) return 0;
  uint64_t number = 0;
  const auto end = row[1]->data() + row[1]->size();
  const auto read = std::from_chars(row[1]->data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? number : 0;
}

bool calls_procedures(const sql::StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kCall;
  });
}

}  // namespace

/// `go_on`: the query may be forwarded, with a stamp before it where it can have one.
Session::Pass Session::begin_stamped_query(const Piece& piece, const Statement& statement,
                                           bool counted, bool& go_on) {
  go_on = false;
  // Not before it is known how the transaction stands.
  if (!expected_.empty() && !since_sync_ && !counted) return defer(piece, kQueue);
  const auto& facts = statement.facts();
  if (!facts.transaction.empty()) {
    // Each of its transactions is to have its own, and BEGIN may set what must stand first.
    const auto query = pg::decode_query(piece.body());
    if (query && expected_.empty() && begin_split(query->text)) return Pass::kDrop;
    stamping_.now = 0;
    go_on = true;
    return Pass::kForward;
  }
  go_on = true;
  if (since_sync_ || transaction_ == 'E') return Pass::kForward;
  if (stamping_.now == 0) write_stamp(true, counted);
  return Pass::kForward;
}

void Session::begin_stamped_execute(const Statement* statement) {
  if (statement != nullptr && !statement->facts().transaction.empty()) return;
  if (transaction_ == 'E' && expected_.empty()) return;
  if (stamping_.now == 0) write_stamp(false, false);
}

void Session::write_stamp(bool simple, bool counted) {
  stamping_.last_token =
      std::max(stamping_.last_token + 1, static_cast<uint64_t>(now_.wall_micros));
  stamping_.now = stamping_.last_token;
  // No Sync behind it: it is to be in the transaction of what follows.
  run_own(
      {stamping_.maker->statement(id_, stamping_.now)},
      [this, token = stamping_.now, simple](OwnRun& run) { stamped(run, token, simple); },
      OwnEnd::kBehindMe);
  // Should it fail, the server skips all up to a Sync, which a simple query is not.
  if (simple && !counted) suspend(kStamping);
}

void Session::stamped(OwnRun& run, uint64_t token, bool simple) {
  if (!run.answer.error) {
    stamping_.server_transaction = transaction_number(run.answer.results);
    stamping_.server_transaction_of = token;
    resume(kStamping);
    return;
  }
  stamping_.now = stamping_.at_sync = 0;
  if (!run.skipped) counting_failed(&*run.answer.error, simple);
  resume(kStamping);
}

/// The statement has been sent: where what comes behind it may run in another transaction, or where
/// the stamp may be undone, there is none.
void Session::note_stamp_effects(const sql::StatementFacts& facts) {
  using enum sql::TransactionEffect;
  const bool ends = std::any_of(
      facts.transaction.begin(), facts.transaction.end(),
      [](auto effect) { return effect != kNone && effect != kSavepoint && effect != kRelease; });
  // Outside of a block, procedures may commit.
  const bool may_commit = transaction_ != 'T' && (facts.dynamic_sql || calls_procedures(facts));
  // So does what ends with a simple query.
  const bool over = !since_sync_ && transaction_ != 'T' && !own_transaction_;
  if (ends) stamping_.at_sync = 0;
  if (ends || may_commit || over) stamping_.now = 0;
}

/// Outside of a block a Sync ends the transaction. Whether it is outside of one may not be known.
void Session::stamp_ends_at_sync() {
  stamping_.at_sync = stamping_.now;
  const bool in_block =
      transaction_ == 'T' && transaction_ahead_ == 'T' && !ready_outstanding(expected_);
  if (!in_block) stamping_.now = 0;
}

}  // namespace sluice::gateway
