#include "gateway/notified.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

std::shared_ptr<const policy::Decision> bounded(std::optional<uint64_t> rows,
                                                std::optional<uint64_t> bytes) {
  auto decision = std::make_shared<policy::Decision>();
  if (rows) decision->limits.rows = {*rows, "r"};
  if (bytes) decision->limits.bytes = {*bytes, "b"};
  return decision;
}

TEST(Notified, CountsLikeRowsUpToTheTightestBound) {
  Notified notified;
  notified.bound(bounded({}, {}));
  EXPECT_FALSE(notified.by);
  notified.bound(bounded(3, 1000));
  notified.bound(bounded(2, {}));
  EXPECT_TRUE(notified.take(10));
  EXPECT_TRUE(notified.take(10));
  EXPECT_FALSE(notified.take(10));
  EXPECT_FALSE(notified.take(0)) << "nothing passes behind it";
  notified.end();
  EXPECT_FALSE(notified.by);
  notified.bound(bounded({}, 100));
  EXPECT_TRUE(notified.take(100));
  EXPECT_FALSE(notified.take(1));
}

TEST(Notified, WhoMayListen) {
  sql::StatementFacts facts;
  EXPECT_FALSE(may_listen(facts));
  facts.actions.push_back({sql::ActionKind::kRead, {}, {}});
  EXPECT_FALSE(may_listen(facts));
  facts.actions.push_back({sql::ActionKind::kNotify, {}, {}});
  EXPECT_TRUE(may_listen(facts));
  facts.actions = {{sql::ActionKind::kCall, {}, {}}};
  EXPECT_TRUE(may_listen(facts));
  facts.actions.clear();
  facts.dynamic_sql = true;
  EXPECT_TRUE(may_listen(facts));
}

}  // namespace
}  // namespace sluice::gateway
