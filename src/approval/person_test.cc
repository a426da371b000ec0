#include "approval/person.h"

#include <gtest/gtest.h>

namespace sluice::approval {
namespace {

identity::User user(const std::string& name, std::map<std::string, std::string> attributes = {}) {
  identity::User out;
  out.name = name;
  out.attributes = std::move(attributes);
  return out;
}

class SomebodyTest : public testing::Test {
 protected:
  /// The accounts of whoever is called so.
  std::vector<std::string> accounts_of(const std::vector<std::string_view>& names) const {
    const Somebody somebody(names, directory);
    std::vector<std::string> out;
    for (const auto& each : directory.users()) {
      if (somebody.is(each)) out.push_back(each.name);
    }
    return out;
  }

  static std::vector<identity::User> users() {
    auto renamed = user("dana");
    renamed.former_names = {"Danuta"};
    return {user("alice"),
            user("alice2", {{"person", "Alice"}}),
            user("a.smith@example.com", {{"team", "alice"}}),
            user("gina", {{"email", "Gina@example.com"}, {"team", "bob"}}),
            user("gina-admin", {{"upn", "gina@example.com"}}),
            renamed,
            user("bob")};
  }
  identity::Directory directory{users(), 1};
};

using Names = std::vector<std::string>;

TEST_F(SomebodyTest, Threat60_IsEveryAccountOfTheirsByWhateverNameTheyAreKnown) {
  for (const auto* name : {"alice", "ALICE", "alice2"})
    EXPECT_EQ(accounts_of({name}), (Names{"alice", "alice2"})) << name;
  for (const auto* name : {"gina", "gina@example.com", "GINA@EXAMPLE.COM", "gina-admin"})
    EXPECT_EQ(accounts_of({name}), (Names{"gina", "gina-admin"})) << name;
  EXPECT_EQ(accounts_of({"A.Smith@example.com"}), Names{"a.smith@example.com"});
  EXPECT_EQ(accounts_of({"danuta"}), Names{"dana"}) << "what she was called before";
  EXPECT_EQ(accounts_of({"bob", "alice"}), (Names{"alice", "alice2", "bob"}));
}

TEST_F(SomebodyTest, IsNobodyBySomethingElseOfTheName) {
  EXPECT_EQ(accounts_of({"bob"}), Names{"bob"}) << "a team is no person";
  EXPECT_EQ(accounts_of({"martian", ""}), Names{});
}

TEST(Person, TwoAccountsAreOneByNameOrAddress) {
  EXPECT_TRUE(same_person(user("dora"), user("d2", {{"person", "Dora"}})));
  EXPECT_TRUE(same_person(user("d1", {{"email", "d@x"}}), user("d2", {{"mail", "D@X"}})));
  EXPECT_FALSE(same_person(user("d1", {{"team", "data"}}), user("d2", {{"team", "data"}})));
}

}  // namespace
}  // namespace sluice::approval
