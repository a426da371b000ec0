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

class DirectoriesFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "secret") << "s3cret\n";
    chmod((folder_ / "secret").c_str(), 0600);
  }
  Result<Config> load_text(const std::string& directory) {
    std::ofstream(folder_ / "c.yaml")
        << "state: s\ndatabases: [{name: a, environment: e, user: u, url: 'postgres://h/d'}]\n"
        << "identity:\n  directories:\n    - { name: corp, " << directory << " }\n";
    return load(folder_ / "c.yaml");
  }
  std::string problems(const std::string& directory) {
    const auto config = load_text(directory);
    return config ? "no problem" : config.error().text;
  }
  std::string at(const std::string& server) { return problems(server + ", base: 'dc=x'"); }

  TestFolder folder_;
};

TEST_F(DirectoriesFile, ReadsWhatItSays) {
  const auto config = load_text(
      "url: ['ldaps://a.example', 'ldaps://b.example:1636'], tls: { ca: ca.pem }, bind_dn: "
      "'cn=sluice,dc=x', password_file: secret, base: 'ou=people,dc=x', user_filter: "
      "'(sAMAccountName={user})', active_filter: '(!(disabled=TRUE))', user_attribute: "
      "sAMAccountName, id_attribute: objectGUID, groups_base: 'ou=groups,dc=x', groups_nested: "
      "true, groups_map: { 'cn=dba,dc=x': admins }, groups_prefix: 'ad:', provision: true, "
      "session: "
      "1h, recheck: 30s, recheck_grace: 10m");
  ASSERT_TRUE(config) << config.error().text;
  const LdapConfig& read = config->identity.directories.front();
  EXPECT_THAT(read.urls, ElementsAre("ldaps://a.example", "ldaps://b.example:1636"));
  EXPECT_EQ(read.ca, (folder_ / "ca.pem").string());
  EXPECT_EQ(read.password_source.name, (folder_ / "secret").string());
  EXPECT_EQ(read.groups_map.at("cn=dba,dc=x"), "admins");
  EXPECT_TRUE(read.groups_nested && read.provision && read.has_groups());
  EXPECT_EQ(read.recheck, std::chrono::seconds(30));
}

TEST_F(DirectoriesFile, Threat71_PasswordsDoNotGoInClear) {
  for (const char* good : {"url: 'ldaps://a.example'", "url: 'ldap://a.example', start_tls: true",
                           "url: 'ldap://a.example', insecure: true", "url: 'ldap://127.0.0.1:389'",
                           "url: 'ldap://localhost'", "url: 'ldap://[::1]:389'"})
    EXPECT_EQ(at(good), "no problem") << good;
  for (const char* clear :
       {"url: 'ldap://a.example'", "url: 'ldap://localhost.evil.example'",
        "url: ['ldaps://a.example', 'ldap://b.example']", "url: 'ldap://10.0.0.1'"})
    EXPECT_THAT(at(clear), HasSubstr("in clear")) << clear;
  for (const char* odd :
       {"url: 'ldapi:///'", "url: 'https://a.example'", "url: 'ldaps://'",
        "url: 'ldaps://a.example/dc=x'", "url: 'ldaps://a.example ldap://b.example'",
        "url: 'ldap://127.0.0.1@evil.example'", "url: 'ldaps://a%2fb'"})
    EXPECT_THAT(at(odd), HasSubstr("expected ldaps://")) << odd;
  EXPECT_THAT(at("url: 'ldaps://a.example', start_tls: true"), HasSubstr("has TLS already"));
}

TEST_F(DirectoriesFile, NamesWhatIsMissing) {
  const std::string url = "url: 'ldaps://a.example', ";
  EXPECT_THAT(problems("base: 'dc=x'"), HasSubstr("expected where the directory is"));
  EXPECT_THAT(problems("url: 'ldaps://a.example'"), HasSubstr("below which people are"));
  const std::string head = url + "base: 'dc=x', ";
  EXPECT_THAT(problems(head + "bind_dn: 'cn=x'"), HasSubstr("needs its password"));
  EXPECT_THAT(problems(head + "password_file: secret"), HasSubstr("needs the bind_dn"));
  EXPECT_THAT(problems(head + "bind_dn: 'cn=x', password: y"), HasSubstr("must not stand in"));
  EXPECT_THAT(problems(head + "user_filter: 'uid={user}'"), HasSubstr("filter in brackets"));
  EXPECT_THAT(problems(head + "user_filter: '(uid=x)'"), HasSubstr("expected {user}"));
  EXPECT_THAT(problems(head + "active_filter: '(a=b'"), HasSubstr("filter in brackets"));
  EXPECT_THAT(problems(head + "id_attribute: 'a=b'"), HasSubstr("name of an attribute"));
  EXPECT_THAT(problems(head + "groups_attribute: memberOf, groups_base: 'dc=x'"),
              HasSubstr("give one of them"));
  EXPECT_THAT(problems(head + "groups_map: { a: b }"), HasSubstr("needs groups_attribute"));
  EXPECT_THAT(problems(head + "groups_nested: true"), HasSubstr("needs groups_base"));
  EXPECT_THAT(problems(head + "scim: true, provision: true"), HasSubstr("kept over SCIM"));
  EXPECT_THAT(problems(head + "recheck: 10ms"), HasSubstr("from 1s to 1d"));
  EXPECT_THAT(problems(url + "bind_template: 'uid={user},dc=x'"), HasSubstr("recheck: 0s"));
  EXPECT_EQ(problems(url + "bind_template: 'uid={user},dc=x', recheck: 0s"), "no problem");
  EXPECT_THAT(problems(url + "bind_template: 'x@example.com', recheck: 0s"),
              HasSubstr("DN with {user}"));
  EXPECT_THAT(problems(head + "filter: x"), HasSubstr("unknown"));
}

}  // namespace
}  // namespace sluice::config
