#include "store/notices.h"

#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::store {
namespace {

class NoticesTest : public StoreTest {
 protected:
  Database database = store_.open();
};

TEST_P(NoticesTest, AWebhookBeginsWithWhatComesAndGoesOnWhereItWas) {
  ASSERT_TRUE(leave_notice(database, "asked", 1, "alice", "before"));
  EXPECT_EQ(webhook_place(database, "w")->told, *last_notice(database));
  ASSERT_TRUE(leave_notice(database, "asked", 2, "alice", "then"));
  ASSERT_TRUE(leave_notice(database, "approved", 2, "dora", "and then"));
  const auto place = webhook_place(database, "w");
  const auto next = notices_after(database, place->told, 10);
  ASSERT_EQ(next->size(), 2U);
  EXPECT_EQ(next->front().message, "then");
  EXPECT_EQ(next->back().event, "approved");
  EXPECT_EQ(notices_after(database, place->told, 1)->size(), 1U);
  ASSERT_TRUE(move_webhook(database, "w", next->back().id, 5));
  ASSERT_TRUE(move_webhook(database, "w", next->front().id, 6));
  EXPECT_EQ(webhook_place(database, "w")->told, next->back().id) << "it never goes back";
}

TEST_P(NoticesTest, OneGatewayTellsAtATime) {
  ASSERT_TRUE(webhook_place(database, "w"));
  EXPECT_TRUE(*take_webhook(database, "w", "a", 100, 50));
  EXPECT_FALSE(*take_webhook(database, "w", "b", 110, 60));
  EXPECT_TRUE(*take_webhook(database, "w", "a", 120, 70));
  EXPECT_TRUE(*take_webhook(database, "w", "b", 300, 200)) << "the other one has gone";
  EXPECT_FALSE(*take_webhook(database, "w", "a", 310, 210));
}

TEST_P(NoticesTest, Threat66_AnAnswerIsTakenOnce) {
  EXPECT_TRUE(*take_answer(database, "w", "x", 100, 0));
  EXPECT_FALSE(*take_answer(database, "w", "x", 110, 0));
  EXPECT_TRUE(*take_answer(database, "v", "x", 110, 0)) << "another webhook has its own";
  EXPECT_TRUE(*take_answer(database, "w", std::string("y\0\xff", 3), 110, 0));
  ASSERT_TRUE(give_back_answer(database, "w", "x"));
  EXPECT_FALSE(*take_answer(database, "v", "x", 110, 0));
  EXPECT_TRUE(*take_answer(database, "w", "x", 120, 0)) << "it came to nothing";
  EXPECT_TRUE(*take_answer(database, "w", "x", 200, 150)) << "too old to pass for one that is new";
}

SLUICE_FOR_EACH_STORE(NoticesTest);

}  // namespace
}  // namespace sluice::store
