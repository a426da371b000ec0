// Values that leave for something that is no database, such as a model.
#include <gtest/gtest.h>

#include "policy/test_exposure.h"

namespace sluice::policy {
namespace {

Veil at_model(const std::string& rules) {
  const auto exposure =
      exposure_elsewhere(policy_of(rules), bob(), {"models/inhouse", "models"}, {});
  return veil(exposure, {.cls = Class::kEmail, .relation = 0, .column = nullptr, .catalog = false});
}

TEST(ExposureRules, Threat97_ElsewhereOnlyRulesThatNameItUnmask) {
  for (const char* rules :
       {"", "- {name: a, effect: unmask}", "- {name: a, effect: unmask, classes: [email]}",
        "- {name: a, effect: unmask, classes: ['*'], who: {users: [bob]}}",
        "- {name: a, effect: unmask, classes: [email], on: {databases: [shop]}}",
        "- {name: a, effect: unmask, classes: [email], on: {environments: [production]}}",
        "- {name: a, effect: unmask, on: {columns: [public.people.email]}}"})
    EXPECT_TRUE(at_model(rules).masked) << rules;
  for (const char* rules :
       {"- {name: a, effect: unmask, classes: [email], on: {databases: [models/inhouse]}}",
        "- {name: a, effect: unmask, classes: [email], on: {environments: [models]}}"})
    EXPECT_FALSE(at_model(rules).masked) << rules;
}

TEST(ExposureRules, MasksHoldEverywhere) {
  const auto veil = at_model(
      "- {name: a, effect: unmask, classes: [pii], on: {environments: [models]}}\n"
      "- {name: b, effect: mask, classes: [email], with: redact}");
  EXPECT_TRUE(veil.masked);
  EXPECT_EQ(veil.method, Method::kRedact);
  EXPECT_EQ(veil.rule, "b");
}

}  // namespace
}  // namespace sluice::policy
