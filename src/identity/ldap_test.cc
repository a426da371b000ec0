#include "identity/ldap.h"

#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "identity/ldap_directory.h"

namespace sluice::identity {
namespace {

using ::testing::HasSubstr;

TEST(Ldap, Threat71_ValuesInFiltersAreNothingElse) {
  EXPECT_EQ(escape_filter("alice"), "alice");
  EXPECT_EQ(escape_filter("*"), "\\2a");
  EXPECT_EQ(escape_filter("a)(uid=*"), "a\\29\\28uid=\\2a");
  EXPECT_EQ(escape_filter("\\"), "\\5c");
  EXPECT_EQ(escape_filter(std::string("a\0b", 3)), "a\\00b");
  EXPECT_EQ(escape_filter("Zo\xC3\xAB"), "Zo\\c3\\ab");
  EXPECT_EQ(fill_filter("(|(uid={user})(mail={user}))", "{user}", "x*{user}"),
            "(|(uid=x\\2a\\7buser\\7d)(mail=x\\2a\\7buser\\7d))");
  EXPECT_EQ(both_filters("(a=b)", "(c=d)"), "(&(a=b)(c=d))");
  EXPECT_EQ(both_filters("(a=b)", ""), "(a=b)");
}

TEST(Ldap, Threat71_ValuesInNamesAreNothingElse) {
  EXPECT_EQ(escape_dn("alice"), "alice");
  EXPECT_EQ(escape_dn("x,ou=admins"), "x\\2cou\\3dadmins");
  for (const std::string value :
       {"a,b", "a+b", " a ", "#a", "a\"b", "a\\b", "a;b<c>d=e", "Zo\xC3\xAB"})
    EXPECT_EQ(first_value_of_dn("uid=" + escape_dn(value) + ",dc=x"), value);
}

RC_GTEST_PROP(Ldap, Threat71_AnyTextIsOneValue, (const std::string& text)) {
  RC_PRE(!text.empty() && text.find('\0') == std::string::npos);
  RC_ASSERT(first_value_of_dn("uid=" + escape_dn(text) + ",dc=x") == std::optional(text));
  RC_ASSERT(escape_filter(text).find_first_of("*()") == std::string::npos);
  RC_ASSERT(id_of_subject(subject_of(text)) == text);
}

TEST(Ldap, NamesAreComparedInOneForm) {
  EXPECT_EQ(normal_dn("CN=DBA, OU=Groups,DC=x"), normal_dn("cn=dba,ou=groups,dc=x"));
  EXPECT_NE(normal_dn("cn=dba,dc=x"), normal_dn("cn=dba\\2cdc=x"));
  EXPECT_FALSE(normal_dn("no name"));
  EXPECT_FALSE(first_value_of_dn(""));
  EXPECT_FALSE(first_value_of_dn("cn=a+sn=b,dc=x")) << "which of the two?";
  EXPECT_EQ(subject_of("4f-1"), "4f-1");
  EXPECT_EQ(subject_of(std::string("\x00\xFF", 2)), "0x00ff");
  EXPECT_EQ(subject_of("0xab"), "0x30786162") << "never what another is called";
}

TEST(Ldap, GroupsAreWhatTheMapSays) {
  config::LdapConfig config;
  EXPECT_EQ(local_group(config, "cn=dba,dc=x", "dba"), "dba");
  config.groups_prefix = "ad:";
  EXPECT_EQ(local_group(config, "cn=dba,dc=x", "dba"), "ad:dba");
  config.groups_map = {{"CN=dba,DC=x", "admins"}, {"Staff", "people"}};
  EXPECT_EQ(local_group(config, "cn=DBA, dc=x", "dba"), "ad:admins");
  EXPECT_EQ(local_group(config, "cn=dba,dc=evil", "dba"), std::nullopt);
  EXPECT_EQ(local_group(config, "cn=staff,dc=y", "staff"), "ad:people");
  EXPECT_EQ(local_group(config, "cn=other,dc=x", "other"), std::nullopt);
  config.groups_map.clear();
  EXPECT_EQ(local_group(config, "cn=x,dc=x", std::string(64, 'x')), std::nullopt);
}

/// A listener that takes connections and says nothing.
class Silent {
 public:
  Silent() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    signal(SIGPIPE, SIG_IGN);  // As the gateway does.
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Silent() { close(socket_); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  uint16_t port_ = 0;
};

TEST(Ldap, Threat73_ASilentServerHoldsNobody) {
  const Silent silent;
  for (const auto& [scheme, start_tls] :
       {std::pair{"ldap://", false}, {"ldap://", true}, {"ldaps://", false}}) {
    config::LdapConfig config;
    config.name = "corp";
    config.urls = {scheme + silent.address()};
    config.start_tls = start_tls;
    config.base = "dc=x";
    config.timeout = std::chrono::milliseconds(300);
    LdapDirectory directory(config);
    const auto began = Clock::now();
    const auto answer = directory.authenticate("alice", SecretString("x"));
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(8)) << scheme;
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().code == ErrorCode::kTimeout ||
                answer.error().code == ErrorCode::kUnavailable)
        << answer.error().text;
  }
}

TEST(Ldap, Threat73_OneThatIsAwayIsNotAskedAgainAtOnce) {
  config::LdapConfig config;
  config.name = "corp";
  config.base = "dc=x";
  std::string address;
  {
    address = Silent().address();
  }
  config.urls = {"ldap://" + address};
  LdapDirectory directory(config);
  const auto first = directory.authenticate("alice", SecretString("x"));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(first.error().text, HasSubstr("directory corp: cannot reach ldap://"));
  const auto began = Clock::now();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(directory.authenticate("bob", SecretString("x")).error().code,
              ErrorCode::kUnavailable);
  EXPECT_LT(Clock::now() - began, std::chrono::milliseconds(500));
}

TEST(Ldap, Threat71_AnEmptyPasswordGoesNowhere) {
  const Silent silent;
  config::LdapConfig config;
  config.name = "corp";
  config.urls = {"ldap://" + silent.address()};
  config.base = "dc=x";
  LdapDirectory directory(config);
  const auto began = Clock::now();
  const auto empty = directory.authenticate("alice", SecretString(""));
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kAuthentication);
  for (const std::string& name : {std::string(), std::string(" alice"), std::string("alice "),
                                  std::string("a  b"), std::string("a\nb"), std::string(64, 'x')})
    EXPECT_EQ(directory.authenticate(name, SecretString("x")).error().code, ErrorCode::kNotFound);
  auto connection = LdapConnection::open({"ldap://" + silent.address(), false, "", config.timeout});
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->bind("cn=x", SecretString()).error().code, ErrorCode::kAuthentication);
  EXPECT_EQ(connection->bind("", SecretString("x")).error().code, ErrorCode::kAuthentication);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(1)) << "nothing was asked";
}

}  // namespace
}  // namespace sluice::identity
