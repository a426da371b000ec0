#include "policy/chain.h"

#include <functional>

#include "policy/cases.h"
#include "policy/exposure.h"
#include "policy/judge_fixture.h"
#include "policy/ledger.h"
#include "policy/role.h"

namespace sluice::policy {
namespace {

const Target kShop{"shop", "staging"};

Identity person(const std::string& name, PrincipalKind kind, const std::string& group,
                const std::string& team) {
  return {name, {"staff", group}, kind, {{"team", team}}, false};
}

/// helper, an agent, for alice.
Principal helper_for_alice() {
  Principal out;
  static_cast<Identity&>(out) = person("helper", PrincipalKind::kAgent, "bots", "robots");
  out.authentication = "token";
  out.actors = {"helper", "alice"};
  out.chain = std::make_shared<const std::vector<Identity>>(
      std::vector<Identity>{out, person("alice", PrincipalKind::kHuman, "contractors", "people")});
  out.groups = {"staff"};
  return out;
}

/// shop, a service, for dora, who is a user as well.
Principal shop_for_dora() {
  Principal out;
  static_cast<Identity&>(out) = person("shop", PrincipalKind::kService, "apps", "machines");
  out.authentication = "scram-sha-256";
  out.end_user = "dora";
  Identity dora = person("dora", PrincipalKind::kHuman, "customers", "people");
  dora.behind_service = true;
  out.chain = std::make_shared<const std::vector<Identity>>(std::vector<Identity>{out, dora});
  out.groups = {"staff"};
  return out;
}

/// Whom a rule names, of a chain of two.
enum class Of : uint8_t { kFirst, kSecond, kBoth, kNeither };
constexpr Of kAllOf[] = {Of::kFirst, Of::kSecond, Of::kBoth, Of::kNeither};

/// `who` of a rule in one of its ways to name somebody.
std::string who(const std::string& way, Of of, const Principal& principal) {
  const Identity& first = principal.chain->front();
  const Identity& second = principal.chain->back();
  const auto value = [&](const Identity& identity) {
    if (way == "users") return identity.user;
    if (way == "groups") return identity.groups.back();
    if (way == "kinds") return std::string(name_of(identity.kind));
    return identity.attributes.at("team");
  };
  std::string words;
  if (of == Of::kFirst) words = value(first);
  if (of == Of::kSecond) words = value(second);
  if (of == Of::kBoth) words = value(first) + ", " + value(second);
  if (of == Of::kNeither) words = way == "kinds" ? "!*" : "nobody";
  if (way == "kinds") {
    if (of == Of::kNeither) words = name_of(first.kind) == "agent" ? "service" : "agent";
  }
  if (way == "attributes") return "who: {attributes: {team: [" + words + "]}}";
  return "who: {" + way + ": [" + words + "]}";
}

/// Whether a rule of this effect holds for helper and alice together.
using Holds = std::function<bool(const std::string& who, const Principal& principal)>;

std::shared_ptr<const Decision> told(const std::string& rules, const Principal& principal) {
  return decide(rules, reading_orders(), {}, principal);
}

bool is_masked(const std::string& rules, const Principal& principal) {
  return exposure(policy_of(rules), principal, kShop, {})
      .veil(nullptr, nullptr, privacy::Class::kEmail)
      .masked;
}

struct Case {
  const char* effect;
  bool gives;  ///< must hold for all; else for any
  Holds holds;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"allow", true,
       [](const std::string& who, const Principal& principal) {
         return told("- {name: x, effect: allow, " + who + "}\n", principal)->allowed();
       }},
      {"deny", false,
       [](const std::string& who, const Principal& principal) {
         return !told(kAll + "- {name: x, effect: deny, " + who + "}\n", principal)->allowed();
       }},
      {"hold", false,
       [](const std::string& who, const Principal& principal) {
         const auto decision = told(
             kAll + "- {name: x, effect: hold, approve: {by: [dba]}, " + who + "}\n", principal);
         return decision->effect == Effect::kHold && decision->holds.size() == 1;
       }},
      {"limit", false,
       [](const std::string& who, const Principal& principal) {
         const auto decision =
             told(kAll + "- {name: x, effect: allow, limit: {rows: 3}, " + who + "}\n", principal);
         return decision->limits.rows && decision->limits.rows->most == 3;
       }},
      {"mask", false,
       [](const std::string& who, const Principal& principal) {
         return is_masked(
             "- {name: u, effect: unmask, classes: [\"*\"]}\n"
             "- {name: x, effect: mask, classes: [\"*\"], " +
                 who + "}\n",
             principal);
       }},
      {"unmask", true,
       [](const std::string& who, const Principal& principal) {
         return !is_masked("- {name: x, effect: unmask, classes: [\"*\"], " + who + "}\n",
                           principal);
       }},
      {"budget", false,
       [](const std::string& who, const Principal& principal) {
         const auto policy = Policy::parse(
             "rules: [{name: all, effect: allow}]\nbudgets:\n  - {name: "
             "x, per: human, every: 1h, rows: 3, " +
                 who + "}\n",
             "p");
         EXPECT_TRUE(policy) << policy.error().text;
         return !Ledger::applying(**policy, principal, kShop).empty();
       }},
  };
  return all;
}

TEST(Chain, WhatTakesHoldsForAnyAndWhatGivesForAll) {
  const Principal principal = helper_for_alice();
  for (const Case& one : cases()) {
    for (const std::string way : {"users", "groups", "kinds", "attributes"}) {
      for (const Of of : kAllOf) {
        const bool expected = of == Of::kBoth || (!one.gives && of != Of::kNeither);
        EXPECT_EQ(one.holds(who(way, of, principal), principal), expected)
            << one.effect << " " << who(way, of, principal);
      }
    }
  }
}

TEST(Chain, AnEndUserCountsAsOneOfAChainByAllButItsKind) {
  const Principal principal = shop_for_dora();
  for (const Case& one : cases()) {
    for (const std::string way : {"users", "groups", "attributes"}) {
      for (const Of of : kAllOf) {
        const bool expected = of == Of::kBoth || (!one.gives && of != Of::kNeither);
        EXPECT_EQ(one.holds(who(way, of, principal), principal), expected)
            << one.effect << " " << who(way, of, principal);
      }
    }
    EXPECT_TRUE(one.holds("who: {kinds: [service]}", principal)) << one.effect;
    EXPECT_FALSE(one.holds("who: {kinds: [human]}", principal)) << one.effect;
    // Whoever names the pair has thought of both.
    EXPECT_TRUE(one.holds("who: {users: [shop], end_users: [dora]}", principal)) << one.effect;
    EXPECT_FALSE(one.holds("who: {users: [shop], end_users: [erin]}", principal)) << one.effect;
    EXPECT_EQ(one.holds("who: {kinds: [human], groups: [customers]}", principal), !one.gives)
        << one.effect << ": as a person";
  }
}

TEST(Chain, EachIsAllowedByRulesOfTheirOwn) {
  const std::string rules =
      "- {name: bots-read, effect: allow, who: {kinds: [agent]}, do: [read]}\n"
      "- {name: people-read, effect: allow, who: {groups: [contractors]}, on: {tables: "
      "[public.orders]}, do: [read]}\n";
  EXPECT_TRUE(told(rules, helper_for_alice())->allowed());
  const auto denied = decide(rules, reading("hr.salaries", kSalaries), {}, helper_for_alice());
  EXPECT_EQ(denied->rule, "default-deny");
  EXPECT_THAT(denied->message, HasSubstr("\"alice\", for whom \"helper\" acts"));
}

TEST(Chain, ARefusalTellsForWhom) {
  const auto denied =
      told(kAll + "- {name: x, effect: deny, who: {users: [alice]}}\n", helper_for_alice());
  EXPECT_THAT(denied->message, HasSubstr("is denied for alice by rule \"x\""));
  EXPECT_THAT(denied->detail, HasSubstr(R"("user":"alice","acted_by":"helper")"));
  EXPECT_THAT(denied->matched, ElementsAre("all", "x for alice"));
  const auto own =
      told(kAll + "- {name: x, effect: deny, who: {users: [helper]}}\n", helper_for_alice());
  EXPECT_THAT(own->message, HasSubstr("is denied by rule \"x\""));
}

TEST(Chain, HoldsOfBothAreAskedForAndOneNobodyMayApproveIsEnough) {
  const std::string first =
      kAll + "- {name: h1, effect: hold, who: {users: [helper]}, approve: {by: [dba]}}\n";
  const auto both =
      told(first + "- {name: h2, effect: hold, who: {users: [alice]}, approve: {by: [boss]}}\n",
           helper_for_alice());
  EXPECT_EQ(both->effect, Effect::kHold);
  EXPECT_EQ(both->holds.size(), 2U);
  const auto nobody =
      told(first + "- {name: h2, effect: hold, who: {users: [alice]}}\n", helper_for_alice());
  EXPECT_EQ(nobody->effect, Effect::kHold);
  EXPECT_TRUE(nobody->holds.empty());
  const auto shared = told(kAll + "- {name: h, effect: hold, do: [read], approve: {by: [dba]}}\n",
                           helper_for_alice());
  EXPECT_EQ(shared->holds.size(), 1U) << "once";
}

TEST(Chain, OfLimitsTheTightestCountsAndRatesOfEach) {
  const auto decision = told(
      "- {name: a, effect: allow, who: {users: [helper]}, limit: {rows: 5, statements_per_minute: "
      "9}}\n- {name: b, effect: allow, who: {users: [alice]}, limit: {rows: 7, bytes: 10, "
      "statements_per_minute: 4}}\n",
      helper_for_alice());
  ASSERT_TRUE(decision->allowed());
  EXPECT_EQ(decision->limits.rows->most, 5U);
  EXPECT_EQ(decision->limits.bytes->most, 10U);
  EXPECT_EQ(decision->limits.statements_per_minute->most, 4U);
  ASSERT_EQ(decision->limits.rates_of_others.size(), 1U);
  EXPECT_EQ(decision->limits.rates_of_others[0].first, "alice");
}

TEST(Chain, ConditionsOnTheMomentAreOfTheSession) {
  const std::string rules =
      kAll + "- {name: x, effect: deny, who: {users: [alice]}, when: {tainted: true}}\n";
  const auto judgement =
      judge(policy_of(rules), reading_orders(), &test_catalog(), helper_for_alice(), kShop);
  EXPECT_TRUE(judgement->moves());
  Circumstances now;
  const auto first = judgement->decide(now);
  EXPECT_TRUE(first->allowed());
  EXPECT_EQ(judgement->decide(now), first) << "kept";
  now.tainted = true;
  EXPECT_FALSE(judgement->decide(now)->allowed());
}

TEST(Chain, WhereTwoMasksDifferNothingStays) {
  const auto masked = exposure(
      policy_of("- {name: a, effect: mask, classes: [email], with: partial, who: {users: "
                "[helper]}}\n- {name: b, effect: mask, classes: [email], with: hash, predicates: "
                "none, who: {users: [alice]}}\n"),
      helper_for_alice(), kShop, {});
  const Veil veil = masked.veil(nullptr, nullptr, privacy::Class::kEmail);
  EXPECT_EQ(veil.method, privacy::Method::kRedact);
  EXPECT_EQ(veil.predicates, Predicates::kNone);
}

TEST(Chain, WhoSeeTheSameShareIt) {
  const auto policy =
      policy_of("- {name: a, effect: unmask, classes: [\"*\"], who: {groups: [staff]}}\n");
  Principal alone = helper_for_alice();
  alone.chain = nullptr;
  EXPECT_EQ(exposure(policy, alone, kShop, {}), exposure(policy, helper_for_alice(), kShop, {}));
  const auto one =
      policy_of("- {name: a, effect: unmask, classes: [\"*\"], who: {groups: [bots]}}\n");
  EXPECT_NE(exposure(one, alone, kShop, {}), exposure(one, helper_for_alice(), kShop, {}));
}

TEST(Chain, ABudgetIsPaidByEachWhomItNames) {
  const auto payers = [](const std::string& budget, const Principal& principal) {
    const auto policy = Policy::parse(
        "rules: [{name: all, effect: allow}]\nbudgets:\n  - {name: x, rows: 3, " + budget + "}\n",
        "p");
    EXPECT_TRUE(policy) << policy.error().text;
    std::vector<std::string> out;
    for (const auto& due : Ledger::due(**policy, principal, kShop, "r1"))
      out.push_back(due.payer.user + "/" + due.payer.human);
    return out;
  };
  const Principal helper = helper_for_alice();
  EXPECT_THAT(payers("per: human, every: 1h, who: {users: [alice]}", helper),
              ElementsAre("alice/alice"));
  EXPECT_THAT(payers("per: human, every: 1h, who: {groups: [staff]}", helper),
              ElementsAre("helper/alice"))
      << "once";
  EXPECT_THAT(payers("per: agent, every: 1h, who: {groups: [staff]}", helper),
              ElementsAre("helper/alice", "alice/alice"));
  EXPECT_THAT(payers("per: agent, every: 1h, who: {kinds: [agent]}", helper),
              ElementsAre("helper/alice"));
  EXPECT_THAT(payers("per: run, who: {users: [alice]}", helper), ElementsAre("helper/alice"))
      << "the run is helper's";
  EXPECT_THAT(payers("per: human, every: 1h, who: {users: [dora]}", shop_for_dora()),
              ElementsAre("dora/"));
}

TEST(Chain, AnExplanationTellsOfEach) {
  const auto policy = policy_of(kAll + "- {name: x, effect: deny, who: {users: [alice]}}\n");
  const auto told =
      explain(*policy, reading_orders(), &test_catalog(), helper_for_alice(), kShop, {});
  EXPECT_EQ(told.decision->effect, Effect::kDeny);
  ASSERT_EQ(told.rules.size(), 2U);
  EXPECT_TRUE(told.rules[1].matched);
  EXPECT_THAT(told.rules[1].reasons,
              ::testing::Contains(HasSubstr("who: helper is not among users alice")));
  EXPECT_THAT(told.rules[1].reasons, ::testing::Contains(HasSubstr("for alice: ")));
}

TEST(Chain, ATestOfAPolicySaysForWhom) {
  const std::string head = "cases:\n  - {name: a, user: helper, groups: [bots], ";
  const std::string rest = "database: shop, environment: staging, sql: SELECT 1, expect: allow}\n";
  const auto agent =
      parse_cases(head + "acts_for: {user: alice, groups: [contractors]}, " + rest, "cases.yaml");
  ASSERT_TRUE(agent) << agent.error().text;
  const Principal& helper = agent->front().principal;
  EXPECT_EQ(helper.kind, PrincipalKind::kAgent);
  EXPECT_THAT(helper.actors, ElementsAre("helper", "alice"));
  ASSERT_EQ(helper.chain->size(), 2U);
  EXPECT_THAT(helper.chain->back().groups, ElementsAre("contractors"));
  const auto service = parse_cases(head + "end_user_is: {user: dora}, " + rest, "cases.yaml");
  ASSERT_TRUE(service) << service.error().text;
  EXPECT_EQ(service->front().principal.end_user, "dora");
  EXPECT_TRUE(service->front().principal.chain->back().behind_service);
  EXPECT_FALSE(
      parse_cases(head + "end_user: erin, end_user_is: {user: dora}, " + rest, "cases.yaml"));
}

}  // namespace
}  // namespace sluice::policy
