#include "gateway/transaction_track.h"

namespace sluice::gateway {

using audit::TransactionOutcome;
using sql::TransactionEffect;

TransactionTrack::Place TransactionTrack::running() {
  if (!open_) ++number_;
  open_ = true;
  return {number_};
}

TransactionTrack::Place TransactionTrack::end(TransactionOutcome outcome) {
  open_ = block_ = false;
  return {number_, outcome};
}

TransactionTrack::Place TransactionTrack::completed(std::string_view command,
                                                    TransactionEffect effect, bool commits) {
  const Place place = running();
  switch (effect) {
    case TransactionEffect::kBegin:
      block_ = true;
      return place;
    case TransactionEffect::kCommit:
      // COMMIT of a block that has failed is answered by ROLLBACK.
      return end(command == "ROLLBACK" ? TransactionOutcome::kRolledBack
                                       : TransactionOutcome::kCommitted);
    case TransactionEffect::kRollback:
      return end(TransactionOutcome::kRolledBack);
    case TransactionEffect::kPrepareTransaction:
      return end(command == "ROLLBACK" ? TransactionOutcome::kRolledBack
                                       : TransactionOutcome::kPrepared);
    default:
      break;
  }
  return commits && !block_ ? end(TransactionOutcome::kCommitted) : place;
}

TransactionTrack::Place TransactionTrack::failed() {
  const Place place = running();
  return block_ ? place : end(TransactionOutcome::kRolledBack);
}

void TransactionTrack::ready(char status) {
  if (status == 'I') {
    open_ = block_ = false;
    return;
  }
  running();  // COMMIT AND CHAIN has begun another.
  block_ = true;
}

}  // namespace sluice::gateway
