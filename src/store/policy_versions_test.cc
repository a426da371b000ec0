#include "store/policy_versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;

class PolicyVersionsTest : public StoreTest {
 protected:
  static PolicyVersion version(const std::string& text, const std::string& comment = "") {
    PolicyVersion next;
    next.hash = "hash of " + text;
    next.author = "alice";
    next.comment = comment;
    next.text = text;
    return next;
  }
  size_t waiting() { return waiting_admin_events(database)->size(); }

  Database database = store_.open();
};

TEST_P(PolicyVersionsTest, AreCountedAndKept) {
  EXPECT_FALSE(*latest_policy_version(database));
  EXPECT_TRUE(policy_versions(database)->empty());
  EXPECT_EQ(add_policy_version(database, version("one", "first"), 0), 1);
  EXPECT_EQ(add_policy_version(database, version("two"), 1), 2);
  const auto latest = latest_policy_version(database);
  ASSERT_TRUE(latest && *latest);
  EXPECT_EQ((*latest)->number, 2);
  EXPECT_EQ((*latest)->text, "two");
  const auto first = policy_version(database, 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text, "one");
  EXPECT_EQ(first->hash, "hash of one");
  EXPECT_EQ(first->author, "alice");
  EXPECT_EQ(first->comment, "first");
  EXPECT_GT(first->time_micros, 0);
  const auto all = policy_versions(database);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().number, 2) << "the newest first";
  EXPECT_EQ(all->back().comment, "first");
  EXPECT_EQ(all->back().text, "");
  for (const int64_t number : {0, 3, -1})
    EXPECT_EQ(policy_version(database, number).error().code, ErrorCode::kNotFound) << number;
}

TEST_P(PolicyVersionsTest, OneWhoHasNotSeenTheLatestIsRefused) {
  ASSERT_TRUE(add_policy_version(database, version("one"), 0));
  auto other = store_.open();
  ASSERT_TRUE(add_policy_version(other, version("two"), 1));
  for (const int64_t expected : {0, 1, 3}) {
    const auto refused = add_policy_version(database, version("lost"), expected);
    ASSERT_FALSE(refused) << expected;
    EXPECT_EQ(refused.error().code, ErrorCode::kExists);
    EXPECT_THAT(refused.error().text,
                HasSubstr("latest version of the policy is 2, not " + std::to_string(expected)));
  }
  EXPECT_EQ((*latest_policy_version(database))->text, "two");
  EXPECT_EQ(waiting(), 2U) << "what did not happen is not on the record";
}

TEST_P(PolicyVersionsTest, EachIsOnTheRecord) {
  ASSERT_TRUE(add_policy_version(database, version("one", "agents only read"), 0));
  const auto events = waiting_admin_events(database);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().actor, "alice");
  EXPECT_EQ(events->front().message, "policy 1 saved, version hash of one: agents only read");
  // Without room for the record there is no new version either.
  ASSERT_TRUE(database.execute("DROP TABLE waiting_admin_events"));
  EXPECT_FALSE(add_policy_version(database, version("two"), 1));
  EXPECT_EQ((*latest_policy_version(database))->number, 1);
}

TEST_P(PolicyVersionsTest, NoneIsChangedOrRemoved) {
  ASSERT_TRUE(add_policy_version(database, version("one"), 0));
  EXPECT_FALSE(database.execute("UPDATE policy_versions SET text = 'other'"));
  EXPECT_FALSE(database.execute("DELETE FROM policy_versions"));
  EXPECT_EQ((*latest_policy_version(database))->text, "one");
}

TEST_P(PolicyVersionsTest, AuthorAndCommentAreText) {
  auto nobody = version("one");
  nobody.author = "";
  EXPECT_THAT(add_policy_version(database, nobody, 0).error().text, HasSubstr("author is missing"));
  nobody.author = "\xff";
  for (const auto& wrong :
       {nobody, version("one", "\xff"), version("one", std::string(1001, 'x'))}) {
    const auto refused = add_policy_version(database, wrong, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_TRUE(add_policy_version(database, version("one", std::string(1000, 'x')), 0));
}

SLUICE_FOR_EACH_STORE(PolicyVersionsTest);

}  // namespace
}  // namespace sluice::store
