// Session: a text of several statements that controls its transactions and writes within bounds.
// Its writes have to be counted before its COMMIT, so its statements are sent one by one, as the
// server would run them: the first that fails ends the text, and one ReadyForQuery answers all of
// it.
#include <algorithm>

#include "gateway/session.h"
#include "gateway/worker.h"
#include "sql/split.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

bool only_reads(const sql::StatementFacts& facts) {
  return std::all_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kRead || action.kind == sql::ActionKind::kReadCatalog;
  });
}

}  // namespace

/// Whether the server runs them alike one by one: outside of transaction blocks it takes several
/// statements of a text for one transaction, which BEGIN even makes a block of.
bool Session::may_split(Bytes text, const std::vector<Bytes>& statements) {
  bool block = transaction_ == 'T';
  size_t outside = 0;
  for (const auto& statement : statements) {
    const auto found =
        worker_.analyser().find_or_analyse(statement, {settings_for_analysis(text), scope_});
    if (!found || found->facts().statements != 1) return false;
    bool begins = false, ends = false;
    for (const auto effect : found->facts().transaction) {
      using enum sql::TransactionEffect;
      begins = begins || effect == kBegin;
      ends = ends || effect == kCommit || effect == kRollback || effect == kPrepareTransaction;
    }
    if ((begins && outside > 0) || (ends && !block)) return false;
    block = begins || (block && !ends);
    if (!block && !ends && !only_reads(found->facts()) && ++outside > 1) return false;
  }
  return true;
}

/// False: the text cannot be sent in pieces.
bool Session::begin_split(Bytes text) {
  const auto statements = sql::split_statements(text);
  if (split_.under_way || statements.size() < 2 || !may_split(text, statements)) return false;
  split_ = {};
  split_.statements.assign(statements.begin(), statements.end());
  split_.under_way = true;
  suspend(kSplit);
  flush_to_server();
  run_split();
  return true;
}

void Session::run_split() {
  if (finished_ || split_.statements.empty()) return;
  std::string message;
  pg::encode_query(message, split_.statements.front());
  split_.statements.pop_front();
  redone_.reset();  // What was found out about the whole text.
  Piece piece;
  piece.type = pg::kQuery;
  piece.first = piece.last = true;
  piece.length = static_cast<uint32_t>(message.size());
  piece.bytes = message;
  now_ = Moment::now();
  const Pass pass = on_client_piece(piece);
  if (pass == Pass::kForward) server_->stream().send(Bytes(message));
  if (pass == Pass::kReplace) server_->stream().send(Bytes(replacement_));
}

/// Where a ReadyForQuery is due: true when the text goes on and none is to be shown.
bool Session::split_goes_on() {
  if (!split_.under_way) return false;
  const bool over = split_.failed || split_.statements.empty();
  if (over) {
    split_ = {};
  }
  // From the loop: what is being answered right now goes out first.
  worker_.post([id = id_, over](Worker& self) {
    Session* session = self.find_session(id);
    if (session == nullptr) return;
    if (over) {
      session->resume(kSplit);
    } else {
      session->run_split();
    }
  });
  return !over;
}

}  // namespace sluice::gateway
