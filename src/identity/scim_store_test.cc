#include "identity/scim_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "identity/credential_store.h"
#include "identity/federation.h"
#include "identity/scim_tokens.h"
#include "identity/user_store.h"
#include "store/test_store.h"

namespace sluice::identity {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ScimStoreTest : public store::StoreTest {
 protected:
  scim::User make(const std::string& name) {
    scim::User user;
    user.user_name = name;
    const auto made = scim.add(user);
    EXPECT_TRUE(made) << made.error().text;
    return *made;
  }
  scim::Group make_group(const std::string& name, const std::vector<std::string>& members) {
    scim::Group group;
    group.display_name = name;
    for (const auto& id : members) group.members.push_back({id, ""});
    std::sort(group.members.begin(), group.members.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto made = scim.add(group);
    EXPECT_TRUE(made) << made.error().text;
    return *made;
  }
  std::shared_ptr<const Directory> directory() { return *load_directory(database); }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    const auto waiting = store::waiting_admin_events(database);
    for (const auto& event : *waiting) out.push_back(event.actor + ": " + event.message);
    return out;
  }
  std::string credential(const std::string& user) {
    NewCredential next;
    next.user = user;
    next.expires_micros = wall_micros() + 3'600'000'000;
    next.assurance.method = "oidc";
    const auto issued = CredentialStore(database, "x").issue(next);
    return issued ? issued->id : issued.error().text;
  }
  Result<std::string> log_in(const std::string& user, const std::string& subject,
                             bool provision = false, bool by_scim = true) {
    VerifiedIdentity identity;
    identity.issuer = "https://login.example";
    identity.subject = subject;
    identity.user = user;
    return FederatedUsers(database).admit(identity, provision, by_scim);
  }

  store::Database database = store_.open();
  ScimStore scim{database, "idp"};
  UserStore users{database, "root"};
};

TEST_P(ScimStoreTest, UsersAreUsersWithoutAPassword) {
  const auto made = make("alice@example.com");
  EXPECT_EQ(made.meta.id.size(), 36U);
  EXPECT_EQ(made.meta.version, 1);
  EXPECT_EQ(made.active, std::optional(true));
  const auto all = directory();
  const User* alice = all->find("alice@example.com");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->made_by, "scim");
  EXPECT_EQ(alice->scram_verifier, "");
  EXPECT_FALSE(alice->disabled);
  EXPECT_THAT(events(), ElementsAre("idp: user \"alice@example.com\" added"));
}

TEST_P(ScimStoreTest, Threat70_LocalUsersAreNeitherSeenNorChanged) {
  ASSERT_TRUE(users.add({"root", {"admins"}, {}, {}}, SecretString("correct horse")));
  scim::User user;
  for (const char* name : {"root", "ROOT"}) {
    user.user_name = name;
    const auto taken = scim.add(user);
    ASSERT_FALSE(taken) << name;
    EXPECT_EQ(taken.error().code, ErrorCode::kExists);
    EXPECT_THAT(taken.error().text, HasSubstr("sluice scim adopt root"));
  }
  EXPECT_THAT(*scim.users({}), IsEmpty());
  auto bob = make("bob");
  bob.user_name = "root";
  EXPECT_EQ(scim.put(bob.meta.id, bob).error().code, ErrorCode::kExists);
  EXPECT_EQ(scim.user("root").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(directory()->find("root")->groups, ElementsAre("admins"));
  EXPECT_NE(directory()->find("root")->scram_verifier, "");
}

TEST_P(ScimStoreTest, AnAdoptedUserIsTheProvidersFromThenOn) {
  ASSERT_TRUE(users.add({"alice", {"admins"}, {}, {}}, SecretString("correct horse")));
  const std::string id = credential("alice");
  ASSERT_TRUE(scim.adopt("alice"));
  const auto all = directory();
  EXPECT_EQ(all->find("alice")->scram_verifier, "");
  EXPECT_THAT(all->find("alice")->groups, IsEmpty());
  EXPECT_FALSE(all->credential(id)->live(wall_micros()));
  ScimLookup lookup;
  lookup.name = "ALICE";
  EXPECT_EQ(scim.users(lookup)->size(), 1U);
  EXPECT_EQ(scim.adopt("alice").error().code, ErrorCode::kExists);
  EXPECT_EQ(scim.adopt("nobody").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(users.add({"loader", {}, UserKind::kService, {}}, SecretString("correct horse")));
  EXPECT_EQ(scim.adopt("loader").error().code, ErrorCode::kDenied);
  EXPECT_EQ(users.set_password("alice", SecretString("correct horse")).error().code,
            ErrorCode::kDenied);
  UserChange change;
  change.groups = std::vector<std::string>{"admins"};
  EXPECT_EQ(users.set("alice", change).error().code, ErrorCode::kDenied);
  change = {};
  change.attributes = std::map<std::string, std::string>{{"team", "data"}};
  EXPECT_TRUE(users.set("alice", change));
}

TEST_P(ScimStoreTest, NeitherTakesBackTheOthersWord) {
  auto alice = make("alice");
  const auto disabled = [&] { return directory()->find("alice")->disabled; };
  alice.active = false;
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_TRUE(disabled());
  EXPECT_EQ(users.set_disabled("alice", false).error().code, ErrorCode::kDenied);
  ASSERT_TRUE(users.set_disabled("alice", true));
  alice.active = true;
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_TRUE(disabled()) << "an operator has said so";
  EXPECT_EQ(scim.user(alice.meta.id)->active, std::optional(true));
  ASSERT_TRUE(users.set_disabled("alice", false));
  EXPECT_FALSE(disabled());
  alice.active.reset();
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_FALSE(disabled()) << "what is not said stays";
}

TEST_P(ScimStoreTest, Threat72_RemovingThemTakesNoWordOfAnOperatorBack) {
  auto alice = make("Alice");
  UserChange change;
  change.valid_until_micros = wall_micros() + 3'600'000'000;
  ASSERT_TRUE(users.set("Alice", change));
  ASSERT_TRUE(users.set_disabled("Alice", true));
  ASSERT_TRUE(scim.remove_user(alice.meta.id));
  alice = make("alice");
  {
    const auto all = directory();
    EXPECT_TRUE(all->find("alice")->disabled);
    EXPECT_EQ(all->find("alice")->valid_until_micros, *change.valid_until_micros);
  }
  EXPECT_EQ(alice.active, std::optional(true)) << "to the provider they are what it says";
  EXPECT_THAT(events().back(),
              HasSubstr("added, disabled as before they were removed, valid until"));
  // Nor by way of another name.
  ASSERT_TRUE(scim.remove_user(alice.meta.id));
  auto other = make("other");
  EXPECT_FALSE(directory()->find("other")->disabled);
  other.user_name = "alice";
  ASSERT_TRUE(scim.put(other.meta.id, other));
  EXPECT_TRUE(directory()->find("alice")->disabled);
  EXPECT_THAT(events(), Contains(HasSubstr("\"alice\" is named as one who was removed, disabled")));
  ASSERT_TRUE(users.set_disabled("alice", false));
  EXPECT_FALSE(directory()->find("alice")->disabled);
}

TEST_P(ScimStoreTest, WhatChangesNothingLeavesNoWordAndNoVersion) {
  auto alice = make("alice");
  alice.display_name = "Alice";
  alice.emails = {{"a@example.com", "work", true}};
  alice.meta.external_id = "x1";
  const auto changed = scim.put(alice.meta.id, alice);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->meta.version, 2);
  EXPECT_EQ(changed->emails, alice.emails);
  EXPECT_EQ(changed->meta.external_id, "x1");
  EXPECT_EQ(scim.put(alice.meta.id, alice)->meta.version, 2);
  EXPECT_EQ(events().size(), 2U);
  EXPECT_THAT(events(), Contains("idp: user \"alice\" changed: externalId = \"x1\", profile"));
  EXPECT_FALSE(scim.put("nobody", alice));
}

TEST_P(ScimStoreTest, GroupsAreThoseOfTheUsers) {
  const auto alice = make("alice");
  const auto bob = make("bob");
  auto ops = make_group("ops", {alice.meta.id, bob.meta.id});
  make_group("dba", {alice.meta.id});
  EXPECT_THAT(directory()->find("alice")->groups, ElementsAre("dba", "ops"));
  EXPECT_THAT(directory()->find("bob")->groups, ElementsAre("ops"));
  EXPECT_EQ(scim.user(bob.meta.id)->groups, (std::vector<scim::Reference>{{ops.meta.id, "ops"}}));
  ops.display_name = "operations";
  ops.members.clear();
  ops.members.push_back({bob.meta.id, ""});
  ASSERT_TRUE(scim.put(ops.meta.id, ops));
  EXPECT_THAT(directory()->find("alice")->groups, ElementsAre("dba"));
  EXPECT_THAT(directory()->find("bob")->groups, ElementsAre("operations"));
  EXPECT_THAT(events(), Contains("idp: group \"ops\" renamed \"operations\""));
  EXPECT_THAT(events(), Contains("idp: group \"operations\": removed alice"));
  ASSERT_TRUE(scim.remove_group(ops.meta.id));
  EXPECT_THAT(directory()->find("bob")->groups, IsEmpty());
  EXPECT_EQ(scim.group(ops.meta.id).error().code, ErrorCode::kNotFound);
}

TEST_P(ScimStoreTest, VersionsFollowWhatIsShown) {
  auto alice = make("alice");
  const auto bob = make("bob");
  const auto version_of = [&](const std::string& id) { return scim.user(id)->meta.version; };
  auto ops = make_group("ops", {alice.meta.id, bob.meta.id});
  const auto others = make_group("others", {});
  EXPECT_EQ(version_of(alice.meta.id), 2) << "its groups";
  const auto shown = [&] { return scim.group(ops.meta.id)->meta.version; };
  int64_t known = shown();
  alice.user_name = "alice.jones";
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_GT(shown(), known) << "a member's name";
  known = shown();
  ASSERT_TRUE(scim.remove_user(alice.meta.id));
  EXPECT_GT(shown(), known) << "a member";
  EXPECT_EQ(scim.group(others.meta.id)->meta.version, 1);
  int64_t of_bob = version_of(bob.meta.id);
  ops = *scim.group(ops.meta.id);
  ops.display_name = "operations";
  ASSERT_TRUE(scim.put(ops.meta.id, ops));
  EXPECT_GT(version_of(bob.meta.id), of_bob) << "the name of a group";
  of_bob = version_of(bob.meta.id);
  ASSERT_TRUE(scim.remove_group(ops.meta.id));
  EXPECT_GT(version_of(bob.meta.id), of_bob);
}

TEST_P(ScimStoreTest, Threat70_MembersAreItsOwnUsersAlone) {
  ASSERT_TRUE(users.add({"root", {"admins"}, {}, {}}, SecretString("correct horse")));
  scim::Group group;
  group.display_name = "ops";
  group.members = {{"root", ""}};
  EXPECT_EQ(scim.add(group).error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(*scim.groups({}, true), IsEmpty()) << "nothing of it is done";
  make_group("dba", {});
  group.display_name = "DBA";
  group.members.clear();
  EXPECT_EQ(scim.add(group).error().code, ErrorCode::kExists);
  group.display_name = "two\nlines";
  EXPECT_EQ(scim.add(group).error().code, ErrorCode::kInvalidInput);
}

TEST_P(ScimStoreTest, ARenamedUserIsTheSamePersonWithoutTheirCredentials) {
  auto alice = make("alice");
  ASSERT_EQ(*log_in("alice", "4711"), "alice");
  const std::string id = credential("alice");
  const auto ops = make_group("ops", {alice.meta.id});
  alice.user_name = "alice.adams";
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_EQ(directory()->find("alice"), nullptr);
  EXPECT_THAT(directory()->find("alice.adams")->groups, ElementsAre("ops"));
  EXPECT_EQ(directory()->credential(id), nullptr) << "its user is gone";
  EXPECT_EQ(*log_in("alice", "4711"), "alice.adams");
  const auto next = make("alice");
  EXPECT_THAT(directory()->find("alice")->groups, IsEmpty());
  const auto now = directory();
  const auto* shown = now->credential(id);
  EXPECT_TRUE(shown == nullptr || !shown->live(wall_micros()));
  EXPECT_EQ(*log_in("alice", "4712"), "alice");
}

TEST_P(ScimStoreTest, Threat67_AccountsOfOnePersonStaySo) {
  auto alice = make("alice.smith");
  const auto person = [](const std::string& name) {
    return std::map<std::string, std::string>{{"person", name}, {"team", "data"}};
  };
  ASSERT_TRUE(users.add({"alice-adm", {}, UserKind::kHuman, person("alice.smith")}));
  ASSERT_TRUE(users.add({"bob-adm", {}, UserKind::kHuman, person("bob")}));
  alice.user_name = "alice.jones";
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  const auto all = directory();
  EXPECT_EQ(all->find("alice-adm")->attributes, person("alice.jones"));
  EXPECT_EQ(all->find("bob-adm")->attributes, person("bob"));
  EXPECT_THAT(events(), Contains("idp: user \"alice-adm\" changed: person = alice.jones"));
}

TEST_P(ScimStoreTest, Threat67_ANameIsTheirsFromWhenTheyGotIt) {
  auto alice = make("alice");
  auto bob = make("bob");
  EXPECT_EQ(directory()->find("bob")->since(), directory()->find("bob")->created_micros);
  alice.user_name = "alice.jones";
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  const int64_t before = wall_micros();
  bob.user_name = "alice";
  ASSERT_TRUE(scim.put(bob.meta.id, bob));
  const auto all = directory();
  const User* now = all->find("alice");
  EXPECT_GE(now->since(), before);
  EXPECT_LT(now->created_micros, before);
  EXPECT_THAT(now->former_names, ElementsAre("bob"));
  EXPECT_THAT(all->find("alice.jones")->former_names, ElementsAre("alice"));
  const auto called = all->called("alice");
  ASSERT_EQ(called.size(), 2U);
  EXPECT_EQ(called[0]->name, "alice");
  EXPECT_EQ(called[1]->name, "alice.jones");
}

TEST_P(ScimStoreTest, Threat72_WhoIsGoneOrInactiveDoesNotLogIn) {
  auto alice = make("alice");
  EXPECT_EQ(*log_in("alice", "1"), "alice");
  EXPECT_THAT(log_in("alice", "2").error().text, HasSubstr("somebody else here"));
  alice.active = false;
  ASSERT_TRUE(scim.put(alice.meta.id, alice));
  EXPECT_THAT(log_in("alice", "1").error().text, HasSubstr("inactive at the identity provider"));
  EXPECT_THAT(credential("alice"), HasSubstr("is disabled"));
  ASSERT_TRUE(scim.remove_user(alice.meta.id));
  EXPECT_EQ(directory()->find("alice"), nullptr);
  EXPECT_THAT(log_in("alice", "1").error().text, HasSubstr("is not provisioned here"));
  EXPECT_THAT(log_in("alice", "1", true, false).error().text,
              HasSubstr("was removed by the identity provider"));
  // Somebody who was made here is none of the provider's.
  ASSERT_TRUE(users.add({"bob", {}, {}, {}}, SecretString("correct horse")));
  EXPECT_THAT(log_in("bob", "3").error().text, HasSubstr("is not provisioned here"));
  EXPECT_EQ(*log_in("bob", "3", false, false), "bob");
  EXPECT_THAT(log_in("bob", "3").error().text, HasSubstr("is not provisioned here"));
}

TEST_P(ScimStoreTest, Threat72_NamesAreTheSameInAnyCase) {
  const auto dora = make("Dora.Smith@contoso.com");
  const auto in = log_in("dora.smith@contoso.com", "s-1");
  ASSERT_TRUE(in) << in.error().text;
  EXPECT_EQ(*in, "Dora.Smith@contoso.com");
  // Nobody gets a name that reads as hers.
  const auto other = log_in("dora.smith@contoso.com", "s-2", true, false);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kDenied);
  EXPECT_THAT(other.error().text, HasSubstr("Dora.Smith@contoso.com"));
  const auto alike = users.add({"dora.smith@contoso.com", {}, UserKind::kHuman, {}});
  ASSERT_FALSE(alike);
  EXPECT_EQ(alike.error().code, ErrorCode::kExists);
  ASSERT_TRUE(scim.remove_user(dora.meta.id));
  const auto again = log_in("dora.smith@contoso.com", "s-1", true, false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text, HasSubstr("removed by the identity provider"));
  // The provider can make her again, written in another way; then nothing is left of the removal.
  const auto back = make("DORA.SMITH@contoso.com");
  ASSERT_TRUE(scim.put(back.meta.id, [&] {
    auto next = back;
    next.user_name = "ds@contoso.com";
    return next;
  }()));
  EXPECT_TRUE(log_in("dora.smith@contoso.com", "s-1", true, false));
}

TEST_P(ScimStoreTest, Threat70_WhoCouldBeTwoIsNobody) {
  make("dora");
  // As stores of before may have it.
  auto query = database.prepare(
      "INSERT INTO users (name, groups, scram_verifier, created_micros, kind, made_by) VALUES "
      "('DORA', '', '', 1, 'human', 'scim')");
  ASSERT_TRUE(query->run());
  const auto two = log_in("Dora", "s-1");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code, ErrorCode::kDenied);
  EXPECT_THAT(two.error().text, HasSubstr("several users"));
  EXPECT_EQ(*log_in("dora", "s-1"), "dora");
}

TEST_P(ScimStoreTest, Threat70_AnotherIssuerDoesNotGetThem) {
  make("alice");
  EXPECT_THAT(log_in("alice", "1", true, false).error().text, HasSubstr("somebody else here"));
  EXPECT_THAT(log_in("alice", "1", false, false).error().text, HasSubstr("somebody else here"));
}

TEST_P(ScimStoreTest, WhoHasSomethingAndIsSomebodyOfAnIssuerIsFound) {
  make("alice");
  make("bob");
  ASSERT_TRUE(log_in("alice", "a1"));
  ASSERT_TRUE(log_in("bob", "b1"));
  FederatedUsers federated(database);
  EXPECT_THAT(*federated.holders("https://login.example"), IsEmpty());
  const std::string id = credential("alice");
  EXPECT_THAT(*federated.holders("https://login.example"), ElementsAre(std::pair("alice", "a1")));
  EXPECT_THAT(*federated.holders("ldap:corp"), IsEmpty());
  ASSERT_TRUE(CredentialStore(database, "x").revoke(id));
  EXPECT_THAT(*federated.holders("https://login.example"), IsEmpty());
  // An agent that acts for her is as good.
  ASSERT_TRUE(users.add({"robot", {}, UserKind::kAgent, {}}, SecretString("correct horse")));
  NewCredential next;
  next.user = "robot";
  next.expires_micros = wall_micros() + 3'600'000'000;
  next.assurance.method = "oidc";
  next.actors = {"robot", "alice"};
  ASSERT_TRUE(CredentialStore(database, "x").issue(next));
  EXPECT_THAT(*federated.holders("https://login.example"), ElementsAre(std::pair("alice", "a1")));
}

TEST_P(ScimStoreTest, Threat70_NamesReadAsNobodyElses) {
  scim::User user;
  for (const char* name :
       {"d\u043era", "dora\u200b", "dora ", " dora", "do ra", "do\"ra", "sluice", "Gateway"}) {
    user.user_name = name;
    const auto made = scim.add(user);
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidInput) << name;
  }
  make("o'hara@example.com");
  auto guest = make("dora_contoso.com#EXT#@example.com");
  EXPECT_EQ(*log_in("o'hara@example.com", "1"), "o'hara@example.com");
  guest.user_name = "sluice";
  EXPECT_EQ(scim.put(guest.meta.id, guest).error().code, ErrorCode::kInvalidInput);
}

TEST_P(ScimStoreTest, AnOperatorMayRemoveThem) {
  const auto alice = make("alice");
  make_group("ops", {alice.meta.id});
  ASSERT_TRUE(users.remove("alice"));
  EXPECT_EQ(scim.user(alice.meta.id).error().code, ErrorCode::kNotFound);
  make("alice");
  EXPECT_THAT(directory()->find("alice")->groups, IsEmpty());
}

TEST_P(ScimStoreTest, TokensAreGoodUntilTheyAreNot) {
  ScimTokens tokens(database, "root");
  const auto issued = tokens.create("Entra ID", wall_micros() + 3'600'000'000);
  ASSERT_TRUE(issued) << issued.error().text;
  const auto found = tokens.find(issued->secret.reveal());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->label, "Entra ID");
  EXPECT_EQ(directory()->credential_of_secret(issued->secret.reveal()), nullptr)
      << "it is no credential";
  EXPECT_FALSE(*tokens.find(make_credential_secret().reveal()));
  EXPECT_FALSE(*tokens.find("x"));
  EXPECT_GT(tokens.list()->front().last_used_micros, 0);
  ASSERT_TRUE(tokens.revoke(issued->id));
  EXPECT_FALSE(*tokens.find(issued->secret.reveal()));
  EXPECT_EQ(tokens.revoke(issued->id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(tokens.create("", wall_micros()).error().code, ErrorCode::kInvalidInput);
  const auto shortly = tokens.create("", wall_micros() + 1000);
  ASSERT_TRUE(shortly);
  while (wall_micros() <= shortly->expires_micros) continue;
  EXPECT_FALSE(*tokens.find(shortly->secret.reveal()));
  EXPECT_THAT(events(), Contains("root: SCIM token " + issued->id + " revoked"));
}

SLUICE_FOR_EACH_STORE(ScimStoreTest);

}  // namespace
}  // namespace sluice::identity
