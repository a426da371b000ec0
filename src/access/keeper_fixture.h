#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/keeper.h"
#include "access/people.h"
#include "identity/user_store.h"
#include "store/state.h"
#include "store/test_store.h"

namespace sluice::access {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kPolicy = R"(rules:
  - { name: all, effect: allow }
roles:
  - name: writer
    groups: [writers, loaders]
    who: { groups: [engineering, dba] }
    on: { environments: [production] }
    at_most: 2h
    approve: { by: [dba] }
    break_glass: { who: { groups: [engineering] }, at_most: 30m, review: { by: [security], within: 1h } }
  - name: reader
    groups: [readers]
    who: { groups: [engineering], kinds: [human] }
    approve: { by: [dba], automatic: { who: { groups: [engineering] } } }
access_review: { by: [security] }
)";

class KeeperTest : public store::StoreTest {
 protected:
  KeeperTest() {
    for (const auto& [name, groups, person] :
         {std::tuple<std::string, std::vector<std::string>, std::string>{
              "alice", {"engineering"}, ""},
          {"alice-dba", {"dba", "security", "engineering"}, "alice"},
          {"bob", {"dba"}, ""},
          {"sam", {"security"}, ""},
          {"tim", {"engineering"}, ""}}) {
      identity::NewUser user{name, groups, identity::UserKind::kHuman, {}};
      if (!person.empty()) user.attributes["person"] = person;
      EXPECT_TRUE(users().add(user));
    }
    EXPECT_TRUE(users().add(
        {"robot", {"engineering", "dba", "writers", "loaders"}, identity::UserKind::kAgent, {}}));
  }

  store::Database database() { return store_.open(); }
  identity::UserStore users() { return {database_, "test"}; }
  Surroundings surroundings() {
    return {*identity::load_directory(database_),
            policy,
            {{"orders", "production"}, {"trial", "staging"}},
            GetParam() == store::Where::kShared};
  }
  std::unique_ptr<Keeper> open() {
    return *Keeper::open(
        database(), *desk, [this] { return surroundings(); },
        [this] {
          if (const auto next = std::exchange(meanwhile, {})) next();
          return wall_micros() + clock;
        });
  }
  Asker asker(const std::string& name, const std::string& acts_for = {}) {
    const auto directory = surroundings().directory;
    Asker out{lasting(*directory, *directory->find(name), acts_for), {}, "10.0.0.1"};
    if (!acts_for.empty()) out.principal.actors = {name, acts_for};
    return out;
  }
  static Wish wish(Duration lasts = hours(1), std::string role = "writer") {
    return {std::move(role), "orders", lasts, "repair order 7", "OPS-1"};
  }
  /// Looks with the users of now.
  void look() {
    desk->set_directory(surroundings().directory);
    const auto looked = keeper->look();
    EXPECT_TRUE(looked) << looked.error().text;
  }
  void approve(const GrantRow& grant, const std::string& by = "bob") {
    const auto voted = desk->vote(grant.request, {by, approval::Verdict::kApprove, "fine"});
    EXPECT_TRUE(voted) << voted.error().text;
  }
  GrantRow given(const std::string& name = "alice", Duration lasts = hours(1)) {
    const auto asked = keeper->ask(asker(name), wish(lasts));
    EXPECT_TRUE(asked) << asked.error().text;
    approve(*asked);
    look();
    return *keeper->find(asked->number);
  }
  GrantRow broken(const std::string& name = "alice", Duration lasts = minutes(5)) {
    const auto taken = keeper->break_glass(asker(name), wish(lasts));
    EXPECT_TRUE(taken) << taken.error().text;
    return *taken;
  }
  /// Those whose groups count.
  std::vector<int64_t> in_force(const std::string& user, const std::string& at = "orders") {
    std::vector<int64_t> out;
    const auto directory = surroundings().directory;
    for (const auto* grant : directory->grants(user, at)) out.push_back(grant->number);
    return out;
  }
  std::string recorded() {
    std::string all;
    const auto events = *store::waiting_admin_events(database_);
    for (const auto& event : events)
      all += event.type + " " + event.actor + ": " + event.message + "\n";
    return all;
  }
  static std::string why(const Result<GrantRow>& result) {
    return result ? "it was done" : result.error().text;
  }

  store::Database database_ = database();
  int64_t clock = 0;
  /// Once, when the time is asked for: between what is read and what is written.
  std::function<void()> meanwhile;
  std::shared_ptr<const policy::Policy> policy = *policy::Policy::parse(kPolicy, "p.yaml");
  std::unique_ptr<approval::Desk> desk = *approval::Desk::open(
      database(), std::make_shared<const identity::Directory>(std::vector<identity::User>{}, 0));
  std::unique_ptr<Keeper> keeper = open();

  void SetUp() override { look(); }
};

}  // namespace sluice::access
