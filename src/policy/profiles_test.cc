// The shipped profiles against each other, over every kind of action, user and environment.
#include "policy/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

using sql::ActionKind;
using sql::FunctionRisk;

std::vector<sql::StatementFacts> many_facts() {
  std::vector<sql::StatementFacts> all;
  for (int kind = 0; kind <= static_cast<int>(ActionKind::kOther); ++kind) {
    for (const char* name : {"", "public.t"}) {
      FactsOf facts("X");
      facts.act(static_cast<ActionKind>(kind), name);
      all.push_back(facts);
      if (*name != '\0') all.push_back(facts.temporary());
    }
  }
  for (int risk = 0; risk <= static_cast<int>(FunctionRisk::kUnknown); ++risk)
    all.push_back(
        FactsOf().act(ActionKind::kRead).calls("public.f", static_cast<FunctionRisk>(risk)));
  all.push_back(FactsOf("DO").act(ActionKind::kCall).dynamic());
  all.push_back(FactsOf("DELETE").act(ActionKind::kDelete, "public.t").without_where());
  all.push_back(FactsOf().act(ActionKind::kRead, "pg_catalog.pg_authid", 1260));
  FactsOf cartesian;
  cartesian.act(ActionKind::kRead, "public.t").facts().cartesian = true;
  all.push_back(cartesian);
  return all;
}

template <typename Use>
void for_everyone(Use use) {
  for (const auto kind : {PrincipalKind::kHuman, PrincipalKind::kService, PrincipalKind::kAgent}) {
    for (const char* environment : {"production", "staging"}) {
      Principal principal;
      principal.user = "bob";
      principal.kind = kind;
      use(principal, Target{"orders", environment});
    }
  }
}

TEST(Profiles, ObserveRecordsWhatStrictRefusesAndRefusesNothing) {
  const auto observe = Policy::profile("observe").value();
  const auto strict = Policy::profile("strict").value();
  for (const sql::StatementFacts& facts : many_facts()) {
    for_everyone([&](const Principal& who, const Target& target) {
      const auto seen = judge(observe, facts, nullptr, who, target)->decide({});
      const auto judged = judge(strict, facts, nullptr, who, target)->decide({});
      EXPECT_TRUE(seen->allowed()) << seen->message;
      EXPECT_EQ(judged->allowed(), seen->shadow.empty())
          << judged->message << " (" << target.environment << ", " << name_of(who.kind) << ")";
    });
  }
}

TEST(Profiles, StrictRefusesWhatStandardRefuses) {
  const auto standard = Policy::profile("standard").value();
  const auto strict = Policy::profile("strict").value();
  for (const sql::StatementFacts& facts : many_facts()) {
    for_everyone([&](const Principal& who, const Target& target) {
      const auto loose = judge(standard, facts, nullptr, who, target)->decide({});
      const auto tight = judge(strict, facts, nullptr, who, target)->decide({});
      EXPECT_TRUE(loose->allowed() || !tight->allowed())
          << loose->message << " (" << target.environment << ", " << name_of(who.kind) << ")";
    });
  }
}

TEST(Profiles, StandardOutsideProductionAllowsEverything) {
  const auto standard = Policy::profile("standard").value();
  for (const sql::StatementFacts& facts : many_facts()) {
    for_everyone([&](const Principal& who, const Target& target) {
      if (target.environment == "production") return;
      const auto decision = judge(standard, facts, nullptr, who, target)->decide({});
      EXPECT_TRUE(decision->allowed()) << decision->message;
      EXPECT_FALSE(decision->limits.on_results() || decision->limits.on_changes());
    });
  }
}

TEST(Profiles, StandardLimitsPeoplesWritesInProduction) {
  const auto standard = Policy::profile("standard").value();
  const auto insert = FactsOf("INSERT").act(ActionKind::kInsert, "public.t");
  for_everyone([&](const Principal& who, const Target& target) {
    const auto decision = judge(standard, insert, nullptr, who, target)->decide({});
    const bool limited = target.environment == "production" && who.kind != PrincipalKind::kService;
    EXPECT_EQ(decision->limits.rows_changed.has_value(), limited);
    if (limited) EXPECT_EQ(decision->limits.rows_changed->most, 100);
  });
}

}  // namespace
}  // namespace sluice::policy
