#include "audit/key_chain.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "audit/sequencer.h"
#include "audit/verify.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = Finding::Kind;

std::unique_ptr<tlog::Signer> key_in(const std::filesystem::path& file) {
  return std::move(std::filesystem::exists(file) ? *tlog::load_key(file) : *tlog::create_key(file));
}

/// The folder of a log with `records` of its own, signed by the key.
class TreeOf {
 public:
  TreeOf(const std::filesystem::path& audit, uint64_t records, const std::string& text,
         const std::filesystem::path& key)
      : audit_(audit) {
    std::filesystem::create_directories(log_directory(audit));
    auto segment =
        *SegmentWriter::create(log_directory(audit) / "00000000000000000001-0.seg", 0, 1, 1 << 20);
    for (uint64_t number = 1; number <= records; ++number) segment->append(number, {}, text);
    segment.reset();
    sequencer_ = std::move(*Sequencer::open(audit, "example.com/log", key_in(key), records));
  }
  Sequencer& operator*() { return *sequencer_; }
  void sign(uint64_t records) {
    EXPECT_EQ(*sequencer_->advance(records), records);
    EXPECT_TRUE(sequencer_->publish());
  }

 private:
  std::filesystem::path audit_;
  std::unique_ptr<Sequencer> sequencer_;
};

/// A log of 20 records whose key was changed behind the tenth, and what somebody makes of it who
/// has the first key and can write all its files.
class OldKey : public ::testing::Test {
 protected:
  OldKey() {
    TreeOf log(good, 20, "record", first);
    log.sign(10);
    EXPECT_TRUE((*log).rotate(key_in(second)));
    log.sign(10);
    trusted = (*log).key();
  }
  /// Puts a history of as many records, signed with the first key, before the true key changes.
  void forge(uint64_t records) {
    TreeOf(forged, records, "forged", first).sign(records);
    std::filesystem::copy(good / "tlog" / "rotation", forged / "tlog" / "rotation");
  }
  std::vector<Finding> findings(const std::filesystem::path& audit) const {
    const auto report = verify_log({.audit = audit, .key = trusted});
    EXPECT_TRUE(report) << report.error().text;
    return report ? report->findings : std::vector<Finding>{};
  }
  std::string refusal(uint64_t records) const {
    const auto opened = Sequencer::open(forged, "example.com/log", key_in(second), records);
    return opened ? "" : opened.error().text;
  }

  TestFolder folder;
  std::filesystem::path good = folder / "good", forged = folder / "forged";
  std::filesystem::path first = folder / "first", second = folder / "second";
  tlog::VerifierKey trusted;
};

TEST_F(OldKey, WhatItSignedIsGoodAsLongAsItBeginsTheLog) {
  EXPECT_THAT(findings(good), SizeIs(0));
  EXPECT_TRUE(Sequencer::open(good, "example.com/log", key_in(second), 20));
}

TEST_F(OldKey, Threat105_AShorterHistoryIsRefusedAndLocated) {
  forge(6);
  const auto found = findings(forged);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Kind::kCut);
  EXPECT_EQ(found[0].first, 7U);
  EXPECT_EQ(found[0].last, 10U);
  EXPECT_THAT(found[0].file, HasSubstr("rotation/1"));
  EXPECT_THAT(refusal(6), HasSubstr("signed anew with a key that was replaced"));
}

TEST_F(OldKey, Threat105_AnotherHistoryOfTheSameSizeIsRefusedAndLocated) {
  forge(10);
  const auto found = findings(forged);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Kind::kForked);
  EXPECT_EQ(found[0].first, 1U);
  EXPECT_EQ(found[0].last, 10U);
  EXPECT_THAT(refusal(10), HasSubstr("over another tree of 10 records"));
}

TEST_F(OldKey, Threat105_ALongerHistoryIsRefused) {
  forge(12);
  const auto found = findings(forged);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Kind::kForged);
  EXPECT_THAT(found[0].text, HasSubstr("counts only from 0 to 10"));
  EXPECT_THAT(refusal(12), HasSubstr("counts only from 0 to 10"));
}

/// With the second key, too, a tree is not believed that does not begin with what the first signed.
TEST_F(OldKey, Threat105_TheNewKeyCannotRewriteWhatTheOldOneSigned) {
  TreeOf(forged, 20, "forged", second).sign(20);
  std::filesystem::copy(good / "tlog" / "rotation", forged / "tlog" / "rotation");
  const auto found = findings(forged);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Kind::kForked);
  EXPECT_EQ(found[0].last, 10U);
}

TEST_F(OldKey, DoesNotGoOnWithTheLog) {
  const auto opened = Sequencer::open(good, "example.com/log", key_in(first), 20);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr("replaced by another"));
}

/// Its signature counts for the span that it had; with a second one nobody could tell which.
TEST_F(OldKey, DoesNotComeBack) {
  TreeOf log(forged, 20, "record", first);
  log.sign(10);
  ASSERT_TRUE((*log).rotate(key_in(second)));
  log.sign(10);
  const auto back = (*log).rotate(key_in(first));
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().text, HasSubstr("has signed the log before"));
  EXPECT_EQ((*log).key().public_key, key_in(second)->public_key());
  trusted = (*log).key();
  EXPECT_THAT(findings(forged), SizeIs(0));
  EXPECT_TRUE(Sequencer::open(forged, "example.com/log", key_in(second), 20));
}

TEST_F(OldKey, ACheckpointThatHasNoRoomComesWithTheNextRound) {
  TreeOf log(forged, 5, "record", first);
  log.sign(5);
  std::filesystem::create_directory(forged / "tlog" / "checkpoint.new");  // In the way of the next.
  ASSERT_TRUE((*log).rotate(key_in(second)));
  EXPECT_EQ((*log).key().public_key, key_in(second)->public_key());
  EXPECT_FALSE((*log).publish());
  trusted = (*log).key();
  EXPECT_THAT(findings(forged), SizeIs(0)) << "the one before it holds";
  std::filesystem::remove(forged / "tlog" / "checkpoint.new");
  ASSERT_TRUE((*log).publish());
  const auto note = *tlog::parse_note(*tree_files(forged).read_checkpoint());
  EXPECT_EQ(tlog::verify(note, trusted), tlog::Verdict::kValid);
}

/// The key files of a whole log.
class KeyFiles : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open() {
    auto log = Log::open({.directory = audit}, 1);
    EXPECT_TRUE(log) << log.error().text;
    if (!log) return nullptr;
    EXPECT_TRUE((*log)->append_admin({}, {}));
    return std::move(*log);
  }
  tlog::VerifierKey key() {
    const auto log = open();
    if (!log) return {};
    const auto found = log->key();
    const auto statement = log->sign("statement");
    EXPECT_TRUE(statement && statement->key == found) << "one key signs all";
    log->close();
    const auto report = verify_log({.audit = audit, .key = found});
    EXPECT_TRUE(report && report->good());
    return found;
  }
  void restore(const std::filesystem::path& from) const {
    std::filesystem::remove_all(audit);
    std::filesystem::copy(from, audit, std::filesystem::copy_options::recursive);
  }

  TestFolder folder;
  std::filesystem::path audit = folder / "audit";
  std::filesystem::path file = audit / "log-key.pem", next = audit / "log-key.pem.new";
};

/// The folder as it is wherever the process or the machine may stop while the key is changed.
TEST_F(KeyFiles, Threat105_AtEveryStepOfAChangeOneOfTheTwoIsInForce) {
  const auto old_key = key();
  const auto before = folder / "before", after = folder / "after";
  std::filesystem::copy(audit, before, std::filesystem::copy_options::recursive);
  const auto log = open();
  const auto new_key = *log->rotate_key();
  log->close();
  std::filesystem::copy(audit, after, std::filesystem::copy_options::recursive);
  const std::string whole = *read_file(file);
  // The next key is being written, or is, and nothing says that it counts.
  for (const size_t bytes : {size_t{0}, whole.size() / 2, whole.size()}) {
    for (const bool begun : {false, true}) {
      restore(before);
      ASSERT_TRUE(replace_file(next, whole.substr(0, bytes)));
      std::filesystem::permissions(next, std::filesystem::perms{0600});
      if (begun) std::filesystem::create_directories(audit / "tlog" / "rotation");
      EXPECT_EQ(key(), old_key) << bytes;
      const auto again = open();
      EXPECT_TRUE(again->rotate_key());
    }
  }
  // The note is there; the last checkpoint is by either.
  for (const bool by_the_old : {true, false}) {
    restore(after);
    std::filesystem::copy_file(before / "log-key.pem", file,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(after / "log-key.pem", next);
    if (by_the_old) {
      const auto files = tree_files(audit);
      auto head = tlog::parse_note(*read_rotation(files, 1))->text;
      for (int line = 0; line < 3; ++line) (void)head.erase(0, head.find('\n') + 1);
      const auto signer = tlog::load_key(file);
      const tlog::Note note{head, {*tlog::sign_note(head, old_key.name, **signer)}};
      ASSERT_TRUE(files.write_checkpoint(tlog::format_note(note)));
    }
    EXPECT_EQ(key(), new_key) << by_the_old;
    EXPECT_FALSE(std::filesystem::exists(next));
  }
}

TEST_F(KeyFiles, ChangesAtTheSameTimeLoseNoKey) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(log->rotate_key());
    });
  }
  for (auto& thread : threads) thread.join();
  const auto last = log->key();
  EXPECT_EQ(log->sign("statement")->key, last);
  log->close();
  EXPECT_EQ(key(), last);
}

TEST_F(KeyFiles, Threat105_AChangeThatCannotBeNotedDoesNotTouchTheKeyInForce) {
  const auto old_key = key();
  // As where the disk is full: the folder is made, and the note cannot be.
  const auto in_the_way = audit / "tlog" / "rotation" / "1.new";
  std::filesystem::create_directories(in_the_way);
  const auto log = open();
  EXPECT_FALSE(log->rotate_key());
  EXPECT_EQ(log->key(), old_key);
  EXPECT_TRUE(std::filesystem::exists(next)) << "it was made, and does not count";
  log->close();
  EXPECT_EQ(key(), old_key);
  std::filesystem::remove(in_the_way);
  EXPECT_EQ(key(), old_key);
}

TEST_F(KeyFiles, Threat105_AKeyInForceIsNotWrittenOverWhereItCouldNotHaveItsName) {
  const auto log = open();
  std::filesystem::remove(file);
  std::filesystem::create_directories(file / "in the way");
  const auto second = log->rotate_key();
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_EQ(log->sign("statement")->key, *second);
  EXPECT_FALSE(log->rotate_key());
  EXPECT_EQ(log->key(), *second);
  log->close();
  EXPECT_EQ(key(), *second);
  std::filesystem::remove_all(file);
  EXPECT_EQ(key(), *second);
  EXPECT_TRUE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace sluice::audit
