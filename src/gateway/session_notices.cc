// Session, what the server says beside results: errors' words, notices, notifications.
#include "gateway/masking.h"
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

/// Somebody else's payload: what looks sensitive is struck out.
Session::Pass Session::on_notification(const Piece& piece) {
  if (!audience_) return Pass::kForward;
  const auto notification = pg::decode_notification(piece.body());
  if (!notification) {
    server_violation(notification.error().text);
    return Pass::kStop;
  }
  const std::string payload =
      without_sensitive(notification->payload, audience_->audience.anywhere);
  if (payload == notification->payload) return Pass::kForward;
  replacement_.clear();
  pg::encode_notification(replacement_, notification->pid, notification->channel, payload);
  return Pass::kReplace;
}

}  // namespace sluice::gateway
