#include "gateway/capturing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/captured.h"
#include "base/test_folder.h"
#include "config/config.h"

namespace sluice::gateway {
namespace {

using ::testing::HasSubstr;

/// A record as it was written.
struct Part {
  std::string captured, content;
};

class Capturing : public ::testing::Test {
 protected:
  Capturing() { seal.set_file(folder.path() / "results.key"); }
  gateway::Capturing::Record record() {
    return [this](const audit::Event& event) {
      EXPECT_EQ(event.type, audit::EventType::kCaptured);
      if (full) return false;
      parts.push_back({std::string(event.captured), std::string(event.content)});
      return true;
    };
  }
  gateway::Capturing begin(uint64_t most) { return {**seal.get(), most}; }

  TestFolder folder;
  ResultSeal seal;
  std::vector<Part> parts;
  bool full = false;
};

TEST_F(Capturing, PartsOpenOnlyInTheirPlace) {
  auto capturing = begin(1 << 20);
  std::string whole;
  for (int i = 0; i < 100; ++i) {
    const std::string row(1000, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(capturing.add('D', row, 1, record()));
    whole.append("D\0\0\x03\xEC", 5).append(row);
  }
  EXPECT_EQ(parts.size(), 3U) << "no more is held back than a part";
  ASSERT_TRUE(capturing.end(1, record()));
  ASSERT_EQ(parts.size(), 4U);
  const auto told = audit::parse_captured(capturing.told());
  ASSERT_TRUE(told) << capturing.told();
  EXPECT_EQ(told->parts, 4U);
  EXPECT_EQ(told->bytes, whole.size());
  EXPECT_EQ(told->left_out, 0U);
  const auto digest = sha256(whole);
  EXPECT_EQ(told->sha256, to_hex({digest.data(), digest.size()}));
  std::string opened;
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].captured, audit::captured_part(told->id, i + 1));
    EXPECT_EQ(parts[i].content.find("aaaaaaaa"), std::string::npos);
    opened += *(*seal.get())->open(parts[i].content, audit::captured_purpose(told->id, i + 1));
    EXPECT_FALSE((*seal.get())->open(parts[i].content, audit::captured_purpose(told->id, i + 2)));
  }
  EXPECT_EQ(opened, whole);
  // The next result is another one.
  ASSERT_TRUE(capturing.add('D', "x", 1, record()));
  ASSERT_TRUE(capturing.end(1, record()));
  EXPECT_NE(audit::parse_captured(capturing.told())->id, told->id);
}

TEST_F(Capturing, IsBoundedAndHasNoHoles) {
  auto capturing = begin(100);
  ASSERT_TRUE(capturing.add('D', std::string(50, 'a'), 1, record()));
  ASSERT_TRUE(capturing.add('D', std::string(60, 'b'), 1, record()));
  ASSERT_TRUE(capturing.add('D', "c", 1, record()));  // Would fit, but not in its place.
  ASSERT_TRUE(capturing.end(1, record()));
  const auto told = audit::parse_captured(capturing.told());
  EXPECT_EQ(told->bytes, 55U);
  EXPECT_EQ(told->left_out, 71U);
  ASSERT_TRUE(capturing.end(1, record()));
  EXPECT_EQ(capturing.told(), "") << "nothing was returned, nothing is told";
}

TEST_F(Capturing, WhatCannotBeWrittenIsNotShown) {
  auto capturing = begin(1 << 20);
  full = true;
  EXPECT_FALSE(capturing.add('D', std::string(40'000, 'a'), 1, record()));
  auto small = begin(1 << 20);
  EXPECT_TRUE(small.add('D', "a", 1, record()));
  EXPECT_FALSE(small.end(1, record()));
}

TEST_F(Capturing, WhereItCannotBeDoneNothingRuns) {
  policy::Decision decision;
  config::Config config;
  EXPECT_EQ(no_capture(decision, seal, config), nullptr);
  EXPECT_EQ(capturing_for(&decision, seal), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "results.key")) << "nobody has asked for it";
  decision.limits.capture = {1000, "kept"};
  ASSERT_NE(no_capture(decision, seal, config), nullptr);
  EXPECT_THAT(no_capture(decision, seal, config)->message, HasSubstr("how long"));
  config.audit.retention.push_back({"results", std::nullopt, {{"type", "captured"}}});
  EXPECT_EQ(no_capture(decision, seal, config), nullptr);
  EXPECT_NE(capturing_for(&decision, seal), nullptr);
  ResultSeal nowhere;
  nowhere.set_file(folder.path() / "none" / "results.key");
  EXPECT_THAT(no_capture(decision, nowhere, config)->message, HasSubstr("cannot be"));
  EXPECT_EQ(capturing_for(&decision, nowhere), nullptr);
}

TEST(CapturedText, OnlyWhatIsWrittenIsRead) {
  const audit::Captured captured{"0123456789abcdef0123456789abcdef", 3, 70'000, 12,
                                 std::string(64, 'a')};
  const auto read = audit::parse_captured(audit::to_text(captured));
  ASSERT_TRUE(read);
  EXPECT_EQ(audit::to_text(*read), audit::to_text(captured));
  EXPECT_FALSE(audit::parse_captured(audit::to_text(captured) + " "));
  EXPECT_FALSE(audit::parse_captured("x part 1"));
  EXPECT_FALSE(audit::parse_captured(""));
}

}  // namespace
}  // namespace sluice::gateway
