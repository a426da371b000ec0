#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "audit/log_fixture.h"
#include "audit/verify.h"
#include "tlog/checkpoint.h"

namespace sluice::audit {
namespace {

/// What a stop says of the end of the log, and what a start makes of that.
class ClosedLog : public LogTest {
 protected:
  tlog::Checkpoint head() const { return *tree_files(folder.path()).claimed_head(); }
  /// Of a start that is refused.
  std::string refusal() const {
    const auto refused = Log::open(options, 1);
    EXPECT_FALSE(refused);
    return refused ? "" : refused.error().text;
  }
  tlog::VerifierKey key() const {
    const auto signer = tlog::load_key(folder / "log-key.pem");
    return {head().origin, tlog::KeyType::kEd25519, (*signer)->public_key()};
  }
  std::vector<Finding> findings() const {
    return verify_log({.audit = folder.path(), .key = key()})->findings;
  }
  /// A segment that says that it is complete.
  void add_complete(uint64_t number, uint32_t writer) const {
    const auto file = segments() / segment_name(number, writer);
    const auto segment = SegmentWriter::create(file, writer, number, 4096);
    std::string payload;
    encode_record(payload, context.bytes(), statement("forged"), {});
    (*segment)->append(number, {}, payload);
  }
};

TEST_F(ClosedLog, ARecordThatIsAddedAfterACleanStopIsNotTakenOver) {
  write_ten();
  EXPECT_TRUE(findings().empty());
  leave_behind({11, 12});
  const auto added = segments() / segment_name(11, 0);
  const std::string before = *read_file(added);
  const std::string checkpoint = *tree_files(folder.path()).read_checkpoint();
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("is not what was signed: it was closed with 10 "
                                                  "records, and record 11 stands in"),
                                        HasSubstr(added.filename().string())));
  EXPECT_EQ(*read_file(added), before) << "it is evidence";
  EXPECT_EQ(*tree_files(folder.path()).read_checkpoint(), checkpoint);
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, Finding::Kind::kForged);
  EXPECT_EQ(found.front().first, 11U);
  EXPECT_EQ(found.front().file, added.string());
  // Nothing else is wrong with it.
  std::filesystem::rename(added, folder / "aside");
  EXPECT_EQ(*open()->writer(0).append(context, statement("after")), 11U);
}

TEST_F(ClosedLog, NorOneInASegmentThatSaysThatItIsComplete) {
  write_ten();
  add_complete(11, 7);
  EXPECT_THAT(refusal(), HasSubstr("record 11 stands in"));
  ASSERT_EQ(findings().size(), 1U);
}

TEST_F(ClosedLog, ThatItWasClosedCannotBeTakenOutOfTheCheckpoint) {
  write_ten();
  const auto files = tree_files(folder.path());
  std::string text = *files.read_checkpoint();
  const size_t at = text.find("\nclosed\n");
  ASSERT_NE(at, text.npos);
  ASSERT_TRUE(files.write_checkpoint(text.erase(at, 7)));
  leave_behind({11});
  EXPECT_THAT(refusal(), HasSubstr("is not what was signed"));
}

/// The one before would be as good as the one that says so, and it may be in many hands.
TEST_F(ClosedLog, NoCheckpointOfBeforeCoversAsMuchAsTheLast) {
  {
    const auto log = open();
    ASSERT_TRUE(log->append_admin({}, statement("one")));
    ASSERT_TRUE(eventually([&] { return log->health().published_sequence == 1; }));
    EXPECT_FALSE(head().closed);
  }
  EXPECT_TRUE(head().closed);
  EXPECT_EQ(head().size, 2U);
  EXPECT_THAT(evidence(), Contains(HasSubstr("closed, and nothing recorded since")));
  // Nobody has logged anything meanwhile.
  open()->close();
  EXPECT_TRUE(head().closed);
  EXPECT_EQ(head().size, 3U);
}

/// Records behind the last checkpoint are then those of the dead process.
TEST_F(ClosedLog, WhoDiesBeforeTheFirstCheckpointOfAStartIsNotTakenForClosed) {
  options.checkpoint_interval = std::chrono::hours(1);
  write_ten();
  const TestFolder other;
  const auto dead = other / "audit";
  {
    const auto log = open();
    ASSERT_EQ(*log->writer(0).append(context, statement("answered")), 11U);
    std::filesystem::copy(folder.path(), dead, std::filesystem::copy_options::recursive);
  }
  EXPECT_EQ(tree_files(dead).claimed_head()->size, 10U);
  options.directory = dead;
  const auto log = open();
  ASSERT_TRUE(log);
  EXPECT_EQ(search(dead, {.text = "answered"})->size(), 1U);
}

TEST_F(ClosedLog, OneThatNothingWasEverLoggedInIsNotClosed) {
  open()->close();
  EXPECT_EQ(head().size, 0U);
  EXPECT_FALSE(head().closed);
  EXPECT_EQ(*open()->writer(0).append(context, statement("first")), 1U);
}

TEST_F(ClosedLog, NothingIsLoggedBehindTheEnd) {
  const auto log = open();
  ASSERT_TRUE(log->append_admin({}, statement("one")));
  log->close();
  const auto late = log->append_admin({}, statement("late"));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().text, HasSubstr("has been closed"));
}

/// Numbers that only its beginning speaks of would be taken for lost in a crash.
TEST_F(ClosedLog, NorASegmentThatBeginsFurtherOn) {
  write_ten();
  const auto added = segments() / segment_name(500, 0);
  ASSERT_TRUE(SegmentWriter::create(added, 0, 500, 4096));
  EXPECT_THAT(refusal(), HasSubstr("record 500 stands in"));
  std::ofstream(added, std::ios::trunc) << "no header";
  EXPECT_THAT(refusal(), HasSubstr("record 500 stands in"));
  EXPECT_TRUE(std::filesystem::exists(added)) << "it is evidence";
}

TEST_F(ClosedLog, OneWhoseWritersHadNothingToDoIsWhole) {
  options.longest_open = std::chrono::milliseconds(1);
  {
    const auto log = open();
    ASSERT_TRUE(log->writer(0).append(context, statement("one")));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    log->writer(0).turn_over();
    ASSERT_TRUE(log->append_admin({}, statement("two")));
  }
  EXPECT_THAT(findings(), testing::IsEmpty());
  open()->close();
  EXPECT_THAT(evidence(), testing::Not(Contains(HasSubstr("not closed"))));
}

/// It looks like a crash then, and the record says what came of it.
TEST_F(ClosedLog, WhatStandsBehindAnEarlierCheckpointIsTakenOverOnTheRecord) {
  const auto files = tree_files(folder.path());
  std::string earlier;
  {
    const auto log = open();
    ASSERT_TRUE(log->append_admin({}, statement("one")));
    ASSERT_TRUE(eventually([&] { return log->health().published_sequence == 1; }));
    earlier = *files.read_checkpoint();
    ASSERT_TRUE(log->append_admin({}, statement("two")));
  }
  ASSERT_TRUE(files.write_checkpoint(earlier));
  open()->close();
  EXPECT_THAT(evidence(), Contains(testing::AllOf(HasSubstr("taken over"), HasSubstr("up to 2"))));
}

/// Then the one that closed it, kept where nobody can reach it, tells.
TEST_F(ClosedLog, WhatIsAddedBehindAnEarlierCheckpointIsToldByTheLastKeptElsewhere) {
  const auto files = tree_files(folder.path());
  std::string earlier;
  {
    const auto log = open();
    ASSERT_TRUE(log->append_admin({}, statement("one")));
    ASSERT_TRUE(eventually([&] { return log->health().published_sequence == 1; }));
    earlier = *files.read_checkpoint();
    ASSERT_TRUE(log->append_admin({}, statement("two")));
  }
  const std::string kept = *files.read_checkpoint();
  const uint64_t last = head().size;
  const auto key_now = key();
  const auto forged = [&] {
    const auto report = verify_log({.audit = folder.path(), .key = key_now, .checkpoints = {kept}});
    std::vector<Finding> out = report->findings;
    std::erase_if(out, [](const Finding& each) { return each.kind != Finding::Kind::kForged; });
    return out;
  };
  ASSERT_TRUE(files.write_checkpoint(earlier));
  EXPECT_THAT(forged(), testing::IsEmpty()) << "nothing has been added yet";
  leave_behind({last + 1});
  const auto found = forged();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().first, last + 1);
  EXPECT_EQ(found.front().file, (segments() / segment_name(last + 1, 0)).string());
}

TEST_F(ClosedLog, WhatWasLoggedSinceItWasOpenedAgainIsNotTakenForAdded) {
  write_ten();
  const std::string kept = *tree_files(folder.path()).read_checkpoint();
  ASSERT_TRUE(open()->append_admin({}, statement("later")));
  const auto report = verify_log({.audit = folder.path(), .key = key(), .checkpoints = {kept}});
  EXPECT_TRUE(report->good());
}

}  // namespace
}  // namespace sluice::audit
