// Session, server to client: every message is matched against what is expected, and what ends a
// statement is recorded before the client sees it.
#include <fmt/format.h>

#include "base/log.h"
#include "gateway/in_flight.h"
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
  to_client_ = {&data, 0, 0};
  Piece piece;
  for (;;) {
    if (!setup_pending_) skip_rows(in);
    to_client_.end = size - in.size();
    if (!setup_pending_) {
      if (!mask_rows(in)) break;
      if (size - in.size() > to_client_.end) to_client_.run = to_client_.end = size - in.size();
    }
    const auto status = server_framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) break;
    if (status == pg::Framer::Status::kBad) {
      server_violation(server_framer_.problem());
      break;
    }
    const Pass pass = setup_pending_ ? on_setup_piece(piece) : on_server_piece(piece);
    if (pass == Pass::kStop) break;
    const size_t after = size - in.size();
    if (pass == Pass::kForward && piece.in_place) {
      to_client_.end = after;
    } else {
      flush_to_client();
      if (pass == Pass::kForward) send_to_client(piece.bytes);
      if (pass == Pass::kReplace) send_to_client(replacement_);
      to_client_.run = to_client_.end = after;
    }
    if (suspended_ != 0) {
      flush_to_client();
      continue_suspended();
      if (finished_) break;
    }
  }
  if (!finished_) flush_to_client();
  to_client_ = {};
  if (finished_) return;
  if (client_->unsent() > net::Stream::kHighWater) server_->stream().pause_receive();
  if (draining_ && greeted_ && at_rest()) drain();
  if (watch_.flushed && expected_.empty()) stop_clock_at_server();
  if (expected_.size() <= kMostExpected / 2) resume(kQueueFull);
}

void Session::flush_to_client() {
  if (to_client_.data == nullptr || to_client_.end <= to_client_.run) return;
  worker_.counters().bytes_to_clients.add(to_client_.end - to_client_.run);
  client_->send(to_client_.data->sub(to_client_.run, to_client_.end - to_client_.run));
  to_client_.run = to_client_.end;
}

void Session::send_to_client(Bytes bytes) {
  flush_to_client();
  worker_.counters().bytes_to_clients.add(bytes.size());
  client_->send(bytes);
}

/// What the client's messages waited for may have come.
void Session::continue_suspended() {
  // Nothing is sent behind a statement that may copy in, so it is the last one expected.
  if ((suspended_ & kCopyBarrier) != 0 && expected_.empty()) resume(kCopyBarrier);
  if (names_.waits && expected_.empty()) {
    // An error that came meanwhile may have left nothing to find out, and nobody to ask.
    if (names_known()) {
      names_.waits = names_.finding = false;
      if ((suspended_ & kNaming) != 0) take_deferred(kNaming);
    } else {
      start_finding_names();
    }
  }
  if ((suspended_ & kQueue) != 0 && !finished_ && !ready_outstanding(expected_))
    take_deferred(kQueue);
  if ((suspended_ & kCounting) != 0 && !finished_ && deferred_ &&
      (!cutting_.ahead || skip_until_sync_)) {
    take_deferred(kCounting);
  }
}

void Session::skip_rows(Bytes& in) {
  if (in.empty() || expected_.empty()) return;
  Expected& entry = expected_.front();
  if (entry.row_by_row()) return;
  if (entry.veiled && (!entry.masked || entry.masked->plan->masker)) return;
  if (entry.limited) {
    // Near a limit rows are looked at one by one, and where each counts for a budget. A row takes
    // 7 bytes at least.
    const auto& limits = entry.decision->limits;
    const uint64_t rows_so_far = entry.before.rows + entry.said.rows + entry.rows;
    const uint64_t bytes_so_far = entry.before.bytes + entry.said.bytes + entry.bytes;
    if (entry.cut || entry.spending ||
        (limits.rows && rows_so_far + in.size() / 5 > limits.rows->most) ||
        (limits.bytes && bytes_so_far + in.size() > limits.bytes->most)) {
      return;
    }
  }
  if (in[0] == pg::kCopyData && entry.copying_out) {
    const size_t before = in.size();
    entry.rows += server_framer_.skip_copy_data(in);
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
  const bool own = !expected_.empty() && expected_.front().own != nullptr;
  if (!piece.first) {
    if (own && piece.type == pg::kDataRow) return on_own_piece(piece);
    if (dropping_row_) {
      dropping_row_ = !piece.last;
      return Pass::kDrop;
    }
    if (replacing_error_) {
      if (!piece.last) return Pass::kDrop;
      replacing_error_ = false;
      return Pass::kReplace;
    }
    if (!expected_.empty()) {
      Expected& entry = expected_.front();
      if (piece.type == pg::kCopyData && entry.masked && entry.masked->copy) {
        return on_masked_copy(piece, entry);
      }
      if (piece.type == pg::kDataRow && entry.veiled && entry.masked->plan->masker) {
        return server_violation("a row in parts");
      }
      if (piece.type == pg::kCopyData && !export_data(entry, piece.body(), false)) {
        return Pass::kStop;
      }
      entry.bytes += piece.bytes.size();
    }
    return Pass::kForward;
  }
  switch (piece.type) {
    case pg::kNotificationResponse:
      return on_notification(piece);
    case pg::kNoticeResponse:
      return own ? Pass::kDrop : on_notice(piece);
    case pg::kParameterStatus:
      return take_parameter(parameters_, piece) ? Pass::kForward : Pass::kStop;
    default:
      break;
  }
  if (own) return on_own_piece(piece);
  if (!release_held(piece)) return Pass::kStop;
  switch (piece.type) {
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
      return on_execution_end(piece, {});
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
  if (entry.failed) {
    dropping_row_ = !piece.last;
    return Pass::kDrop;
  }
  if (entry.veiled && !entry.masked) return server_violation("rows that it has not described");
  if (entry.cut || (entry.limited && !within_limits(entry, 1, piece.length))) {
    dropping_row_ = !piece.last;
    return Pass::kDrop;
  }
  if (entry.row_by_row() && !piece.whole()) {
    cut_result(entry, too_long_a_row(piece.length, entry.exported != nullptr));
    dropping_row_ = !piece.last;
    return Pass::kDrop;
  }
  if (entry.masked && entry.masked->plan->masker) return on_masked_row(piece, entry);
  if (!export_data(entry, body, false)) return Pass::kStop;
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
    const bool unseen = entry.unseen;
    expected_.pop();
    if (!unseen) return Pass::kForward;
    const bool rows = piece.type == pg::kRowDescription && !expected_.empty();
    if (rows &&
        (!begin_masked_rows(expected_.front(), piece) || !begin_export(expected_.front(), piece))) {
      return Pass::kStop;
    }
    return Pass::kDrop;
  }
  if (entry.kind != RequestKind::kQuery || piece.type == pg::kNoData) {
    return server_violation("an unexpected RowDescription");
  }
  entry.described = true;
  entry.columns = -1;
  if (piece.body().size() >= 2)
    entry.columns = static_cast<int16_t>(load_be16(piece.body().data()));
  if (entry.failed) return Pass::kDrop;  // An earlier result of the text was cut off.
  const bool begun = begin_masked_rows(entry, piece) && begin_export(entry, piece);
  return begun ? Pass::kForward : Pass::kStop;
}

Session::Pass Session::on_simple_answer(const Piece& piece) {
  Expected& entry = expected_.front();
  if (entry.in_steps && entry.kind == RequestKind::kQuery) return Pass::kDrop;
  if (piece.type == pg::kParseComplete && entry.kind == RequestKind::kParse) {
    if (!parse_completed(entry)) return Pass::kStop;
  } else if (piece.type == pg::kBindComplete && entry.kind == RequestKind::kBind &&
             !entry.malformed) {
    Portal& portal = prepared_.put_portal(entry.portal);
    const Prepared* prepared = prepared_.find(entry.statement);
    portal.prepared = Prepared();
    if (prepared != nullptr) portal.prepared.recorded = prepared->recorded;
    portal.prepared.text = entry.text;
    portal.prepared.decision = entry.decision;
    portal.prepared.scope = entry.scope;
    portal.prepared.source.swap(entry.source);
    portal.bound = entry.bound;
    portal.taken = {};
    portal.changed.clear();
    portal.rows_plan.reset();
    portal.doubtful = false;
    portal.writes = entry.writes;
    portal.terms = std::move(entry.terms);
    portal.captured = std::move(entry.captured);
    portal.statement.swap(entry.statement);
    portal.parameters.swap(entry.parameters);
    portal.parameters_digest.swap(entry.parameters_digest);
    opened_.declared.erase(entry.portal);
  } else if (piece.type == pg::kCloseComplete && entry.kind == RequestKind::kClose) {
    if (entry.close_portal) {
      prepared_.close_portal(entry.portal);
    } else {
      prepared_.close(entry.statement);
    }
  } else if (piece.type == pg::kFunctionCallResponse && entry.kind == RequestKind::kFunctionCall) {
    transaction_completed(entry, {});
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
  prepared.scope = entry.scope;
  prepared.source.swap(entry.source);
  prepared.types.swap(entry.types);
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
      if (entry.failed) {  // By an earlier result of the text, and the client has been told.
        resume(kCopyBarrier);
        server_->stream().send(Bytes(pg::kEmptyCopyFail));
        return finished_ ? Pass::kStop : Pass::kDrop;
      }
      copying_in_ = true;
      copy_data_seen_ = copy_sync_dropped_ = false;
      if (entry.counted) resume(kCounting);  // Until the copy is over.
      resume(kCopyBarrier);
      return finished_ ? Pass::kStop : Pass::kForward;
    case pg::kCopyOutResponse:
      entry.copying_out = true;
      if (entry.failed) return Pass::kDrop;
      if (!begin_masked_copy(entry) || !begin_export(entry, piece)) return Pass::kStop;
      return Pass::kForward;
    default:
      if (!entry.copying_out) return server_violation("unexpected copy data");
      if (entry.cut) {
        dropping_row_ = !piece.last;
        return Pass::kDrop;
      }
      if (entry.masked && entry.masked->copy) return on_masked_copy(piece, entry);
      if (piece.type != pg::kCopyData) {
        return export_data(entry, {}, true) ? Pass::kForward : Pass::kStop;
      }
      if (entry.limited && !within_limits(entry, 1, piece.length)) {
        dropping_row_ = !piece.last;
        return Pass::kDrop;
      }
      if (!export_data(entry, piece.body(), false)) return Pass::kStop;
      ++entry.rows;
      entry.bytes += piece.bytes.size();
      return Pass::kForward;
  }
}

}  // namespace sluice::gateway
