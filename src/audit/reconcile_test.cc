#include "audit/reconcile.h"

#include <gtest/gtest.h>

namespace sluice::audit {
namespace {

/// A log that has one stamp: 5 of session 7, in transaction 2^32 + 728.
Result<std::optional<RecordedStamp>> find(const Stamp& stamp) {
  if (stamp.session != 7) return std::nullopt;
  if (stamp.token == 5) return RecordedStamp{17, (uint64_t{1} << 32) + 728};
  if (stamp.token == 6) return RecordedStamp{18, 0};
  return std::nullopt;
}

class ReconcileTest : public testing::Test {
 protected:
  /// Name of the finding about a transaction with this number and these stamps; "" for none.
  std::string judge(uint32_t xid, std::vector<std::string> stamps, bool changes = true) {
    WalTransaction transaction;
    transaction.xid = xid;
    transaction.stamps = std::move(stamps);
    if (changes) transaction.tables["public.t"].inserts = 1;
    const auto finding = *reconciler_.judge(transaction);
    return finding ? std::string(name_of(finding->why)) : "";
  }

  StampMaker maker_{"secret", "origin", "orders"};
  Reconciler reconciler_{maker_, find};
};

TEST_F(ReconcileTest, ARecordedTransactionIsExplained) {
  EXPECT_EQ(judge(728, {maker_.text(7, 5)}), "");
  EXPECT_EQ(judge(728, {maker_.text(7, 5), maker_.text(7, 5)}), "");
  EXPECT_EQ(reconciler_.counts().explained, 2U);
  EXPECT_EQ(reconciler_.counts().unexplained, 0U);
}

TEST_F(ReconcileTest, WhatChangesNothingNeedsNoStamp) {
  EXPECT_EQ(judge(1, {}, false), "");
  EXPECT_EQ(reconciler_.counts().transactions, 0U);
  EXPECT_EQ(judge(1, {}), "unstamped");
}

TEST_F(ReconcileTest, StampsAreForgedForeignOrUnrecorded) {
  EXPECT_EQ(judge(728, {"hello"}), "forged");
  EXPECT_EQ(judge(728, {StampMaker("guess", "origin", "orders").text(7, 5)}), "forged");
  EXPECT_EQ(judge(728, {StampMaker("secret", "other", "orders").text(7, 5)}), "foreign");
  EXPECT_EQ(judge(728, {maker_.text(8, 5)}), "unrecorded");
  EXPECT_EQ(judge(728, {maker_.text(7, 6)}), "unconfirmed");
}

TEST_F(ReconcileTest, ACopiedStampDoesNotFitItsTransaction) {
  EXPECT_EQ(judge(729, {maker_.text(7, 5)}), "copied");
  EXPECT_EQ(judge(729, {maker_.text(7, 5)}, false), "copied");
  // Beside a good one it is found too.
  EXPECT_EQ(judge(728, {maker_.text(7, 5), "hello"}), "forged");
}

}  // namespace
}  // namespace sluice::audit
