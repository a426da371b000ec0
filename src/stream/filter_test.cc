#include "stream/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/test_records.h"

namespace sluice::stream {
namespace {

using ::testing::HasSubstr;

TEST(Filter, AnEmptyOneLetsEverythingPass) {
  EXPECT_TRUE(passes({}, statement_entry().record));
  EXPECT_TRUE(passes({}, other_entry(audit::EventType::kAdmin).record));
}

TEST(Filter, EveryListMustLetItPass) {
  const auto record = statement_entry().record;
  EXPECT_TRUE(passes({.types = {"admin", "statement"}}, record));
  EXPECT_FALSE(passes({.types = {"admin"}}, record));
  EXPECT_TRUE(passes({.users = {"alice"}, .databases = {"orders"}}, record));
  EXPECT_FALSE(passes({.users = {"alice"}, .databases = {"other"}}, record));
  EXPECT_FALSE(passes({.users = {"Alice"}}, record)) << "names are exact";
}

TEST(Filter, OnlyStatementsHaveDecisionsAndKinds) {
  auto record = statement_entry().record;
  EXPECT_FALSE(passes({.decisions = {"denied"}}, record));
  record.outcome = audit::Outcome::kDenied;
  EXPECT_TRUE(passes({.decisions = {"limited", "denied"}}, record));
  EXPECT_FALSE(passes({.decisions = {"allowed"}}, other_entry(audit::EventType::kAdmin).record));
  record.kind = "CREATE TABLE";
  EXPECT_TRUE(passes({.kinds = {"create"}}, record));
  EXPECT_FALSE(passes({.kinds = {"create table as"}}, record));
  EXPECT_FALSE(passes({.kinds = {"create"}}, other_entry(audit::EventType::kAdmin).record));
}

TEST(Filter, ATypeThatNoRecordHasIsAnError) {
  EXPECT_TRUE(check_filter({.types = {"statement", "schema_drift"}}));
  EXPECT_THAT(check_filter({.types = {"statment"}}).error().text,
              HasSubstr("\"statment\"; known: gateway_start, "));
}

}  // namespace
}  // namespace sluice::stream
