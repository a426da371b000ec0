// Session: in which transaction something was done, and how that ended, for the record.
#include "gateway/session.h"

namespace sluice::gateway {
namespace {

using sql::TransactionEffect;

/// What a command tag tells by itself, of a statement whose text is not known.
TransactionEffect effect_of_tag(std::string_view command) {
  if (command == "BEGIN" || command == "START TRANSACTION") return TransactionEffect::kBegin;
  if (command == "COMMIT") return TransactionEffect::kCommit;
  if (command == "ROLLBACK") return TransactionEffect::kRollback;
  if (command == "PREPARE TRANSACTION") return TransactionEffect::kPrepareTransaction;
  return TransactionEffect::kNone;
}

bool controls_transaction(std::string_view command) {
  return effect_of_tag(command) != TransactionEffect::kNone || command == "SAVEPOINT" ||
         command == "RELEASE" || command == "COMMIT PREPARED" || command == "ROLLBACK PREPARED";
}

}  // namespace

void Session::transaction_completed(Expected& entry, std::string_view command) {
  TransactionEffect effect = TransactionEffect::kNone;
  size_t statements = 1;
  if (entry.text) {
    const auto& facts = entry.text->facts();
    statements = facts.statements;
    // ROLLBACK TO has ROLLBACK's tag.
    if (entry.transaction_uses < facts.transaction.size() && controls_transaction(command)) {
      effect = facts.transaction[entry.transaction_uses++];
    }
  } else {
    effect = effect_of_tag(command);
  }
  if (command == "ROLLBACK" &&
      (effect == TransactionEffect::kCommit || effect == TransactionEffect::kPrepareTransaction)) {
    if (auto back = acting_.before.not_committed()) acting_.take_back(std::move(*back));
  }
  // What came by an Execute is committed by the Sync behind it, which may fail.
  const bool commits = entry.ends_with_ready() && entry.completed + 1 >= statements;
  if (command == "COMMIT" && !split_.changed.empty()) split_.committed = true;
  const auto place = transactions_.completed(command, effect, commits);
  entry.transaction = place.number;
  entry.transaction_outcome = place.outcome;
}

void Session::transaction_failed(Expected& entry) {
  // What is refused runs nothing, and takes along only what was open.
  const bool runs =
      !entry.refused &&
      (entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kFunctionCall ||
       entry.kind == RequestKind::kParse || entry.kind == RequestKind::kBind ||
       entry.kind == RequestKind::kExecute);
  if (!runs && !transactions_.open()) return;
  const auto place = transactions_.failed();
  if (place.outcome == audit::TransactionOutcome::kRolledBack) {
    if (auto back = acting_.before.failed()) acting_.take_back(std::move(*back));
  }
  entry.transaction = place.number;
  entry.transaction_outcome = place.outcome;
}

}  // namespace sluice::gateway
