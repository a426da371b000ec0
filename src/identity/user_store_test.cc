#include "identity/user_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/test_store.h"

namespace sluice::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class UserStoreTest : public store::StoreTest {
 protected:
  std::shared_ptr<const Directory> directory() {
    auto loaded = load_directory(database);
    EXPECT_TRUE(loaded) << loaded.error().text;
    return *loaded;
  }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    const auto waiting = store::waiting_admin_events(database);
    for (const auto& event : *waiting) out.push_back(event.actor + ": " + event.message);
    return out;
  }

  Result<> add(const std::string& name, const std::vector<std::string>& groups,
               const SecretString& secret) {
    return users.add({name, groups, {}, {}, 0}, secret);
  }

  store::Database database = store_.open();
  UserStore users{database, "root"};
  const SecretString password{"correct horse"};
};

TEST_P(UserStoreTest, AddedUserIsFound) {
  ASSERT_TRUE(add("alice", {"engineering", "on call"}, password));
  ASSERT_TRUE(add("Bob", {}, password));
  const auto all = directory();
  const User* alice = all->find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_THAT(alice->groups, ElementsAre("engineering", "on call"));
  EXPECT_FALSE(alice->disabled);
  EXPECT_GT(alice->created_micros, 0);
  EXPECT_THAT(all->find("Bob")->groups, IsEmpty());
  EXPECT_EQ(all->find("bob"), nullptr) << "names are exact";
  EXPECT_EQ(all->find("alic"), nullptr);
  EXPECT_EQ(all->find(""), nullptr);
  EXPECT_THAT(events(), ElementsAre("root: user \"alice\" added", "root: user \"Bob\" added"));
}

TEST_P(UserStoreTest, PasswordIsKeptOnlyAsAVerifierOfItsOwnSalt) {
  ASSERT_TRUE(add("a", {}, password));
  ASSERT_TRUE(add("b", {}, password));
  const auto all = directory();
  EXPECT_THAT(all->find("a")->scram_verifier, StartsWith("SCRAM-SHA-256$"));
  EXPECT_THAT(all->find("a")->scram_verifier, Not(HasSubstr("correct")));
  EXPECT_NE(all->find("a")->scram_verifier, all->find("b")->scram_verifier);
}

TEST_P(UserStoreTest, UnusableNamesAndPasswordsAreRefusedAndLeaveNoWord) {
  for (const std::string& name :
       {std::string(), std::string(64, 'x'), std::string("a\nb"), std::string("a\0b", 3),
        std::string("a\x7F"), std::string("\xFF")}) {
    const auto added = add(name, {}, password);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_FALSE(add("alice", {"two\nlines"}, password));
  EXPECT_FALSE(add("alice", {""}, password));
  EXPECT_FALSE(add("alice", {}, SecretString("short")));
  EXPECT_THAT(directory()->users(), IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_TRUE(add(std::string(63, 'x'), {}, password));
  EXPECT_TRUE(add("Zoë \"quoted\" o'neill", {}, password));
  EXPECT_NE(directory()->find("Zoë \"quoted\" o'neill"), nullptr);
}

TEST_P(UserStoreTest, SecondOfANameIsRefusedAndChangesNothing) {
  ASSERT_TRUE(add("alice", {"x"}, password));
  const std::string verifier = directory()->find("alice")->scram_verifier;
  const auto again = add("alice", {"admin"}, SecretString("another password"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kExists);
  EXPECT_THAT(again.error().text, HasSubstr("sluice user passwd alice"));
  EXPECT_EQ(directory()->find("alice")->scram_verifier, verifier);
  EXPECT_THAT(directory()->find("alice")->groups, ElementsAre("x"));
  EXPECT_EQ(events().size(), 1U);
}

TEST_P(UserStoreTest, PasswordChangesThatOneUserOnly) {
  ASSERT_TRUE(add("alice", {"x"}, password));
  ASSERT_TRUE(add("bob", {}, password));
  const auto before = directory();
  ASSERT_TRUE(users.set_password("alice", SecretString("battery staple")));
  const auto after = directory();
  EXPECT_NE(after->find("alice")->scram_verifier, before->find("alice")->scram_verifier);
  EXPECT_EQ(after->find("bob")->scram_verifier, before->find("bob")->scram_verifier);
  EXPECT_THAT(after->find("alice")->groups, ElementsAre("x"));
  EXPECT_FALSE(users.set_password("alice", SecretString("short")));
  EXPECT_EQ(directory()->find("alice")->scram_verifier, after->find("alice")->scram_verifier);
}

TEST_P(UserStoreTest, DisabledUserIsStillKnownAndCanComeBack) {
  ASSERT_TRUE(add("alice", {}, password));
  ASSERT_TRUE(users.set_disabled("alice", true));
  EXPECT_TRUE(directory()->find("alice")->disabled);
  ASSERT_TRUE(users.set_disabled("alice", false));
  EXPECT_FALSE(directory()->find("alice")->disabled);
  EXPECT_THAT(events(), ElementsAre("root: user \"alice\" added", "root: user \"alice\" disabled",
                                    "root: user \"alice\" enabled"));
}

TEST_P(UserStoreTest, Threat20_WhoseTimeIsOverIsDisabledUntilTheyGetMore) {
  const int64_t now = wall_micros();
  ASSERT_TRUE(users.add({"temp", {}, {}, {}, now + 3'600'000'000}, password));
  ASSERT_TRUE(add("alice", {}, password));
  EXPECT_FALSE(directory()->find("temp")->disabled);
  EXPECT_FALSE(directory()->somebody_ended(now));
  EXPECT_TRUE(directory()->somebody_ended(now + 3'600'000'000));
  ASSERT_TRUE(users.disable_ended(now + 3'600'000'000));
  EXPECT_TRUE(directory()->find("temp")->disabled);
  EXPECT_FALSE(directory()->find("alice")->disabled);
  EXPECT_EQ(events().back(), "root: the time of user \"temp\" is over");
  const auto back = users.set_disabled("temp", false);
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().text, HasSubstr("--valid-until"));
  ASSERT_TRUE(users.set_disabled("temp", true));
  ASSERT_TRUE(users.set("temp", {.valid_until_micros = 0}));
  EXPECT_TRUE(directory()->find("temp")->disabled) << "an operator's word stands";
  ASSERT_TRUE(users.set_disabled("temp", false));
  EXPECT_FALSE(directory()->find("temp")->disabled);
  ASSERT_TRUE(users.set("temp", {.valid_until_micros = now - 1}));
  EXPECT_TRUE(directory()->find("temp")->disabled) << "before anybody has said so";
}

TEST(ParseValidUntil, TimesAndHowLongFromNow) {
  EXPECT_EQ(*parse_valid_until("never"), 0);
  EXPECT_EQ(*parse_valid_until("2027-03-31"), 1806451200'000000);
  const int64_t now = wall_micros();
  EXPECT_GE(*parse_valid_until("90d"), now + 90 * 86'400'000'000);
  for (const char* wrong : {"", "soon", "2027-02-30", "-1h", "1970-01-01"})
    EXPECT_FALSE(parse_valid_until(wrong)) << wrong;
}

TEST_P(UserStoreTest, RemovedUserIsGoneAndTheNameFree) {
  ASSERT_TRUE(add("alice", {"x"}, password));
  ASSERT_TRUE(users.remove("alice"));
  EXPECT_EQ(directory()->find("alice"), nullptr);
  EXPECT_TRUE(add("alice", {}, password));
  EXPECT_THAT(directory()->find("alice")->groups, IsEmpty());
}

TEST_P(UserStoreTest, UnknownUserIsSaidAndLeavesNoWord) {
  for (const auto& result : {users.remove("nobody"), users.set_disabled("nobody", true),
                             users.set_password("nobody", password)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  }
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(UserStoreTest, SnapshotStaysAsItWasAndItsVersionShowsChangesOfOthers) {
  ASSERT_TRUE(add("alice", {}, password));
  const auto before = directory();
  auto other = store_.open();
  ASSERT_TRUE(UserStore(other, "root").remove("alice"));
  EXPECT_NE(before->find("alice"), nullptr);
  const auto after = directory();
  EXPECT_EQ(after->find("alice"), nullptr);
  EXPECT_NE(after->version(), before->version());
}

TEST(Directory, FindsEachOfMany) {
  std::vector<User> users;
  for (int i = 0; i < 1000; ++i) users.push_back({.name = "user" + std::to_string(i)});
  const Directory directory(std::move(users), 5);
  for (int i = 0; i < 1000; ++i) {
    const User* found = directory.find("user" + std::to_string(i));
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->name, "user" + std::to_string(i));
  }
  EXPECT_EQ(directory.find("user1000"), nullptr);
  EXPECT_EQ(directory.version(), 5U);
}

SLUICE_FOR_EACH_STORE(UserStoreTest);

}  // namespace
}  // namespace sluice::identity
