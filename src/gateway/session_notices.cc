// Session, what the server says beside results: errors' words, notices, notifications.
#include <fmt/format.h>

#include "gateway/masking.h"
#include "gateway/passed_limit.h"
#include "gateway/session.h"
#include "gateway/veiled_message.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Whether what other statements of the transaction have put off may run by then: deferred
/// constraints, whose errors show the rows that they are about. Code may SET CONSTRAINTS as well,
/// which counts as a change of settings.
bool runs_put_off(const Expected* entry) {
  if (entry == nullptr || entry->kind == RequestKind::kSync || !entry->text) return true;
  const auto& facts = entry->text->facts();
  return !facts.transaction.empty() || facts.may_change_settings || facts.dynamic_sql;
}

std::shared_ptr<const policy::Decision> notified_enough(const Notified& own,
                                                        const Admission& admission) {
  const auto& limits = own.by->limits;
  const bool rows = limits.rows && own.taken.rows > limits.rows->most;
  const auto& most = rows ? *limits.rows : *limits.bytes;
  const std::string_view what = rows ? "rows" : "bytes";
  return passed_limit(*own.by, admission, most.rule, what, most.most,
                      fmt::format("what the session notifies itself of is more than the {} {} that "
                                  "rule \"{}\" allows: the rest is left out",
                                  most.most, what, most.rule));
}

std::string warning_of(const policy::Decision& why) {
  pg::ErrorFields fields;
  fields.set_severity("WARNING");
  fields.set(pg::kFieldSqlstate, why.sqlstate);
  fields.set(pg::kFieldMessage, why.message);
  fields.set(pg::kFieldDetail, why.detail);
  fields.set(pg::kFieldHint, why.hint);
  std::string out;
  pg::encode_notice_response(out, fields);
  return out;
}

}  // namespace

/// What an error or notice that belongs to `entry` (null: to no statement) may tell. In an opaque
/// transaction code that has seen hidden values may speak up to its end; in one that hides, what
/// was put off may tell of them.
pg::ErrorFields Session::veiled_fields(const pg::ErrorFields& fields, const Expected* entry) {
  const auto& shown_to = entry != nullptr && entry->audience ? entry->audience : audience_;
  if (!shown_to) return fields;
  Telling telling = Telling::kAll;
  if (entry != nullptr && entry->masking) {
    const auto& plan = entry->masking->plan();
    if (plan.hides || plan.masks()) telling = plan.opaque ? Telling::kNothing : Telling::kOwnWords;
  } else if (entry != nullptr && entry->veiled) {
    telling = Telling::kNothing;
  }
  if (telling == Telling::kAll && opaque_transaction_) telling = Telling::kNothing;
  // Counting a write runs what those before it have put off, too.
  if (telling == Telling::kAll && hiding_transaction_ &&
      (entry == settling_.get() || runs_put_off(entry)))
    telling = Telling::kOwnWords;
  const Bytes text = entry != nullptr && entry->text ? Bytes(entry->text->recorded.text) : Bytes();
  return veiled(fields, text, telling, shown_to->audience.anywhere);
}

Session::Pass Session::on_notice(const Piece& piece) {
  Expected* entry = expected_.empty() ? nullptr : &expected_.front();
  const bool kept = entry != nullptr && entry->keeps();
  if (entry != nullptr && entry->limited && entry->decision) {
    // Its words are chosen by what runs: they count like a row's.
    if (entry->cut || !within_limits(*entry, 1, piece.length)) {
      dropping_row_ = !piece.last;
      return Pass::kDrop;
    }
    entry->said.add({1, piece.length, 0});
  }
  if (!audience_ && !kept) return Pass::kForward;
  replacement_.clear();
  pg::encode_notice_response(replacement_,
                             veiled_fields(pg::ErrorFields::decode(piece.body()), entry));
  if (kept && !keep_words(*entry)) return Pass::kStop;
  replacing_error_ = !piece.last;
  return piece.last ? Pass::kReplace : Pass::kDrop;
}

/// The session's own count like rows. They come when their transaction is over: what is too much is
/// left out, and said so once. Of somebody else's payload what looks sensitive is struck out.
Session::Pass Session::on_notification(const Piece& piece) {
  auto& own = cutting_.notified;
  if (!audience_ && !own.by) return Pass::kForward;
  const auto notification = pg::decode_notification(piece.body());
  if (!notification) {
    server_violation(notification.error().text);
    return Pass::kStop;
  }
  if (own.by && notification->pid == server_->process_id()) {
    if (own.passed) return Pass::kDrop;
    if (!own.take(piece.length)) {
      const auto why = notified_enough(own, admission_);
      const Expected* entry = settling_           ? settling_.get()
                              : expected_.empty() ? nullptr
                                                  : &expected_.front();
      if (entry != nullptr && !entry->own && !record_limited(*entry, *why)) return Pass::kStop;
      replacement_ = warning_of(*why);
      return Pass::kReplace;
    }
  }
  if (!audience_) return Pass::kForward;
  const std::string payload =
      without_sensitive(notification->payload, audience_->audience.anywhere);
  if (payload == notification->payload) return Pass::kForward;
  replacement_.clear();
  pg::encode_notification(replacement_, notification->pid, notification->channel, payload);
  return Pass::kReplace;
}

}  // namespace sluice::gateway
