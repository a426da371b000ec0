#include "gateway/server_timeout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

sql::StatementFacts select() {
  sql::StatementFacts facts;
  facts.kind = "SELECT";
  facts.actions.emplace_back().kind = sql::ActionKind::kRead;
  return facts;
}

sql::StatementFacts control(sql::TransactionEffect effect) {
  sql::StatementFacts facts;
  facts.kind = "TRANSACTION";
  facts.transaction.push_back(effect);
  return facts;
}

sql::StatementFacts set() {
  sql::StatementFacts facts;
  facts.kind = "SET";
  facts.may_change_settings = true;
  auto& action = facts.actions.emplace_back();
  action.kind = sql::ActionKind::kSessionSetting;
  action.targets.emplace_back().name = "statement_timeout";
  return facts;
}

std::vector<catalog::Rows> answer(const char* was, const char* is) { return {{{was, is}}}; }

TEST(ServerTimeout, IsToldOnlyWhereItChanges) {
  ServerTimeout timeout;
  EXPECT_FALSE(timeout.before(select(), std::nullopt, false));
  EXPECT_THAT(*timeout.before(select(), seconds(30), false), HasSubstr("'31000ms'"));
  timeout.answered(answer("0", "31s"), false);
  EXPECT_FALSE(timeout.before(select(), seconds(30), false));
  EXPECT_FALSE(timeout.before(select(), seconds(30), true)) << "the session's holds in a block too";
  EXPECT_FALSE(timeout.before(set(), std::nullopt, false)) << "takes no time";
  const auto back = timeout.before(select(), std::nullopt, false);
  EXPECT_THAT(*back, AllOf(HasSubstr("'0', false"), HasSubstr("'31s'"), Not(HasSubstr("31000"))));
  timeout.answered(answer("31s", "0"), false);
  EXPECT_FALSE(timeout.before(select(), std::nullopt, false));
}

TEST(ServerTimeout, OfABlockEndsWithIt) {
  ServerTimeout timeout;
  EXPECT_FALSE(timeout.before(control(sql::TransactionEffect::kBegin), std::nullopt, false));
  EXPECT_FALSE(timeout.before(control(sql::TransactionEffect::kNone), seconds(5), true))
      << "SET TRANSACTION comes before the first snapshot";
  EXPECT_THAT(*timeout.before(select(), seconds(5), true), HasSubstr(", true)"));
  timeout.answered(answer("0", "6s"), false);
  EXPECT_FALSE(timeout.before(select(), seconds(5), true));
  timeout.note(control(sql::TransactionEffect::kRollbackTo), true);
  EXPECT_TRUE(timeout.before(select(), seconds(5), true)) << "it may have been taken back";
  timeout.answered(answer("0", "6s"), false);
  timeout.transaction_ended();
  // The next block's bound is told before it, once.
  EXPECT_THAT(*timeout.before(control(sql::TransactionEffect::kBegin), std::nullopt, false),
              HasSubstr(", false)"));
  timeout.answered(answer("0", "6s"), false);
  EXPECT_FALSE(timeout.before(select(), seconds(5), true));
}

TEST(ServerTimeout, OfTheClientStands) {
  ServerTimeout at_start(true);
  EXPECT_FALSE(at_start.before(select(), seconds(5), false));

  ServerTimeout later;
  later.note(set(), false);
  EXPECT_FALSE(later.before(select(), seconds(5), false));
  auto reset = set();
  reset.resets_settings = true;
  later.note(reset, false);
  EXPECT_TRUE(later.before(select(), seconds(5), false));
  later.answered(answer("0", "6s"), false);
  // Set by code that nobody has seen: there is nothing to change then.
  EXPECT_TRUE(later.before(select(), seconds(7), false));
  later.answered({{}}, false);
  EXPECT_FALSE(later.before(select(), seconds(9), false));
}

TEST(ServerTimeout, OfTheClientInABlockIsNotKnownBehindIt) {
  ServerTimeout timeout;
  EXPECT_TRUE(timeout.before(select(), seconds(5), false));
  timeout.answered(answer("0", "6s"), false);
  timeout.note(set(), true);
  EXPECT_FALSE(timeout.before(select(), seconds(9), true));
  timeout.transaction_ended();
  EXPECT_THAT(*timeout.before(select(), seconds(5), false), HasSubstr("ANY (ARRAY["));
}

TEST(ServerTimeout, WhatTheServerCannotCountIsNoBound) {
  ServerTimeout timeout;
  EXPECT_FALSE(timeout.before(select(), std::chrono::hours(24 * 30), false));
}

TEST(ServerTimeout, WhatHasFailedIsNotTriedForEver) {
  ServerTimeout timeout;
  EXPECT_TRUE(timeout.before(select(), seconds(5), false));
  timeout.answered({}, true);
  EXPECT_FALSE(timeout.before(select(), seconds(5), false));
}

}  // namespace
}  // namespace sluice::gateway
