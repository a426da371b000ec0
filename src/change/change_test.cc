#include "change/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::change {
namespace {

using ::testing::HasSubstr;

Change example() {
  Change change;
  change.number = 3;
  change.requester = "alice";
  change.title = "Notes";
  change.reason = "asked for";
  change.targets = {"staging", "orders"};
  change.script = "ALTER TABLE t ADD COLUMN c text";
  change.rollback = "ALTER TABLE t DROP COLUMN c";
  return change;
}

std::string granted(const Change& change) {
  return approval::digest(subject_of(change, "session", "schema", "policy"), {}, 0);
}

TEST(Change, AnyDifferenceIsAnotherThing) {
  const std::string approved = granted(example());
  EXPECT_EQ(granted(example()), approved);
  const auto with = [](auto edit) {
    Change change = example();
    edit(change);
    return granted(change);
  };
  EXPECT_NE(with([](Change& c) { c.script += " "; }), approved);
  EXPECT_NE(with([](Change& c) { c.rollback += " "; }), approved);
  EXPECT_NE(with([](Change& c) { c.rollback.clear(); }), approved);
  EXPECT_NE(with([](Change& c) { c.targets = {"orders", "staging"}; }), approved);
  EXPECT_NE(with([](Change& c) { c.targets = {"staging"}; }), approved);
  EXPECT_NE(with([](Change& c) { c.lock_timeout = std::chrono::seconds(6); }), approved);
  EXPECT_NE(with([](Change& c) { c.statement_timeout = std::chrono::seconds(6); }), approved);
  EXPECT_NE(with([](Change& c) { c.number = 4; }), approved);
  EXPECT_NE(with([](Change& c) { c.requester = "bob"; }), approved);
  EXPECT_NE(with([](Change& c) { c.actors = {"robot", "alice"}; }), approved);
}

TEST(Change, TextsDoNotPassForOthers) {
  // Read by a person, both are the same.
  Change one = example(), other = example();
  one.script = "SELECT 1";
  one.rollback = "DROP TABLE t";
  other.script = "SELECT 1\n-- to roll it back, in reverse order:\nDROP TABLE t";
  other.rollback.clear();
  const auto a = subject_of(one, "", "", ""), b = subject_of(other, "", "", "");
  EXPECT_EQ(a.statement, b.statement);
  EXPECT_NE(approval::digest(a, {}, 0), approval::digest(b, {}, 0));
  // A target's name and an actor's are not mistaken for each other.
  one = other = example();
  one.targets = {"a", "b"};
  one.actors = {};
  other.targets = {"a"};
  other.actors = {"b"};
  EXPECT_NE(subject_of(one, "", "", "").parameters, subject_of(other, "", "", "").parameters);
}

TEST(Change, ChecksWhatIsSubmitted) {
  EXPECT_TRUE(check(example()));
  const auto problem = [](auto edit) {
    Change change = example();
    edit(change);
    const auto checked = check(change);
    return checked ? std::string() : checked.error().text;
  };
  EXPECT_THAT(problem([](Change& c) { c.title.clear(); }), HasSubstr("title"));
  EXPECT_THAT(problem([](Change& c) { c.title = "a\nb"; }), HasSubstr("one line"));
  EXPECT_THAT(problem([](Change& c) { c.reason.clear(); }), HasSubstr("reason"));
  EXPECT_THAT(problem([](Change& c) { c.targets.clear(); }), HasSubstr("--on"));
  EXPECT_THAT(problem([](Change& c) { c.targets = {"a", "a"}; }), HasSubstr("twice"));
  EXPECT_THAT(problem([](Change& c) { c.targets.resize(11); }), HasSubstr("at most 10"));
  EXPECT_THAT(problem([](Change& c) { c.lock_timeout = Duration::zero(); }), HasSubstr("1ms"));
  EXPECT_THAT(problem([](Change& c) { c.statement_timeout = std::chrono::hours(25); }),
              HasSubstr("24h"));
  EXPECT_THAT(problem([](Change& c) { c.script = std::string("SELECT 1\0", 9); }),
              HasSubstr("UTF-8"));
  EXPECT_THAT(problem([](Change& c) { c.script = "SELECT '\xff'"; }), HasSubstr("UTF-8"));
  EXPECT_THAT(problem([](Change& c) { c.script.assign(600'000, ' '); }), HasSubstr("script"));
}

TEST(Change, NamesAreFoundAgain) {
  for (const auto state : {State::kWaiting, State::kRunning, State::kRollbackFailed})
    EXPECT_EQ(find_state(name_of(state)), state);
  for (const auto state : {StepState::kRunning, StepState::kRan, StepState::kUnknown})
    EXPECT_EQ(find_step_state(name_of(state)), state);
  EXPECT_EQ(find_part("rollback"), Part::kRollback);
  EXPECT_FALSE(find_state("nonsense"));
  EXPECT_EQ(text_of(std::chrono::minutes(10)), "10m");
  EXPECT_EQ(text_of(std::chrono::seconds(90)), "90s");
  EXPECT_EQ(text_of(std::chrono::milliseconds(1500)), "1500ms");
}

}  // namespace
}  // namespace sluice::change
