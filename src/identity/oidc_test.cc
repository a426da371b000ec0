// Issuers, logins by them and the users they make, without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/federation.h"
#include "identity/oidc_login.h"
#include "identity/test_tokens.h"
#include "identity/token_exchange.h"
#include "identity/user_store.h"
#include "store/test_store.h"

namespace sluice::identity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kIssuer = "https://login.example.com";

config::IssuerConfig issuer() {
  config::IssuerConfig config;
  config.name = "corp";
  config.issuer = kIssuer;
  config.client_id = "sluice";
  config.client_secret = SecretString("s3&cret");
  config.audiences = {"sluice"};
  return config;
}

std::string document(const boost::json::object& more = {}) {
  boost::json::object all{{"issuer", kIssuer},
                          {"authorization_endpoint", "https://login.example.com/auth"},
                          {"token_endpoint", "https://login.example.com/token"},
                          {"device_authorization_endpoint", "https://login.example.com/device"},
                          {"jwks_uri", "https://login.example.com/keys"}};
  for (const auto& [name, value] : more) all[name] = value;
  return boost::json::serialize(all);
}

/// Answers what a test has put at an address, and counts.
class FakeHttp : public http::HttpClient {
 public:
  std::map<std::string, std::string> pages;
  std::map<std::string, int> asked;
  std::map<std::string, std::string> last_headers;
  int status = 200;
  bool away = false;

  Result<http::HttpAnswer> get(const std::string& url,
                               const std::map<std::string, std::string>& headers) override {
    ++asked[url];
    last_headers = headers;
    if (away) return fail(ErrorCode::kTimeout, "no answer");
    const auto found = pages.find(url);
    http::HttpAnswer answer;
    answer.status = found == pages.end() ? 404 : status;
    answer.body = found == pages.end() ? "" : found->second;
    return answer;
  }
  Result<http::HttpAnswer> post(const std::string& url,
                                const std::map<std::string, std::string>& headers,
                                const std::string& /*body*/) override {
    return get(url, headers);
  }
  Result<http::HttpAnswer> send(const std::string&, const std::string&,
                                const std::map<std::string, std::string>&,
                                const std::string&) override {
    return fail(ErrorCode::kInternal, "not asked for");
  }
  Result<http::HttpAnswer> stream(const std::string&, const std::string&,
                                  const std::map<std::string, std::string>&, const std::string&,
                                  const Take&) override {
    return fail(ErrorCode::kInternal, "not asked for");
  }
  Result<http::HttpAnswer> put(const std::string&, const std::map<std::string, std::string>&,
                               const std::string&, const http::AwsKey&) override {
    return fail(ErrorCode::kInternal, "not asked for");
  }
};

class Provider : public ::testing::Test {
 protected:
  Provider() : first_(TestKey::curve("first")), second_(TestKey::curve("second")) {
    make(issuer());
    http_->pages["https://login.example.com/.well-known/openid-configuration"] = document();
    publish({&first_});
  }
  void make(const config::IssuerConfig& config) {
    auto client = std::make_unique<FakeHttp>();
    http_ = client.get();
    provider_ = std::make_unique<OidcProvider>(config, std::move(client), [this] { return now_; });
  }
  void publish(std::initializer_list<const TestKey*> keys) {
    http_->pages["https://login.example.com/keys"] = key_set_of(keys);
  }
  std::string verified(const TestKey& key) {
    constexpr int64_t kTime = 1'800'000'000;
    TokenExpectations expected;
    expected.audiences = {"sluice"};
    const auto claims = provider_->verify(key.sign("ES256", {{"iss", kIssuer},
                                                             {"sub", "s"},
                                                             {"aud", "sluice"},
                                                             {"iat", kTime},
                                                             {"exp", kTime + 60}}),
                                          expected, kTime);
    return claims ? "good" : claims.error().text;
  }
  int asked() { return http_->asked["https://login.example.com/keys"]; }

  TestKey first_, second_;
  FakeHttp* http_ = nullptr;
  Clock::time_point now_ = Clock::now();
  std::unique_ptr<OidcProvider> provider_;
};

TEST_F(Provider, AsksForAKeyThatItDoesNotKnow) {
  EXPECT_EQ(verified(first_), "good");
  EXPECT_EQ(verified(first_), "good");
  EXPECT_EQ(asked(), 1);
  publish({&second_, &first_});
  EXPECT_EQ(verified(second_), "good");
  EXPECT_EQ(verified(first_), "good") << "kept while the document has it";
  EXPECT_EQ(asked(), 2);
}

TEST_F(Provider, DoesNotAskForEveryTokenThatComes) {
  EXPECT_EQ(verified(first_), "good");
  for (int i = 0; i < 100; ++i) EXPECT_THAT(verified(second_), HasSubstr("does not publish"));
  EXPECT_EQ(asked(), 2);
  now_ += seconds(10);
  for (int i = 0; i < 100; ++i) EXPECT_NE(verified(second_), "good");
  EXPECT_EQ(asked(), 3);
}

TEST_F(Provider, ForgetsAKeyThatIsWithdrawn) {
  EXPECT_EQ(verified(first_), "good");
  publish({&second_});
  EXPECT_EQ(verified(first_), "good");
  now_ += minutes(5);
  EXPECT_THAT(verified(first_), HasSubstr("does not publish"));
}

TEST_F(Provider, GoesOnForAWhileWithoutItsIssuer) {
  EXPECT_EQ(verified(first_), "good");
  http_->away = true;
  now_ += minutes(59);
  EXPECT_EQ(verified(first_), "good");
  now_ += minutes(1);
  EXPECT_THAT(verified(first_), HasSubstr("cannot be had: no answer"));
  http_->away = false;
  now_ += seconds(11);
  EXPECT_EQ(verified(first_), "good");
}

TEST_F(Provider, AsksAnIssuerThatIsAwayWithPatience) {
  http_->away = true;
  EXPECT_NE(verified(first_), "good");
  for (int i = 0; i < 10; ++i) EXPECT_THAT(verified(first_), HasSubstr("try again"));
  EXPECT_EQ(http_->asked["https://login.example.com/.well-known/openid-configuration"], 1);
}

TEST(Metadata, IsOfOneIssuerAndSafe) {
  EXPECT_TRUE(parse_metadata(document(), issuer()));
  for (const boost::json::object& wrong :
       {boost::json::object{{"issuer", "https://login.example.com/"}},
        boost::json::object{{"issuer", 1}},
        boost::json::object{{"token_endpoint", "http://login.example.com/token"}},
        boost::json::object{{"token_endpoint", "http://127.0.0.1/token"}},
        boost::json::object{{"jwks_uri", "file:///etc/passwd"}},
        boost::json::object{{"jwks_uri", "https://a@evil.example/"}},
        boost::json::object{{"jwks_uri", nullptr}},
        boost::json::object{{"authorization_endpoint", "javascript:alert(1)"}},
        boost::json::object{{"authorization_endpoint", "https://x/\r\nSet-Cookie: a"}}})
    EXPECT_FALSE(parse_metadata(document(wrong), issuer())) << wrong;
  for (const char* text : {"", "[]", "<html>", R"({"issuer":"a","issuer":"b"})"})
    EXPECT_FALSE(parse_metadata(text, issuer()));
}

TEST(Forms, GoThereAndBack) {
  const std::map<std::string, std::string> form = {{"a b", "ä&=+%"}, {"c", ""}};
  EXPECT_EQ(encode_form(form), "a%20b=%C3%A4%26%3D%2B%25&c=");
  EXPECT_EQ(decode_form(encode_form(form)), form);
  EXPECT_EQ(decode_form("a=1+2&b"), (std::map<std::string, std::string>{{"a", "1 2"}, {"b", ""}}));
  for (const char* bad : {"a=1&a=2", "a=%", "a=%4", "a=%zz"}) EXPECT_FALSE(decode_form(bad)) << bad;
}

TEST(Redirects, LeadToTheMachineOfTheBrowser) {
  EXPECT_TRUE(allowed_redirect("http://127.0.0.1:5000/callback", "http://127.0.0.1/callback"));
  EXPECT_TRUE(allowed_redirect("http://127.0.0.1/callback", "http://127.0.0.1/callback"));
  EXPECT_TRUE(allowed_redirect("http://[::1]:5000/cb", "http://[::1]/cb"));
  EXPECT_FALSE(allowed_redirect("http://127.0.0.1:5000/other", "http://127.0.0.1/callback"));
  EXPECT_FALSE(allowed_redirect("http://127.0.0.1:5000/cb", "http://127.0.0.1:8765/cb"));
  EXPECT_FALSE(allowed_redirect("http://localhost:5000/cb", "http://127.0.0.1/cb"));
  EXPECT_FALSE(allowed_redirect("http://127.0.0.1:@evil/callback", "http://127.0.0.1/callback"));
  EXPECT_FALSE(allowed_redirect("https://127.0.0.1:5000/callback", "http://127.0.0.1/callback"));
}

TEST(Patterns, MatchWholeTexts) {
  EXPECT_TRUE(matches_pattern("repo:acme/app:*", "repo:acme/app:ref:refs/heads/main"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches_pattern("repo:acme/app:*", "xrepo:acme/app:"));
  EXPECT_FALSE(matches_pattern("repo:acme/app:*:main", "repo:acme/app:main"));
  EXPECT_FALSE(matches_pattern("a", "ab"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern(std::string("*a*a*a*a*a*a*a*a*a*b"), std::string(20'000, 'a')));
}

Claims claims(const boost::json::object& more) {
  Claims out;
  out.subject = "s-1";
  out.all = {{"sub", "s-1"}, {"email", "Ann@Example.com"}, {"email_verified", true}};
  for (const auto& [name, value] : more) out.all[name] = value;
  return out;
}

std::string user_of(const boost::json::object& more, const config::IssuerConfig& config) {
  const auto identity = identity_of(claims(more), nullptr, config, 1'000'000);
  return identity ? identity->user : identity.error().text;
}

TEST(IdentityOfClaims, NamesPeopleByWhatTheyCannotChange) {
  auto config = issuer();
  EXPECT_EQ(user_of({}, config), "ann@example.com");
  for (const boost::json::value& no : {boost::json::value(false), boost::json::value("true"),
                                       boost::json::value(1), boost::json::value(nullptr)})
    EXPECT_THAT(user_of({{"email_verified", no}}, config), HasSubstr("email_verified"));
  config.domains = {"example.com"};
  config.strip_domain = true;
  EXPECT_EQ(user_of({}, config), "ann");
  for (const char* other : {"ann@evil.example", "ann", "ann@example.com@evil.example",
                            "ann@evil.example@example.com", "ann@sub.example.com"})
    EXPECT_THAT(user_of({{"email", other}}, config), HasSubstr("none of its domains")) << other;
  for (const char* odd :
       {"@example.com", "a b@example.com", "a\nb@example.com", "\xD0\xB0nn@example.com"})
    EXPECT_THAT(user_of({{"email", odd}}, config), HasSubstr("cannot be a user's name")) << odd;
  config = issuer();
  config.user_claim = "preferred_username";
  EXPECT_THAT(user_of({}, config), HasSubstr("the token has no preferred_username"));
  EXPECT_EQ(user_of({{"preferred_username", "ann"}}, config), "ann");
}

TEST(IdentityOfClaims, KeepsWhatRulesMayAskAbout) {
  auto config = issuer();
  config.claims = {"device_managed", "device", "level", "absent", "nothing"};
  const auto identity = identity_of(claims({{"device_managed", true},
                                            {"device", "laptop 7"},
                                            {"level", 3},
                                            {"nothing", nullptr},
                                            {"other", "x"}}),
                                    nullptr, config, 0);
  ASSERT_TRUE(identity) << identity.error().text;
  const std::map<std::string, std::string> kept = {
      {"device_managed", "true"}, {"device", "laptop 7"}, {"level", "3"}};
  EXPECT_EQ(identity->assurance.claims, kept);
  for (const boost::json::value& wrong :
       {boost::json::value{{"a", 1}}, boost::json::value("a\nb=c"), boost::json::value(""),
        boost::json::value(std::string(256, 'x')), boost::json::value(1.5)}) {
    EXPECT_FALSE(identity_of(claims({{"device", wrong}}), nullptr, config, 0)) << wrong;
  }
}

TEST(IdentityOfClaims, TakesGroupsWholeOrNotAtAll) {
  auto config = issuer();
  EXPECT_TRUE(identity_of(claims({{"groups", {"a", "b"}}}), nullptr, config, 0)->keep_groups);
  config.groups_claim = "groups";
  config.groups_prefix = "corp:";
  const auto identity =
      identity_of(claims({{"groups", {"b", "a", "b"}}, {"auth_time", 7}, {"acr", "mfa"}}), nullptr,
                  config, 9'000'000);
  ASSERT_TRUE(identity) << identity.error().text;
  EXPECT_THAT(identity->groups, ElementsAre("corp:a", "corp:b"));
  EXPECT_EQ(identity->assurance.authenticated_micros, 7'000'000);
  EXPECT_EQ(identity->assurance.acr, "mfa");
  const auto silent = identity_of(claims({}), nullptr, config, 9'000'000);
  EXPECT_TRUE(silent->groups.empty());
  EXPECT_EQ(silent->assurance.authenticated_micros, 0) << "not known is not now";
  for (const boost::json::object& wrong :
       {boost::json::object{{"groups", 7}}, boost::json::object{{"groups", {"a", 7}}},
        boost::json::object{{"groups", {std::string_view("a\nadmins")}}},
        boost::json::object{{"groups", {boost::json::string(64, 'g')}}},
        boost::json::object{{"_claim_names", {{"groups", "src1"}}}}})
    EXPECT_FALSE(identity_of(claims(wrong), nullptr, config, 0)) << wrong;
  config.groups_from_userinfo = true;
  const boost::json::object stranger{{"sub", "s-2"}, {"groups", {"admins"}}};
  EXPECT_FALSE(identity_of(claims({}), &stranger, config, 0));
  const boost::json::object same{{"sub", "s-1"}, {"groups", "x"}};
  EXPECT_THAT(identity_of(claims({}), &same, config, 0)->groups, ElementsAre("corp:x"));
}

TEST(ActorChain, IsShortAndNamed) {
  const auto chain = actor_chain(
      {{"sub", "u"}, {"act", {{"sub", "a"}, {"act", {{"sub", "b"}, {"iss", "https://i"}}}}}});
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->at(0), (boost::json::object{{"sub", "a"}}));
  EXPECT_EQ(chain->at(1).at("iss"), "https://i");
  EXPECT_TRUE(actor_chain({})->empty());
  for (const boost::json::value& wrong :
       {boost::json::value("a"), boost::json::value(nullptr), boost::json::value({{"sub", ""}}),
        boost::json::value({{"sub", "a"}, {"act", {{"iss", "x"}}}})})
    EXPECT_FALSE(actor_chain({{"act", wrong}})) << wrong;
}

class Federation : public store::StoreTest {
 protected:
  std::string admit(const std::string& subject, const std::string& user, bool provision,
                    const std::string& from = kIssuer) {
    VerifiedIdentity identity;
    identity.issuer = from;
    identity.subject = subject;
    identity.user = user;
    const auto name = users_.admit(identity, provision);
    return name ? *name : "no: " + name.error().text;
  }
  void add(const std::string& name, UserKind kind = UserKind::kHuman) {
    NewUser user;
    user.name = name;
    user.kind = kind;
    ASSERT_TRUE(UserStore(database_, "test").add(user));
  }

  store::Database database_ = store_.open();
  FederatedUsers users_{database_};
};

TEST(OidcLoginsInNumber, NobodyLocksOthersOut) {
  auto http = std::make_unique<FakeHttp>();
  http->pages["https://login.example.com/.well-known/openid-configuration"] = document();
  auto config = issuer();
  config.redirect = "http://127.0.0.1/callback";
  const auto clock = std::make_shared<Clock::time_point>(Clock::now());
  const auto now = [clock] { return *clock += std::chrono::microseconds(1); };
  std::vector<std::unique_ptr<OidcProvider>> providers;
  providers.push_back(std::make_unique<OidcProvider>(config, std::move(http), now));
  OidcLogins logins(std::move(providers), now);
  const auto begin = [&](const std::string& peer) {
    const auto login = logins.start_browser("", config.redirect, peer);
    EXPECT_TRUE(login) << login.error().text;
    return login->begun;
  };
  const auto ended_with = [&](const BegunLogin& begun) {
    return logins.finish_browser(begun, {"code", "another state", std::nullopt}).error().text;
  };
  const auto theirs = begin("10.0.0.1");
  const auto oldest = begin("6.6.6.6");
  for (int i = 0; i < 2000; ++i) begin("6.6.6.6");
  const auto newest = begin("6.6.6.6");
  EXPECT_THAT(ended_with(theirs), HasSubstr("from another login")) << "it is still under way";
  EXPECT_THAT(ended_with(newest), HasSubstr("from another login"));
  EXPECT_THAT(ended_with(oldest), HasSubstr("is over"));
  // Where a proxy has everybody's address, the oldest of all goes, and nobody is refused.
  const auto first = begin("");
  for (int i = 0; i < 10'000; ++i) begin("");
  EXPECT_THAT(ended_with(first), HasSubstr("is over"));
  EXPECT_THAT(ended_with(begin("")), HasSubstr("from another login"));
}

TEST_P(Federation, MatchesOnlyThoseWhoExist) {
  EXPECT_THAT(admit("s", "ann", false), HasSubstr("sluice user add ann"));
  add("ann");
  EXPECT_EQ(admit("s", "ann", false), "ann");
  EXPECT_EQ(admit("s", "renamed", false), "ann") << "who they are does not hang on the name";
  EXPECT_THAT(admit("s2", "ann", false), HasSubstr("somebody else"));
  EXPECT_THAT(admit("s", "ann", false, "https://other.example"), HasSubstr("somebody else"));
  EXPECT_EQ(*users_.find(kIssuer, "s"), "ann");
  EXPECT_FALSE(users_.find("https://other.example", "s"));
}

TEST_P(Federation, MakesUsersOnlyOfTheirOwn) {
  EXPECT_EQ(admit("s", "ann", true), "ann");
  EXPECT_THAT(admit("s2", "ann", true), HasSubstr("somebody else"));
  EXPECT_THAT(admit("s2", "ann", false), HasSubstr("somebody else"));
  add("local");
  EXPECT_THAT(admit("s3", "local", true), HasSubstr("not known to be the same"));
  ASSERT_TRUE(users_.link("local", kIssuer, "s3", "operator"));
  EXPECT_EQ(admit("s3", "local", true), "local");
  EXPECT_FALSE(users_.link("ann", kIssuer, "s3", "operator"));
  EXPECT_FALSE(users_.link("nobody", kIssuer, "s4", "operator"));
  add("bot", UserKind::kService);
  EXPECT_THAT(admit("s5", "bot", false), HasSubstr("no: "));
}

TEST_P(Federation, ARemovedUserLeavesNothingToTheNext) {
  EXPECT_EQ(admit("s", "ann", true), "ann");
  ASSERT_TRUE(UserStore(database_, "test").remove("ann"));
  add("ann");
  EXPECT_THAT(admit("s", "ann", true), HasSubstr("not known to be the same"));
  EXPECT_FALSE(users_.find(kIssuer, "s"));
}

TEST_P(Federation, WorkloadsAreNoPeople) {
  EXPECT_EQ(*users_.admit(VerifiedWorkload{kIssuer, "w", "ci", UserKind::kService, {"deploy"}}),
            "ci");
  EXPECT_THAT(admit("s", "ci", true), HasSubstr("somebody else"));
  EXPECT_EQ(admit("s", "ann", true), "ann");
  for (const auto kind : {UserKind::kService, UserKind::kAgent})
    EXPECT_FALSE(users_.admit(VerifiedWorkload{kIssuer, "w", "ann", kind, {}}));
  EXPECT_FALSE(users_.admit(VerifiedWorkload{kIssuer, "w", "ci", UserKind::kAgent, {}}));
  ASSERT_TRUE(UserStore(database_, "test").set_disabled("ci", true));
  EXPECT_FALSE(users_.admit(VerifiedWorkload{kIssuer, "w", "ci", UserKind::kService, {}}));
}

SLUICE_FOR_EACH_STORE(Federation);

}  // namespace
}  // namespace sluice::identity
