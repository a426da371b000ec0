#include "cli/client_files.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "cli/kept.h"

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Kept kept() {
  Kept kept;
  kept.gateway = "http://gw:8080";
  kept.host = "fe80::1";
  kept.port = 6432;
  kept.user = "a:b\\c";
  kept.id = "k1";
  kept.secret = SecretString("slc_secret");
  kept.expires_micros = INT64_MAX;
  kept.databases = {"orders", "hr"};
  return kept;
}

TEST(ClientFiles, Threat18_WhereNobodyLooksAtTheCertificateTheChannelIsBound) {
  Kept tls = kept();
  EXPECT_EQ(service_lines(tls).find("channel_binding"), std::string::npos) << "there is none";
  tls.tls = true;
  EXPECT_THAT(service_lines(tls), HasSubstr("sslmode=require\nchannel_binding=require\n"));
  tls.certificate = "/home/a/cert.pem";
  EXPECT_EQ(service_lines(tls).find("channel_binding"), std::string::npos)
      << "no password is shown";
}

TEST(ClientFiles, PasswordLinesEscapeWhatSeparatesFields) {
  EXPECT_EQ(password_lines(kept()),
            "fe80\\:\\:1:6432:orders:a\\:b\\\\c:slc_secret\n"
            "fe80\\:\\:1:6432:hr:a\\:b\\\\c:slc_secret\n");
}

TEST(ClientFiles, OtherPeoplesLinesStayAndOursAreReplaced) {
  const std::string theirs = "# mine\nhost:1:db:me:pw\n";
  const std::string once = with_part(theirs, "one\n");
  EXPECT_THAT(once, HasSubstr("one\n"));
  EXPECT_TRUE(once.ends_with(theirs));
  EXPECT_EQ(with_part(once, "one\n"), once) << "written twice it is the same";
  const std::string again = with_part("before\n" + once + "behind\n", "two\n");
  EXPECT_EQ(again.find("one"), std::string::npos);
  for (const char* line : {"before\n", "# mine\nhost:1:db:me:pw\n", "behind\n"})
    EXPECT_THAT(again, HasSubstr(line));
}

TEST(ClientFiles, APartWhoseEndWasLostTakesNothingOfOthersAway) {
  const std::string cut = "# sluice config-clients: begin\ntheirs\n";
  EXPECT_THAT(with_part(cut, "ours\n"), HasSubstr("theirs\n"));
}

TEST(ClientFiles, TheFileIsTheUsersAlone) {
  TestFolder folder;
  const auto file = folder.path() / "pgpass";
  std::ofstream(file) << "theirs\n";
  chmod(file.c_str(), 0644);
  ASSERT_TRUE(replace_part(file, "ours\n"));
  struct stat found{};
  ASSERT_EQ(stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST(Kept, ComesBackAsItWasAndOneStandsForEachGateway) {
  TestFolder folder;
  const auto place = folder.path() / "state" / "sluice";
  EXPECT_TRUE(read_kept(place)->empty());
  ASSERT_TRUE(keep(place, kept()));
  Kept other = kept();
  other.gateway = "http://other:8080";
  ASSERT_TRUE(keep(place, other));
  Kept newer = kept();
  newer.id = "k2";
  ASSERT_TRUE(keep(place, newer));
  const auto all = read_kept(place);
  ASSERT_TRUE(all) << all.error().text;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].id, "k2");
  EXPECT_EQ((*all)[0].secret.reveal(), "slc_secret");
  EXPECT_EQ((*all)[0].databases, newer.databases);
  EXPECT_EQ((*all)[1].gateway, "http://other:8080");
}

TEST(Kept, WhatOthersMayReadIsRefused) {
  TestFolder folder;
  const auto place = folder.path() / "sluice";
  ASSERT_TRUE(keep(place, kept()));
  chmod((place / "credentials.json").c_str(), 0640);
  auto read = read_kept(place);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kDenied);
  EXPECT_THAT(read.error().text, HasSubstr("chmod go="));
  chmod((place / "credentials.json").c_str(), 0600);
  chmod(place.c_str(), 0755);
  EXPECT_FALSE(read_kept(place));
  std::filesystem::remove(place / "credentials.json");
  std::filesystem::create_symlink("/etc/passwd", place / "credentials.json");
  chmod(place.c_str(), 0700);
  EXPECT_FALSE(read_kept(place));
}

}  // namespace
}  // namespace sluice::cli
