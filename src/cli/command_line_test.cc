#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/test_folder.h"
#include "cli/commands.h"

namespace sluice::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Ran {
  int code = 0;
  std::string out, error;
};

/// Runs the command line in this process, as main does.
Ran sluice(std::vector<std::string> words) {
  words.insert(words.begin(), "sluice");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran;
  ran.code = run(static_cast<int>(words.size()), argv.data());
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.error = ::testing::internal::GetCapturedStderr();
  return ran;
}

std::string shell(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string out;
  std::array<char, 4096> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe.get()))
    out.append(buffer.data(), got);
  return out;
}

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    std::ofstream(config) << "listen: { postgres: 127.0.0.1:6432 }\nstate: " << state.string()
                          << "\ndatabases:\n  - name: orders\n    environment: production\n"
                             "    url: postgres://127.0.0.1:1/orders?sslmode=disable\n"
                             "    user: sluice\n    password_env: HOME\n";
  }
  Ran with_config(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", config.string()});
    return sluice(std::move(words));
  }
  TestFolder folder;
  std::filesystem::path config = folder / "sluice.yaml";
  std::filesystem::path state = folder / "state";
};

TEST_F(CommandLineTest, WrongUsageIs2AndHelpIs0) {
  EXPECT_EQ(sluice({}).code, 2);
  EXPECT_EQ(sluice({"no-such-command"}).code, 2);
  EXPECT_EQ(sluice({"user"}).code, 2);
  EXPECT_EQ(sluice({"user", "list", "-o", "xml"}).code, 2);
  EXPECT_EQ(sluice({"audit", "search", "--limit", "many"}).code, 2);
  const Ran help = sluice({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("sluice serve --config sluice.yaml"));
}

TEST_F(CommandLineTest, UnknownWordsAreNamedWithWhatWasMeant) {
  const auto said = [](std::vector<std::string> words) {
    const Ran ran = sluice(std::move(words));
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    return ran.error;
  };
  EXPECT_EQ(said({"usr", "list"}),
            "sluice: there is no command \"sluice usr\"; did you mean \"sluice user\"? see: sluice "
            "--help\n");
  EXPECT_THAT(said({"user", "lst"}),
              HasSubstr("did you mean \"sluice user list\"? see: sluice user"));
  EXPECT_THAT(
      said({"audit", "hold", "frobnicate"}),
      HasSubstr("no command \"sluice audit hold frobnicate\"; see: sluice audit hold --help"));
  EXPECT_THAT(said({"audit", "search", "--limt", "3"}),
              HasSubstr("sluice audit search has no option \"--limt\"; did you mean \"--limit\"?"));
  EXPECT_THAT(said({"user", "list", "-x"}), HasSubstr("sluice user list has no option \"-x\""));
  EXPECT_THAT(said({"user", "list", "--confg=x"}), HasSubstr("did you mean \"--config\"?"));
  EXPECT_THAT(said({"user", "list", "alice"}),
              HasSubstr("\"alice\" is one word too many for sluice user list"));
  EXPECT_THAT(said({"user", "disable", "alice", "bob"}), HasSubstr("\"bob\" is one word too many"));
  EXPECT_THAT(said({"user"}), HasSubstr("sluice user lacks a command; there are add, set, list"));
  EXPECT_THAT(said({"--config", "x", "user", "lisst"}), HasSubstr("\"sluice user list\""));
  EXPECT_THAT(said({"user", "a\x1b[31m"}), HasSubstr("\\x1b[31m")) << "safe on a terminal";
  // What is known, and wrong in another way, is said by its own words.
  EXPECT_THAT(said({"user", "add"}), HasSubstr("name is required; see: sluice user add --help"));
}

TEST_F(CommandLineTest, SaysItsVersion) {
  const Ran said = sluice({"--version"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, sluice({"version"}).out);
}

TEST_F(CommandLineTest, TokensThatNobodyShouldMakeAreRefused) {
  EXPECT_THAT(with_config({"token", "create", "--user", "a", "--scope", "bogus"}).error,
              HasSubstr("there is no scope \"bogus\""));
  EXPECT_THAT(with_config({"token", "create", "--user", "a", "--for", "4000d"}).error,
              HasSubstr("at most 366d"));
  EXPECT_THAT(sluice({"token", "create", "--help"}).out, HasSubstr("api, approvals"));
}

TEST_F(CommandLineTest, ErrorsAreObjectsWithJson) {
  const auto said = [](const Ran& ran) {
    EXPECT_EQ(ran.out, "");
    return boost::json::parse(ran.error).at("error").as_object();
  };
  const Ran usage = sluice({"user", "lst", "-o", "json"});
  EXPECT_EQ(usage.code, 2);
  EXPECT_EQ(said(usage).at("code").as_string(), "usage");
  EXPECT_EQ(said(usage).at("message").as_string(), "there is no command \"sluice user lst\"");
  EXPECT_EQ(said(usage).at("hint").as_string(),
            "did you mean \"sluice user list\"? see: sluice user --help");
  EXPECT_EQ(said(sluice({"user", "add", "-ojson"})).at("code").as_string(), "usage");
  const Ran nobody = with_config({"user", "remove", "nobody", "-o", "json"});
  EXPECT_EQ(nobody.code, 3);
  EXPECT_EQ(said(nobody).at("code").as_string(), "not_found");
  EXPECT_THAT(std::string(said(nobody).at("message").as_string()), HasSubstr("nobody"));
  const Ran stopped = with_config({"session", "kill", "1", "--output=json"});
  EXPECT_EQ(stopped.code, 5);
  EXPECT_EQ(said(stopped).at("code").as_string(), "unavailable");
}

TEST_F(CommandLineTest, WhatWasDoneIsAnObjectWithJson) {
  const auto done = [this](std::vector<std::string> words) {
    words.insert(words.end(), {"-o", "json"});
    const Ran ran = with_config(words);
    EXPECT_EQ(ran.code, 0) << ran.error;
    EXPECT_EQ(ran.error, "");
    return boost::json::parse(ran.out).as_object();
  };
  const auto added = done({"user", "add", "alice", "--generate"});
  EXPECT_EQ(added.at("user").as_string(), "alice");
  EXPECT_GE(added.at("password").as_string().size(), 20U);
  EXPECT_EQ(done({"user", "add", "job", "--kind", "service", "--no-password"}),
            (boost::json::object{{"user", "job"}, {"added", true}}));
  EXPECT_EQ(done({"user", "disable", "alice"}),
            (boost::json::object{{"user", "alice"}, {"disabled", true}}));
  EXPECT_TRUE(done({"user", "enable", "alice"}).at("enabled").as_bool());
  EXPECT_TRUE(done({"user", "set", "alice", "--group", "x"}).at("changed").as_bool());
  EXPECT_TRUE(done({"user", "passwd", "alice", "--generate"}).contains("password"));
  EXPECT_THAT(std::string(done({"user", "totp", "alice"}).at("uri").as_string()),
              StartsWith("otpauth://"));
  EXPECT_TRUE(done({"user", "assertion-key", "job"}).contains("key"));
  const auto token = done({"token", "create", "--user", "job"});
  EXPECT_THAT(std::string(token.at("secret").as_string()), StartsWith("slc_"));
  EXPECT_TRUE(token.contains("expires"));
  EXPECT_EQ(done({"token", "revoke", std::string(token.at("id").as_string())}).at("revoked"), 1);
  EXPECT_TRUE(done({"scim", "token", "create"}).contains("secret"));
  EXPECT_TRUE(done({"user", "remove", "alice"}).at("removed").as_bool());
  EXPECT_EQ(with_config({"user", "add", "x", "--no-password", "-o", "csv"}).out,
            "user,added\r\nx,true\r\n");
}

TEST_F(CommandLineTest, GroupsHaveExamplesOfTheirOwn) {
  EXPECT_THAT(sluice({"audit", "hold", "--help"}).out,
              HasSubstr("sluice audit hold release case-17"));
  EXPECT_THAT(sluice({"token", "--help"}).out, HasSubstr("Examples:\n  sluice token create"));
  EXPECT_THAT(sluice({"token", "--help"}).out, Not(HasSubstr("sluice serve")));
}

TEST_F(CommandLineTest, VersionInEachFormat) {
  EXPECT_THAT(sluice({"version"}).out, HasSubstr(SLUICE_VERSION));
  EXPECT_THAT(sluice({"version", "-o", "json"}).out, HasSubstr("\"" SLUICE_VERSION "\""));
  EXPECT_THAT(sluice({"version", "-o", "csv"}).out, HasSubstr("\r\n"));
}

TEST_F(CommandLineTest, MissingAndWrongConfigurationsAreSaid) {
  const Ran missing = sluice({"config", "check", "--config", folder / "none.yaml"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.error, HasSubstr("none.yaml"));
  EXPECT_THAT(missing.error, HasSubstr("--config FILE"));
  std::ofstream(folder / "bad.yaml") << "listen: 7\n";
  const Ran bad = sluice({"config", "check", "--config", folder / "bad.yaml"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.error + bad.out, HasSubstr("bad.yaml:1:"));
  EXPECT_EQ(with_config({"config", "check"}).code, 0);
}

TEST_F(CommandLineTest, UsersFromAddToRemove) {
  const Ran added = with_config({"user", "add", "alice", "--group", "engineering", "--generate"});
  EXPECT_EQ(added.code, 0) << added.error;
  EXPECT_GE(added.out.size(), 20U);
  const Ran again = with_config({"user", "add", "alice", "--generate"});
  EXPECT_EQ(again.code, 4);
  EXPECT_EQ(again.out, "") << "no password that does not hold";
  EXPECT_THAT(with_config({"user", "list", "-o", "csv"}).out,
              HasSubstr("\r\nalice,human,engineering,"));
  EXPECT_EQ(with_config({"user", "disable", "alice"}).code, 0);
  EXPECT_EQ(with_config({"user", "enable", "alice"}).code, 0);
  EXPECT_EQ(with_config({"user", "remove", "alice"}).code, 0);
  EXPECT_EQ(with_config({"user", "remove", "alice"}).code, 3);
  EXPECT_EQ(with_config({"user", "list", "-o", "json"}).out, "[]\n");
}

TEST_F(CommandLineTest, PoliciesAreSavedOfflineToo) {
  const auto file = folder / "policy.yaml";
  const auto save = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"policy", "save", file.string()});
    return with_config(std::move(more));
  };
  std::ofstream(file) << "rules:\n  - { name: all, efect: allow }\n";
  const Ran broken = save({"--offline"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.error, HasSubstr("policy.yaml:2:18: unknown key"));
  std::ofstream(file) << "rules:\n  - { name: all, effect: allow }\n";
  EXPECT_EQ(save({}).code, 5) << "no gateway";
  EXPECT_EQ(save({"--offline", "--expect", "0", "--comment", "why"}).error, "policy 1 saved\n");
  const Ran stale = save({"--offline", "--expect", "0"});
  EXPECT_EQ(stale.code, 4);
  EXPECT_THAT(stale.error, HasSubstr("latest version of the policy is 1, not 0"));
  EXPECT_EQ(save({"--offline"}).error, "policy 2 saved\n") << "upon the latest";
  EXPECT_EQ(save({"--offline", "--expect", "-1"}).code, 2);
  std::ofstream(config, std::ios::app) << "policy: { profile: strict }\n";
  const Ran named = save({"--offline"});
  EXPECT_EQ(named.code, 1);
  EXPECT_THAT(named.error, HasSubstr("remove policy.profile"));
}

TEST_F(CommandLineTest, WithoutAGatewayItSaysSo) {
  EXPECT_EQ(with_config({"policy", "history"}).code, 5);
  EXPECT_EQ(with_config({"policy", "show", "--version", "1"}).code, 5);
  EXPECT_EQ(with_config({"policy", "rollback", "1"}).code, 5);
  EXPECT_EQ(with_config({"policy", "rollback"}).code, 2);
  EXPECT_EQ(with_config({"data", "list"}).code, 5);
  EXPECT_EQ(with_config({"data", "history"}).code, 5);
  EXPECT_EQ(with_config({"data", "explain", "orders.public.users"}).code, 5);
  EXPECT_EQ(with_config({"data", "set", "orders.public.users.nick", "class=none"}).code, 5);
  for (const char* name :
       {"orders.public.users", "orders..users.nick", "orders.public.users.\"a", "a.b.c.d.e", ""})
    EXPECT_EQ(with_config({"data", "set", name, "class=none"}).code, 2) << name;
  EXPECT_EQ(with_config({"data", "set", "orders.public.users.nick", "none"}).code, 2);
  EXPECT_EQ(with_config({"policy", "show", "--version", "0"}).code, 2);
  const Ran sessions = with_config({"session", "list"});
  EXPECT_EQ(sessions.code, 5);
  EXPECT_THAT(sessions.error, HasSubstr("sluice serve"));
  const Ran audit = with_config({"audit", "search"});
  EXPECT_EQ(audit.code, 3);
  EXPECT_THAT(audit.error, HasSubstr("no audit log"));
}

TEST(ParseTime, DurationsDatesAndTheTimesThatListingsShow) {
  EXPECT_EQ(parse_time(""), 0);
  EXPECT_EQ(parse_time("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), 1'000'000);
  EXPECT_EQ(parse_time("1970-01-01T00:00:01"), 1'000'000);
  EXPECT_EQ(parse_time("1970-01-01T00:00:01.5Z"), 1'500'000);
  const int64_t moment = 1'764'109'999'123'456;
  EXPECT_EQ(parse_time(format_time(moment)), moment);
  const auto ago = parse_time("1h");
  ASSERT_TRUE(ago);
  EXPECT_NEAR(static_cast<double>(wall_micros() - *ago), 3.6e9, 5e6);
}

TEST(ParseTime, AnythingElseIsRefused) {
  for (const char* text : {"yesterday", "2026-13-01", "2026-02-31", "2026-11-24T25:00:00Z",
                           "1970-01-01T00:00:01+02:00", "1970-01-01T00:00:01.Z",
                           "1970-01-01T00:00:01.1234567Z", "-1h", " ", "1970-01-02x"}) {
    const auto parsed = parse_time(text);
    EXPECT_FALSE(parsed) << text;
    if (!parsed) EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidInput);
  }
}

class CompletionTest : public ::testing::Test {
 protected:
  std::string complete(const std::string& words, int position) {
    const auto file = folder / "completion";
    std::ofstream(file) << sluice({"completion", "bash"}).out;
    return shell("bash -c 'source " + file.string() + "; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                 std::to_string(position) + "; _sluice; echo -n \"${COMPREPLY[*]}\"'");
  }
  TestFolder folder;
};

TEST_F(CompletionTest, CompletesInBash) {
  EXPECT_EQ(complete("sluice us", 1), "user");
  EXPECT_EQ(complete("sluice user \"\"", 2),
            "add set list passwd link disable enable totp assertion-key remove");
  EXPECT_EQ(complete("sluice audit sh", 2), "show");
  EXPECT_EQ(complete("sluice user add --con", 3), "--config");
  EXPECT_EQ(complete("sluice audit hold \"\"", 3), "add list release");
  EXPECT_EQ(complete("sluice audit hold add --rea", 4), "--reason");
  EXPECT_EQ(complete("sluice audit search --user alice --dec", 5), "--decision");
  EXPECT_EQ(complete("sluice audit key --rot", 3), "--rotate");
  EXPECT_EQ(complete("sluice serve \"\"", 2), "");
}

TEST_F(CompletionTest, OffersExactlyTheCommandsThatExist) {
  const auto words = [](const std::string& text) {
    std::istringstream in(text);
    return std::vector<std::string>(std::istream_iterator<std::string>(in), {});
  };
  /// The names under "Subcommands:" in a help text.
  const auto listed = [](const std::string& help) {
    std::vector<std::string> names;
    std::istringstream in(help.substr(std::min(help.find("Subcommands:"), help.size())));
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line) && line.starts_with("  ") && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    return names;
  };
  const auto commands = words(complete("sluice \"\"", 1));
  EXPECT_THAT(commands, ::testing::UnorderedElementsAreArray(listed(sluice({"--help"}).out)));
  for (const auto& command : commands) {
    if (command == "completion") continue;  // Its words are arguments.
    const auto offered = words(complete("sluice " + command + " \"\"", 2));
    EXPECT_THAT(offered,
                ::testing::UnorderedElementsAreArray(listed(sluice({command, "--help"}).out)))
        << command;
  }
}

TEST_F(CompletionTest, OtherShells) {
  EXPECT_THAT(sluice({"completion", "zsh"}).out, StartsWith("autoload -U +X bashcompinit"));
  const std::string fish = sluice({"completion", "fish"}).out;
  EXPECT_THAT(fish, HasSubstr("__sluice_at \"user\"' -a 'add set list"));
  EXPECT_THAT(fish, HasSubstr("__sluice_at \"audit hold\"' -a 'add list release'"));
  EXPECT_THAT(fish, HasSubstr("__sluice_below \"audit search\"' -l limit"));
}

}  // namespace
}  // namespace sluice::cli
