#include "stream/folder_anchor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/small_file.h"
#include "stream/test_checkpoints.h"

namespace sluice::stream {
namespace {

using ::testing::HasSubstr;

class FolderAnchors : public ::testing::Test {
 protected:
  TestFolder folder_;
  TestKey log_{"log.example/1", tlog::KeyType::kEd25519};
  std::unique_ptr<AnchorTarget> anchor_ = make_folder_anchor(folder_.path());
};

TEST_F(FolderAnchors, WritesAFileASize) {
  const auto first = test_checkpoint(log_, 3);
  const auto second = test_checkpoint(log_, 5);
  EXPECT_FALSE(anchor_->push(first).error);
  EXPECT_FALSE(anchor_->push(second).error);
  EXPECT_EQ(read_small_file(folder_ / "3.checkpoint").value(), first.note);
  EXPECT_EQ(read_small_file(folder_ / "5.checkpoint").value(), second.note);
}

TEST_F(FolderAnchors, TakesWhatIsThereAlready) {
  EXPECT_FALSE(anchor_->push(test_checkpoint(log_, 3)).error);
  EXPECT_FALSE(anchor_->push(test_checkpoint(log_, 3)).error);
}

TEST_F(FolderAnchors, NeverWritesTwiceAndTellsAFork) {
  const auto first = test_checkpoint(log_, 3);
  EXPECT_FALSE(anchor_->push(first).error);
  const auto pushed = anchor_->push(test_checkpoint(log_, 3, 'x'));
  ASSERT_TRUE(pushed.error);
  EXPECT_TRUE(pushed.refused);
  EXPECT_THAT(pushed.error->text, HasSubstr("another history of 3 records"));
  EXPECT_EQ(read_small_file(folder_ / "3.checkpoint").value(), first.note);
}

/// A start signs the tree of the stop before anew, without the word that it is closed.
TEST_F(FolderAnchors, KeepsBesideOthersWhatSaysThatTheLogWasClosed) {
  const auto closed = test_checkpoint(log_, 3, 'r', true);
  const auto opened = test_checkpoint(log_, 3);
  EXPECT_FALSE(anchor_->push(closed).error);
  EXPECT_FALSE(anchor_->push(opened).error);
  EXPECT_FALSE(anchor_->push(closed).error);
  EXPECT_EQ(read_small_file(folder_ / "3.closed.checkpoint").value(), closed.note);
  EXPECT_EQ(read_small_file(folder_ / "3.checkpoint").value(), opened.note);
}

TEST_F(FolderAnchors, TellsAForkOfWhatWasClosed) {
  EXPECT_FALSE(anchor_->push(test_checkpoint(log_, 3, 'r', true)).error);
  EXPECT_TRUE(anchor_->push(test_checkpoint(log_, 3, 'x')).refused);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "3.checkpoint"));
  EXPECT_FALSE(anchor_->push(test_checkpoint(log_, 4)).error);
  const auto pushed = anchor_->push(test_checkpoint(log_, 4, 'x', true));
  EXPECT_TRUE(pushed.refused);
  EXPECT_THAT(pushed.error->text, HasSubstr("4.checkpoint is of another history of 4 records"));
}

TEST_F(FolderAnchors, TakesAnOlderGatewaysClosedOneForTheSameTree) {
  const auto closed = test_checkpoint(log_, 3, 'r', true);
  ASSERT_TRUE(replace_file(folder_ / "3.checkpoint", closed.note));
  EXPECT_FALSE(anchor_->push(test_checkpoint(log_, 3)).error);
}

TEST_F(FolderAnchors, DoesNotTakeAnotherLogForAFork) {
  TestKey other("other.example/1", tlog::KeyType::kEd25519);
  EXPECT_FALSE(anchor_->push(test_checkpoint(other, 3)).error);
  const auto pushed = anchor_->push(test_checkpoint(log_, 3));
  ASSERT_TRUE(pushed.error);
  EXPECT_FALSE(pushed.refused);
  EXPECT_THAT(pushed.error->text, HasSubstr("of another log, other.example/1"));
}

TEST_F(FolderAnchors, LeavesTornFilesAlone) {
  ASSERT_TRUE(replace_file(folder_ / "3.checkpoint", "log.exam"));
  const auto pushed = anchor_->push(test_checkpoint(log_, 3));
  ASSERT_TRUE(pushed.error);
  EXPECT_FALSE(pushed.refused);
  EXPECT_THAT(pushed.error->text, HasSubstr("is no checkpoint"));
  EXPECT_EQ(read_small_file(folder_ / "3.checkpoint").value(), "log.exam");
}

TEST_F(FolderAnchors, MakesNoFolder) {
  const auto missing = make_folder_anchor(folder_ / "share");
  const auto pushed = missing->push(test_checkpoint(log_, 3));
  ASSERT_TRUE(pushed.error);
  EXPECT_THAT(pushed.error->text, HasSubstr("mount or make the folder"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "share"));
}

}  // namespace
}  // namespace sluice::stream
