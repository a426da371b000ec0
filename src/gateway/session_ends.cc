// Session, how statements end: completed, failed, cut off, and ready for the next.
#include "gateway/bounded_words.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

Session::Pass Session::on_command_complete(const Piece& piece) {
  const auto complete = pg::decode_command_complete(piece.body());
  if (!complete) return server_violation(complete.error().text);
  Expected& entry = expected_.front();
  note_taken(entry);
  if (complete->rows && !entry.cut) entry.rows = *complete->rows;
  entry.tagged = complete->rows.has_value();
  return on_execution_end(piece, complete->command);
}

Session::Pass Session::on_execution_end(const Piece& piece, std::string_view command) {
  Expected& entry = expected_.front();
  const bool query = entry.kind == RequestKind::kQuery;
  if (!query && entry.kind != RequestKind::kExecute) {
    return server_violation("an unexpected CommandComplete");
  }
  const Taken said = entry.said;
  if (piece.type != pg::kCommandComplete) note_taken(entry);
  follow_prepared(entry, command);
  follow_cursors(entry, command);
  transaction_completed(entry, command);
  // It came too late: the transaction stands, and its client is told so.
  if (command == "COMMIT" && !entry.failed) entry.cut.reset();
  if (piece.type == pg::kPortalSuspended) {
    if (entry.exported) entry.exported->last = false;
    if (Portal* portal = prepared_.find_portal(entry.portal)) {
      portal->taken.add({entry.rows, entry.bytes, running_micros(entry)});
      portal->taken.add(said);
      if (entry.masked) {
        portal->rows_plan = entry.masked->plan;
        portal->rows_audience = entry.audience;
      }
    }
  }
  if (entry.by_tag && !entry.counted && !entry.cut) entry.cut = over_by_tag(entry);
  if (entry.cut) {
    const Pass pass = on_cut_end();
    if (!query) return pass;  // Its entry is gone.
    ++entry.completed;
    entry.described = entry.copying_out = false;
    return pass;
  }
  if (query) {
    ++entry.completed;
    entry.described = entry.copying_out = false;
    count_from(entry);
    // One record a statement; in a text of several the server's tag says which it was.
    const bool several = entry.text && entry.text->facts().statements > 1;
    if (entry.counted) {
      entry.server_micros = now_.micros_since(entry.started);
      entry.held.assign(piece.bytes);
      entry.statement.assign(several ? command : std::string_view());
      return Pass::kDrop;
    }
    if (!record_statement(entry, audit::Outcome::kAllowed, {}, {},
                          several ? command : std::string_view())) {
      return Pass::kStop;
    }
    end_masked_rows(entry);
    entry.next_completion();
    entry.started = now_;
    return Pass::kForward;
  }
  copying_in_ = false;
  watch_.last_end = now_;
  if (entry.counted) {
    entry.server_micros = now_.micros_since(entry.started);
    count_after(std::string(piece.bytes), transaction_);
    return finished_ ? Pass::kStop : Pass::kDrop;
  }
  if (!record_execution(entry, audit::Outcome::kAllowed, {}, {})) return Pass::kStop;
  if (entry.limited) cutting_.ahead = false;
  end_masked_rows(entry);
  expected_.pop();
  return Pass::kForward;
}

/// A counted text's completions are kept back; one that another statement follows may go.
bool Session::release_held(const Piece& piece) {
  if (expected_.empty() || piece.type == pg::kReadyForQuery) return true;
  Expected& entry = expected_.front();
  if (entry.held.empty()) return true;
  if (!record_statement(entry, audit::Outcome::kAllowed, {}, {}, entry.statement)) return false;
  send_to_client(entry.held);
  entry.held.clear();
  entry.next_completion();
  entry.started = now_;
  return true;
}

/// The server completed a statement whose result was cut off: the client sees it fail.
Session::Pass Session::on_cut_end() {
  Expected& entry = expected_.front();
  if (entry.failed) {
    end_masked_rows(entry);
    return Pass::kDrop;
  }
  if (!record_limited(entry, *entry.cut)) return Pass::kStop;
  end_masked_rows(entry);
  replacement_ = refusal_response(*entry.cut);
  entry.failed = split_.failed = true;
  cutting_.since_sync = true;
  if (entry.kind == RequestKind::kQuery) return Pass::kReplace;
  const bool counted = entry.counted;
  expected_.pop();
  // What stands before it in the pipeline fails with it, as the client believes.
  if (expected_.empty()) fail_pipeline();
  if (counted) resume(kCounting);
  return finished_ ? Pass::kStop : Pass::kReplace;
}

/// SQL's PREPARE and DEALLOCATE, by their confirmations and in their order.
void Session::follow_prepared(Expected& entry, std::string_view command) {
  if (command == "DISCARD ALL") {
    prepared_.close_all();
    acting_.stated = {};  // With every cursor and portal.
    return;
  }
  if (!entry.text || entry.text->facts().prepared.empty()) return;
  using What = sql::PreparedUse::What;
  const auto& uses = entry.text->facts().prepared;
  if (command != "PREPARE" && !command.starts_with("DEALLOCATE")) return;
  while (entry.prepared_uses < uses.size() && uses[entry.prepared_uses].what == What::kExecute) {
    ++entry.prepared_uses;
  }
  if (entry.prepared_uses == uses.size()) return;
  const auto& use = uses[entry.prepared_uses++];
  if (use.what == What::kDeallocateAll) {
    prepared_.close_all();
  } else if (use.what == What::kDeallocate) {
    prepared_.close(use.name);
  } else {
    Prepared& prepared = prepared_.put(use.name);
    prepared = Prepared();
    prepared.text = entry.text;
    prepared.decision = entry.decision;
    prepared.scope = entry.scope;
    prepared.result = entry.kind == RequestKind::kQuery ? entry.completed : 0;
    prepared.source = entry.source;
    prepared.recorded = true;  // The text that prepared it is.
  }
}

Session::Pass Session::on_error(const Piece& piece) {
  if (expected_.empty()) return Pass::kForward;  // FATAL: the server is about to close.
  Expected& entry = expected_.front();
  const auto fields = veiled_fields(pg::ErrorFields::decode(piece.body()), &entry);
  worker_.counters().statements_failed.add();
  transaction_failed(entry);
  const bool kept = entry.keeps();
  const auto shown = words_left_out(fields, entry, piece.length);
  Pass pass = Pass::kForward;
  if (entry.silent || (entry.cut && entry.failed)) {
    pass = Pass::kDrop;  // The client has been told already.
  } else if (entry.refused || entry.cut) {
    if (entry.refused && entry.statement.empty()) prepared_.close({});
    const policy::Decision& told = entry.cut ? *entry.cut : *entry.decision;
    if (entry.cut && !record_limited(entry, told)) return Pass::kStop;
    replacement_ = refusal_response(told);
    replacing_error_ = !piece.last;
    pass = piece.last ? Pass::kReplace : Pass::kDrop;
  } else {
    replacement_.clear();
    pg::encode_error_response(replacement_, shown ? *shown : fields);
    if (kept && !keep_words(entry)) return Pass::kStop;
    if (!record_failure(entry, fields.sqlstate(), fields.message())) return Pass::kStop;
  }
  if (pass == Pass::kForward && (kept || audience_ || shown)) {
    replacing_error_ = !piece.last;
    pass = piece.last ? Pass::kReplace : Pass::kDrop;
  }
  end_masked_rows(entry);
  entry.failed = true;
  split_.failed = true;
  const bool was_copying = copying_in_;
  const bool counted = entry.counted;
  copying_in_ = false;
  if (!entry.ends_with_ready()) {
    if (entry.cut) {
      cutting_.since_sync = true;  // Until its cancel can hit nothing else.
    } else if (entry.limited) {
      cutting_.ahead = false;
    }
    skip_to_sync();
    if (counted) resume(kCounting);
    if (was_copying && copy_sync_dropped_) {
      // The server failed before the client's Sync, which we took for one that it would ignore.
      std::string out;
      pg::encode_sync(out);
      server_->stream().send(Bytes(out));
      expect(RequestKind::kSync);
      skip_until_sync_ = since_sync_ = false;
    }
  }
  copy_sync_dropped_ = false;
  return finished_ ? Pass::kStop : pass;
}

bool Session::record_failure(const Expected& entry, std::string_view sqlstate,
                             std::string_view message) {
  switch (entry.kind) {
    case RequestKind::kQuery:
    case RequestKind::kFunctionCall:
    case RequestKind::kParse:
      return record_statement(entry, audit::Outcome::kAllowed, sqlstate, message);
    case RequestKind::kExecute:
      return record_execution(entry, audit::Outcome::kAllowed, sqlstate, message);
    case RequestKind::kBind:
      return record_bind(entry, audit::Outcome::kAllowed, sqlstate, message);
    case RequestKind::kSync:
      return record_failed_sync(entry, sqlstate, message);
    default:
      return true;  // Describe and Close run no statement.
  }
}

void Session::skip_to_sync() {
  // The server reads on to the next Sync and answers nothing until then.
  bool first = true;
  std::vector<std::shared_ptr<OwnRun>> skipped;
  while (!expected_.empty() && expected_.front().kind != RequestKind::kSync) {
    const Expected& entry = expected_.front();
    if (!first && !entry.refused) {
      if (entry.kind == RequestKind::kParse) {
        record_statement(entry, audit::Outcome::kSkipped, {}, {});
      } else if (entry.kind == RequestKind::kBind && prepared_.find(entry.statement) != nullptr) {
        record_bind(entry, audit::Outcome::kSkipped, {}, {});
      } else if (entry.kind == RequestKind::kQuery) {
        // Something of ours before it has failed.
        record_statement(entry, audit::Outcome::kSkipped, {}, {});
      }
      if (finished_) return;
    }
    if (const auto run = entry.own) {
      --run->unanswered;
      if (!run->answer.error) {
        run->skipped = true;
        run->answer.error.emplace();
        run->answer.error->set(pg::kFieldMessage, "an earlier statement has failed");
      }
      if (run->unanswered == 0 && !first) skipped.push_back(run);
    }
    // What comes behind need not wait for a result that will not come.
    if (!first && entry.limited) {
      if (entry.cut) {
        cutting_.since_sync = true;
      } else {
        cutting_.ahead = false;
      }
    }
    first = false;
    expected_.pop();
  }
  if (expected_.empty()) {
    skip_until_sync_ = true;
    local_sync_ = false;
  }
  for (const auto& run : skipped) own_answered(run);
}

Session::Pass Session::on_ready(const Piece& piece) {
  const auto status = pg::decode_ready_for_query(piece.body());
  if (!status) return server_violation(status.error().text);
  Expected& entry = expected_.front();
  // Nothing comes to an end unrecorded.
  const bool answered = entry.kind == RequestKind::kSync || entry.completed > 0 || entry.failed;
  if (!entry.ends_with_ready() || !answered) {
    return server_violation("ReadyForQuery before an answer");
  }
  const bool cut = entry.cut || cutting_.since_sync || (settling_ && settling_->cut) ||
                   (deferred_ && deferred_->counted && deferred_->refused);
  if (cut && cutting_.cancels > 0) {
    cutting_.ready.assign(piece.bytes);
    return Pass::kDrop;
  }
  copying_in_ = false;
  if (entry.kind == RequestKind::kQuery) {
    if (entry.limited) cutting_.ahead = false;
    if (entry.counted) {
      count_after(std::move(entry.held), *status);
      return finished_ ? Pass::kStop : Pass::kDrop;
    }
  }
  const auto own = entry.own;
  expected_.pop();
  if (!own) acting_.before.ready();
  watch_.last_end = now_;
  transaction_ = *status;
  if (!own && !own_transaction_) transactions_.ready(transaction_);
  if (transaction_ == 'I') prepared_.close_portals();
  if (expected_.empty()) at_ready();
  if (own) {
    if (--own->unanswered == 0) own_answered(own);
    return finished_ ? Pass::kStop : Pass::kDrop;
  }
  if (std::exchange(cutting_.since_sync, false)) {
    cutting_.ahead = false;
    if (transaction_ == 'T' && !own_pipeline_ending_) {
      // The client has seen a statement fail that the server completed.
      suspend(kCounting);
      abort_transaction([this] { finish_counted_query(false); });
      return Pass::kDrop;
    }
  }
  if (own_pipeline_ending_ && own_pipeline_ended()) return Pass::kDrop;
  if (split_goes_on()) return Pass::kDrop;
  return finished_ ? Pass::kStop : Pass::kForward;
}

/// All that was sent is answered.
void Session::at_ready() {
  settings_uncertain_ = false;
  names_.application = {};  // The server has told it.
  state_since_micros_ = now_.wall_micros;
  transaction_ahead_ = transaction_;
  // Not before: what was sent behind it may be of the next.
  if (transaction_ == 'I') {
    opaque_transaction_ = hiding_transaction_ = false;
    cutting_.notified.end();
  }
  if (transaction_ == 'T' && stamping_.now == 0) stamping_.now = stamping_.at_sync;
  stamping_.at_sync = 0;
  if (transaction_ == 'I' && !own_transaction_) note_transaction_end();
  if (expected_.capacity() > 16) expected_.release();
}

}  // namespace sluice::gateway
