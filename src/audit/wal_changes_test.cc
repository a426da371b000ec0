#include "audit/wal_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"

namespace sluice::audit {
namespace {

/// Feeds lines of one transaction; the last must end it.
Result<WalTransaction> read(const std::vector<std::pair<std::string, std::string>>& lines) {
  WalReader reader;
  std::optional<WalTransaction> last;
  for (const auto& [head, count] : lines) {
    SLUICE_ASSIGN(last, reader.take({"0/1927690", "728", head, count}));
  }
  if (!last || !reader.at_boundary()) return fail(ErrorCode::kInternal, "goes on");
  return std::move(*last);
}

TEST(WalChanges, ATransactionIsPutTogether) {
  const auto transaction =
      read({{"BEGIN 728", "1"},
            {"message: transactional: 1 prefix: sluice, sz: 5 content:hello", "1"},
            {"message: transactional: 1 prefix: other, sz: 2 content:no", "1"},
            {"table public.\"Odd.Na\"\"me\": INSERT:", "3"},
            {"table public.\"Odd.Na\"\"me\": UPDATE:", "1"},
            {"table public.t: DELETE:", "2"},
            {"table public.t, public.\"Odd.Na\"\"me\": TRUNCATE:", "1"},
            {"COMMIT 728 (at 2026-11-26 11:50:53.122942+00)", "1"}});
  ASSERT_TRUE(transaction) << transaction.error().text;
  EXPECT_EQ(transaction->xid, 728U);
  EXPECT_EQ(format_time(transaction->commit_micros), "2026-11-26T11:50:53.122942Z");
  EXPECT_THAT(transaction->stamps, testing::ElementsAre("hello"));
  EXPECT_EQ(describe(transaction->tables),
            "public.Odd.Na\"me: 3 inserted, 1 updated, truncated; public.t: 2 deleted, truncated");
}

TEST(WalChanges, WhatTheServerWouldNotSayIsAnError) {
  const std::string end = "COMMIT 728 (at 2026-11-26 11:50:53+00)";
  EXPECT_TRUE(read({{"BEGIN 728", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"BEGIN 728", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 727", "1"}, {"table public.t: INSERT:", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"table t: INSERT:", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"table public.t: MERGE:", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"table public.a, public.b: INSERT:", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"table public.\"t: INSERT:", "1"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"table public.t: INSERT:", "many"}, {end, "1"}}));
  EXPECT_FALSE(read({{"BEGIN 728", "1"}, {"COMMIT 728 (at yesterday)", "1"}}));
  EXPECT_FALSE(read({{"table public.t: INSERT:", "1"}}));
  EXPECT_FALSE(read({{"opening a streamed block", "1"}}));
}

TEST(WalChanges, MessagesOutsideOfTransactionsExplainNothing) {
  WalReader reader;
  const auto taken = reader.take(
      {"0/1", "0", "message: transactional: 0 prefix: sluice, sz: 5 content:hello", "1"});
  EXPECT_TRUE(taken && !*taken);
  EXPECT_TRUE(reader.at_boundary());
}

TEST(WalChanges, PlacesCompare) {
  EXPECT_EQ(parse_lsn("16/B374D848"), 0x16B374D848U);
  EXPECT_LT(*parse_lsn("0/FFFFFFFF"), *parse_lsn("1/0"));
  EXPECT_FALSE(parse_lsn("16"));
  EXPECT_FALSE(parse_lsn("16/"));
  EXPECT_FALSE(parse_lsn("1/100000000"));
}

TEST(WalChanges, NamesOfSlotsCannotLeaveTheirLiteral) {
  EXPECT_NE(wal_query("a'b", "0/1", 10).find("('a''b', '0/1', 10,"), std::string::npos);
}

}  // namespace
}  // namespace sluice::audit
