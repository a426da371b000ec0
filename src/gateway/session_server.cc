// Session, server to client: every message is matched against what is expected, and what ends a
// statement is recorded before the client sees it.
#include <fmt/format.h>

#include "base/log.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

void Session::on_server_receive(net::Slice data) {
  now_ = Moment::now();
  Bytes in = data.bytes();
  const size_t size = in.size();
  size_t run = 0;  // Start of the bytes that go on as they are, in one piece.
  uint64_t sent = 0;
  const auto flush_run = [&](size_t end) {
    if (end <= run) return;
    sent += end - run;
    client_->send(data.sub(run, end - run));
  };
  Piece piece;
  for (;;) {
    if (!setup_pending_) skip_rows(in);
    const size_t before = size - in.size();
    const auto status = server_framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) {
      flush_run(before);
      break;
    }
    if (status == pg::Framer::Status::kBad) {
      server_violation(server_framer_.problem());
      return;
    }
    const Pass pass = setup_pending_ ? on_setup_piece(piece) : on_server_piece(piece);
    if (pass == Pass::kStop) return;
    if (pass != Pass::kForward || !piece.in_place) {
      flush_run(before);
      const Bytes instead = pass == Pass::kForward   ? piece.bytes
                            : pass == Pass::kReplace ? Bytes(replacement_)
                                                     : Bytes();
      sent += instead.size();
      if (!instead.empty()) client_->send(instead);
      run = size - in.size();
    }
  }
  worker_.counters().bytes_to_clients.add(sent);
  if (client_->unsent() > net::Stream::kHighWater) server_->stream().pause_receive();
  if (draining_ && greeted_ && at_rest()) drain();
  if (expected_.size() <= kMostExpected / 2) resume(kQueueFull);
}

void Session::skip_rows(Bytes& in) {
  if (in.empty() || expected_.empty()) return;
  Expected& entry = expected_.front();
  if (in[0] == pg::kCopyData && entry.copying_out) {
    const size_t before = in.size();
    server_framer_.skip_copy_data(in);
    entry.bytes += before - in.size();
  }
  if (in.empty() || in[0] != pg::kDataRow) return;
  const bool rows_may_come = entry.kind == RequestKind::kExecute || entry.described;
  if (!rows_may_come || entry.refused) return;
  const size_t before = in.size();
  const uint32_t rows = server_framer_.skip_data_rows(in, entry.columns);
  entry.rows += rows;
  entry.bytes += before - in.size();
}

Session::Pass Session::server_violation(std::string_view what) {
  log::error("session {}: database {} broke the protocol: {}", id_,
             admission_.database->config().name, what);
  fatal("08P01", "the database server broke the protocol",
        "An operator finds details in the gateway's log.");
  return Pass::kStop;
}

Session::Pass Session::on_setup_piece(const Piece& piece) {
  switch (piece.type) {
    case pg::kParameterStatus:
      return take_parameter(setup_parameters_, piece) ? Pass::kDrop : Pass::kStop;
    case pg::kErrorResponse: {
      // A value the server does not accept: fatal at start-up, as in a direct connection.
      auto fields = pg::ErrorFields::decode(piece.body());
      fields.set_severity("FATAL");
      std::string out;
      pg::encode_error_response(out, fields);
      client_->send(Bytes(out));
      finish("start-up settings refused: " + std::string(fields.message()));
      return Pass::kStop;
    }
    case pg::kReadyForQuery:
      setup_finished();
      return finished_ ? Pass::kStop : Pass::kDrop;
    default:
      return Pass::kDrop;
  }
}

Session::Pass Session::on_server_piece(const Piece& piece) {
  if (!piece.first) {
    if (replacing_error_) {
      if (!piece.last) return Pass::kDrop;
      replacing_error_ = false;
      return Pass::kReplace;
    }
    if (!expected_.empty()) expected_.front().bytes += piece.bytes.size();
    return Pass::kForward;
  }
  switch (piece.type) {
    case pg::kNoticeResponse:
    case pg::kNotificationResponse:
      return Pass::kForward;
    case pg::kParameterStatus:
      return on_parameter_status(piece);
    case pg::kErrorResponse:
      return on_error(piece);
    default:
      break;
  }
  if (expected_.empty()) return server_violation("a message that answers nothing");
  if (expected_.front().refused && piece.type != pg::kReadyForQuery) {
    return server_violation("no error where one was due");
  }
  switch (piece.type) {
    case pg::kDataRow:
      return on_row(piece);
    case pg::kRowDescription:
    case pg::kNoData:
    case pg::kParameterDescription:
      return on_row_description(piece);
    case pg::kCommandComplete:
      return on_command_complete(piece);
    case pg::kEmptyQueryResponse:
    case pg::kPortalSuspended:
      return on_execution_end({});
    case pg::kReadyForQuery:
      return on_ready(piece);
    case pg::kParseComplete:
    case pg::kBindComplete:
    case pg::kCloseComplete:
    case pg::kFunctionCallResponse:
      return on_simple_answer(piece);
    case pg::kCopyInResponse:
    case pg::kCopyOutResponse:
    case pg::kCopyData:
    case pg::kCopyDone:
      return on_copy_response(piece);
    default:
      return server_violation("unexpected message type");
  }
}

Session::Pass Session::on_parameter_status(const Piece& piece) {
  return take_parameter(parameters_, piece) ? Pass::kForward : Pass::kStop;
}

bool Session::take_parameter(ParameterList& parameters, const Piece& piece) {
  const auto status = pg::decode_parameter_status(piece.body());
  if (status && set_parameter(parameters, status->name, status->value)) return true;
  server_violation(status ? "more parameters than a server has" : status.error().text);
  return false;
}

Session::Pass Session::on_row(const Piece& piece) {
  Expected& entry = expected_.front();
  const bool rows_may_come =
      entry.kind == RequestKind::kExecute || (entry.kind == RequestKind::kQuery && entry.described);
  if (!rows_may_come) return server_violation("a row that nobody asked for");
  const Bytes body = piece.body();
  if (entry.columns >= 0 && body.size() >= 2 &&
      load_be16(body.data()) != static_cast<uint16_t>(entry.columns)) {
    return server_violation("a row with a wrong number of columns");
  }
  ++entry.rows;
  entry.bytes += piece.bytes.size();
  return Pass::kForward;
}

Session::Pass Session::on_row_description(const Piece& piece) {
  Expected& entry = expected_.front();
  if (piece.type == pg::kParameterDescription) {
    if (entry.kind != RequestKind::kDescribeStatement) {
      return server_violation("an unexpected ParameterDescription");
    }
    // What a statement returns is about to be told: it is on the record from here.
    Prepared* prepared = prepared_.find(entry.statement);
    if (prepared != nullptr && !record_parse(*prepared, entry.statement)) return Pass::kStop;
    return Pass::kForward;
  }
  const bool describes =
      entry.kind == RequestKind::kDescribeStatement || entry.kind == RequestKind::kDescribePortal;
  if (describes) {
    expected_.pop();
    return Pass::kForward;
  }
  if (entry.kind != RequestKind::kQuery || piece.type == pg::kNoData) {
    return server_violation("an unexpected RowDescription");
  }
  entry.described = true;
  entry.columns = -1;
  if (piece.body().size() >= 2)
    entry.columns = static_cast<int16_t>(load_be16(piece.body().data()));
  return Pass::kForward;
}

Session::Pass Session::on_command_complete(const Piece& piece) {
  const auto complete = pg::decode_command_complete(piece.body());
  if (!complete) return server_violation(complete.error().text);
  Expected& entry = expected_.front();
  if (complete->rows) entry.rows = *complete->rows;
  return on_execution_end(complete->command);
}

Session::Pass Session::on_execution_end(std::string_view command) {
  Expected& entry = expected_.front();
  if (entry.kind == RequestKind::kQuery) {
    // One record a statement; in a text of several the server's tag says which it was.
    const bool several = entry.text && entry.text->facts().statements > 1;
    if (!record_statement(entry, audit::Outcome::kAllowed, {}, {},
                          several ? command : std::string_view())) {
      return Pass::kStop;
    }
    ++entry.completed;
    entry.described = entry.copying_out = false;
    entry.rows = entry.bytes = 0;
    entry.started = now_;
    return Pass::kForward;
  }
  if (entry.kind != RequestKind::kExecute) return server_violation("an unexpected CommandComplete");
  if (!record_execution(entry, audit::Outcome::kAllowed, {}, {})) return Pass::kStop;
  expected_.pop();
  copying_in_ = false;
  lift_copy_barrier();
  return finished_ ? Pass::kStop : Pass::kForward;
}

Session::Pass Session::on_simple_answer(const Piece& piece) {
  Expected& entry = expected_.front();
  if (piece.type == pg::kParseComplete && entry.kind == RequestKind::kParse) {
    if (!parse_completed(entry)) return Pass::kStop;
  } else if (piece.type == pg::kBindComplete && entry.kind == RequestKind::kBind &&
             !entry.malformed) {
    Portal& portal = prepared_.put_portal(entry.portal);
    const Prepared* prepared = prepared_.find(entry.statement);
    portal.prepared = prepared != nullptr ? *prepared : Prepared();
    portal.statement.swap(entry.statement);
    portal.parameters.swap(entry.parameters);
    portal.parameters_digest.swap(entry.parameters_digest);
  } else if (piece.type == pg::kCloseComplete && entry.kind == RequestKind::kClose) {
    if (entry.close_portal) {
      prepared_.close_portal(entry.portal);
    } else {
      prepared_.close(entry.statement);
    }
  } else if (piece.type == pg::kFunctionCallResponse && entry.kind == RequestKind::kFunctionCall) {
    if (!record_statement(entry, audit::Outcome::kAllowed, {}, "function call")) return Pass::kStop;
    ++entry.completed;
    return Pass::kForward;  // ReadyForQuery ends it.
  } else {
    return server_violation("an answer to something else");
  }
  expected_.pop();
  return Pass::kForward;
}

bool Session::parse_completed(Expected& entry) {
  if (Prepared* old = prepared_.find(entry.statement);
      old != nullptr && !old->recorded && !record_parse(*old, entry.statement)) {
    return false;
  }
  Prepared& prepared = prepared_.put(entry.statement);
  prepared.text = entry.text;
  prepared.decision = entry.decision;
  prepared.recorded = false;
  // A named statement may be used much later, or never: it is recorded now.
  return entry.statement.empty() || record_parse(prepared, entry.statement);
}

Session::Pass Session::on_copy_response(const Piece& piece) {
  Expected& entry = expected_.front();
  const bool copies = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (!copies) return server_violation("an unexpected copy message");
  switch (piece.type) {
    case pg::kCopyInResponse:
      if (!entry.may_copy_in) return server_violation("an unexpected CopyInResponse");
      copying_in_ = true;
      copy_data_seen_ = copy_sync_dropped_ = false;
      resume(kCopyBarrier);
      return finished_ ? Pass::kStop : Pass::kForward;
    case pg::kCopyOutResponse:
      entry.copying_out = true;
      return Pass::kForward;
    default:
      if (!entry.copying_out) return server_violation("unexpected copy data");
      if (piece.type == pg::kCopyData) entry.bytes += piece.bytes.size();
      return Pass::kForward;
  }
}

Session::Pass Session::on_error(const Piece& piece) {
  if (expected_.empty()) return Pass::kForward;  // FATAL: the server is about to close.
  const auto fields = pg::ErrorFields::decode(piece.body());
  Expected& entry = expected_.front();
  worker_.counters().statements_failed.add();
  Pass pass = Pass::kForward;
  if (entry.refused) {
    if (entry.statement.empty()) prepared_.close({});
    replacement_ = refusal_response(*entry.decision);
    replacing_error_ = !piece.last;
    pass = piece.last ? Pass::kReplace : Pass::kDrop;
  } else if (!record_failure(entry, fields.sqlstate(), fields.message())) {
    return Pass::kStop;
  }
  entry.failed = true;
  const bool was_copying = copying_in_;
  copying_in_ = false;
  if (!entry.ends_with_ready()) {
    skip_to_sync();
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
  lift_copy_barrier();
  return finished_ ? Pass::kStop : pass;
}

void Session::lift_copy_barrier() {
  // Nothing is sent behind a statement that may copy in, so it is the last one expected.
  if (expected_.empty()) resume(kCopyBarrier);
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
    default:
      return true;  // Describe, Close and Sync run no statement.
  }
}

void Session::skip_to_sync() {
  // The server reads on to the next Sync and answers nothing until then.
  bool first = true;
  while (!expected_.empty() && expected_.front().kind != RequestKind::kSync) {
    const Expected& entry = expected_.front();
    if (!first && !entry.refused) {
      if (entry.kind == RequestKind::kParse) {
        record_statement(entry, audit::Outcome::kSkipped, {}, {});
      } else if (entry.kind == RequestKind::kBind && prepared_.find(entry.statement) != nullptr) {
        record_bind(entry, audit::Outcome::kSkipped, {}, {});
      }
      if (finished_) return;
    }
    first = false;
    expected_.pop();
  }
  if (expected_.empty()) {
    skip_until_sync_ = true;
    local_sync_ = false;
  }
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
  expected_.pop();
  transaction_ = *status;
  copying_in_ = false;
  if (expected_.empty()) {
    settings_uncertain_ = false;
    state_since_micros_ = now_.wall_micros;
    if (expected_.capacity() > 16) expected_.release();
  }
  if (transaction_ == 'I') prepared_.close_portals();
  lift_copy_barrier();
  return finished_ ? Pass::kStop : Pass::kForward;
}

}  // namespace sluice::gateway
