#include "gateway/own_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace {

namespace pg = wire::postgres;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void append16(std::string& out, uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xff));
}

std::string data_row(const std::vector<std::optional<std::string>>& values) {
  std::string body;
  append16(body, static_cast<uint16_t>(values.size()));
  for (const auto& value : values) {
    const uint32_t length = value ? static_cast<uint32_t>(value->size()) : UINT32_MAX;
    append16(body, static_cast<uint16_t>(length >> 16));
    append16(body, static_cast<uint16_t>(length & 0xffff));
    if (value) body += *value;
  }
  return body;
}

TEST(OwnAnswer, GathersRowsByStatement) {
  OwnAnswer answer;
  EXPECT_TRUE(answer.take(pg::kRowDescription, "ignored"));
  EXPECT_TRUE(answer.take(pg::kDataRow, data_row({"a", std::nullopt, ""})));
  EXPECT_TRUE(answer.take(pg::kDataRow, data_row({"b", "c", std::string("\0d", 2)})));
  EXPECT_THAT(answer.results, IsEmpty()) << "the statement has not ended";
  EXPECT_TRUE(answer.take(pg::kCommandComplete, std::string_view("SELECT 2\0", 9)));
  EXPECT_TRUE(answer.take(pg::kCommandComplete, std::string_view("BEGIN\0", 6)));
  EXPECT_TRUE(answer.take(pg::kEmptyQueryResponse, ""));
  ASSERT_THAT(answer.results, SizeIs(3));
  EXPECT_THAT(answer.results[0], ElementsAre(catalog::Row{"a", std::nullopt, ""},
                                             catalog::Row{"b", "c", std::string("\0d", 2)}));
  EXPECT_THAT(answer.results[1], IsEmpty());
  EXPECT_FALSE(answer.error);
}

TEST(OwnAnswer, CommitOfAFailedTransactionIsAnError) {
  OwnAnswer committed;
  EXPECT_TRUE(committed.take(pg::kCommandComplete, std::string_view("COMMIT\0", 7)));
  committed.expect_commit();
  EXPECT_FALSE(committed.error);
  OwnAnswer failed;
  EXPECT_TRUE(failed.take(pg::kCommandComplete, std::string_view("ROLLBACK\0", 9)));
  failed.expect_commit();
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->sqlstate(), "40000");
}

TEST(OwnAnswer, KeepsTheServersError) {
  OwnAnswer answer;
  const std::string body("SERROR\0C42P01\0Mno such table\0\0", 31);
  EXPECT_TRUE(answer.take(pg::kErrorResponse, body));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->sqlstate(), "42P01");
  EXPECT_EQ(answer.error->message(), "no such table");
}

TEST(OwnAnswer, RowsOfAStatementThatFailedAreNoResult) {
  OwnAnswer answer;
  EXPECT_TRUE(answer.take(pg::kDataRow, data_row({"half"})));
  EXPECT_TRUE(answer.take(pg::kErrorResponse, std::string("SERROR\0C57014\0Mcanceled\0\0", 26)));
  EXPECT_THAT(answer.results, IsEmpty());
  EXPECT_TRUE(answer.error);
}

TEST(OwnAnswer, RefusesMalformedRows) {
  for (const std::string& body : {std::string(), std::string("\0", 1), std::string("\0\1", 2),
                                  std::string("\0\1\0\0\0\5abc", 9)}) {
    OwnAnswer answer;
    EXPECT_FALSE(answer.take(pg::kDataRow, body)) << body.size();
  }
}

}  // namespace
}  // namespace sluice::gateway
