#include "identity/credential_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "identity/user_store.h"
#include "store/test_store.h"
#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kHour = 3'600 * int64_t{1'000'000};

class CredentialStoreTest : public store::StoreTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(users.add({"alice", {"engineering"}, {}, {}}, password));
    ASSERT_TRUE(users.add({"bob", {}, {}, {}}, password));
  }
  std::shared_ptr<const Directory> directory() {
    auto loaded = load_directory(database);
    EXPECT_TRUE(loaded) << loaded.error().text;
    return *loaded;
  }
  std::string last_event() {
    const auto waiting = store::waiting_admin_events(database);
    return waiting->empty() ? "" : waiting->back().actor + ": " + waiting->back().message;
  }
  size_t events() { return store::waiting_admin_events(database)->size(); }
  static NewCredential session(const std::string& user) {
    NewCredential next;
    next.user = user;
    next.expires_micros = wall_micros() + kHour;
    next.assurance.method = "password";
    next.assurance.authenticated_micros = wall_micros();
    return next;
  }
  IssuedCredential issue(const NewCredential& next) {
    auto issued = credentials.issue(next);
    EXPECT_TRUE(issued) << issued.error().text;
    return issued ? std::move(*issued) : IssuedCredential{};
  }

  store::Database database = store_.open();
  UserStore users{database, "root"};
  CredentialStore credentials{database, "root"};
  const SecretString password{"correct horse"};
};

TEST_P(CredentialStoreTest, OnlyALiveSessionOfTheUsersOwnGetsStronger) {
  const Assurance strong{"totp", "", "", {"pwd", "otp", "mfa"}, wall_micros()};
  const auto old = issue(session("alice"));
  const auto next = issue(session("alice"));
  EXPECT_TRUE(*credentials.strengthen(old.secret, "alice", strong, next.id));
  EXPECT_EQ(directory()->credential(old.id)->assurance, strong);
  EXPECT_THAT(last_event(), HasSubstr("stepped up by totp"));
  const size_t said = events();
  const Assurance other{"oidc", "https://idp", "", {}, 5};
  EXPECT_FALSE(*credentials.strengthen(old.secret, "bob", other, next.id));
  EXPECT_FALSE(*credentials.strengthen(SecretString("slc_nonsense"), "alice", other, next.id));
  EXPECT_FALSE(*credentials.strengthen(make_credential_secret(), "alice", other, next.id));
  NewCredential token = session("alice");
  token.kind = CredentialKind::kToken;
  EXPECT_FALSE(*credentials.strengthen(issue(token).secret, "alice", other, next.id));
  NewCredential agent = session("alice");
  agent.actors = {"alice", "bob"};
  EXPECT_FALSE(*credentials.strengthen(issue(agent).secret, "alice", other, next.id));
  ASSERT_TRUE(credentials.revoke(old.id));
  EXPECT_FALSE(*credentials.strengthen(old.secret, "alice", other, next.id));
  EXPECT_EQ(directory()->credential(old.id)->assurance, strong);
  EXPECT_EQ(events(), said + 3);  // Two issued, one revoked.
}

TEST_P(CredentialStoreTest, WhatALoginRenewedEndsWithIt) {
  const Assurance again{"password", "", "", {"pwd"}, wall_micros()};
  const auto first = issue(session("alice"));
  const auto certificate = credentials.issue_for_key(session("alice"), "key", first.id);
  const auto second = issue(session("alice"));
  ASSERT_TRUE(*credentials.strengthen(first.secret, "alice", again, second.id));
  const auto third = issue(session("alice"));
  ASSERT_TRUE(*credentials.strengthen(second.secret, "alice", again, third.id));
  const auto elsewhere = issue(session("alice"));
  for (const auto& one : {first.id, second.id, third.id, certificate->id})
    EXPECT_TRUE(directory()->credential(one)->live(wall_micros())) << "open sessions go on";
  ASSERT_TRUE(credentials.revoke(third.id));
  EXPECT_THAT(last_event(), HasSubstr("revoked, with what it renewed: 3"));
  for (const auto& one : {first.id, second.id, third.id, certificate->id})
    EXPECT_FALSE(directory()->credential(one)->live(wall_micros()));
  EXPECT_TRUE(directory()->credential(elsewhere.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, ALabelThatSomebodyChoseTiesNothing) {
  const auto login = issue(session("alice"));
  NewCredential token = session("alice");
  token.kind = CredentialKind::kToken;
  token.label = "renewed by " + login.id;
  const auto theirs = issue(token);
  ASSERT_TRUE(credentials.revoke(login.id));
  EXPECT_TRUE(directory()->credential(theirs.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, ATokenStandsForOneCredentialUntilThatIsRevoked) {
  const auto show = [&](std::string_view token) {
    return CredentialStore(database, "alice").issue_for_token(session("alice"), token);
  };
  const auto first = show("header.claims");
  ASSERT_TRUE(first) << first.error().text;
  EXPECT_TRUE(is_credential_secret(first->secret.reveal()));
  auto elsewhere = store_.open();
  const auto again =
      CredentialStore(elsewhere, "alice").issue_for_token(session("alice"), "header.claims");
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->secret.reveal(), first->secret.reveal());
  EXPECT_EQ(again->expires_micros, first->expires_micros);
  const auto other = show("header.other");
  ASSERT_TRUE(other);
  EXPECT_NE(other->secret.reveal(), first->secret.reveal());
  EXPECT_EQ(directory()->credential_of_secret(first->secret.reveal())->id, first->id);
  ASSERT_TRUE(credentials.revoke(first->id));
  const auto revoked = show("header.claims");
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, ErrorCode::kDenied);
  // One that outlives what it stood for is taken again.
  auto old = database.prepare("UPDATE credentials SET expires_micros = 1 WHERE id = ?");
  ASSERT_TRUE(old);
  ASSERT_TRUE(old->bind(1, other->id).run());
  const auto next = show("header.other");
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_NE(next->id, other->id);
  EXPECT_EQ(directory()->credential_of_secret(next->secret.reveal())->id, next->id);
}

TEST_P(CredentialStoreTest, AssertionKeysAreOfServices) {
  ASSERT_TRUE(users.add({"shop", {}, UserKind::kService, {}}));
  const auto key = users.make_assertion_key("shop");
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(directory()->find("shop")->assertion_key.reveal(), key->reveal());
  EXPECT_THAT(last_event(), Not(HasSubstr(std::string(key->reveal()))));
  EXPECT_NE(users.make_assertion_key("shop")->reveal(), key->reveal());
  ASSERT_TRUE(users.remove_assertion_key("shop"));
  EXPECT_TRUE(directory()->find("shop")->assertion_key.empty());
  EXPECT_EQ(users.make_assertion_key("alice").error().code, ErrorCode::kDenied);
  EXPECT_EQ(users.make_assertion_key("nobody").error().code, ErrorCode::kNotFound);
}

TEST_P(CredentialStoreTest, WhatIsIssuedComesBackWithAllThatIsKnownOfIt) {
  NewCredential next = session("alice");
  next.kind = CredentialKind::kToken;
  next.databases = {"orders", "hr"};
  next.label = "nightly load";
  next.assurance = {"oidc", "https://idp.example", "gold", {"pwd", "otp"}, 12345};
  next.actors = {"alice", "scheduler", "bob"};
  next.scopes = {"audit:read"};
  const IssuedCredential issued = issue(next);
  EXPECT_TRUE(is_credential_secret(issued.secret.reveal()));
  const auto all = directory();
  const Credential* found = all->credential(issued.id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->user, "alice");
  EXPECT_EQ(found->kind, CredentialKind::kToken);
  EXPECT_THAT(found->databases, ElementsAre("orders", "hr"));
  EXPECT_EQ(found->expires_micros, next.expires_micros);
  EXPECT_EQ(found->label, "nightly load");
  EXPECT_EQ(found->assurance, next.assurance);
  EXPECT_THAT(found->actors, ElementsAre("alice", "scheduler", "bob"));
  EXPECT_EQ(found->acts_for(), "bob");
  EXPECT_THAT(found->scopes, ElementsAre("audit:read"));
  EXPECT_TRUE(found->live(wall_micros()));
  EXPECT_EQ(all->credential_of_secret(issued.secret.reveal()), found);
  EXPECT_EQ(all->credential_of_secret(make_credential_secret().reveal()), nullptr);
  EXPECT_EQ(&all->find("alice")->credentials.front(), found);
  EXPECT_THAT(last_event(), HasSubstr("root: token " + issued.id + " issued to \"alice\""));
  EXPECT_THAT(last_event(), HasSubstr("acting for \"bob\""));
}

TEST_P(CredentialStoreTest, NothingThatLetsAnybodyInIsKept) {
  const IssuedCredential issued = issue(session("alice"));
  const auto waiting = store::waiting_admin_events(database);
  for (const auto& event : *waiting)
    EXPECT_THAT(event.message, Not(HasSubstr(std::string(issued.secret.reveal()))));
  const auto now = directory();
  const Credential* kept = now->credential(issued.id);
  EXPECT_THAT(kept->scram_verifier, Not(HasSubstr(std::string(issued.secret.reveal()))));
  EXPECT_NE(kept->digest, issued.secret.reveal());
}

TEST_P(CredentialStoreTest, AllOfOneUserShareSaltAndIterationsAlsoAfterTheirPasswordChanged) {
  using wire::postgres::ScramVerifier;
  issue(session("alice"));
  ASSERT_TRUE(users.set_password("alice", SecretString("battery staple")));
  issue(session("alice"));
  const auto all = directory();
  const User* alice = all->find("alice");
  const auto own = ScramVerifier::parse(alice->scram_verifier);
  ASSERT_EQ(alice->credentials.size(), 2U);
  for (const auto& credential : alice->credentials) {
    const auto verifier = ScramVerifier::parse(credential.scram_verifier);
    EXPECT_EQ(verifier->salt, own->salt);
    EXPECT_EQ(verifier->iterations, own->iterations);
    EXPECT_NE(verifier->stored_key, own->stored_key);
  }
}

TEST_P(CredentialStoreTest, SomebodyWithoutAPasswordKeepsOneSaltAlsoWhenTheyGetOne) {
  using wire::postgres::ScramVerifier;
  ASSERT_TRUE(users.add({"carol", {}, {}, {}}));
  EXPECT_EQ(directory()->find("carol")->scram_verifier, "");
  issue(session("carol"));
  issue(session("carol"));
  ASSERT_TRUE(users.set_password("carol", password));
  const auto all = directory();
  const User* carol = all->find("carol");
  const auto own = ScramVerifier::parse(carol->scram_verifier);
  ASSERT_EQ(carol->credentials.size(), 2U);
  for (const auto& credential : carol->credentials)
    EXPECT_EQ(ScramVerifier::parse(credential.scram_verifier)->salt, own->salt);
}

TEST_P(CredentialStoreTest, NewPasswordEndsSessionsThatWereGotWithTheOldOne) {
  const auto by_password = issue(session("alice"));
  NewCredential other = session("alice");
  other.assurance.method = "oidc";
  const auto by_oidc = issue(other);
  NewCredential token = session("alice");
  token.kind = CredentialKind::kToken;
  const auto of_service = issue(token);
  const auto of_bob = issue(session("bob"));
  ASSERT_TRUE(users.set_password("alice", SecretString("battery staple")));
  const auto all = directory();
  EXPECT_FALSE(all->credential(by_password.id)->live(wall_micros()));
  EXPECT_TRUE(all->credential(by_oidc.id)->live(wall_micros()));
  EXPECT_TRUE(all->credential(of_service.id)->live(wall_micros()));
  EXPECT_TRUE(all->credential(of_bob.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, WhoIsLoggedOutByAnIssuerKeepsWhatIsNotOfIt) {
  const auto by = [](NewCredential next, const char* issuer) {
    next.assurance.method = "oidc";
    next.assurance.issuer = issuer;
    return next;
  };
  const auto here = issue(by(session("alice"), "https://a.example"));
  const auto certificate =
      credentials.issue_for_key(by(session("alice"), "https://a.example"), "key", here.id);
  const auto elsewhere = issue(by(session("alice"), "https://b.example"));
  const auto of_bob = issue(by(session("bob"), "https://a.example"));
  NewCredential token = by(session("alice"), "https://a.example");
  token.kind = CredentialKind::kToken;
  const auto of_operators = issue(token);
  const size_t before = events();
  EXPECT_EQ(*credentials.log_out("alice", "https://a.example", "why"), 2);
  EXPECT_EQ(last_event(), "root: sessions of \"alice\" ended: 2; why");
  const auto all = directory();
  EXPECT_FALSE(all->credential(here.id)->live(wall_micros()));
  EXPECT_FALSE(all->credential(certificate->id)->live(wall_micros()));
  for (const auto& id : {elsewhere.id, of_bob.id, of_operators.id})
    EXPECT_TRUE(all->credential(id)->live(wall_micros())) << id;
  EXPECT_EQ(*credentials.log_out("alice", "https://a.example", "why"), 0);
  EXPECT_EQ(events(), before + 1);
}

TEST_P(CredentialStoreTest, RevokedIsOverForGood) {
  const auto issued = issue(session("alice"));
  ASSERT_TRUE(credentials.revoke(issued.id));
  EXPECT_EQ(last_event(), "root: session " + issued.id + " of \"alice\" revoked");
  EXPECT_FALSE(directory()->credential(issued.id)->live(wall_micros()));
  const size_t before = events();
  EXPECT_EQ(credentials.revoke(issued.id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(credentials.revoke("nothing").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(events(), before);
}

TEST_P(CredentialStoreTest, ACertificateEndsWithWhatItWasGotWith) {
  const auto login = issue(session("alice"));
  const auto other = issue(session("alice"));
  const auto certificate = credentials.issue_for_key(session("alice"), "key", login.id);
  const auto others = credentials.issue_for_key(session("alice"), "other key", other.id);
  ASSERT_TRUE(certificate && others);
  ASSERT_TRUE(credentials.revoke(login.id));
  EXPECT_THAT(last_event(), HasSubstr("of \"alice\" revoked, with certificates got with it: 1"));
  const auto now = directory();
  EXPECT_FALSE(now->credential(certificate->id)->live(wall_micros()));
  EXPECT_TRUE(now->credential(others->id)->live(wall_micros()));
  // Who was a moment too late with asking gets none.
  const auto late = credentials.issue_for_key(session("alice"), "third key", login.id);
  EXPECT_EQ(late.error().code, ErrorCode::kDenied);
  EXPECT_FALSE(credentials.issue_for_key(session("bob"), "fourth key", other.id)) << "alice's";
}

TEST_P(CredentialStoreTest, Threat75_ACertificateEndsWithASessionThatGivesWay) {
  const auto login = issue(session("alice"));
  const auto certificate = credentials.issue_for_key(session("alice"), "key", login.id);
  ASSERT_TRUE(certificate);
  for (size_t i = 2; i < kMostCredentials; ++i) issue(session("alice"));
  EXPECT_TRUE(directory()->credential(certificate->id)->live(wall_micros()));
  issue(session("alice"));
  EXPECT_FALSE(directory()->credential(login.id)->live(wall_micros()));
  EXPECT_FALSE(directory()->credential(certificate->id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, TheSessionThatGetsACertificateDoesNotGiveWayToIt) {
  const auto oldest = issue(session("alice"));
  const auto next = issue(session("alice"));
  for (size_t i = 2; i < kMostCredentials; ++i) issue(session("alice"));
  const auto certificate = credentials.issue_for_key(session("alice"), "key", oldest.id);
  ASSERT_TRUE(certificate) << certificate.error().text;
  EXPECT_TRUE(directory()->credential(oldest.id)->live(wall_micros()));
  EXPECT_FALSE(directory()->credential(next.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, AllOfOneUserCanBeRevokedAtOnce) {
  issue(session("alice"));
  issue(session("alice"));
  const auto of_bob = issue(session("bob"));
  EXPECT_EQ(*credentials.revoke_of("alice"), 2);
  EXPECT_EQ(*credentials.revoke_of("alice"), 0);
  const auto all = directory();
  for (const auto& credential : all->find("alice")->credentials)
    EXPECT_FALSE(credential.live(wall_micros()));
  EXPECT_TRUE(all->credential(of_bob.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, Threat20_WhatActsForThemEndsWithTheirs) {
  auto next = session("bob");
  const auto acts_for = [&](std::vector<std::string> actors) {
    next.actors = std::move(actors);
    return issue(next).id;
  };
  const std::string alone = acts_for({"bob", "alice"});
  const std::string chain = acts_for({"bob", "carol", "alice"});
  ASSERT_TRUE(users.add({"a", {}, {}, {}}, password));
  ASSERT_TRUE(users.add({"ce", {}, {}, {}}, password));
  const std::string through = acts_for({"bob", "alice", "a"});
  const std::string ending = acts_for({"bob", "ce"});
  const std::string own = issue(session("bob")).id;
  ASSERT_TRUE(users.set_password("alice", password));
  EXPECT_TRUE(directory()->credential(chain)->live(wall_micros())) << "it is not of the password";
  ASSERT_TRUE(users.remove("alice"));
  const auto all = directory();
  const int64_t now = wall_micros();
  EXPECT_FALSE(all->credential(alone)->live(now));
  EXPECT_FALSE(all->credential(chain)->live(now));
  for (const auto& id : {through, ending, own}) EXPECT_TRUE(all->credential(id)->live(now)) << id;
}

TEST_P(CredentialStoreTest, RemovedUsersCredentialsDoNotComeBackWithTheName) {
  const auto issued = issue(session("alice"));
  ASSERT_TRUE(users.remove("alice"));
  EXPECT_EQ(directory()->credential(issued.id), nullptr);
  ASSERT_TRUE(users.add({"alice", {}, {}, {}}, password));
  EXPECT_FALSE(directory()->credential(issued.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, WhatCannotBeIssuedLeavesNoWord) {
  const size_t before = events();
  EXPECT_EQ(credentials.issue(session("nobody")).error().code, ErrorCode::kNotFound);
  NewCredential next = session("alice");
  next.expires_micros = wall_micros() - 1;
  EXPECT_EQ(credentials.issue(next).error().code, ErrorCode::kInvalidInput);
  next = session("alice");
  next.databases = {"two\nlines"};
  EXPECT_EQ(credentials.issue(next).error().code, ErrorCode::kInvalidInput);
  next = session("alice");
  next.actors = {"bob", "alice"};
  EXPECT_EQ(credentials.issue(next).error().code, ErrorCode::kInvalidInput);
  next.actors = {"alice", "nobody"};
  EXPECT_EQ(credentials.issue(next).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(events(), before);
  ASSERT_TRUE(users.set_disabled("alice", true));
  EXPECT_EQ(credentials.issue(session("alice")).error().code, ErrorCode::kDenied);
  EXPECT_THAT(directory()->find("alice")->credentials, IsEmpty());
}

TEST_P(CredentialStoreTest, OldestSessionGivesWayButNoToken) {
  NewCredential token = session("alice");
  token.kind = CredentialKind::kToken;
  const auto first_token = issue(token);
  const auto oldest = issue(session("alice"));
  for (size_t i = 2; i < kMostCredentials; ++i) issue(token);
  EXPECT_EQ(credentials.issue(token).error().code, ErrorCode::kLimit);
  EXPECT_TRUE(directory()->credential(oldest.id)->live(wall_micros())) << "nothing was changed";
  issue(session("alice"));
  const auto all = directory();
  EXPECT_FALSE(all->credential(oldest.id)->live(wall_micros()));
  EXPECT_TRUE(all->credential(first_token.id)->live(wall_micros()));
}

TEST_P(CredentialStoreTest, ListTellsOfOneUserOrOfAllTheNewestFirst) {
  const auto first = issue(session("alice"));
  const auto second = issue(session("bob"));
  const auto third = issue(session("alice"));
  ASSERT_TRUE(credentials.revoke(first.id));
  std::vector<std::string> ids;
  const auto of_alice = credentials.list("alice");
  for (const auto& credential : *of_alice) ids.push_back(credential.id);
  EXPECT_THAT(ids, ElementsAre(third.id, first.id));
  EXPECT_EQ(credentials.list()->size(), 3U);
  ASSERT_TRUE(credentials.used({{second.id, 77}, {second.id, 76}}));
  EXPECT_EQ(directory()->credential(second.id)->last_used_micros, 77);
}

SLUICE_FOR_EACH_STORE(CredentialStoreTest);

}  // namespace
}  // namespace sluice::identity
