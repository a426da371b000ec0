#include "control/recorded_statements.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

audit::Record record_of(const std::string& text) {
  audit::Record record;
  record.sequence = 7;
  record.text = text;
  record.context.user = "bob";
  record.context.kind = "human";
  record.rule = "some";
  record.policy_version = "00ff";
  return record;
}

policy::RecordedStatement taken(const audit::Record& record) {
  RecordedStatements statements([](const std::string&) { return policy::Principal(); });
  auto statement = statements.take(record);
  EXPECT_TRUE(statement);
  return statement.value_or(policy::RecordedStatement());
}

TEST(RecordedStatements, TellWhatBecameOfThem) {
  auto record = record_of("UPDATE t SET a = 1");
  record.rows = 3;
  record.changed = {"public.t 3", "public.with space 12"};
  auto statement = taken(record);
  EXPECT_EQ(statement.fate, policy::Fate::kAllow);
  EXPECT_EQ(statement.changed->at(1), (std::pair<std::string, uint64_t>("public.with space", 12)));
  EXPECT_FALSE(statement.by_gateway);
  record.outcome = audit::Outcome::kLimited;
  record.message = "UPDATE would change 50 rows, more than the 5 that rule \"some\" allows: undone";
  statement = taken(record);
  EXPECT_EQ(statement.fate, policy::Fate::kLimited);
  EXPECT_EQ(statement.passed->got, 50);
  const struct {
    const char *message, *limit;
    uint64_t most;
  } forms[] = {
      {"MERGE would change 3 tables, more than the 2 that rule \"x\" allows: undone",
       "tables_changed", 2},
      {"the result has more than the 10 rows that rule \"x\" allows", "rows", 10},
      {"the result has more than the 11 bytes that rule \"x\" allows", "bytes", 11},
      {"the statement ran longer than the 12 ms that rule \"x\" allows", "duration_ms", 12}};
  for (const auto& form : forms) {
    record.message = form.message;
    ASSERT_TRUE(taken(record).passed) << form.message;
    EXPECT_EQ(taken(record).passed->limit, form.limit);
    EXPECT_EQ(taken(record).passed->most, form.most);
  }
  record.message = "something else";
  EXPECT_FALSE(taken(record).passed);
  record.approval = "12 by dora";
  EXPECT_EQ(taken(record).fate, policy::Fate::kHold);
}

TEST(RecordedStatements, TellWhoRefused) {
  auto record = record_of("DROP TABLE t");
  record.outcome = audit::Outcome::kDenied;
  EXPECT_EQ(taken(record).fate, policy::Fate::kDeny);
  EXPECT_FALSE(taken(record).by_gateway);
  record.message = "dropping table \"t\" is held for approval by rule \"some\"";
  EXPECT_EQ(taken(record).fate, policy::Fate::kHold);
  record.message = "more than 5 statements a minute: rule \"x\" allows no more";
  EXPECT_EQ(taken(record).fate, policy::Fate::kLimited);
  EXPECT_FALSE(taken(record).ran);
  record.policy_version.clear();
  record.rule = "masked-columns";
  EXPECT_TRUE(taken(record).by_gateway);
}

TEST(RecordedStatements, KnowTheirTransaction) {
  std::vector<audit::Record> records;
  const auto add = [&](const std::string& kind, uint64_t number,
                       audit::TransactionOutcome outcome) {
    auto record = record_of(kind);
    record.kind = kind;
    record.transaction = number;
    record.transaction_outcome = outcome;
    records.push_back(record);
  };
  using enum audit::TransactionOutcome;
  add("SELECT", 1, kCommitted);
  add("BEGIN", 2, kOpen);
  add("UPDATE", 2, kOpen);
  add("COMMIT", 2, kCommitted);
  add("SELECT", 3, kCommitted);
  std::vector<bool> within;
  RecordedStatements statements([](const std::string&) { return policy::Principal(); });
  for (const auto& record : records) within.push_back(statements.take(record)->in_transaction);
  EXPECT_EQ(within, (std::vector<bool>{false, false, true, true, false}));
}

}  // namespace
}  // namespace sluice::control
