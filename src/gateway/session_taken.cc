// Session: what has been taken of results and for how long they ran, and when that is too much.
//
// Bounds are those of a statement as its client sends it: of a text with all its statements, of a
// portal in all its pieces, of a cursor with all that is fetched from it.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/changes.h"
#include "gateway/passed_limit.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// The cursor that the statement under way takes from; empty: none, or nobody knows.
const std::string& cursor_of(const Expected& entry) {
  if (!entry.text) return entry.portal;
  const auto& results = entry.text->facts().results;
  static const std::string kNone;
  return entry.completed < results.size() ? results[entry.completed].fetches : kNone;
}

std::shared_ptr<const policy::Decision> out_of_time(const policy::Decision& decision,
                                                    const Admission& admission) {
  const auto& most = *decision.limits.duration;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(most.most);
  return passed_limit(decision, admission, most.rule, "duration_ms",
                      static_cast<uint64_t>(milliseconds.count()),
                      fmt::format("the statement ran longer than the {} ms that rule \"{}\" allows",
                                  milliseconds.count(), most.rule));
}

bool commits(const sql::StatementFacts& facts) {
  using enum sql::TransactionEffect;
  return std::any_of(facts.transaction.begin(), facts.transaction.end(), [](auto effect) {
    return effect == kCommit || effect == kPrepareTransaction;
  });
}

}  // namespace

/// How long the server has run it by now: what stands before it in a pipeline does not count.
uint64_t Session::running_micros(const Expected& entry) const {
  const auto since = std::max(entry.started.steady, watch_.last_end.steady);
  using std::chrono::duration_cast;
  return static_cast<uint64_t>(
      std::max<int64_t>(0, duration_cast<std::chrono::microseconds>(now_.steady - since).count()));
}

/// A statement of `entry` has completed, or paused. Its command tag has not been looked at: that of
/// MOVE or UPDATE tells of rows that nobody was sent.
void Session::note_taken(Expected& entry) {
  if (!entry.limited && !entry.of_cursor) return;
  const bool returned = entry.kind == RequestKind::kExecute || entry.described || entry.copying_out;
  Taken more{returned ? entry.rows : 0, returned ? entry.bytes : 0, running_micros(entry)};
  more.add(std::exchange(entry.said, {}));
  if (entry.of_cursor) {
    if (const auto& name = cursor_of(entry); !name.empty()) opened_.use.take(name, more);
  }
  if (entry.kind != RequestKind::kQuery) return;
  entry.of_text.add(more);
  if (split_.under_way) split_.taken.add(more);
}

/// What the next statement of `entry` begins with.
void Session::count_from(Expected& entry) {
  if (!entry.limited) return;
  if (entry.kind == RequestKind::kQuery) entry.before = entry.of_text;
  if (!entry.of_cursor) return;
  if (const auto& name = cursor_of(entry); !name.empty()) {
    entry.before = Taken::most(entry.before, opened_.use.of(name));
  }
}

/// COMMIT runs what is left of cursors WITH HOLD: no longer than they may.
void Session::bound_commit(Expected& entry) {
  if (!opened_.at_commit || !entry.decision || !entry.text || !commits(entry.text->facts())) return;
  entry.decision = tightened(*entry.decision, opened_.at_commit->limits);
}

bool Session::within_limits(Expected& entry, size_t rows, size_t bytes) {
  const auto& limits = entry.decision->limits;
  if (auto over = entry.spending ? over_budget(entry, rows, bytes) : nullptr) {
    cut_result(entry, std::move(over));
    return false;
  }
  const auto cut = [&](const auto& most, std::string_view what) {
    cut_result(entry, passed_limit(
                          *entry.decision, admission_, most.rule, what, most.most,
                          fmt::format("the result has more than the {} {} that rule \"{}\" allows",
                                      most.most, what, most.rule)));
    return false;
  };
  if (limits.rows && entry.before.rows + entry.said.rows + entry.rows + rows > limits.rows->most) {
    return cut(*limits.rows, "rows");
  }
  if (limits.bytes &&
      entry.before.bytes + entry.said.bytes + entry.bytes + bytes > limits.bytes->most) {
    return cut(*limits.bytes, "bytes");
  }
  return true;
}

/// Something whose time is bounded has been sent: it is looked at again once that may be over.
void Session::watch_duration(Duration most) {
  if (!watch_.timer) {
    watch_.timer = std::make_unique<net::Timer>(worker_.reactor(), [this] { duration_passed(); });
  }
  const auto due = now_.steady + most;
  if (watch_.timer->armed() && watch_.due <= due) return;
  watch_.due = due;
  watch_.timer->arm(most);
}

void Session::duration_passed() {
  if (finished_) return;
  now_ = Moment::now();
  const bool commits = deferred_ && deferred_->counted && (suspended_ & kEstimating) != 0;
  if (commits && !deferred_->refused && bounded_ && bounded_->limits.duration) {
    const auto& most = *bounded_->limits.duration;
    const auto took = now_.steady - watch_.last_end.steady;
    if (took < most.most) return watch_duration(most.most - took);
    deferred_->refused = out_of_time(*bounded_, admission_);
    stop_at_server();
    return;
  }
  if (settling_ && settling_->limited && settling_->decision->limits.duration) {
    // What is put off until COMMIT runs as its changes are counted.
    watch_running(*settling_, false);
    return;
  }
  // The answers to its Parse and Bind may be in the server's buffer still.
  bool waits = false;
  size_t at = 0;
  for (; at < expected_.size(); ++at) {
    const Expected& entry = expected_.at(at);
    if (entry.limited && entry.decision->limits.duration) break;
    waits = waits || entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute ||
            entry.kind == RequestKind::kFunctionCall;
  }
  if (at < expected_.size()) watch_running(expected_.at(at), waits);
}

/// `waits`: the server has not come to it yet.
void Session::watch_running(Expected& entry, bool waits) {
  const auto allowed =
      std::chrono::duration_cast<std::chrono::microseconds>(entry.decision->limits.duration->most);
  const auto took =
      std::chrono::microseconds(waits ? 0 : entry.before.micros + running_micros(entry));
  if (took < allowed) {
    watch_duration(allowed - took);
  } else if (!entry.cut) {
    stop_in_time(entry);
  }
}

void Session::stop_in_time(Expected& entry) {
  auto why = out_of_time(*entry.decision, admission_);
  if (!copying_in_) {
    cut_result(entry, std::move(why));
    return;
  }
  // The server waits for the client's data, and would see no cancel before they come.
  if (client_framer_.streaming()) {
    if (!record_limited(entry, *why)) return;
    fatal(why->sqlstate, why->message, why->hint);
    return;
  }
  entry.cut = std::move(why);
  std::string out;
  pg::encode_copy_fail(out, entry.cut->message);
  server_->stream().send(Bytes(out));
}

/// The server's clock runs on from the first message of a pipeline up to the end of an Execute, or
/// a Sync, and would count the client's own time between the pieces of a portal. One that is over
/// stops it.
void Session::stop_clock_at_server() {
  watch_.flushed = false;
  if (!since_sync_ || skip_until_sync_ || finished_ || !watch_.at_server.holds()) return;
  run_own({"SHOW server_version_num"}, [](OwnRun&) {});
}

/// Has the server bound the statement that is about to be sent, too, where nothing is under way.
/// True: its answer is outstanding. `bind`: of one whose Bind is looked at, which is to come again.
bool Session::bound_at_server(const Statement* text, const policy::Decision* decision, bool bind) {
  const bool idle = bind ? watch_.bind_begins : !since_sync_ && expected_.empty();
  if (text == nullptr || decision == nullptr || !idle || own_transaction_ || transaction_ == 'E' ||
      transaction_ != transaction_ahead_) {
    return false;
  }
  const bool bounded = decision->allowed() && decision->limits.duration;
  const auto most = bounded ? std::optional(decision->limits.duration->most) : std::nullopt;
  const auto setting = watch_.at_server.before(text->facts(), most, transaction_ == 'T');
  if (!setting) return false;
  if (bind) {
    expected_.drop_back();
    since_sync_ = false;
  }
  run_own({*setting}, [this](OwnRun& run) {
    watch_.at_server.answered(run.answer.results, run.answer.error.has_value());
  });
  return true;
}

}  // namespace sluice::gateway
