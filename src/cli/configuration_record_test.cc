#include "cli/configuration_record.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/search.h"
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

TEST(ConfigurationRecord, IsOnTheRecord) {
  const TestFolder folder;
  const auto file = folder / "sluice.yaml";
  std::filesystem::create_directories(folder / "audit");
  std::ofstream(file) << kOne;
  config::Config config;
  config.file = file;
  config.state = folder.path();
  auto log = audit::Log::open({.directory = folder / "audit"}, 1);
  ASSERT_TRUE(log);
  ASSERT_TRUE(record_configuration(**log, config, "s"));
  std::ofstream(file) << "databases: [{ name: orders, masking: false }]\n";
  ASSERT_TRUE(record_configuration(**log, config, "s"));
  const auto records = audit::search(folder / "audit", {.type = "admin"});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 3U);
  EXPECT_THAT(records->back().message, HasSubstr("databases[orders].masking changed = false"));
  (*log)->close();
}

}  // namespace
}  // namespace sluice::cli
