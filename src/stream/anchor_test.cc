#include "stream/anchor.h"

#include <chrono>
#include <condition_variable>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/tree_files.h"
#include "stream/http_anchor.h"
#include "stream/syslog_line.h"
#include "stream/test_checkpoints.h"
#include "stream/test_records.h"

namespace sluice::stream {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What the anchor's thread has pushed, and what it is answered.
struct Place {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<uint64_t> sizes;
  std::vector<Pushed> answers;  ///< of the first tries; then all are taken
  std::mutex answering;         ///< who holds it has all tries wait

  bool wait_for(size_t tries, milliseconds longest = milliseconds(5000)) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, longest, [&] { return sizes.size() >= tries; });
  }
};

class PlaceTarget : public AnchorTarget {
 public:
  explicit PlaceTarget(Place& place) : place_(place) {}
  Pushed push(const SignedCheckpoint& checkpoint) override {
    size_t tries = 0;
    {
      const std::lock_guard lock(place_.mutex);
      tries = place_.sizes.size();
      place_.sizes.push_back(checkpoint.head.size);
      place_.changed.notify_all();
    }
    const std::lock_guard lock(place_.answering);
    return tries < place_.answers.size() ? place_.answers[tries] : Pushed();
  }

 private:
  Place& place_;
};

class Anchored : public ::testing::Test {
 protected:
  Anchored() {
    std::filesystem::create_directories(audit_ / "tlog");
    config_.name = "a";
    config_.every = milliseconds(5);
    config_.delivery.retry_initial = config_.delivery.retry_maximum = milliseconds(2);
  }

  void sign(uint64_t size) {
    ASSERT_TRUE(audit::tree_files(audit_).write_checkpoint(test_checkpoint(log_, size).note));
  }
  void start() {
    const auto make = [this](const auto&, const auto&,
                             const auto&) -> Result<std::unique_ptr<AnchorTarget>> {
      return std::make_unique<PlaceTarget>(place_);
    };
    Anchor::Surroundings around;
    around.audit = audit_;
    around.record = [this](const std::string& text) {
      const std::lock_guard lock(place_.mutex);
      recorded_.push_back(text);
      place_.changed.notify_all();
    };
    anchor_ = Anchor::start(config_, around, counters_, make).value();
  }
  AnchorState state() {
    AnchorState out;
    counters_->fill(out, std::chrono::hours(1), Clock::now());
    return out;
  }
  std::vector<uint64_t> sizes() {
    const std::lock_guard lock(place_.mutex);
    return place_.sizes;
  }
  /// Until what was pushed has been counted too.
  bool counted(uint64_t size) {
    for (int i = 0; i < 2000 && state().last_size != size; ++i)
      std::this_thread::sleep_for(milliseconds(1));
    return state().last_size == size;
  }

  TestFolder folder_;
  std::filesystem::path audit_ = folder_.path();
  TestKey log_{"log.example/1", tlog::KeyType::kEd25519};
  config::AnchorConfig config_;
  std::shared_ptr<AnchorCounters> counters_ = std::make_shared<AnchorCounters>();
  Place place_;
  std::vector<std::string> recorded_;
  std::unique_ptr<Anchor> anchor_;  // Last: its thread uses all of these.
};

TEST_F(Anchored, PushesOnlyWhatHasGrown) {
  sign(3);
  start();
  ASSERT_TRUE(counted(3));
  std::this_thread::sleep_for(milliseconds(40));
  EXPECT_THAT(sizes(), ElementsAre(3));
  sign(8);
  ASSERT_TRUE(counted(8));
  EXPECT_THAT(sizes(), ElementsAre(3, 8));
}

TEST_F(Anchored, TriesAgainWithTheLatest) {
  place_.answers.assign(2, {.error = Error{ErrorCode::kUnavailable, "away"}});
  sign(3);
  start();
  ASSERT_TRUE(counted(3));
  EXPECT_EQ(state().failures, 2U);
  EXPECT_EQ(state().last_error, "");
  EXPECT_TRUE(recorded_.empty()) << "being away is nothing for the record";
}

TEST_F(Anchored, WaitsAsLongAsItIsAskedTo) {
  place_.answers = {
      {.error = Error{ErrorCode::kUnavailable, "busy"}, .retry_after = std::chrono::hours(1)}};
  sign(3);
  start();
  ASSERT_TRUE(place_.wait_for(1));
  EXPECT_FALSE(place_.wait_for(2, milliseconds(50)));
}

TEST_F(Anchored, ARefusalIsOnTheRecordAndNotRepeated) {
  place_.answers.assign(9, {.error = Error{ErrorCode::kDenied, "FORK"}, .refused = true});
  sign(3);
  start();
  ASSERT_TRUE(place_.wait_for(1));
  sign(4);
  EXPECT_FALSE(place_.wait_for(2, milliseconds(50)));
  EXPECT_TRUE(state().refused);
  EXPECT_TRUE(state().alarming());
  EXPECT_THAT(recorded_, ElementsAre("anchor a: FORK"));
}

TEST_F(Anchored, ItsLastPushIsOfWhatClosedTheLog) {
  config_.every = std::chrono::hours(1);
  sign(3);
  start();
  ASSERT_TRUE(counted(3));
  sign(5);
  anchor_->finish();
  EXPECT_TRUE(anchor_->finished_by(Clock::now() + std::chrono::seconds(5)));
  EXPECT_THAT(sizes(), ElementsAre(3, 5));
}

TEST_F(Anchored, ItsLastPushIsTriedThoughOthersFailed) {
  place_.answers = {
      {.error = Error{ErrorCode::kUnavailable, "busy"}, .retry_after = std::chrono::hours(1)}};
  sign(3);
  start();
  ASSERT_TRUE(place_.wait_for(1));
  anchor_->finish();
  EXPECT_TRUE(anchor_->finished_by(Clock::now() + std::chrono::seconds(5)));
  EXPECT_EQ(state().last_size, 3U);
}

TEST_F(Anchored, ItsEndIsNotWaitedForLongerThanAsked) {
  place_.answering.lock();
  sign(3);
  start();
  ASSERT_TRUE(place_.wait_for(1));
  anchor_->finish();
  EXPECT_FALSE(anchor_->finished_by(Clock::now() + milliseconds(20)));
  place_.answering.unlock();
  anchor_->stop();
}

TEST_F(Anchored, ALogWithoutACheckpointIsNoFailure) {
  start();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(state().failures, 0U);
}

TEST(AnchorCounting, IsOverdueAfterItsPatience) {
  AnchorCounters counters;
  const auto start = Clock::now();
  const auto at = [&](milliseconds later) {
    AnchorState state;
    counters.fill(state, milliseconds(100), start + later);
    return state.alarming();
  };
  EXPECT_FALSE(at(milliseconds(500))) << "nothing has failed";
  EXPECT_TRUE(counters.failed({ErrorCode::kIo, "x"}, false, start, 1));
  EXPECT_FALSE(counters.failed({ErrorCode::kIo, "y"}, false, start + milliseconds(90), 2));
  EXPECT_FALSE(at(milliseconds(100)));
  EXPECT_TRUE(at(milliseconds(101))) << "counted from the first failure";
  counters.succeeded(7, 3);
  EXPECT_FALSE(at(milliseconds(500)));
  EXPECT_TRUE(counters.failed({ErrorCode::kIo, "x"}, false, start, 1)) << "news again";
  EXPECT_TRUE(counters.failed({ErrorCode::kIo, "x"}, true, start, 1)) << "refused is worse";
}

TEST(Objects, HaveTheirSizeAsNameAndADigest) {
  tlog::Checkpoint head;
  head.size = 42;
  EXPECT_EQ(object_url("https://h/bucket/prefix/", head), "https://h/bucket/prefix/42.checkpoint");
  head.closed = true;
  EXPECT_EQ(object_url("https://h/bucket", head), "https://h/bucket/42.closed.checkpoint");
  EXPECT_EQ(object_headers("hello").at("Content-MD5"), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_THAT(object_headers("hello").at("x-amz-content-sha256"), StartsWith("2cf24dba5fb0a30e"));
}

TEST(Syslog, WritesCheckpoints) {
  TestKey log("log.example/1", tlog::KeyType::kEd25519);
  const auto line =
      syslog_checkpoint(13, test_source(), test_checkpoint(log, 42), 1'764'150'000'000'001);
  EXPECT_THAT(line, StartsWith("<109>1 2025-11-26T09:40:00.000001Z gw.example sluice 42 checkpoint "
                               "[sluice@32473 origin=\"log.example/1\" size=\"42\" root=\"cnJy"));
  EXPECT_THAT(line, HasSubstr("] audit log log.example/1 has 42 records, root cnJy"));
}

}  // namespace
}  // namespace sluice::stream
