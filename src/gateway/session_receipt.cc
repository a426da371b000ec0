// Session: SHOW sluice.receipt answers with the proof that the session's last statement is on the
// record, SHOW sluice.provenance with the receipt for what it has last exported for training. The
// server shows it: the gateway sets it there first, as a setting of the session.
#include <algorithm>

#include "audit/receipt.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view kReceiptSetting = "sluice.receipt";
constexpr std::string_view kProvenanceSetting = "sluice.provenance";

bool contains(Bytes text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [&](char a, char b) { return lower(a) == b; }) != text.end();
}

}  // namespace

/// The setting that it shows; empty: none of those.
std::string_view Session::wanted_receipt(const Piece& piece, const Statement& statement) const {
  // What only looks as if it asked sets a setting that nobody reads.
  const bool may = statement.facts().kind == "SHOW" && piece.whole() && transaction_ != 'E' &&
                   !(redone_ && redone_->receipt);
  const bool parsing = piece.type == wire::postgres::kParse;
  // Over HTTP it is described first, which the server would refuse.
  const bool now = !parsing || !admission_.asked_from.empty();
  if (may && now && contains(statement.recorded.text, kReceiptSetting)) return kReceiptSetting;
  // Servers that have never heard of it would not describe it.
  if (may && contains(statement.recorded.text, kProvenanceSetting)) return kProvenanceSetting;
  return {};
}

void Session::make_receipt(const Piece& piece, std::string_view setting) {
  defer(piece, kReceipt);
  deferred_->receipt = true;
  // Once this is answered, all that was sent before has been, and is on the record.
  run_own({"SELECT"}, [this, setting](OwnRun&) {
    if (!deferred_) return;
    if (setting == kProvenanceSetting) {
      if (!acting_.envelope.empty()) return receipt_made(acting_.envelope, kProvenanceSetting);
      return receipt_made(
          fail(ErrorCode::kNotFound, "nothing has left for training in this session yet"), {});
    }
    // Of the next statement asked for over HTTP the session is another.
    if (!admission_.asked_from.empty()) {
      deferred_->refused = refusal(
          "receipt", "55000", "statements over HTTP have no session to show a receipt in",
          "Ask for GET /api/v1/audit/receipts/N: N is the `record` of the statement's answer.");
      return take_deferred(kReceipt);
    }
    if (last_recorded_ == 0) {
      return receipt_made(fail(ErrorCode::kNotFound, "this session has run nothing yet"), {});
    }
    auto& shared = worker_.shared();
    shared.log.when_published(
        last_recorded_, [&shared, &worker = worker_, id = id_, sequence = last_recorded_](bool) {
          // Files are read for it, which is not for the thread that makes the tree.
          shared.background.submit([&shared, &worker, id, sequence] {
            worker.post([id, receipt = audit::make_receipt(shared.log.directory(), sequence)](
                            Worker& self) {
              if (Session* session = self.find_session(id)) {
                session->receipt_made(receipt, kReceiptSetting);
              }
            });
          });
        });
  });
}

void Session::receipt_made(const Result<std::string>& receipt, std::string_view setting) {
  if (!deferred_ || finished_) return;
  if (!receipt) {
    deferred_->refused =
        refusal("receipt", "55000", "there is no receipt to show: " + receipt.error().text,
                "Run a statement first, and ask again in the same session.");
    return take_deferred(kReceipt);
  }
  run_own({"SELECT pg_catalog.set_config('" + std::string(setting) + "', $sluice_receipt$" +
           *receipt + "$sluice_receipt$, false)"},
          [this](OwnRun& run) {
            if (!deferred_) return;
            if (run.answer.error) deferred_failed(run);
            take_deferred(kReceipt);
          });
}

}  // namespace sluice::gateway
