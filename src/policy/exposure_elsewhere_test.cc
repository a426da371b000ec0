// Values that leave for something that is no database, such as a model.
#include <gtest/gtest.h>

#include "policy/test_exposure.h"

namespace sluice::policy {
namespace {

Exposure at_model(const std::string& rules) {
  return exposure_elsewhere(policy_of(rules), bob(), {"models/inhouse", "models"}, {});
}

/// Of an email that no column is known for; its rule is named as long as `exposure` lives.
Veil of_email(const Exposure& exposure) {
  return veil(exposure, {.cls = Class::kEmail, .relation = 0, .column = nullptr, .catalog = false});
}

TEST(ExposureRules, Threat97_ElsewhereOnlyRulesThatNameItUnmask) {
  for (const char* rules :
       {"", "- {name: a, effect: unmask}", "- {name: a, effect: unmask, classes: [email]}",
        "- {name: a, effect: unmask, classes: ['*'], who: {users: [bob]}}",
        "- {name: a, effect: unmask, classes: [email], on: {databases: [shop]}}",
        "- {name: a, effect: unmask, classes: [email], on: {environments: [production]}}",
        "- {name: a, effect: unmask, on: {columns: [public.people.email]}}"})
    EXPECT_TRUE(of_email(at_model(rules)).masked) << rules;
  for (const char* rules :
       {"- {name: a, effect: unmask, classes: [email], on: {databases: [models/inhouse]}}",
        "- {name: a, effect: unmask, classes: [email], on: {environments: [models]}}"})
    EXPECT_FALSE(of_email(at_model(rules)).masked) << rules;
}

TEST(ExposureRules, MasksHoldEverywhere) {
  const auto exposure = at_model(
      "- {name: a, effect: unmask, classes: [pii], on: {environments: [models]}}\n"
      "- {name: b, effect: mask, classes: [email], with: redact}");
  const auto veil = of_email(exposure);
  EXPECT_TRUE(veil.masked);
  EXPECT_EQ(veil.method, Method::kRedact);
  EXPECT_EQ(veil.rule, "b");
}

}  // namespace
}  // namespace sluice::policy
