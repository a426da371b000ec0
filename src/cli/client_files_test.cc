#include "cli/client_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "cli/gateway_check.h"
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
}

TEST(ClientFiles, Threat18_WhoShowsACertificateLooksAtTheGatewaysAndShowsNoSecret) {
  Kept with = kept();
  with.tls = true;
  with.certificate = "/home/a/gw.crt";
  with.certificate_key = "/home/a/gw.key";
  with.authority = "/home/a/gw.ca";
  EXPECT_THAT(service_lines(with), HasSubstr("sslmode=verify-full\n"));
  EXPECT_THAT(service_lines(with), HasSubstr("sslrootcert=/home/a/gw.ca\n"));
  EXPECT_EQ(password_lines(with), "");
  with.authority.clear();
  EXPECT_THAT(service_lines(with), HasSubstr("sslrootcert=" + system_authorities() + "\n"))
      << "kept by an older version";
}

TEST(ClientFiles, WhereThereIsNothingToSayNoFileIsMadeAndOursIsTakenOut) {
  TestFolder folder;
  const auto file = folder.path() / "pgpass";
  ASSERT_TRUE(replace_part(file, ""));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(with_part(with_part("theirs\n", "ours\n"), ""), "theirs\n");
}

TEST(ClientFiles, AreRefreshedWhereTheyAreOfTheFormerLogin) {
  TestFolder folder;
  const auto services = folder.path() / "services", passwords = folder.path() / "passwords";
  setenv("PGSERVICEFILE", services.c_str(), 1);
  setenv("PGPASSFILE", passwords.c_str(), 1);
  const auto text = [](const std::filesystem::path& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const Kept before = kept();
  Kept next = kept();
  next.secret = SecretString("slc_another");
  EXPECT_FALSE(*refresh_clients(before, next)) << "config-clients has written none";
  EXPECT_FALSE(std::filesystem::exists(services));
  Kept other = kept();
  other.gateway = "http://other:8080";
  other.host = "other";
  other.secret = SecretString("slc_others");
  ASSERT_TRUE(replace_part(services, service_lines(other)));
  ASSERT_TRUE(replace_part(passwords, password_lines(other)));
  EXPECT_FALSE(*refresh_clients(before, next)) << "they are of another gateway";
  ASSERT_TRUE(replace_part(services, service_lines(before)));
  ASSERT_TRUE(replace_part(passwords, password_lines(before)));
  EXPECT_TRUE(*refresh_clients(before, next));
  EXPECT_THAT(text(passwords), HasSubstr("slc_another"));
  EXPECT_EQ(text(passwords).find("slc_secret"), std::string::npos);
  unsetenv("PGSERVICEFILE");
  unsetenv("PGPASSFILE");
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

TEST(Kept, TheFilesOfALoginThatIsReplacedAreRemoved) {
  TestFolder folder;
  const auto place = folder.path() / "sluice", ca = folder.path() / "ca.pem";
  std::ofstream(ca) << "authority\n";
  Kept with = kept();
  ASSERT_TRUE(keep_certificate(place, "certificate", SecretString("key"), ca.string(), with));
  ASSERT_TRUE(keep(place, with));
  EXPECT_EQ(with.authority, (place / "fe80__1_6432.ca").string());
  for (const auto& file : {with.certificate, with.certificate_key, with.authority})
    EXPECT_TRUE(std::filesystem::exists(file)) << file;
  ASSERT_TRUE(keep(place, with)) << "those that are used again stay";
  EXPECT_TRUE(std::filesystem::exists(with.certificate_key));
  ASSERT_TRUE(keep(place, kept()));
  for (const auto& file : {with.certificate, with.certificate_key, with.authority})
    EXPECT_FALSE(std::filesystem::exists(file)) << file;
  EXPECT_TRUE(std::filesystem::exists(ca));
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
