#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/user_store.h"
#include "store/test_store.h"

namespace sluice::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Attributes = std::map<std::string, std::string>;

class UserKindsTest : public store::StoreTest {};

TEST_P(UserKindsTest, KeepsKindAndAttributes) {
  auto database = store_.open();
  UserStore users(database, "test");
  const SecretString password("long enough");
  ASSERT_TRUE(users.add({"alice", {"engineering"}, UserKind::kHuman, {}}, password));
  ASSERT_TRUE(users.add(
      {"nightly", {}, UserKind::kAgent, Attributes{{"team", "data"}, {"url", "a=b"}}}, password));
  auto directory = load_directory(database).value();
  EXPECT_EQ(directory->find("alice")->kind, UserKind::kHuman);
  const User* nightly = directory->find("nightly");
  EXPECT_EQ(nightly->kind, UserKind::kAgent);
  EXPECT_THAT(nightly->attributes, ElementsAre(Pair("team", "data"), Pair("url", "a=b")));

  UserChange change;
  change.kind = UserKind::kService;
  ASSERT_TRUE(users.set("alice", change));
  change = {};
  change.attributes = Attributes{{"team", "ops"}};
  ASSERT_TRUE(users.set("nightly", change));
  directory = load_directory(database).value();
  EXPECT_EQ(directory->find("alice")->kind, UserKind::kService);
  EXPECT_THAT(directory->find("alice")->groups, ElementsAre("engineering"));
  EXPECT_EQ(directory->find("nightly")->kind, UserKind::kAgent);
  EXPECT_THAT(directory->find("nightly")->attributes, ElementsAre(Pair("team", "ops")));
  EXPECT_EQ(users.set("nobody", change).error().code, ErrorCode::kNotFound);
  const auto events = store::waiting_admin_events(database).value();
  EXPECT_EQ(events[1].message, "agent \"nightly\" added");
  EXPECT_EQ(events[2].message, "user \"alice\" changed: kind = service");
}

TEST_P(UserKindsTest, RefusesAttributesThatCannotBeKept) {
  auto database = store_.open();
  UserStore users(database, "test");
  const SecretString password("long enough");
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"", "x"}, {"a", ""}, {"a=b", "x"}, {"a", "x\ny"}}) {
    EXPECT_FALSE(users.add({"u", {}, UserKind::kHuman, Attributes{{key, value}}}, password)) << key;
  }
  EXPECT_EQ(parse_attribute("team=data").value(),
            std::pair(std::string("team"), std::string("data")));
  for (const char* text : {"", "team", "=x", "team="}) EXPECT_FALSE(parse_attribute(text)) << text;
}

TEST_P(UserKindsTest, OldStoresAreBroughtUpToDate) {
  {
    auto old = store_.open_bare();
    ASSERT_TRUE(old.migrate(store::schema_steps().first(1)));
    ASSERT_TRUE(old.execute("INSERT INTO users VALUES ('alice', 'a', 'v', 0, 1)"));
  }
  auto database = store_.open();
  const auto directory = load_directory(database).value();
  ASSERT_NE(directory->find("alice"), nullptr);
  EXPECT_EQ(directory->find("alice")->kind, UserKind::kHuman);
  EXPECT_TRUE(directory->find("alice")->attributes.empty());
}

SLUICE_FOR_EACH_STORE(UserKindsTest);

}  // namespace
}  // namespace sluice::identity
