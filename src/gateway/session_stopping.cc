// Session: what is cut off ends at the server, too.
//
// A cancel may be lost or come between two statements, and code can catch it (query_canceled) and
// go on: it is sent again for a while. What goes on even then ends with its connection, and its
// server process is terminated (stragglers.h), which no code can catch.
#include <fmt/format.h>

#include "gateway/cancel.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

constexpr Duration kBetweenCancels = std::chrono::seconds(1);
constexpr int kMostUnheeded = 5;

}  // namespace

/// Nothing more of this result goes to the client, and the server is asked to stop.
void Session::cut_result(Expected& entry, DecisionPtr why) {
  entry.cut = std::move(why);
  stop_at_server();
}

/// `ticket`: of the client that asks for it. One cancel at a time is enough, and bounds what a
/// flood of them can cost.
void Session::stop_at_server(std::shared_ptr<CancelTicket> ticket) {
  const bool ours = ticket == nullptr;
  if (cutting_.cancels == 0) {
    ++cutting_.cancels;
    send_cancel(worker_, *server_, [&worker = worker_, id = id_, ticket = std::move(ticket)] {
      if (Session* session = worker.find_session(id)) session->cancel_arrived();
    });
  }
  if (!ours) return;
  if (!cutting_.again) {
    cutting_.again = std::make_unique<net::Timer>(worker_.reactor(), [this] { watch_stopping(); });
  }
  if (!cutting_.again->armed()) cutting_.again->arm(kBetweenCancels);
}

/// It has hit what ran at the server then, and hits nothing that is sent from now on.
void Session::cancel_arrived() {
  --cutting_.cancels;
  if (finished_ || cutting_.ready.empty() || cutting_.cancels > 0) return;
  now_ = Moment::now();
  const std::string bytes = std::exchange(cutting_.ready, {});
  Piece piece;
  piece.type = pg::kReadyForQuery;
  piece.first = piece.last = true;
  piece.length = static_cast<uint32_t>(bytes.size());
  piece.bytes = bytes;
  if (on_ready(piece) == Pass::kForward) send_to_client(bytes);
  if (!finished_ && suspended_ != 0) continue_suspended();
}

/// Something was to be cut off: has it ended?
void Session::watch_stopping() {
  if (finished_) return;
  // What COMMIT runs waits for it with its message.
  const bool commits = deferred_ && deferred_->counted && (suspended_ & kEstimating) != 0;
  Expected* entry = settling_ ? settling_.get() : expected_.empty() ? nullptr : &expected_.front();
  const DecisionPtr why = commits ? deferred_->refused : entry != nullptr ? entry->cut : nullptr;
  if (!why) {
    cutting_.unheeded = 0;
    return;
  }
  now_ = Moment::now();
  // Of a client that does not read, the server's answers are not read either.
  if (client_->unsent() == 0) ++cutting_.unheeded;
  if (cutting_.unheeded < kMostUnheeded) return stop_at_server();
  if (entry != nullptr && entry->cut && !entry->failed) {
    if (!record_limited(*entry, *why)) return;
    entry->failed = true;
  }
  // It is on the record.
  if (settling_ && settling_->cut) settling_.reset();
  fatal(why->sqlstate,
        fmt::format("{}; it went on when it was cancelled, so the connection is closed",
                    why->message),
        "Code that catches a cancel (query_canceled, 57014) must let it pass: RAISE.");
}

}  // namespace sluice::gateway
