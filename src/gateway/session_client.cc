// Session, client to server: every message is understood and decided on before its bytes go on.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/cancel.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Sent in place of a refused statement where the server has to fail too, so that its transaction
/// is aborted as by any other error. Not SQL, whatever the settings.
constexpr std::string_view kFailingText = "statement refused by the gateway";

bool contains_copy_in(const sql::StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kCopyIn;
  });
}

std::shared_ptr<const policy::Decision> refusal(std::string rule, std::string sqlstate,
                                                std::string message, std::string hint) {
  auto decision = std::make_shared<policy::Decision>();
  decision->rule = std::move(rule);
  decision->sqlstate = std::move(sqlstate);
  decision->message = std::move(message);
  decision->hint = std::move(hint);
  return decision;
}

}  // namespace

void Session::on_receive(net::Slice data) {
  worker_.counters().bytes_from_clients.add(data.size());
  if (suspended_ == 0) {
    process(std::move(data));
    return;
  }
  const bool first_use = suspended_ == kNoServer && greeted_ && !server_ && !waiter_;
  if (first_use && pending_.empty() && data.bytes()[0] == pg::kTerminate) {
    process(std::move(data));
    return;
  }
  pending_.push_back(std::move(data));
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
  size_t run = 0;  // Start of the bytes that go on as they are, in one piece.
  const auto flush_run = [&](size_t end) {
    if (end > run) server_->stream().send(data.sub(run, end - run));
  };
  Piece piece;
  for (;;) {
    const size_t before = size - in.size();
    const auto status = client_framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) {
      flush_run(before);
      break;
    }
    if (status == pg::Framer::Status::kBad) {
      flush_run(before);
      reject_client(client_framer_.problem());
      return;
    }
    const Pass pass = on_client_piece(piece);
    if (pass == Pass::kStop) return;
    const size_t after = size - in.size();
    if (pass != Pass::kForward || !piece.in_place) {
      flush_run(before);
      if (pass == Pass::kForward) server_->stream().send(piece.bytes);
      if (pass == Pass::kReplace) server_->stream().send(Bytes(replacement_));
      run = after;
    }
    if (suspended_ != 0) {
      flush_run(after);
      if (after < size) pending_.insert(pending_.begin(), data.sub(after, size - after));
      return;
    }
  }
  if (server_ && server_->stream().unsent() > net::Stream::kHighWater) suspend(kServerFull);
  if (expected_.size() > kMostExpected) suspend(kQueueFull);
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
  return entry;
}

sql::Settings Session::settings_for_analysis(Bytes text) const {
  sql::Settings settings;
  settings.standard_conforming_strings =
      parameter(parameters_, "standard_conforming_strings") != "off";
  settings.client_encoding = parameter(parameters_, "client_encoding");
  if (settings_uncertain_) {
    // What still runs may change how this text is read. Analysed for the stricter reading, a text
    // that would mean something else in the other is refused.
    settings.standard_conforming_strings = false;
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
    if (!ascii && text.find('\\') != Bytes::npos) settings.client_encoding = "SJIS";
  }
  return settings;
}

Session::Pass Session::on_statement(const Piece& piece) {
  if (!piece.whole()) return on_oversized(piece);
  Bytes text;
  if (piece.type == pg::kQuery) {
    const auto query = pg::decode_query(piece.body());
    if (!query) return reject_client(query.error().text);
    text = query->text;
  } else {
    const auto parse = pg::decode_parse(piece.body());
    if (!parse) return reject_client(parse.error().text);
    text = parse->text;
  }
  const sql::Settings settings = settings_for_analysis(text);
  const auto statement = worker_.analyser().find_or_analyse(text, settings);
  if (!statement) {
    analyse_later(piece.bytes, text, settings);
    return Pass::kDrop;
  }
  return judge(piece.bytes, statement);
}

void Session::analyse_later(Bytes raw, Bytes text, const sql::Settings& settings) {
  deferred_.assign(raw);
  suspend(kAnalysing);
  worker_.shared().analysers.submit(
      std::string(text), settings, [&worker = worker_, id = id_, settings](Analysis analysis) {
        worker.post([id, settings, analysis = std::move(analysis)](Worker& self) mutable {
          if (Session* session = self.find_session(id))
            session->analysed(settings, std::move(analysis));
        });
      });
}

void Session::analysed(const sql::Settings& settings, Analysis analysis) {
  now_ = Moment::now();
  const std::string raw = std::move(deferred_);
  std::string().swap(deferred_);
  const Bytes body = Bytes(raw).substr(pg::kHeaderSize);
  const Bytes text =
      raw[0] == pg::kQuery ? pg::decode_query(body)->text : pg::decode_parse(body)->text;
  const auto statement = worker_.analyser().remember(text, settings, std::move(analysis));
  const Pass pass = judge(raw, statement);
  if (pass == Pass::kStop) return;
  if (pass == Pass::kForward) server_->stream().send(Bytes(raw));
  if (pass == Pass::kReplace) server_->stream().send(Bytes(replacement_));
  resume(kAnalysing);
}

Session::Pass Session::judge(Bytes raw, const std::shared_ptr<const Statement>& statement) {
  const bool simple = raw[0] == pg::kQuery;
  const Bytes body = raw.substr(pg::kHeaderSize);
  const Bytes name = simple ? Bytes() : pg::decode_parse(body)->name;
  auto decision = statement->meaning->decision_for(*admission_.database);
  ++statements_;
  last_statement_ = statement;
  if (const auto room = worker_.reserve_record(); !room) {
    decision = refusal("audit-unavailable", "58030",
                       "the audit log cannot be written, so no statement is taken",
                       "An operator finds the reason at /readyz and in the gateway's log.");
  } else if (!simple && prepared_.full()) {
    decision = refusal("too-many-prepared-statements", "53400",
                       "too many prepared statements or portals in this session",
                       "Close some of them, or connect again.");
  }
  if (!decision->allowed) {
    return simple ? refuse_query(audit::Phase::kSimple, statement.get(), decision)
                  : refuse_extended(name, statement.get(), decision);
  }
  Expected& entry = expect(simple ? RequestKind::kQuery : RequestKind::kParse);
  entry.text = statement;
  entry.decision = std::move(decision);
  entry.statement.assign(name);
  entry.may_copy_in = contains_copy_in(statement->facts());
  if (simple) {
    settings_uncertain_ = true;
    since_sync_ = false;
    if (entry.may_copy_in) suspend(kCopyBarrier);
  } else {
    since_sync_ = true;
    copy_in_parsed_ = copy_in_parsed_ || entry.may_copy_in;
  }
  return Pass::kForward;
}

Session::Pass Session::on_oversized(const Piece& piece) {
  if (piece.first) capture_digest_ = std::make_unique<Sha256>();
  capture_digest_->update(piece.body());
  if (!piece.last) return Pass::kDrop;
  auto facts = std::make_shared<sql::StatementFacts>();
  const auto digest = capture_digest_->finish();
  capture_digest_.reset();
  facts->unanalysable =
      fmt::format("the statement of {} bytes is longer than the gateway analyses ({} bytes)",
                  piece.length, admission_.runtime->config->limits.statement_bytes);
  facts->unanalysable_sqlstate = "54000";
  const auto& config = admission_.database->config();
  auto decision = std::make_shared<const policy::Decision>(
      policy::decide(*facts, {config.name, config.environment}));
  ++statements_;
  const Statement statement{std::make_shared<const Meaning>(std::move(facts)),
                            {{}, std::string(digest.data(), digest.size())}};
  return piece.type == pg::kQuery ? refuse_query(audit::Phase::kSimple, &statement, decision)
                                  : refuse_extended({}, &statement, decision);
}

std::string Session::refusal_response(const policy::Decision& decision) const {
  pg::ErrorFields fields;
  fields.set_severity("ERROR");
  fields.set(pg::kFieldSqlstate, decision.sqlstate);
  fields.set(pg::kFieldMessage, decision.message);
  if (!decision.detail.empty()) fields.set(pg::kFieldDetail, decision.detail);
  if (!decision.hint.empty()) fields.set(pg::kFieldHint, decision.hint);
  if (decision.position > 0) fields.set(pg::kFieldPosition, std::to_string(decision.position));
  std::string out;
  pg::encode_error_response(out, fields);
  return out;
}

Session::Pass Session::refuse_query(audit::Phase phase, const Statement* statement,
                                    const std::shared_ptr<const policy::Decision>& decision) {
  if (!record_refusal(phase, {}, statement, *decision)) return Pass::kStop;
  // A failing statement also takes the unnamed one away; only the server can do that.
  const bool takes_unnamed = phase == audit::Phase::kSimple && prepared_.find({}) != nullptr;
  if (expected_.empty() && !since_sync_ && transaction_ != 'T' && !takes_unnamed) {
    std::string out = refusal_response(*decision);
    pg::encode_ready_for_query(out, transaction_);
    client_->send(Bytes(out));
    return Pass::kDrop;
  }
  Expected& entry = expect(RequestKind::kQuery);
  entry.refused = true;
  entry.decision = decision;
  since_sync_ = false;
  replacement_.clear();
  pg::encode_query(replacement_, kFailingText);
  return Pass::kReplace;
}

Session::Pass Session::refuse_extended(std::string_view name, const Statement* statement,
                                       const std::shared_ptr<const policy::Decision>& decision) {
  if (!record_refusal(audit::Phase::kParse, name, statement, *decision)) return Pass::kStop;
  skip_until_sync_ = true;
  const bool replaces_unnamed = name.empty() && prepared_.find({}) != nullptr;
  if (expected_.empty() && !since_sync_ && transaction_ != 'T' && !replaces_unnamed) {
    local_sync_ = true;
    client_->send(Bytes(refusal_response(*decision)));
    return Pass::kDrop;
  }
  Expected& entry = expect(RequestKind::kParse);
  entry.refused = true;
  entry.decision = decision;
  entry.statement.assign(name);
  since_sync_ = true;
  replacement_.clear();
  pg::encode_parse(replacement_, name, kFailingText);
  return Pass::kReplace;
}

Session::Pass Session::on_bind(const Piece& piece) {
  // Enough of a Bind that arrives in parts to know its names and record its first parameters; the
  // rest passes through and is only digested.
  constexpr size_t kCapture = 64 * 1024;
  if (piece.first) {
    expect(RequestKind::kBind);
    since_sync_ = true;
    capture_.clear();
  }
  Expected& entry = expected_.back();
  if (piece.whole()) {
    capture_bind(entry, piece.body(), {});
    return Pass::kForward;
  }
  if (piece.first) capture_digest_ = std::make_unique<Sha256>();
  capture_digest_->update(piece.body());
  capture_.append(piece.body().substr(0, kCapture - std::min(kCapture, capture_.size())));
  if (piece.last) {
    const auto digest = capture_digest_->finish();
    capture_bind(entry, capture_, {digest.data(), digest.size()});
    capture_digest_.reset();
    std::string().swap(capture_);
  }
  return Pass::kForward;
}

void Session::capture_bind(Expected& entry, Bytes body, Bytes digest) {
  const auto prefix = pg::decode_bind_prefix(body);
  if (!prefix) {
    entry.malformed = true;  // The server will say so; should it not, the session ends.
    return;
  }
  entry.portal.assign(prefix->portal);
  entry.statement.assign(prefix->statement);
  const size_t limit = admission_.runtime->config->audit.parameters_limit;
  Bytes parameters = body.substr(prefix->parameters_offset);
  if (digest.empty()) {
    const auto exact = pg::bind_parameters(body, prefix->parameters_offset);
    if (exact) parameters = *exact;
    if (parameters.size() == 4) return;  // No formats, no parameters.
  }
  entry.parameters.assign(parameters.substr(0, limit));
  if (!digest.empty()) {
    entry.parameters_digest.assign(digest);
  } else if (parameters.size() > limit) {
    const auto whole = sha256(parameters);
    entry.parameters_digest.assign(whole.data(), whole.size());
  }
}

Session::Pass Session::on_execute(const Piece& piece) {
  const auto execute = pg::decode_execute(piece.body());
  if (!execute) return reject_client(execute.error().text);
  if (!worker_.reserve_record()) {
    return refuse_extended({}, nullptr,
                           refusal("audit-unavailable", "58030",
                                   "the audit log cannot be written, so no statement is taken",
                                   "An operator finds the reason at /readyz."));
  }
  Expected& entry = expect(RequestKind::kExecute);
  entry.portal.assign(execute->portal);
  since_sync_ = true;
  settings_uncertain_ = true;
  if (!copy_in_parsed_) return Pass::kForward;
  // It may be a COPY FROM STDIN, after which the server reads nothing but copy data. Flush makes it
  // answer now if it is not.
  entry.may_copy_in = true;
  suspend(kCopyBarrier);
  replacement_.assign(piece.bytes);
  pg::encode_flush(replacement_);
  return Pass::kReplace;
}

Session::Pass Session::on_describe_or_close(const Piece& piece) {
  const auto named = pg::decode_describe_or_close(piece.body());
  if (!named) return reject_client(named.error().text);
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
  skip_until_sync_ = false;
  since_sync_ = false;
  if (local_sync_) {
    // Nothing was sent to the server since its last ReadyForQuery.
    local_sync_ = false;
    std::string out;
    pg::encode_ready_for_query(out, transaction_);
    client_->send(Bytes(out));
    return Pass::kDrop;
  }
  expect(RequestKind::kSync);
  return Pass::kForward;
}

Session::Pass Session::on_function_call() {
  ++statements_;
  if (!admission_.database->config().allow_function_call) {
    static const auto kRefused =
        refusal("no-function-call", "42501", "function calls by message are not allowed",
                "Call the function in a SELECT statement instead.");
    return refuse_query(audit::Phase::kFunctionCall, nullptr, kRefused);
  }
  expect(RequestKind::kFunctionCall);
  settings_uncertain_ = true;
  return Pass::kForward;
}

Session::Pass Session::on_copy_message(const Piece& piece) {
  const bool simple = !expected_.empty() && expected_.front().kind == RequestKind::kQuery;
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
      return Pass::kForward;
    default:
      // The server would take it for part of the copy and fail. It may have failed already and
      // would then run it: it must not see it.
      copying_in_ = false;
      if (simple) suspend(kCopyBarrier);
      replacement_.clear();
      pg::encode_copy_fail(replacement_, "unexpected message during COPY from stdin");
      return Pass::kReplace;
  }
}

}  // namespace sluice::gateway
