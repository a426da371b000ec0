#include "policy/ledger.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kNow = 1000 * kHour + 10 * kSecond;

std::shared_ptr<const Policy> policy_of(const std::string& budgets) {
  auto policy = Policy::parse("rules: [{name: all, effect: allow}]\nbudgets:\n" + budgets, "p");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? *policy : nullptr;
}

const std::string kHourly =
    "  - {name: hourly, who: {kinds: [agent]}, per: agent, every: 1h, statements: 10, rows: 1000, "
    "rows_changed: 100, ask: dba}\n";

Principal agent(const std::string& user, const std::string& person = "") {
  Principal principal;
  principal.user = user;
  principal.kind = PrincipalKind::kAgent;
  if (!person.empty()) principal.actors = {user, person};
  return principal;
}

Amounts amounts(uint64_t statements, uint64_t rows = 0, uint64_t changed = 0) {
  return {statements, rows, 0, changed, 0, 0};
}

class LedgerTest : public ::testing::Test {
 protected:
  void count(const std::shared_ptr<const Policy>& policy) {
    for (const auto& budget : policy->budgets()) {
      if (ledger.begin_counting(budget)) ledger.end_counting(budget, true);
    }
  }
  auto begin(const std::shared_ptr<const Policy>& policy, const Principal& who,
             const std::string& run = "", int64_t now = kNow) {
    return ledger.begin(policy, Ledger::due(*policy, who, {"orders", "production"}, run),
                        amounts(1, 1), now);
  }
  Ledger ledger;
};

TEST_F(LedgerTest, WhatIsUsedIsUsedUntilTheSpanIsOver) {
  const auto policy = policy_of(kHourly);
  count(policy);
  for (int i = 0; i < 10; ++i) {
    auto spending = begin(policy, agent("helper"));
    ASSERT_TRUE(spending) << i;
    EXPECT_EQ((*spending)->left(Amount::kRows), 1000U - 50U * static_cast<unsigned>(i));
    (*spending)->charge(amounts(1, 50));
  }
  const auto over = begin(policy, agent("helper"));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().budget, "hourly");
  EXPECT_EQ(over.error().amount, Amount::kStatements);
  EXPECT_EQ(over.error().used, 10U);
  EXPECT_EQ(over.error().most, 10U);
  EXPECT_EQ(over.error().ask, "dba");
  EXPECT_EQ(over.error().payer, "helper");
  EXPECT_EQ(over.error().renewed_micros, 1001 * kHour);
  EXPECT_TRUE(begin(policy, agent("other"))) << "each agent has its own";
  EXPECT_TRUE(begin(policy, agent("helper"), "", kNow + kHour));
  Principal person = agent("alice");
  person.kind = PrincipalKind::kHuman;
  EXPECT_EQ(*begin(policy, person), nullptr) << "no budget is for her";
}

TEST_F(LedgerTest, WhatWasReservedAndNotUsedIsGivenBack) {
  const auto policy = policy_of(kHourly);
  count(policy);
  {
    const auto spending = begin(policy, agent("helper"));
    EXPECT_FALSE((*spending)->need(Amount::kRowsChanged, 100));
    const auto other = begin(policy, agent("helper"));
    ASSERT_TRUE(other);
    const auto over = (*other)->need(Amount::kRowsChanged, 1);
    ASSERT_TRUE(over) << "reserved by the first";
    EXPECT_EQ(over->amount, Amount::kRowsChanged);
  }
  EXPECT_FALSE((*begin(policy, agent("helper")))->need(Amount::kRowsChanged, 100));
}

TEST_F(LedgerTest, EachOfThoseThatApplyMustHaveRoom) {
  const auto policy =
      policy_of(kHourly +
                "  - {name: run, who: {kinds: [agent]}, per: run, rows: 30}\n"
                "  - {name: person, who: {kinds: [agent]}, per: human, every: 1d, rows: 50}\n");
  count(policy);
  auto first = begin(policy, agent("helper", "alice"), "r1");
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->left(Amount::kRows), 30U);
  EXPECT_EQ((*first)->tightest(Amount::kRows), "run");
  EXPECT_FALSE((*first)->need(Amount::kRows, 30));
  EXPECT_EQ((*first)->need(Amount::kRows, 31)->budget, "run");
  (*first)->charge(amounts(1, 30));
  first->reset();
  EXPECT_EQ(begin(policy, agent("helper", "alice"), "r1").error().budget, "run");
  // Another run, another agent, the same person.
  auto second = begin(policy, agent("other", "alice"), "r2");
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->left(Amount::kRows), 20U);
  EXPECT_EQ((*second)->tightest(Amount::kRows), "person");
  EXPECT_EQ((*second)->need(Amount::kRows, 21)->payer, "alice");
  EXPECT_FALSE((*second)->need(Amount::kRows, 20)) << "nothing of what failed is left reserved";
}

TEST_F(LedgerTest, Threat78_ManyAtOnceNeverOverspend) {
  const auto policy = policy_of(
      "  - {name: hourly, who: {kinds: [agent]}, per: agent, every: 1h, rows: 10000, "
      "rows_changed: 500}\n");
  count(policy);
  std::atomic<uint64_t> shown{0}, changed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto spending = begin(policy, agent("helper"));
        if (!spending) continue;
        uint64_t rows = 0;
        while (rows < 100 && !(*spending)->need(Amount::kRows, rows + 1)) ++rows;
        const bool writes = i % 4 == 0 && !(*spending)->need(Amount::kRowsChanged, 7);
        shown += rows;
        changed += writes ? 7 : 0;
        (*spending)->charge(amounts(1, rows, writes ? 7 : 0));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(shown, 10000U);
  EXPECT_GT(shown, 9000U) << "what was left was not to be had";
  EXPECT_LE(changed, 500U);
  const auto states = ledger.states(*policy, kNow);
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].used[static_cast<size_t>(Amount::kRows)], shown) << "nothing stays reserved";
  EXPECT_EQ(states[0].used[static_cast<size_t>(Amount::kRowsChanged)], changed);
}

TEST_F(LedgerTest, NothingBeginsBeforeWhatWasUsedIsKnown) {
  const auto policy = policy_of(kHourly);
  const Budget& budget = policy->budgets()[0];
  ASSERT_FALSE(begin(policy, agent("helper")));
  EXPECT_TRUE(begin(policy, agent("helper")).error().counting);
  ASSERT_TRUE(ledger.begin_counting(budget));
  EXPECT_FALSE(ledger.begin_counting(budget)) << "by one alone";
  EXPECT_TRUE(begin(policy, agent("helper")).error().counting);
  const Payer payer = payer_of(agent("helper"), "");
  ledger.recall(budget, payer, kNow - kSecond, amounts(4, 900), {}, kNow);
  ledger.recall(budget, payer, kNow - kHour, amounts(4, 900), {}, kNow);  // Of the span before.
  ledger.end_counting(budget, false);
  EXPECT_FALSE(begin(policy, agent("helper"))) << "it could not be found out";
  ASSERT_TRUE(ledger.begin_counting(budget));
  ledger.recall(budget, payer, kNow - kSecond, amounts(4, 900), {}, kNow);
  ledger.end_counting(budget, true);
  EXPECT_EQ((*begin(policy, agent("helper")))->left(Amount::kRows), 100U) << "counted once";
}

TEST_F(LedgerTest, OtherAmountsGoOnWithWhatWasCounted) {
  const auto before = policy_of(kHourly);
  count(before);
  (*begin(before, agent("helper")))->charge(amounts(1, 400));
  auto text = kHourly;
  text.replace(text.find("rows: 1000"), 10, "rows: 2000");
  const auto after = policy_of(text);
  EXPECT_TRUE(ledger.counted(after->budgets()[0]));
  EXPECT_EQ((*begin(after, agent("helper")))->left(Amount::kRows), 1600U);
  text.replace(text.find("[agent]"), 7, "[agent, service]");
  EXPECT_FALSE(ledger.counted(policy_of(text)->budgets()[0])) << "others count now";
}

class CrowdedLedgerTest : public LedgerTest {
 protected:
  CrowdedLedgerTest() : crowded({.of_one = 3, .in_all = 4, .always = 1}) {
    (void)crowded.begin_counting(budget());
    crowded.end_counting(budget(), true);
  }
  const Budget& budget() const { return policy->budgets().front(); }
  auto spend(const std::string& user, const std::string& run, int64_t now = kNow) {
    auto spending =
        crowded.begin(policy, {{&budget(), payer_of(agent(user), run)}}, amounts(1, 1), now);
    if (spending) (*spending)->charge(amounts(1, 1));
    return spending;
  }
  const std::shared_ptr<const Policy> policy =
      policy_of("  - {name: run, who: {kinds: [agent]}, per: run, statements: 2}\n");
  Ledger crowded;
};

TEST_F(CrowdedLedgerTest, Threat78_NewNamesOfRunsAreRefusedAndNoBudgetIsReset) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(spend("helper", std::to_string(i))) << i;
  const auto over = spend("helper", "new");
  ASSERT_FALSE(over);
  EXPECT_TRUE(over.error().crowded);
  EXPECT_TRUE(spend("helper", "0")) << "it is known";
  const auto spent = spend("helper", "0", kNow + 10 * kSecond);
  ASSERT_FALSE(spent);
  EXPECT_FALSE(spent.error().crowded);
  EXPECT_EQ(spent.error().used, 2U) << "what it has used is not forgotten";
  EXPECT_TRUE(spend("other", "1"));
  EXPECT_FALSE(spend("other", "2")) << "all are taken";
  EXPECT_TRUE(spend("third", "1")) << "nobody is shut out by others";
  EXPECT_TRUE(spend("helper", "new", kNow + 24 * 8 * kHour)) << "the others are silent";
}

TEST_F(CrowdedLedgerTest, WhatHasUsedNothingMakesRoom) {
  const Amounts too_much = amounts(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(crowded.begin(policy, {{&budget(), payer_of(agent("helper"), std::to_string(i))}},
                               too_much, kNow));
  }
  EXPECT_TRUE(spend("helper", "new", kNow + 10 * kSecond));
}

TEST_F(CrowdedLedgerTest, ALogOfMoreRunsThanAreRememberedResetsNone) {
  for (int i = 0; i < 5; ++i)
    crowded.recall(budget(), payer_of(agent("helper"), std::to_string(i)), kNow, amounts(2), {},
                   kNow);
  EXPECT_EQ(crowded.states(*policy, kNow).size(), 3U);
  EXPECT_FALSE(spend("helper", "1")) << "spent";
  EXPECT_TRUE(spend("helper", "4").error().crowded) << "spent, and not remembered";
  EXPECT_TRUE(spend("helper", "4", kNow + 24 * 8 * kHour));
}

TEST(Budgets, WhatIsWrongIsSaid) {
  for (const auto& [text, wrong] : std::vector<std::pair<std::string, std::string>>{
           {"{name: a, who: {kinds: [agent]}, per: agent, every: 1h}", "needs an amount"},
           {"{name: a, who: {kinds: [agent]}, per: agent, rows: 1}", "every"},
           {"{name: a, who: {kinds: [agent]}, every: 1h, rows: 1}", "per"},
           {"{name: a, per: agent, every: 1h, rows: 1}", "who"},
           {"{name: a, who: {kinds: [agent]}, per: agent, every: 1s, rows: 1}", "1m to 31d"},
           {"{name: a, who: {kinds: [agent]}, per: agent, every: 1h, rows: 0}", "from 1"},
           {"{name: a, who: {kinds: [agent]}, per: agent, every: 1h, rows: 1, cost: 1}", "cost"},
           {"{name: a, who: {kinds: [agent]}, on: {tables: [a.b]}, per: run, rows: 1}",
            "databases and environments"},
           {"{name: a, who: {kinds: [agent]}, per: run, rows: 1}\n  - {name: a, who: {kinds: "
            "[agent]}, per: run, rows: 1}",
            "same name"}}) {
    const auto policy =
        Policy::parse("rules: [{name: all, effect: allow}]\nbudgets:\n  - " + text, "p");
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().text.find(wrong), std::string::npos) << policy.error().text;
  }
}

const std::string kPeople =
    "  - {name: people, who: {kinds: [agent]}, per: agent, every: 1h, subjects: 3}\n"
    "  - {name: person, who: {kinds: [agent]}, per: human, every: 1h, subjects: 5}\n";

TEST_F(LedgerTest, Threat95_EachSubjectCountsOnceInASpan) {
  const auto policy = policy_of(kPeople);
  count(policy);
  const std::vector<uint64_t> first = {1, 2, 1}, again = {2, 1}, third = {3}, fourth = {4, 5};
  auto spending = begin(policy, agent("helper", "alice"));
  ASSERT_TRUE(spending);
  EXPECT_TRUE((*spending)->counts_subjects());
  EXPECT_FALSE((*spending)->see(first));
  EXPECT_FALSE((*spending)->see(again));
  auto other = begin(policy, agent("helper", "alice"));
  ASSERT_TRUE(other);
  EXPECT_FALSE((*other)->see(third));
  const auto over = (*spending)->see(fourth);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->budget, "people");
  EXPECT_EQ(over->amount, Amount::kSubjects);
  EXPECT_EQ(over->used, 3U);
  EXPECT_FALSE((*other)->see(again)) << "those that were seen may be seen again";
  EXPECT_FALSE((*begin(policy, agent("second", "alice")))->see(fourth));
  const auto person = (*begin(policy, agent("third", "alice")))->see(std::vector<uint64_t>{6});
  ASSERT_TRUE(person) << "her agents share it";
  EXPECT_EQ(person->budget, "person");
  EXPECT_FALSE((*begin(policy, agent("helper", "alice"), "", kNow + kHour))->see(fourth));
}

TEST_F(LedgerTest, SubjectsAreRecalledByTheirDigests) {
  const auto policy = policy_of(kPeople);
  const Budget& budget = policy->budgets().front();
  ASSERT_TRUE(ledger.begin_counting(budget));
  const std::vector<uint64_t> seen = {1, 2};
  ledger.recall(budget, {"helper", "", ""}, kNow, {}, seen, kNow);
  ledger.recall(budget, {"helper", "", ""}, kNow, {}, seen, kNow);
  ledger.end_counting(budget, true);
  count(policy);
  auto spending = begin(policy, agent("helper"));
  ASSERT_TRUE(spending);
  EXPECT_FALSE((*spending)->see(seen));
  EXPECT_FALSE((*spending)->see(std::vector<uint64_t>{3}));
  EXPECT_TRUE((*spending)->see(std::vector<uint64_t>{4}));
}

TEST_F(LedgerTest, WhatAStatementCostsIsUsedOnceItIsSent) {
  const auto policy = policy_of(
      "  - {name: planner, who: {kinds: [agent]}, per: agent, every: 1h, planner_cost: 1000}\n");
  count(policy);
  const auto budgets = Ledger::due(*policy, agent("helper"), {"orders", "production"}, "");
  Amounts wanted{};
  wanted[static_cast<size_t>(Amount::kPlannerCost)] = 600;
  {
    // Refused by something else meanwhile: nothing is used.
    auto given_up = ledger.begin(policy, budgets, wanted, kNow);
    ASSERT_TRUE(given_up);
  }
  auto spending = ledger.begin(policy, budgets, wanted, kNow);
  ASSERT_TRUE(spending);
  (*spending)->use(Amount::kPlannerCost);
  EXPECT_EQ((*spending)->used(Amount::kPlannerCost), 600U);
  const auto over = ledger.begin(policy, budgets, wanted, kNow);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().used, 600U);
  EXPECT_EQ(over.error().most, 1000U);
}

TEST_F(LedgerTest, Threat96_WhatOtherGatewaysUseCounts) {
  const auto policy = policy_of(kHourly);
  count(policy);
  Ledger other;
  const Budget& budget = policy->budgets().front();
  ASSERT_TRUE(other.begin_counting(budget));
  other.end_counting(budget, true);
  ledger.share(std::chrono::hours(1));
  const auto unknown = begin(policy, agent("helper"));
  ASSERT_FALSE(unknown) << "nothing is known of others yet";
  EXPECT_TRUE(unknown.error().elsewhere);
  ledger.learn({});
  ASSERT_TRUE(begin(policy, agent("helper")));
  const auto budgets = Ledger::due(*policy, agent("helper"), {"orders", "production"}, "");
  {
    auto spending = other.begin(policy, budgets, amounts(1, 1), kNow);
    ASSERT_TRUE(spending);
    (*spending)->charge(amounts(7, 990));
  }
  auto told = other.to_tell();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(other.to_tell().empty()) << "told once";
  told[0].gateway = "other";
  ledger.learn(told);
  ledger.learn(told);
  auto spending = begin(policy, agent("helper"));
  ASSERT_TRUE(spending);
  EXPECT_EQ((*spending)->left(Amount::kRows), 10U);
  EXPECT_TRUE((*spending)->need(Amount::kRows, 11));
  spending->reset();
  EXPECT_EQ(ledger.states(*policy, kNow)[0].used[0], 7U);
  other.tell_again();
  EXPECT_EQ(other.to_tell().size(), 1U);
  ledger.share(Duration(1));
  EXPECT_TRUE(begin(policy, agent("helper")).error().elsewhere) << "it was too long ago";
}

TEST_F(LedgerTest, AFailedCountKeepsWhatOthersHaveUsed) {
  const auto policy = policy_of(kHourly);
  const Budget& budget = policy->budgets().front();
  ledger.share(std::chrono::hours(1));
  ledger.learn(
      {{"other", budget.counted_by, "helper", 1000 * kHour, 1001 * kHour, kNow, amounts(10)}});
  ASSERT_TRUE(ledger.begin_counting(budget));
  ledger.recall(budget, {"helper", "", ""}, kNow, amounts(4), {}, kNow);
  ledger.end_counting(budget, false);
  EXPECT_TRUE(ledger.to_tell().empty());
  count(policy);
  const auto over = begin(policy, agent("helper"));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().used, 10U);
}

TEST(Amounts, AreToldAsText) {
  Amounts amounts{};
  EXPECT_EQ(to_text(amounts), "");
  amounts[0] = 3;
  amounts[static_cast<size_t>(Amount::kOutputTokens)] = 70;
  EXPECT_EQ(to_text(amounts), "statements=3 output_tokens=70");
  EXPECT_EQ(amounts_in("statements=3 output_tokens=70"), amounts);
  EXPECT_EQ(amounts_in("later=7 statements=3 output_tokens=70 x y= ="), amounts);
}

}  // namespace
}  // namespace sluice::policy
