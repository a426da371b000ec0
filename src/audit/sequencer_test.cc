#include "audit/sequencer.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "audit/leaf.h"
#include "audit/log.h"
#include "audit/record.h"
#include "base/test_folder.h"
#include "tlog/proof.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A log in a folder, written by hand: which numbers go to which writer is the test's choice.
class SequencerTest : public ::testing::Test {
 protected:
  SequencerTest() { std::filesystem::create_directories(log_directory(folder.path())); }

  std::unique_ptr<SegmentWriter> segment(uint32_t writer, uint64_t first) {
    char name[64];
    std::snprintf(name, sizeof name, "%020lu-%u.seg", first, writer);
    auto made = SegmentWriter::create(log_directory(folder.path()) / name, writer, first, 1 << 20);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  static void add(SegmentWriter& segment, uint64_t number) {
    Salt salt{};
    salt[0] = static_cast<char>(number);
    segment.append(number, salt, "record " + std::to_string(number));
  }
  std::unique_ptr<Sequencer> open(uint64_t given_out) {
    auto signer = std::filesystem::exists(folder / "key") ? tlog::load_key(folder / "key")
                                                          : tlog::create_key(folder / "key");
    auto sequencer =
        Sequencer::open(folder.path(), "example.com/log", std::move(*signer), given_out);
    if (!sequencer) problem = sequencer.error().text;
    return sequencer ? std::move(*sequencer) : nullptr;
  }
  tlog::Checkpoint head() const {
    return *tlog::parse_checkpoint(
        tlog::parse_note(*tree_files(folder.path()).read_checkpoint())->text);
  }
  /// Whether the tree proves that this is its entry.
  bool has(uint64_t number, Bytes entry) const {
    const auto at = head();
    const auto proof =
        tlog::inclusion_proof(number - 1, at.size, tree_files(folder.path()).reader());
    return proof &&
           tlog::verify_inclusion(tlog::leaf_hash(entry), number - 1, at.size, *proof, at.root);
  }
  static RecordEntry entry(uint64_t number) {
    Salt salt{};
    salt[0] = static_cast<char>(number);
    return record_entry(salt, "record " + std::to_string(number));
  }

  TestFolder folder;
  std::string problem;
};

TEST_F(SequencerTest, AnEmptyLogIsSignedToo) {
  const auto sequencer = open(0);
  ASSERT_TRUE(sequencer) << problem;
  EXPECT_EQ(head(), (tlog::Checkpoint{"example.com/log", 0, tlog::empty_root()}));
}

TEST_F(SequencerTest, WhatDidNotReachTheDiskIsNeverSignedAgain) {
  const auto one = segment(0, 1);
  add(*one, 1);
  const auto sequencer = open(0);
  ASSERT_TRUE(sequencer) << problem;
  ASSERT_EQ(*sequencer->advance(10), 1U);
  // A file that cannot be opened may be there the next time.
  sequencer->sync_by([](const auto&) { return fail(ErrorCode::kUnavailable, "too many files"); });
  EXPECT_FALSE(sequencer->publish());
  sequencer->sync_by(sync_file);
  EXPECT_TRUE(sequencer->publish());
  EXPECT_EQ(head().size, 1U);
  // What the kernel could not write it tells of once.
  add(*one, 2);
  ASSERT_EQ(*sequencer->advance(10), 1U);
  sequencer->sync_by([](const auto&) { return fail(ErrorCode::kIo, "input/output error"); });
  EXPECT_FALSE(sequencer->publish());
  sequencer->sync_by(sync_file);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(sequencer->publish());
  EXPECT_EQ(head().size, 1U);
}

TEST_F(SequencerTest, RecordsOfAllWritersStandInTheOrderOfTheirNumbers) {
  const auto one = segment(0, 1);
  const auto two = segment(1, 2);
  for (uint64_t number = 1; number <= 1000; ++number) add(number % 3 == 0 ? *two : *one, number);
  const auto sequencer = open(0);
  ASSERT_TRUE(sequencer) << problem;
  EXPECT_EQ(*sequencer->advance(2000), 1000U);
  ASSERT_TRUE(sequencer->publish());
  EXPECT_EQ(head().size, 1000U);
  for (const uint64_t number : {1U, 255U, 256U, 257U, 999U, 1000U}) {
    EXPECT_TRUE(has(number, view(entry(number)))) << number;
    EXPECT_FALSE(has(number, view(entry(number + 1)))) << number;
  }
  const auto bundle = tree_files(folder.path()).read({tlog::kEntries, 3, 232});
  ASSERT_TRUE(bundle);
  EXPECT_EQ(tlog::split_bundle(*bundle)->back(), view(entry(1000)));
}

TEST_F(SequencerTest, ANumberThatIsStillBeingWrittenIsWaitedFor) {
  const auto one = segment(0, 1);
  const auto two = segment(1, 2);
  add(*one, 1);
  add(*one, 3);
  const auto sequencer = open(0);
  EXPECT_EQ(*sequencer->advance(100), 1U);
  ASSERT_TRUE(sequencer->publish());
  EXPECT_EQ(head().size, 1U);
  add(*two, 2);
  EXPECT_EQ(*sequencer->advance(100), 2U);
  EXPECT_THAT(sequencer->take_lost(), ElementsAre());
}

TEST_F(SequencerTest, WhatACrashSwallowedHasALeafThatSaysSo) {
  {
    const auto one = segment(0, 1);
    add(*one, 1);
    add(*one, 4);
  }
  const auto sequencer = open(5);
  EXPECT_EQ(*sequencer->advance(100), 5U);
  EXPECT_THAT(sequencer->take_lost(), ElementsAre(2, 3, 5));
  ASSERT_TRUE(sequencer->publish());
  EXPECT_TRUE(has(2, kLostEntry));
  EXPECT_TRUE(has(4, view(entry(4))));
}

TEST_F(SequencerTest, WhatCannotBeListedIsNotLost) {
  {
    const auto one = segment(0, 1);
    for (uint64_t number = 1; number <= 5; ++number) add(*one, number);
  }
  const auto sequencer = open(5);
  ASSERT_TRUE(sequencer) << problem;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // The folder looks as it did.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<bool> went;
  for (int i = 0; i < 3; ++i) went.push_back(sequencer->advance(100).has_value());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(went, ElementsAre(false, false, false));
  EXPECT_EQ(*sequencer->advance(100), 5U);
  EXPECT_THAT(sequencer->take_lost(), ElementsAre());
  ASSERT_TRUE(sequencer->publish());
  EXPECT_TRUE(has(5, view(entry(5))));
}

TEST_F(SequencerTest, WhatCannotBeOpenedIsNotLost) {
  {
    const auto one = segment(0, 1);
    for (uint64_t number = 1; number <= 5; ++number) add(*one, number);
  }
  const auto file = list_segments(log_directory(folder.path()))->front();
  const auto sequencer = open(5);
  ASSERT_TRUE(sequencer) << problem;
  std::filesystem::rename(file, folder / "aside");
  std::filesystem::create_symlink(file, file);
  for (int i = 0; i < 3; ++i) {
    const auto refused = sequencer->advance(100);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr(file.filename().string()));
  }
  std::filesystem::rename(folder / "aside", file);
  EXPECT_EQ(*sequencer->advance(100), 5U);
  EXPECT_THAT(sequencer->take_lost(), ElementsAre());
}

TEST_F(SequencerTest, GoesOnWhereTheCheckpointIs) {
  tlog::Checkpoint before;
  for (const uint64_t upto : {300U, 513U, 600U}) {
    const uint64_t from = upto == 300 ? 1 : upto == 513 ? 301 : 514;
    {
      const auto writer = segment(0, from);
      for (uint64_t number = from; number <= upto; ++number) add(*writer, number);
    }
    const auto sequencer = open(upto);
    ASSERT_TRUE(sequencer) << problem;
    EXPECT_EQ(*sequencer->advance(1000), upto - from + 1);
    ASSERT_TRUE(sequencer->publish());
    const auto now = head();
    EXPECT_EQ(now.size, upto);
    const auto proof =
        tlog::consistency_proof(before.size, now.size, tree_files(folder.path()).reader());
    ASSERT_TRUE(proof);
    EXPECT_TRUE(before.size == 0 ||
                tlog::verify_consistency(before.size, before.root, now.size, now.root, *proof));
    before = now;
  }
}

TEST_F(SequencerTest, ALogThatWasCutDoesNotGoOn) {
  {
    const auto writer = segment(0, 1);
    for (uint64_t number = 1; number <= 10; ++number) add(*writer, number);
  }
  const auto sequencer = open(10);
  EXPECT_EQ(*sequencer->advance(100), 10U);
  ASSERT_TRUE(sequencer->publish());
  EXPECT_EQ(open(9), nullptr);
  EXPECT_THAT(problem, HasSubstr("covers 10 records, and the log ends at 9"));
}

TEST_F(SequencerTest, ACheckpointOrTileThatWasChangedIsNotGoneOnFrom) {
  {
    const auto writer = segment(0, 1);
    add(*writer, 1);
    const auto sequencer = open(1);
    EXPECT_EQ(*sequencer->advance(100), 1U);
    ASSERT_TRUE(sequencer->publish());
  }
  const auto files = tree_files(folder.path());
  const std::string good = *files.read_checkpoint();
  std::string forged = good;
  forged[good.find("\n1\n") + 1] = '0';
  ASSERT_TRUE(files.write_checkpoint(forged));
  EXPECT_EQ(open(1), nullptr);
  EXPECT_THAT(problem, HasSubstr("forged"));
  ASSERT_TRUE(files.write_checkpoint(good));
  ASSERT_TRUE(files.write({0, 0, 1}, std::string(32, 'x')));
  EXPECT_EQ(open(1), nullptr);
  EXPECT_THAT(problem, HasSubstr("do not add up"));
}

TEST_F(SequencerTest, DamageIsNotTakenIn) {
  {
    const auto writer = segment(0, 1);
    for (uint64_t number = 1; number <= 3; ++number) add(*writer, number);
  }
  const auto file = list_segments(log_directory(folder.path()))->front();
  std::string bytes = *read_file(file);
  bytes[kSegmentHeader + frame_size(8) + kFrameHeader] ^= 1;  // In the second record.
  ASSERT_TRUE(replace_file(file, bytes));
  const auto sequencer = open(3);
  const auto advanced = sequencer->advance(100);
  ASSERT_FALSE(advanced);
  EXPECT_THAT(advanced.error().text, HasSubstr("damaged at byte"));
  EXPECT_EQ(sequencer->size(), 1U);
}

TEST_F(SequencerTest, TheOldKeySignsTheNewOneIn) {
  const auto writer = segment(0, 1);
  add(*writer, 1);
  const auto sequencer = open(0);
  const auto first = sequencer->key();
  EXPECT_EQ(*sequencer->advance(100), 1U);
  ASSERT_TRUE(sequencer->rotate(std::move(*tlog::create_key(folder / "key2"))));
  const auto second = sequencer->key();
  EXPECT_NE(first, second);
  add(*writer, 2);
  EXPECT_EQ(*sequencer->advance(100), 1U);
  ASSERT_TRUE(sequencer->rotate(std::move(*tlog::create_key(folder / "key3"))));
  const auto files = tree_files(folder.path());
  const auto note = tlog::parse_note(*files.read_checkpoint());
  for (const auto& trusted : {first, second, sequencer->key()}) {
    const auto chain = KeyChain::load(files, trusted);
    ASSERT_TRUE(chain) << chain.error().text;
    EXPECT_EQ(chain->open(*note)->size, 2U);
  }
  auto stranger = first;
  stranger.public_key[0] ^= 1;
  EXPECT_FALSE(KeyChain::load(files, stranger));
  // The first key cannot sign what came after it.
  const auto old = tlog::load_key(folder / "key");
  tlog::Note late{note->text, {*tlog::sign_note(note->text, "example.com/log", **old)}};
  EXPECT_FALSE(KeyChain::load(files, first)->open(late));
}

}  // namespace
}  // namespace sluice::audit
