#include "gateway/transaction_track.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using audit::TransactionOutcome;
using sql::TransactionEffect;
using Place = TransactionTrack::Place;

void expect(const Place& place, uint64_t number, TransactionOutcome outcome) {
  EXPECT_EQ(place.number, number);
  EXPECT_EQ(place.outcome, outcome);
}

constexpr auto kNone = TransactionEffect::kNone;

TEST(TransactionTrack, EveryStatementAloneIsATransaction) {
  TransactionTrack track;
  expect(track.completed("SELECT", kNone, true), 1, TransactionOutcome::kCommitted);
  track.ready('I');
  expect(track.failed(), 2, TransactionOutcome::kRolledBack);
  track.ready('I');
  expect(track.completed("UPDATE", kNone, true), 3, TransactionOutcome::kCommitted);
  EXPECT_EQ(track.current().number, 0U);
}

TEST(TransactionTrack, TextOfSeveralStatementsIsOneTransaction) {
  TransactionTrack track;
  expect(track.completed("INSERT", kNone, false), 1, TransactionOutcome::kOpen);
  expect(track.completed("INSERT", kNone, true), 1, TransactionOutcome::kCommitted);
  track.ready('I');
  track.completed("INSERT", kNone, false);
  expect(track.failed(), 2, TransactionOutcome::kRolledBack);
}

TEST(TransactionTrack, BlockEndsWithItsCommitOrRollback) {
  TransactionTrack track;
  expect(track.completed("BEGIN", TransactionEffect::kBegin, true), 1, TransactionOutcome::kOpen);
  track.ready('T');
  expect(track.completed("UPDATE", kNone, true), 1, TransactionOutcome::kOpen);
  track.ready('T');
  expect(track.completed("ROLLBACK", TransactionEffect::kRollbackTo, true), 1,
         TransactionOutcome::kOpen);
  expect(track.completed("COMMIT", TransactionEffect::kCommit, true), 1,
         TransactionOutcome::kCommitted);
  track.ready('I');
  track.completed("BEGIN", TransactionEffect::kBegin, true);
  track.ready('T');
  expect(track.failed(), 2, TransactionOutcome::kOpen);
  track.ready('E');
  expect(track.completed("ROLLBACK", TransactionEffect::kCommit, true), 2,
         TransactionOutcome::kRolledBack);
}

TEST(TransactionTrack, BlockBegunWithinATextTakesWhatStandsBeforeIt) {
  TransactionTrack track;
  track.completed("INSERT", kNone, false);
  expect(track.completed("BEGIN", TransactionEffect::kBegin, true), 1, TransactionOutcome::kOpen);
  track.ready('T');
  expect(track.completed("ROLLBACK", TransactionEffect::kRollback, true), 1,
         TransactionOutcome::kRolledBack);
}

TEST(TransactionTrack, ChainBeginsTheNextOne) {
  TransactionTrack track;
  track.completed("BEGIN", TransactionEffect::kBegin, true);
  track.ready('T');
  expect(track.completed("COMMIT", TransactionEffect::kCommit, true), 1,
         TransactionOutcome::kCommitted);
  track.ready('T');
  expect(track.completed("UPDATE", kNone, true), 2, TransactionOutcome::kOpen);
}

TEST(TransactionTrack, PipelineIsOneTransactionUntilTheServerIsReady) {
  TransactionTrack track;
  expect(track.completed("INSERT", kNone, false), 1, TransactionOutcome::kOpen);
  expect(track.completed("INSERT", kNone, false), 1, TransactionOutcome::kOpen);
  EXPECT_TRUE(track.implicit());
  track.ready('I');
  EXPECT_FALSE(track.implicit());
  expect(track.completed("INSERT", kNone, false), 2, TransactionOutcome::kOpen);
}

TEST(TransactionTrack, PreparedTransactionIsNeitherCommittedNorRolledBack) {
  TransactionTrack track;
  track.completed("BEGIN", TransactionEffect::kBegin, true);
  track.ready('T');
  expect(track.completed("PREPARE TRANSACTION", TransactionEffect::kPrepareTransaction, true), 1,
         TransactionOutcome::kPrepared);
  track.ready('I');
  expect(track.completed("COMMIT PREPARED", TransactionEffect::kCommitPrepared, true), 2,
         TransactionOutcome::kCommitted);
}

}  // namespace
}  // namespace sluice::gateway
