#include "policy/proofs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000'000;

bool hold(const ProofConditions& conditions, const Proofs& proofs, std::string* said = nullptr) {
  std::vector<std::string> evidence;
  const bool good = proofs_hold(conditions, proofs, kNow, evidence);
  if (said != nullptr && !evidence.empty()) *said = evidence.back();
  return good;
}

TEST(Proofs, Threat68_APersonIsPresentForAWhile) {
  ProofConditions conditions;
  conditions.human_present = std::chrono::minutes(5);
  Proofs proofs;
  std::string said;
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("no person stands behind"));
  proofs.human = "dora";
  EXPECT_FALSE(hold(conditions, proofs, &said)) << said;
  proofs.human_authenticated_micros = kNow - 300'000'000;
  EXPECT_TRUE(hold(conditions, proofs, &said)) << said;
  proofs.human_authenticated_micros = kNow - 302'000'000;
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("302 s ago"));
  proofs.human_authenticated_micros = kNow + 5'000'000;
  EXPECT_FALSE(hold(conditions, proofs)) << "nobody has proved it in the future";
}

TEST(Proofs, Threat68_ADryRunThatWasNotDoneIsNone) {
  ProofConditions conditions;
  conditions.dry_run_rows = 3;
  Proofs proofs;
  EXPECT_FALSE(hold(conditions, proofs));
  proofs.dry_run.emplace().why_not = "it has parameters";
  std::string said;
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("it has parameters"));
  proofs.dry_run->rows = 4;
  EXPECT_FALSE(hold(conditions, proofs));
  proofs.dry_run->rows = 3;
  EXPECT_TRUE(hold(conditions, proofs));
}

TEST(Proofs, Threat68_EachKeyMustHaveAttestedIt) {
  ProofConditions conditions;
  conditions.attested_by = {"ci", "review"};
  Proofs proofs;
  proofs.attested = {{"ci", "tests have passed"}};
  std::string said;
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("not attested by \"review\""));
  proofs.attested["review"] = "seen";
  EXPECT_TRUE(hold(conditions, proofs));
}

TEST(Proofs, Threat68_AStateThatIsNotKnownIsNone) {
  ProofConditions conditions;
  conditions.ticket = {"jira", {"approved", "in progress"}};
  Proofs proofs;
  std::string said;
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("nobody was asked"));
  proofs.tickets["jira"] = {"OPS-12", "", "it did not answer in time"};
  EXPECT_FALSE(hold(conditions, proofs, &said));
  EXPECT_THAT(said, HasSubstr("in time"));
  proofs.tickets["other"] = {"OPS-12", "approved", ""};
  EXPECT_FALSE(hold(conditions, proofs));
  proofs.tickets["jira"] = {"OPS-12", "Approved", ""};
  EXPECT_FALSE(hold(conditions, proofs));
  proofs.tickets["jira"] = {"OPS-12", "approved", ""};
  EXPECT_TRUE(hold(conditions, proofs));
}

TEST(Proofs, WhereNothingIsAskedNothingIsLookedAt) {
  std::vector<std::string> evidence;
  EXPECT_TRUE(proofs_hold({}, {}, kNow, evidence));
  EXPECT_TRUE(evidence.empty());
}

}  // namespace
}  // namespace sluice::policy
