#include "gateway/session_scope.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

std::shared_ptr<const catalog::Catalog> some_catalog() {
  return std::make_shared<const catalog::Catalog>(catalog::Catalog::Contents());
}

TEST(Scopes, EqualOnesHaveOneNumberAndOneObject) {
  Scopes scopes;
  const auto catalog = some_catalog();
  const auto one = scopes.intern(catalog, {"pg_catalog", "public"});
  const auto two = scopes.intern(catalog, {"pg_catalog", "public"});
  EXPECT_EQ(one.id, two.id);
  EXPECT_EQ(one.scope, two.scope);
  EXPECT_EQ(one.scope->catalog, catalog);
  EXPECT_EQ(one.scope->search_path, (std::vector<std::string>{"pg_catalog", "public"}));
  EXPECT_NE(one.id, 0U) << "0 stands for none";
}

TEST(Scopes, AnotherPathOrCatalogIsAnotherScope) {
  Scopes scopes;
  const auto catalog = some_catalog();
  const auto one = scopes.intern(catalog, {"a", "b"});
  EXPECT_NE(scopes.intern(catalog, {"b", "a"}).id, one.id);
  EXPECT_NE(scopes.intern(catalog, {"a"}).id, one.id);
  EXPECT_NE(scopes.intern(catalog, {}).id, one.id);
  EXPECT_NE(scopes.intern(some_catalog(), {"a", "b"}).id, one.id);
}

TEST(Scopes, HostileSchemaNamesDoNotLookLikeOtherPaths) {
  Scopes scopes;
  const auto catalog = some_catalog();
  EXPECT_NE(scopes.intern(catalog, {"a/1:b"}).id, scopes.intern(catalog, {"a", "b"}).id);
  EXPECT_NE(scopes.intern(catalog, {"", "a"}).id, scopes.intern(catalog, {"a", ""}).id);
}

TEST(Scopes, ANumberIsNeverUsedAgain) {
  Scopes scopes;
  const auto catalog = some_catalog();
  const uint64_t gone = scopes.intern(catalog, {"a"}).id;
  EXPECT_NE(scopes.intern(catalog, {"a"}).id, gone)
      << "the first was let go: keys may still name it";
}

TEST(Scopes, WhatIsInUseOutlivesMany) {
  Scopes scopes;
  const auto catalog = some_catalog();
  const auto kept = scopes.intern(catalog, {"kept"});
  for (int i = 0; i < 5000; ++i) scopes.intern(catalog, {std::to_string(i)});
  EXPECT_EQ(scopes.intern(catalog, {"kept"}).id, kept.id);
}

policy::Principal alice() {
  policy::Principal principal;
  principal.user = "alice";
  principal.groups = {"engineering"};
  return principal;
}

TEST(Principals, EqualOnesShareAnObject) {
  Principals principals;
  const auto one = principals.intern(alice());
  EXPECT_EQ(principals.intern(alice()), one);
  EXPECT_EQ(one->principal.user, "alice");
}

TEST(Principals, WhateverAPolicyMayAskForTellsThemApart) {
  Principals principals;
  const auto base = principals.intern(alice());
  const auto differs = [&](auto change) {
    auto other = alice();
    change(other);
    return principals.intern(std::move(other))->id != base->id;
  };
  EXPECT_TRUE(differs([](auto& p) { p.user = "bob"; }));
  EXPECT_TRUE(differs([](auto& p) { p.kind = policy::PrincipalKind::kAgent; }));
  EXPECT_TRUE(differs([](auto& p) { p.groups.clear(); }));
  EXPECT_TRUE(differs([](auto& p) { p.groups.emplace_back("on-call"); }));
  EXPECT_TRUE(differs([](auto& p) { p.authentication = "certificate"; }));
  EXPECT_TRUE(differs([](auto& p) { p.attributes.insert({"team", "core"}); }));
}

TEST(Principals, WhomTheyActForTellsThemApart) {
  Principals principals;
  const auto with = [&](const policy::Identity& last) {
    auto principal = alice();
    principal.chain = std::make_shared<const std::vector<policy::Identity>>(
        std::vector<policy::Identity>{principal, last});
    return principals.intern(principal);
  };
  const policy::Identity dora{"dora", {"a"}, policy::PrincipalKind::kHuman, {{"k", "v"}}, false};
  const auto one = with(dora);
  EXPECT_EQ(with(dora), one);
  EXPECT_NE(principals.intern(alice()), one);
  auto other = dora;
  other.groups = {"a", "b"};
  EXPECT_NE(with(other), one);
  other = dora;
  other.attributes["k"] = "w";
  EXPECT_NE(with(other), one);
  other = dora;
  other.kind = policy::PrincipalKind::kService;
  EXPECT_NE(with(other), one);
  other = dora;
  other.behind_service = true;
  EXPECT_NE(with(other), one);
}

TEST(Principals, GroupsAreNotTakenForAttributes) {
  Principals principals;
  auto one = alice(), two = alice();
  one.groups = {"a", "b", "c"};
  two.groups = {"a"};
  two.attributes.insert({"b", "c"});
  const auto first = principals.intern(std::move(one));
  const auto second = principals.intern(std::move(two));
  EXPECT_NE(first->id, second->id) << "a group of that name is not an attribute of that name";
}

TEST(PrincipalKind, IsTheUsers) {
  EXPECT_EQ(principal_kind(identity::UserKind::kHuman), policy::PrincipalKind::kHuman);
  EXPECT_EQ(principal_kind(identity::UserKind::kService), policy::PrincipalKind::kService);
  EXPECT_EQ(principal_kind(identity::UserKind::kAgent), policy::PrincipalKind::kAgent);
}

}  // namespace
}  // namespace sluice::gateway
