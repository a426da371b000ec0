// Where a policy comes from; what PolicyKeeper does to a running gateway is in control/api_test.cc.
#include "gateway/policy_keeper.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "store/state.h"

namespace sluice::gateway {
namespace {

using ::testing::HasSubstr;

constexpr const char* kText = "rules:\n  - { name: all, effect: allow }\n";
constexpr const char* kBroken = "rules:\n  - { name: all, efect: allow }\n";

class PolicySourceTest : public ::testing::Test {
 protected:
  Result<int64_t> save(const std::string& text, const config::PolicyConfig& config = {}) {
    store::PolicyVersion next;
    next.author = "alice";
    next.text = text;
    const auto latest = store::latest_policy_version(database);
    return save_policy(config, database, next, "new.yaml", *latest ? (*latest)->number : 0);
  }
  /// Past all checks, as only somebody else's version of the program could.
  void put(const std::string& text, const std::string& hash) {
    store::PolicyVersion next;
    next.author = "alice";
    next.text = text;
    next.hash = hash;
    ASSERT_TRUE(store::add_policy_version(database, next, 0));
  }

  TestFolder folder;
  store::Database database = std::move(*store::open_local(folder.path()));
};

TEST_F(PolicySourceTest, TheConfigurationThenTheStoreThenStandard) {
  auto loaded = load_policy({}, database);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->source, "profile");
  EXPECT_EQ(loaded->policy->name(), "standard");
  ASSERT_TRUE(save(kText));
  loaded = load_policy({}, database);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->source, "store");
  EXPECT_EQ(loaded->number, 1);
  EXPECT_EQ(loaded->policy->name(), "stored policy 1");
  EXPECT_EQ(loaded->policy->text(), kText);
  loaded = load_policy({.profile = "strict"}, database);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->source, "profile");
  EXPECT_EQ(loaded->number, 0);
  EXPECT_EQ(loaded->policy->name(), "strict");
  std::ofstream(folder / "p.yaml") << kText;
  loaded = load_policy({.file = folder / "p.yaml"}, database);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->source, "file");
  EXPECT_FALSE(load_policy({.file = folder / "none.yaml"}, database));
}

TEST_F(PolicySourceTest, WhatIsSavedHasToBeGoodAndToCount) {
  const auto broken = save(kBroken);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(broken.error().text, HasSubstr("new.yaml:2:18: unknown key \"efect\""));
  for (const config::PolicyConfig& config :
       {config::PolicyConfig{.file = "p.yaml"}, config::PolicyConfig{.profile = "strict"}}) {
    const auto refused = save(kText, config);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
    EXPECT_THAT(refused.error().text,
                HasSubstr(config.file.empty() ? "the profile strict; remove policy.profile"
                                              : "the file p.yaml; remove policy.file"));
  }
  EXPECT_TRUE(store::policy_versions(database)->empty());
}

TEST_F(PolicySourceTest, OneThatCannotBeUsedIsAnErrorAndNothingElse) {
  put(kBroken, "");
  const auto loaded = load_policy({}, database);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().text, HasSubstr("stored policy 1:2:18: unknown key \"efect\""));
  EXPECT_THAT(loaded.error().text, HasSubstr("sluice policy save FILE --offline"));
  EXPECT_TRUE(load_policy({.profile = "strict"}, database)) << "the other way out";
  ASSERT_TRUE(save(kText));
  EXPECT_EQ(load_policy({}, database)->number, 2);
}

TEST_F(PolicySourceTest, OneThatIsNotWhatWasSavedIsAnError) {
  put(kText, "0123456789abcdef");
  const auto loaded = load_policy({}, database);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().text, HasSubstr("not the text that was saved"));
}

TEST_F(PolicySourceTest, AStoreThatCannotBeReadIsAnError) {
  ASSERT_TRUE(database.execute("DROP TABLE policy_versions"));
  const auto loaded = load_policy({}, database);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().text, HasSubstr("the policy in the store cannot be used"));
}

}  // namespace
}  // namespace sluice::gateway
