// Session: a text of several statements that opens a transaction of its own and writes within
// bounds. Its writes have to be counted before its COMMIT, so its statements are sent one by one,
// as the server would run them: the first that fails ends the text, and one ReadyForQuery answers
// all of it.
#include "gateway/session.h"
#include "gateway/worker.h"
#include "sql/split.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

/// False: the text does not begin with BEGIN, so the server would run it as one transaction of
/// another kind.
bool Session::begin_split(Bytes text) {
  const auto statements = sql::split_statements(text);
  if (splitting_ || statements.size() < 2 || transaction_ != 'I') return false;
  const auto first =
      worker_.analyser().find_or_analyse(statements.front(), {settings_for_analysis(text), scope_});
  const bool begins = first && first->facts().statements == 1 &&
                      first->facts().transaction ==
                          std::vector<sql::TransactionEffect>{sql::TransactionEffect::kBegin};
  if (!begins) return false;
  split_.assign(statements.begin(), statements.end());
  splitting_ = true;
  split_failed_ = false;
  suspend(kSplit);
  flush_to_server();
  run_split();
  return true;
}

void Session::run_split() {
  if (finished_ || split_.empty()) return;
  std::string message;
  pg::encode_query(message, split_.front());
  split_.pop_front();
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
  if (!splitting_) return false;
  const bool over = split_failed_ || split_.empty();
  if (over) {
    splitting_ = false;
    split_.clear();
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
