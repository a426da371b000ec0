#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "config/config.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class IdentityFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "secret") << "s3cret\n";
    chmod((folder_ / "secret").c_str(), 0600);
  }
  Result<Config> load_text(const std::string& identity) {
    std::ofstream(folder_ / "c.yaml")
        << "state: s\ndatabases: [{name: a, environment: e, user: u, url: 'postgres://h/d'}]\n"
        << identity;
    return load(folder_ / "c.yaml");
  }
  std::string problems(const std::string& identity) {
    const auto config = load_text(identity);
    return config ? "no problem" : config.error().text;
  }
  std::string issuer(const std::string& more) {
    return problems("identity:\n  issuers:\n    - { name: a, issuer: 'https://i.example', " + more +
                    " }\n");
  }

  TestFolder folder_;
};

TEST_F(IdentityFile, ReadsWhatItSays) {
  const auto config = load_text(R"(identity:
  behind_tls: true
  issuers:
    - name: corp
      issuer: https://login.example.com/t/1
      client_id: sluice
      client_secret_file: secret
      scopes: [openid, groups]
      algorithms: ES256
      user_claim: preferred_username
      domains: example.com
      strip_domain: true
      groups_claim: groups
      groups_from: userinfo
      groups_prefix: "corp:"
      provision: true
      device: true
      redirect: http://localhost:8765/cb
      session: 1h
      clock_skew: 5s
    - { name: github, issuer: 'https://token.example', audience: [db, gateway] }
  workloads:
    - { issuer: github, match: { sub: 'repo:acme/app:*' }, user: ci, groups: deploy, session: 10m }
    - { issuer: corp, match: { sub: bot }, user: helper, kind: agent, databases: [a] }
)");
  ASSERT_TRUE(config) << config.error().text;
  const auto& identity = config->identity;
  EXPECT_TRUE(identity.behind_tls);
  const auto& corp = identity.issuers.at(0);
  EXPECT_EQ(corp.client_secret.reveal(), "s3cret");
  EXPECT_THAT(corp.audiences, ElementsAre("sluice"));
  EXPECT_THAT(corp.scopes, ElementsAre("openid", "groups"));
  EXPECT_THAT(corp.algorithms, ElementsAre("ES256"));
  EXPECT_TRUE(corp.strip_domain && corp.groups_from_userinfo && corp.provision && corp.device);
  EXPECT_EQ(corp.session, std::chrono::hours(1));
  const auto& github = identity.issuers.at(1);
  EXPECT_THAT(github.audiences, ElementsAre("db", "gateway"));
  EXPECT_EQ(github.user_claim, "email");
  EXPECT_FALSE(github.provision || github.device) << "what makes users is asked for";
  EXPECT_EQ(identity.workloads.at(0).match.at("sub"), "repo:acme/app:*");
  EXPECT_TRUE(identity.workloads.at(1).agent);
}

TEST_F(IdentityFile, IssuersAreReachedSafely) {
  EXPECT_EQ(issuer("client_id: x"), "no problem");
  const std::string head = "identity:\n  issuers:\n    - { name: a, client_id: x, issuer: ";
  for (const char* url : {"'http://login.example'", "'http://127.0.0.1:1'", "'ftp://x'", "login",
                          "'https://u:p@x'", "'https://x/?a=b'", "'https://'"})
    EXPECT_THAT(problems(head + url + " }\n"), HasSubstr("c.yaml:5:")) << url;
  EXPECT_EQ(problems(head + "'http://127.0.0.1:1', allow_http: true }\n"), "no problem");
  for (const char* url : {"'http://login.example'", "'http://127.0.0.1.evil.example'",
                          "'http://127.0.0.1:80@evil.example'", "'http://localhost:x'"})
    EXPECT_THAT(problems(head + url + ", allow_http: true }\n"), HasSubstr("https://")) << url;
  for (const char* url : {"'https://127.0.0.1/'", "'http://gateway.example/cb'",
                          "'http://localhost.evil/'", "'http://localhost/?x'"})
    EXPECT_THAT(issuer(std::string("client_id: x, redirect: ") + url), HasSubstr("redirect: "))
        << url;
}

TEST_F(IdentityFile, NamesWhatIsMissing) {
  EXPECT_THAT(issuer("provision: true"), HasSubstr("expected client_id"));
  EXPECT_THAT(issuer("client_id: x, algorithms: [RS256, HS256]"), HasSubstr("got \"HS256\""));
  EXPECT_THAT(issuer("client_id: x, algorithms: none"), HasSubstr("got \"none\""));
  EXPECT_THAT(issuer("client_id: x, scopes: [email]"), HasSubstr("must have openid"));
  EXPECT_THAT(issuer("client_id: x, strip_domain: true"), HasSubstr("exactly one of domains"));
  EXPECT_THAT(issuer("client_id: x, groups_from: userinfo"), HasSubstr("needs groups_claim"));
  EXPECT_EQ(issuer("client_id: x, scim: true"), "no problem");
  EXPECT_THAT(issuer("client_id: x, scim: true, provision: true"), HasSubstr("kept over SCIM"));
  EXPECT_THAT(issuer("client_id: x, scim: true, groups_claim: g"), HasSubstr("kept over SCIM"));
  EXPECT_THAT(issuer("client_id: x, client_secret: y"), HasSubstr("must not stand in this file"));
  EXPECT_THAT(issuer("client_id: x, clock_skew: 1h"), HasSubstr("from 0s to 10m"));
  EXPECT_THAT(issuer("client_id: x, gruops_claim: y"), HasSubstr("did you mean \"groups_claim\""));
  const std::string twice = "    - { name: a, issuer: 'https://i', client_id: x }\n";
  EXPECT_THAT(problems("identity:\n  issuers:\n" + twice + twice), HasSubstr("name is taken"));
}

TEST_F(IdentityFile, WorkloadsSayWhoTheyAre) {
  const std::string head =
      "identity:\n  issuers: [{ name: a, issuer: 'https://i', audience: x }]\n  workloads:\n    - ";
  EXPECT_EQ(problems(head + "{ issuer: a, match: { sub: s }, user: u }\n"), "no problem");
  EXPECT_THAT(problems(head + "{ issuer: b, match: { sub: s }, user: u }\n"),
              HasSubstr("one of identity.issuers"));
  for (const char* match : {"{}", "{ sub: '*' }", "{ repository: acme/app }", "x", "{ sub: }"})
    EXPECT_THAT(problems(head + "{ issuer: a, user: u, match: " + match + " }\n"),
                HasSubstr("match: "))
        << match;
  EXPECT_THAT(problems(head + "{ issuer: a, match: { sub: s }, user: u, kind: human }\n"),
              HasSubstr("kind: "));
}

}  // namespace
}  // namespace sluice::config
