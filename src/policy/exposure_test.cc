// How values are shown to whom and when.
#include "policy/exposure.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "policy/test_exposure.h"

namespace sluice::policy {
namespace {

TEST(Exposure, DefaultsAreThoseOfTheClass) {
  const Exposure none = exposure_of("");
  EXPECT_TRUE(none.empty());
  for (const auto& each : privacy::classes()) {
    const Veil expected = each.strength == privacy::Strength::kLow ? shown() : masked(each.method);
    EXPECT_EQ(veil(none, {.cls = each.id}), expected) << each.name;
    EXPECT_EQ(none.veil(nullptr, nullptr, each.id), expected) << each.name;
    EXPECT_EQ(Exposure().veil(nullptr, nullptr, each.id), expected) << each.name;
  }
  EXPECT_EQ(veil(none, {.cls = Class::kNone}), shown());
  EXPECT_EQ(none.veil_unknown(nullptr, nullptr), masked(Method::kRedact));
}

TEST(Exposure, FollowsCircumstances) {
  const std::string rules =
      "- {name: office, effect: unmask, classes: [email], when: {client: [10.0.0.0/8]}}\n"
      "- {name: why, effect: unmask, classes: [phone], when: {purpose: [support]}}\n"
      "- {name: night, effect: mask, with: hash, when: {time: {from: '22:00', to: '06:00'}}}\n"
      "- {name: stale, effect: mask, classes: [city], when: {authentication: {older_than: 1h}}}\n";
  constexpr int64_t kHour = 3'600'000'000,
                    kNoon = 500'000 * kHour - 500'000 % 24 * kHour + 12 * kHour;
  Circumstances now;
  now.now_micros = kNoon;
  now.authenticated_micros = kNoon - kHour / 2;
  now.client_address = "10.1.2.3:5000";
  const auto at = [&](Class cls) { return veil(exposure_of(rules, now), {.cls = cls}).masked; };
  EXPECT_FALSE(at(Class::kEmail));
  EXPECT_TRUE(at(Class::kPhone));
  EXPECT_FALSE(at(Class::kCity));
  now.purpose = "support";
  EXPECT_FALSE(at(Class::kPhone));
  now.client_address = "192.168.0.1";
  EXPECT_TRUE(at(Class::kEmail));
  now.now_micros = kNoon + kHour;
  EXPECT_TRUE(at(Class::kCity));
  now.now_micros = kNoon + 11 * kHour;
  EXPECT_EQ(veil(exposure_of(rules, now), {.cls = Class::kPhone}).method, Method::kHash);
  EXPECT_TRUE(at(Class::kPhone));
}

TEST(Exposure, AsksHowSomebodyLoggedIn) {
  const std::string rules =
      "- {name: a, effect: unmask, classes: [email], when: {authentication: {method: "
      "[scram-sha-256-plus]}}}";
  EXPECT_TRUE(exposure_of(rules).empty());
  Principal principal = bob();
  principal.authentication = "scram-sha-256-plus";
  EXPECT_FALSE(exposure(policy_of(rules), principal, {}, {}).empty());
}

TEST(Exposure, MovesOnlyByRulesForValuesInForce) {
  const auto moves = [](const std::string& rules) { return exposure_moves(*policy_of(rules)); };
  EXPECT_FALSE(moves(""));
  EXPECT_FALSE(moves("- {name: a, effect: unmask, classes: [email]}"));
  EXPECT_FALSE(moves("- {name: a, effect: unmask, when: {authentication: {method: [totp]}}}"));
  EXPECT_FALSE(moves("- {name: a, effect: deny, do: [drop], when: {purpose: [x]}}"));
  EXPECT_FALSE(moves("- {name: a, effect: mask, mode: shadow, when: {purpose: [x]}}"));
  for (const char* when : {"purpose: [x]", "application: [x]", "in_transaction: true",
                           "client: [10.0.0.0/8]", "time: {from: '08:00'}",
                           "authentication: {max_age: 1h}", "authentication: {older_than: 1h}"})
    EXPECT_TRUE(moves("- {name: a, effect: mask, when: {" + std::string(when) + "}}")) << when;
}

TEST(Exposure, IsTheSameWhereTheSameRulesHold) {
  const std::string rules =
      "- {name: a, effect: unmask, classes: [email], when: {purpose: [support]}}\n"
      "- {name: b, effect: mask, classes: [city], when: {client: [10.0.0.0/8]}}\n";
  const auto policy = policy_of(rules);
  const auto at = [&](std::string_view purpose, std::string_view client) {
    Circumstances now;
    now.purpose = purpose;
    now.client_address = client;
    return exposure(policy, bob(), {"shop", "production"}, now);
  };
  EXPECT_EQ(at("support", "10.0.0.1"), at("support", "10.9.9.9"));
  EXPECT_FALSE(at("support", "10.0.0.1") == at("other", "10.0.0.1"));
  EXPECT_FALSE(at("support", "10.0.0.1") == at("support", "11.0.0.1"));
  // A rule that may hold is not one that does.
  EXPECT_FALSE(at("support", "10.0.0.1") == at("support", ""));
  EXPECT_EQ(at("", "11.0.0.1"), Exposure());
  // Another version of the policy with the same rules for values.
  EXPECT_EQ(exposure(policy_of(rules + "- {name: c, effect: deny, do: [drop]}\n"), bob(),
                     {"shop", "production"}, {.client_address = "10.0.0.1", .purpose = "support"}),
            at("support", "10.0.0.1"));
  EXPECT_FALSE(exposure_of("- {name: a, effect: mask, with: hash}") ==
               exposure_of("- {name: a, effect: mask, with: redact}"));
}

TEST(Exposure, KeepsThePolicyAlive) {
  Exposure kept;
  std::weak_ptr<const Policy> watched;
  {
    auto policy = policy_of("- {name: a-rule-with-a-long-name, effect: unmask, classes: [email]}");
    watched = policy;
    kept = exposure(policy, bob(), {}, {});
  }
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(veil(kept, {}).rule, "a-rule-with-a-long-name");
  kept = Exposure();
  EXPECT_TRUE(watched.expired());
}

/// Tables that inherit from two tables each of which does so again.
TEST(Exposure, ManyPathsOfInheritanceAreWalkedOnce) {
  constexpr catalog::Oid kFirst = 30000, kLevels = 60;
  catalog::Catalog::Contents contents;
  for (catalog::Oid level = 0; level < kLevels; ++level) {
    for (catalog::Oid side = 0; side < 2; ++side) {
      auto& added = contents.relations.emplace_back(
          relation(kFirst + 2 * level + side, "app", "t" + std::to_string(2 * level + side)));
      if (level > 0) added.parents = {kFirst + 2 * level - 2, kFirst + 2 * level - 1};
    }
  }
  const catalog::Catalog catalog(std::move(contents));
  const catalog::Relation* last = catalog.relation(kFirst + 2 * kLevels - 1);
  const catalog::Column* column = last->column("email");
  const auto rule = [&](const std::string& table) {
    return std::string(exposure_of("- {name: a, effect: mask, on: {tables: [" + table + "]}}")
                           .veil(last, column, Class::kEmail, &catalog)
                           .rule);
  };
  EXPECT_EQ(rule("app.t0"), "a");
  EXPECT_EQ(rule("app.other"), "default");
}

/// What must hold for any rules: masks win, and doubt shows nothing that certainty would not.
RC_GTEST_PROP(Exposure, DoubtShowsNothing, ()) {
  const auto word = [](std::vector<std::string> words) {
    return *rc::gen::elementOf(std::move(words));
  };
  std::string rules;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    const std::string effect = word({"mask", "unmask"});
    rules += "- {name: r" + std::to_string(i) + ", effect: " + effect;
    rules += word({"", ", classes: [pii]", ", classes: [email, us_ssn]", ", classes: ['*']",
                   ", classes: ['!email']"});
    rules += word({"", ", on: {tables: [public.people]}", ", on: {columns: [public.people.email]}",
                   ", on: {columns: ['*.*.id']}", ", on: {schemas: [hr]}"});
    if (effect == "mask") {
      rules += word({"", ", predicates: any", ", predicates: none"});
      rules += word({"", ", aggregates: show", ", with: hash", ", with: partial"});
    }
    rules += "}\n";
  }
  const auto policy = Policy::parse("rules:\n" + rules, "p");
  RC_PRE(policy.has_value());
  const Exposure exposed = exposure(*policy, bob(), {"shop", "production"}, {});
  const Class cls = *rc::gen::elementOf(
      std::vector<Class>{Class::kEmail, Class::kUsSsn, Class::kCity, Class::kSalary});
  const Veil blind = exposed.veil(nullptr, nullptr, cls);
  const Veil unknown = exposed.veil_unknown(nullptr, nullptr);
  for (const catalog::Relation& each : test_catalog().relations()) {
    for (const catalog::Column& column : each.columns) {
      const Veil known = exposed.veil(&each, &column, cls, &test_catalog());
      if (!known.masked) {
        RC_ASSERT(known.predicates == Predicates::kAny && known.aggregates);
        continue;
      }
      RC_ASSERT(blind.masked && unknown.masked);
      RC_ASSERT(blind.method == known.method || blind.method == Method::kRedact);
      RC_ASSERT(blind.predicates <= known.predicates && unknown.predicates <= known.predicates);
      RC_ASSERT(blind.aggregates <= known.aggregates && unknown.aggregates <= known.aggregates);
    }
  }
}

}  // namespace
}  // namespace sluice::policy
