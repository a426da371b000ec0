#include "policy/methods.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/authentication.h"
#include "policy/policy.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;

std::string problem_of(const std::string& condition) {
  const auto read = Policy::parse(
      "rules:\n- name: a\n  effect: allow\n  do: [read]\n  when:\n    authentication: " + condition,
      "p.yaml");
  return read ? "" : read.error().text;
}

TEST(AuthenticationMethods, AllAreKnownAndNoOther) {
  for (const auto method : kAuthenticationMethods) {
    EXPECT_EQ(problem_of("{ method: " + std::string(method) + " }"), "") << method;
    EXPECT_EQ(problem_of("{ method: [\"!" + std::string(method) + "\"] }"), "") << method;
  }
  EXPECT_EQ(problem_of("{ method: scram-* }"), "");
  EXPECT_THAT(problem_of("{ method: pasword }"), HasSubstr("p.yaml:6:"));
  EXPECT_THAT(problem_of("{ method: pasword }"),
              HasSubstr("unknown authentication method \"pasword\"; did you mean \"password\"?"));
  EXPECT_THAT(problem_of("{ method: [oidc, kerberos] }"), HasSubstr("known are scram-sha-256, "));
  EXPECT_THAT(problem_of("{ method: \"!tot\" }"), HasSubstr("did you mean \"totp\"?"));
  EXPECT_THAT(problem_of("{ method: kerb* }"), HasSubstr("unknown authentication method"));
}

TEST(AuthenticationMethods, TheReferenceHasThemAll) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/policy.md");
  std::ostringstream text;
  text << file.rdbuf();
  for (const auto method : kAuthenticationMethods)
    EXPECT_THAT(text.str(), HasSubstr("`" + std::string(method) + "`"));
}

}  // namespace
}  // namespace sluice::policy
