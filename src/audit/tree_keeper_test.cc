#include "audit/tree_keeper.h"

#include <atomic>

#include <gtest/gtest.h>

#include "audit/segment.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using namespace std::chrono_literals;

/// A tree over a log of one record that waits to be signed, where signing fails at will.
class TreeKeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(log_directory(folder.path()));
    segment = std::move(*SegmentWriter::create(
        log_directory(folder.path()) / "00000000000000000001-0.seg", 0, 1, 1 << 16));
    auto sequencer = Sequencer::open(folder.path(), "example.com/log",
                                     std::move(*tlog::create_key(folder / "key")), 0);
    ASSERT_TRUE(sequencer) << sequencer.error().text;
    (*sequencer)->sync_by([this](const auto&) -> Result<> {
      ++tried;
      if (fails) return fail(ErrorCode::kUnavailable, "too many files");
      return {};
    });
    keeper = std::make_unique<TreeKeeper>(
        std::move(*sequencer), 1h,
        TreeKeeper::Callbacks{
            [this](const std::string& problem) { ++(problem.empty() ? ends : problems); },
            [](const auto&) { return Result<>(); }, [] {}});
  }

  TestFolder folder;
  std::unique_ptr<SegmentWriter> segment;
  std::atomic<bool> fails{true};
  std::atomic<int> tried{0}, problems{0}, ends{0};
  std::unique_ptr<TreeKeeper> keeper;
};

TEST_F(TreeKeeperTest, WhatFailsIsTriedOnceASecond) {
  segment->append(1, {}, "record");
  std::atomic<int> told{0};
  keeper->when_published(1, [&](bool well) { told += well ? 100 : 1; });
  const auto until = [](auto done) {
    for (int i = 0; i < 5000 && !done(); ++i) std::this_thread::sleep_for(1ms);
    return done();
  };
  ASSERT_TRUE(until([&] { return tried > 0; }));
  std::this_thread::sleep_for(800ms);
  EXPECT_LE(tried, 2) << "a device that does not sign is not made to try all the time";
  EXPECT_EQ(told, 1);
  EXPECT_GT(problems, 0);
  EXPECT_EQ(ends, 0) << "what has not been tried is not over";
  fails = false;
  EXPECT_TRUE(until([&] { return ends > 0; })) << "and not only after an hour";
  EXPECT_EQ(keeper->published(), 1U);
}

}  // namespace
}  // namespace sluice::audit
