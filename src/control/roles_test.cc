#include "control/roles.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

config::ApiConfig with_groups() {
  config::ApiConfig config;
  config.admins = {"platform"};
  config.auditors = {"security"};
  return config;
}

identity::User somebody(identity::UserKind kind, std::vector<std::string> groups) {
  identity::User user;
  user.name = "alice";
  user.kind = kind;
  user.groups = std::move(groups);
  return user;
}

TEST(Roles, ComeWithGroups) {
  using enum identity::UserKind;
  EXPECT_EQ(roles_of(somebody(kHuman, {}), nullptr, with_groups()), Roles(Role::kMember));
  EXPECT_EQ(roles_of(somebody(kHuman, {"platform"}), nullptr, with_groups()),
            Role::kMember | Role::kAdmin);
  EXPECT_EQ(roles_of(somebody(kService, {"security", "approvers"}), nullptr, with_groups()),
            Role::kMember | Role::kApprover | Role::kAuditor);
  EXPECT_EQ(names_of(Role::kMember | Role::kAdmin),
            (std::vector<std::string_view>{"member", "admin"}));
}

TEST(Roles, NobodyHasAnyWithoutAWordOfTheOperator) {
  EXPECT_EQ(roles_of(somebody(identity::UserKind::kHuman, {"admins", "auditors", ""}), nullptr, {}),
            Roles(Role::kMember));
}

TEST(Roles, AgentsAndThoseWhoActForOthersAreMembers) {
  const auto config = with_groups();
  EXPECT_EQ(roles_of(somebody(identity::UserKind::kAgent, {"platform"}), nullptr, config),
            Roles(Role::kMember));
  identity::Credential credential;
  credential.actors = {"alice", "root"};
  EXPECT_EQ(roles_of(somebody(identity::UserKind::kService, {"platform"}), &credential, config),
            Roles(Role::kMember));
}

}  // namespace
}  // namespace sluice::control
