#include "cli/configuration_record.h"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "audit/search.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/test_folder.h"

namespace sluice::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOne =
    "listen: { http: ':1' }\n"
    "databases: [{ name: orders, masking: true, password: hunter2 }]\n";

TEST(ConfigurationRecord, TellsWhichKeysChangedAndNoValues) {
  const auto first = configuration_words(kOne, "", "s");
  ASSERT_TRUE(first) << first.error().text;
  ASSERT_EQ(first->messages.size(), 2U);
  EXPECT_THAT(first->messages[0],
              AllOf(HasSubstr("configuration sha256:"), HasSubstr("the first one, of 4 keys")));
  EXPECT_THAT(first->messages[1], HasSubstr("databases[orders].masking = true"));
  const auto second = configuration_words(
      "databases: [{ name: orders, masking: false, password: hunter3 }]\nworkers: 2\n", first->kept,
      "s");
  ASSERT_TRUE(second);
  ASSERT_EQ(second->messages.size(), 1U);
  EXPECT_THAT(second->messages[0],
              HasSubstr(": databases[orders].masking changed = false, databases[orders].password "
                        "changed, workers added, listen.http removed"));
  for (const auto& words : {*first, *second}) {
    for (const auto& message : words.messages) EXPECT_THAT(message, Not(HasSubstr("hunter")));
    EXPECT_THAT(words.kept, Not(HasSubstr("hunter")));
  }
}

TEST(ConfigurationRecord, TheSameOneChangesNothing) {
  const auto first = configuration_words(kOne, "", "s");
  EXPECT_THAT(configuration_words(kOne, first->kept, "s")->messages,
              ElementsAre(HasSubstr("nothing changed")));
  // What was kept and cannot be read is not taken for the same.
  EXPECT_THAT(configuration_words(kOne, "{", "s")->messages,
              ElementsAre(HasSubstr("databases[orders].masking added = true")));
}

TEST(ConfigurationRecord, ManyKeysTakeSeveralMessages) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "key_number_" + std::to_string(i) + ": 1\n";
  const auto words = configuration_words(text, "{}", "s");
  ASSERT_TRUE(words);
  EXPECT_GT(words->messages.size(), 3U);
  std::string all;
  for (const auto& message : words->messages) {
    EXPECT_LT(message.size(), 1024U);
    all += message + "\n";
  }
  for (int i = 0; i < 200; ++i) EXPECT_THAT(all, HasSubstr("key_number_" + std::to_string(i)));
}

class ConfigurationOnRecord : public ::testing::Test {
 protected:
  ConfigurationOnRecord() {
    std::filesystem::create_directories(folder / "audit");
    config.file = folder / "sluice.yaml";
    config.state = folder.path();
    log = *audit::Log::open({.directory = folder / "audit"}, 1);
  }
  ~ConfigurationOnRecord() override { log->close(); }

  Result<> record(const char* text) {
    config.text = text;
    return record_configuration(*log, config, "s", [&] {
      ++taken;
      return refused ? Result<>(fail(ErrorCode::kInvalidInput, "no")) : Result<>();
    });
  }
  std::vector<std::string> messages() const {
    std::vector<std::string> out;
    const auto records = audit::search(folder / "audit", {.type = "admin"});
    for (const auto& record : *records) out.push_back(record.message);
    return out;
  }

  TestFolder folder;
  config::Config config;
  std::unique_ptr<audit::Log> log;
  int taken = 0;
  bool refused = false;
};

constexpr const char* kTwo = "databases: [{ name: orders, masking: false }]\n";

TEST_F(ConfigurationOnRecord, BeforeItIsInForce) {
  ASSERT_TRUE(record(kOne));
  ASSERT_TRUE(record(kTwo));
  EXPECT_EQ(taken, 2);
  EXPECT_THAT(messages(), ElementsAre(HasSubstr("the first one"), HasSubstr("masking = true"),
                                      HasSubstr("databases[orders].masking changed = false")));
}

/// Another text may lie in the file by now.
TEST_F(ConfigurationOnRecord, AsItWasRead) {
  std::ofstream(config.file) << "state: state\ndatabases: []\nlog: { level: warn }\n";
  const auto loaded = config::load(config.file, false);
  ASSERT_TRUE(loaded) << loaded.error().text;
  const std::string text = loaded->text;
  EXPECT_THAT(text, HasSubstr("level: warn"));
  std::ofstream(config.file) << "state: state\ndatabases: []\nlog: { level: error }\n";
  ASSERT_TRUE(record(text.c_str()));
  const auto digest = sha256(text);
  EXPECT_THAT(messages().front(), HasSubstr(to_hex(Bytes(digest.data(), digest.size()))));
}

TEST_F(ConfigurationOnRecord, OneThatIsNotTakenOverIsNotTheLast) {
  ASSERT_TRUE(record(kOne));
  refused = true;
  EXPECT_FALSE(record(kTwo));
  refused = false;
  ASSERT_TRUE(record(kOne));
  EXPECT_THAT(messages(), ElementsAre(HasSubstr("the first one"), HasSubstr("masking = true"),
                                      HasSubstr("masking changed = false"),
                                      HasSubstr("not taken over, the one before stays in force"),
                                      HasSubstr("nothing changed")));
}

TEST_F(ConfigurationOnRecord, WhatCannotBeRecordedIsNotTakenOver) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;  // No segment has room.
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto done = record(kOne);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(done);
  EXPECT_EQ(taken, 0);
  ASSERT_TRUE(record(kOne));
  EXPECT_EQ(taken, 1);
  EXPECT_THAT(messages().front(), HasSubstr("the first one"));
}

}  // namespace
}  // namespace sluice::cli
