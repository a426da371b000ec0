#include "control/routes.h"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/token_rules.h"

namespace sluice::control {
namespace {

using testing::UnorderedElementsAre;

TEST(Routes, WhatStandsThereComesBeforeWhatStandsForAny) {
  EXPECT_EQ(find_route("GET", "/api/v1/approvals/delegations")->path,
            "/api/v1/approvals/delegations");
  EXPECT_EQ(find_route("GET", "/api/v1/approvals/12")->path, "/api/v1/approvals/{number}");
  EXPECT_EQ(find_route("GET", "/api/v1/audit/records?limit=3")->path, "/api/v1/audit/records");
  EXPECT_EQ(find_route("HEAD", "/api/v1/users")->method, "GET");
}

TEST(Routes, NothingElseIsFound) {
  for (const char* path :
       {"/api/v1", "/api/v1/", "/api/v1/approvals/", "/api/v1/approvals/1/2/3", "/api/v1/users//",
        "/api/v1/databases//schema", "/api/v2/users", "/api/v1/approvals/1/forge", ""}) {
    EXPECT_EQ(find_route("GET", path), nullptr) << path;
    EXPECT_TRUE(methods_of(path).empty()) << path;
  }
  EXPECT_EQ(find_route("POST", "/api/v1/overview"), nullptr);
  EXPECT_THAT(methods_of("/api/v1/users/alice"), UnorderedElementsAre("PATCH", "DELETE"));
}

TEST(Routes, EachIsThereOnceAndSaysWhatATokenNeeds) {
  std::set<std::string> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(seen.insert(std::string(route.method) + " " + std::string(route.path)).second);
    EXPECT_EQ(route.roles.any(), !route.scope.empty()) << route.path;
    EXPECT_FALSE(route.summary.empty());
    EXPECT_EQ(find_route(route.method, route.path), &route) << route.path;
  }
}

TEST(Routes, ATokenCanHaveTheScopeThatEachNeeds) {
  const auto scopes = identity::token_scopes();
  for (const Route& route : routes()) {
    if (!route.scope.empty())
      EXPECT_NE(std::find(scopes.begin(), scopes.end(), route.scope), scopes.end()) << route.scope;
  }
}

TEST(Routes, WhoMayReadAllIsNoMemberByThat) {
  for (const Route& route : routes()) {
    // An administrator may do all that the API has roles for, but read what people have been sent;
    // whoever audits, changes nothing that is not their own.
    const bool results = route.path.ends_with("/result");
    if (route.roles.any()) EXPECT_NE(route.roles.meet(Role::kAdmin), results) << route.path;
    if (route.roles.meet(Role::kMember)) EXPECT_TRUE(route.roles.meet(Role::kAuditor));
  }
}

}  // namespace
}  // namespace sluice::control
