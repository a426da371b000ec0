// Session, client to server: every message is understood and decided on before its bytes go on.
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

void Session::on_receive(net::Slice data) {
  worker_.counters().bytes_from_clients.add(data.size());
  if (suspended_ == 0) {
    waiting_since_.reset();
    process(std::move(data));
    return;
  }
  if (!waiting_since_) waiting_since_ = Moment::now();
  const bool first_use = suspended_ == kNoServer && greeted_ && !server_ && !waiter_;
  if (first_use && pending_.empty() && data.bytes()[0] == pg::kTerminate) {
    process(std::move(data));
    return;
  }
  pending_.push_back(std::move(data));
  if (held_) keep_pending();
  if (first_use) {
    client_->pause_receive();
    acquire_server();
  }
}

void Session::process_pending() {
  while (suspended_ == 0 && !pending_.empty() && !finished_) {
    net::Slice data = std::move(pending_.front());
    pending_.erase(pending_.begin());
    process(std::move(data));
  }
  if (!finished_ && suspended_ == 0) {
    if (pending_.capacity() > 4) std::vector<net::Slice>().swap(pending_);
    client_->resume_receive();
  }
}

void Session::process(net::Slice data) {
  now_ = Moment::now();
  Bytes in = data.bytes();
  const size_t size = in.size();
  to_server_ = {&data, 0, 0};
  Piece piece;
  for (;;) {
    to_server_.end = size - in.size();
    const auto status = client_framer_.next(in, piece);
    if (status != pg::Framer::Status::kPiece) {
      flush_to_server();
      if (status == pg::Framer::Status::kBad) reject_client(client_framer_.problem());
      break;
    }
    const Pass pass = on_client_piece(piece);
    if (pass == Pass::kStop) return;
    const size_t after = size - in.size();
    if (pass != Pass::kForward || !piece.in_place) {
      flush_to_server();
      if (pass == Pass::kForward) server_->stream().send(piece.bytes);
      if (pass == Pass::kReplace) server_->stream().send(Bytes(replacement_));
      to_server_.run = after;
    }
    if (suspended_ != 0) {
      to_server_.end = after;
      flush_to_server();
      to_server_ = {};
      if (after < size) pending_.insert(pending_.begin(), data.sub(after, size - after));
      return;
    }
  }
  to_server_ = {};
  if (!finished_ && server_ && server_->stream().unsent() > net::Stream::kHighWater) {
    suspend(kServerFull);
  }
  if (expected_.size() > kMostExpected) suspend(kQueueFull);
}

void Session::flush_to_server() {
  if (to_server_.data == nullptr || to_server_.end <= to_server_.run) return;
  server_->stream().send(to_server_.data->sub(to_server_.run, to_server_.end - to_server_.run));
  to_server_.run = to_server_.end;
}

Session::Pass Session::reject_client(std::string_view message) {
  fatal("08P01", message);
  return Pass::kStop;
}

Session::Pass Session::on_client_piece(const Piece& piece) {
  if (dropping_) {
    dropping_ = !piece.last;
    return Pass::kDrop;
  }
  if (piece.type == pg::kTerminate) {
    finish("disconnected");
    return Pass::kStop;
  }
  if (!piece.first && piece.type != pg::kParse && piece.type != pg::kQuery) {
    if (piece.type == pg::kBind) return on_bind(piece);
    if (piece.type == pg::kCopyData && !expected_.empty()) {
      expected_.front().bytes += piece.bytes.size();
    }
    return Pass::kForward;
  }
  // Should a limit be passed, nothing that comes behind may have been done; and a Sync would commit
  // what stands before. Data of a COPY are for what is bounded itself.
  const bool sync = piece.type == pg::kSync;
  const bool may_pass = copying_in_ || skip_until_sync_ || piece.type == pg::kFlush ||
                        (sync && executes_since_sync_ < 2);
  if (cutting_.ahead && !may_pass) {
    flush_to_server();
    std::string out;
    pg::encode_flush(out);
    server_->stream().send(Bytes(out));
    return defer(piece, kCounting);
  }
  Pass pass = Pass::kDrop;
  if (copying_in_) {
    pass = on_copy_message(piece);
  } else if (skip_until_sync_ && piece.type != pg::kSync) {
    pass = Pass::kDrop;
  } else {
    switch (piece.type) {
      case pg::kQuery:
      case pg::kParse:
        return on_statement(piece);
      case pg::kBind:
        return on_bind(piece);
      case pg::kExecute:
        return on_execute(piece);
      case pg::kDescribe:
      case pg::kClose:
        return on_describe_or_close(piece);
      case pg::kSync:
        return on_sync();
      case pg::kFlush:
        watch_.flushed = true;
        return Pass::kForward;
      case pg::kFunctionCall:
        pass = on_function_call();
        break;
      default:
        // CopyData, CopyDone and CopyFail outside a copy: the server would ignore them too.
        pass = Pass::kDrop;
    }
  }
  if (!piece.last && pass != Pass::kForward) dropping_ = true;
  return pass;
}

Expected& Session::expect(RequestKind kind) {
  if (expected_.empty()) state_since_micros_ = now_.wall_micros;
  Expected& entry = expected_.push();
  entry.start(kind);
  entry.started = now_;
  const bool runs = kind == RequestKind::kQuery || kind == RequestKind::kExecute ||
                    kind == RequestKind::kFunctionCall;
  if (runs && waiting_since_) {
    entry.waited_micros = now_.micros_since(*waiting_since_);
    waiting_since_.reset();
  }
  return entry;
}

Session::Pass Session::defer(const Piece& piece, Suspension why) {
  if (!waiting_since_) waiting_since_ = now_;
  auto deferred = redone_ ? std::move(redone_) : std::make_unique<Deferred>();
  deferred->bytes.assign(piece.bytes);
  deferred->piece = piece;
  deferred_ = std::move(deferred);
  suspend(why);
  return Pass::kDrop;
}

void Session::take_deferred(Suspension why) {
  if (finished_ || !deferred_) return;
  now_ = Moment::now();
  redone_ = std::move(deferred_);
  const std::string bytes = std::move(redone_->bytes);
  Piece piece = redone_->piece;
  piece.bytes = bytes;
  piece.in_place = false;
  constexpr uint32_t kRedoing = 32768;  // It may wait for the same again: nothing passes it.
  suspended_ = (suspended_ & ~static_cast<uint32_t>(why)) | kRedoing;
  const Pass pass = on_client_piece(piece);
  redone_.reset();
  if (pass == Pass::kStop) return;
  if (pass == Pass::kForward) server_->stream().send(Bytes(bytes));
  if (pass == Pass::kReplace) server_->stream().send(Bytes(replacement_));
  resume(static_cast<Suspension>(kRedoing));
}

Session::Pass Session::on_describe_or_close(const Piece& piece) {
  const auto named = pg::decode_describe_or_close(piece.body());
  if (!named) return reject_client(named.error().text);
  if (named->name.size() > pg::kLongestName) return reject_client(kNameTooLong);
  const bool portal = named->kind == 'P';
  since_sync_ = true;
  if (piece.type == pg::kDescribe) {
    Expected& entry =
        expect(portal ? RequestKind::kDescribePortal : RequestKind::kDescribeStatement);
    entry.statement.assign(portal ? Bytes() : named->name);
    return Pass::kForward;
  }
  Expected& entry = expect(RequestKind::kClose);
  entry.close_portal = portal;
  (portal ? entry.portal : entry.statement).assign(named->name);
  return Pass::kForward;
}

Session::Pass Session::on_sync() {
  const bool failed = std::exchange(skip_until_sync_, false);
  since_sync_ = false;
  executes_since_sync_ = 0;
  if (local_sync_) {
    // Nothing was sent to the server since its last ReadyForQuery.
    local_sync_ = false;
    std::string out;
    pg::encode_ready_for_query(out, transaction_);
    send_to_client(Bytes(out));
    return Pass::kDrop;
  }
  stamp_ends_at_sync();
  // Should something in it have failed, this takes back what it has set.
  if (transaction_ahead_ == 'I') names_.now |= names_.of_transaction;
  if (own_transaction_) return end_own_pipeline(failed);
  Expected& sync = expect(RequestKind::kSync);
  if (opened_.at_commit && transaction_ahead_ == 'I') {
    sync.decision = opened_.at_commit;
    sync.limited = true;
    if (const auto& most = opened_.at_commit->limits.duration) watch_duration(most->most);
  }
  return Pass::kForward;
}

Session::Pass Session::on_copy_message(const Piece& piece) {
  const bool simple = !expected_.empty() && expected_.front().kind == RequestKind::kQuery;
  const bool counted = !expected_.empty() && expected_.front().counted;
  switch (piece.type) {
    case pg::kCopyData:
      copy_data_seen_ = true;
      if (!expected_.empty()) expected_.front().bytes += piece.bytes.size();
      return Pass::kForward;
    case pg::kSync:
      // A server in copy mode ignores Sync, but not one that has failed meanwhile: see on_error.
      copy_sync_dropped_ = copy_sync_dropped_ || copy_data_seen_;
      return Pass::kDrop;
    case pg::kFlush:
      return Pass::kDrop;
    case pg::kCopyDone:
    case pg::kCopyFail:
      copying_in_ = false;
      // The next statement of the same text may be a COPY again.
      if (simple) suspend(kCopyBarrier);
      if (!counted) return Pass::kForward;
      suspend(kCounting);
      if (simple) return Pass::kForward;
      // The server would keep the answer until the Sync that waits for it.
      replacement_.assign(piece.bytes);
      pg::encode_flush(replacement_);
      return Pass::kReplace;
    default:
      // The server would take it for part of the copy and fail. It may have failed already and
      // would then run it: it must not see it.
      copying_in_ = false;
      if (simple) suspend(kCopyBarrier);
      if (counted) suspend(kCounting);
      replacement_.clear();
      pg::encode_copy_fail(replacement_, "unexpected message during COPY from stdin");
      return Pass::kReplace;
  }
}

}  // namespace sluice::gateway
