// Session: SHOW sluice.receipt answers with the proof that the session's last statement is on the
// record. The server shows it: the gateway sets it there first, as a setting of the session.
#include <algorithm>

#include "audit/receipt.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view kSetting = "sluice.receipt";

bool contains(Bytes text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [&](char a, char b) { return lower(a) == b; }) != text.end();
}

}  // namespace

bool Session::wants_receipt(const Piece& piece, const Statement& statement) const {
  // What only looks as if it asked sets a setting that nobody reads.
  return statement.facts().kind == "SHOW" && piece.whole() && transaction_ != 'E' &&
         !(redone_ && redone_->receipt) && contains(statement.recorded.text, kSetting);
}

void Session::make_receipt(const Piece& piece) {
  defer(piece, kReceipt);
  deferred_->receipt = true;
  // Once this is answered, all that was sent before has been, and is on the record.
  run_own({"SELECT"}, [this](OwnRun&) {
    if (!deferred_) return;
    if (last_recorded_ == 0) {
      return receipt_made(fail(ErrorCode::kNotFound, "this session has run nothing yet"));
    }
    auto& shared = worker_.shared();
    shared.log.when_published(
        last_recorded_, [&shared, &worker = worker_, id = id_, sequence = last_recorded_](bool) {
          // Files are read for it, which is not for the thread that makes the tree.
          shared.background.submit([&shared, &worker, id, sequence] {
            worker.post([id, receipt = audit::make_receipt(shared.log.directory(), sequence)](
                            Worker& self) {
              if (Session* session = self.find_session(id)) session->receipt_made(receipt);
            });
          });
        });
  });
}

void Session::receipt_made(const Result<std::string>& receipt) {
  if (!deferred_ || finished_) return;
  if (!receipt) {
    deferred_->refused =
        refusal("receipt", "55000", "there is no receipt to show: " + receipt.error().text,
                "Run a statement first, and ask again in the same session.");
    return take_deferred(kReceipt);
  }
  run_own({"SELECT pg_catalog.set_config('sluice.receipt', $sluice_receipt$" + *receipt +
           "$sluice_receipt$, false)"},
          [this](OwnRun& run) {
            if (!deferred_) return;
            if (run.answer.error) deferred_failed(*run.answer.error);
            take_deferred(kReceipt);
          });
}

}  // namespace sluice::gateway
