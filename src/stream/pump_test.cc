#include "stream/pump.h"

#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "base/test_folder.h"
#include "stream/streams.h"

namespace sluice::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a receiver got, kept beyond the sinks that brought it.
struct Receiver {
  std::mutex mutex;
  std::vector<uint64_t> got;
  size_t largest_batch = 0;
  /// What to say to a batch; all is taken without it.
  std::function<Delivery(std::span<const Entry>)> answer;

  std::vector<uint64_t> sequences() {
    const std::lock_guard lock(mutex);
    return got;
  }
};

class TestSink : public Sink {
 public:
  explicit TestSink(Receiver& receiver) : receiver_(receiver) {}
  Delivery send(std::span<const Entry> batch) override {
    const std::lock_guard lock(receiver_.mutex);
    Delivery delivery =
        receiver_.answer ? receiver_.answer(batch) : Delivery{.taken = batch.size()};
    receiver_.largest_batch = std::max(receiver_.largest_batch, batch.size());
    for (const auto& entry : batch.first(delivery.taken))
      receiver_.got.push_back(entry.record.sequence);
    return delivery;
  }

 private:
  Receiver& receiver_;
};

class PumpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = audit::Log::open({.directory = folder / "audit", .segment_bytes = 1 << 20}, 1);
    ASSERT_TRUE(opened) << opened.error().text;
    log = std::move(*opened);
    std::filesystem::create_directories(folder / "streams");
    config.name = "test";
    config.retry_initial = std::chrono::milliseconds(1);
    config.retry_maximum = std::chrono::milliseconds(5);
  }
  void append(const std::string& user, int count = 1) {
    audit::SessionContext context;
    context.user = user;
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log->append_admin(context, {.type = audit::EventType::kAdmin, .message = "x"}));
  }
  void start() {
    const Pump::Surroundings surroundings{
        folder / "audit" / "log", folder / "streams", {"0123456789abcdef", "1", "h", 1}, [this] {
          return log->health().last_sequence;
        }};
    auto started =
        Pump::start(config, surroundings, counters,
                    [this](const auto&, const auto&, const auto&) -> Result<std::unique_ptr<Sink>> {
                      return std::make_unique<TestSink>(receiver);
                    });
    ASSERT_TRUE(started) << started.error().text;
    pump = std::move(*started);
  }
  /// Waits for a condition; false if it never came.
  static bool soon(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool got(size_t count) {
    return soon([&] { return receiver.sequences().size() >= count; });
  }

  TestFolder folder;
  std::unique_ptr<audit::Log> log;
  config::StreamConfig config;
  Receiver receiver;
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  std::unique_ptr<Pump> pump;
};

TEST_F(PumpTest, SendsWhatIsThereAndWhatComes) {
  append("alice", 2);
  start();
  ASSERT_TRUE(got(2));
  append("alice");
  ASSERT_TRUE(got(3));
  EXPECT_THAT(receiver.sequences(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(soon([&] { return counters->position == 3; }));
  EXPECT_EQ(counters->sent, 3U);
}

TEST_F(PumpTest, BeginsNowIfAskedTo) {
  append("alice", 2);
  config.from_now = true;
  start();
  append("alice");
  ASSERT_TRUE(got(1));
  EXPECT_THAT(receiver.sequences(), ElementsAre(3));
}

TEST_F(PumpTest, GoesOnWhereItWas) {
  append("alice", 3);
  start();
  ASSERT_TRUE(got(3));
  pump.reset();
  append("alice", 2);
  start();
  ASSERT_TRUE(got(5));
  EXPECT_THAT(receiver.sequences(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(PumpTest, TriesAgainUntilItWorksAndLosesNothing) {
  append("alice", 5);
  int calls = 0;
  receiver.answer = [&](std::span<const Entry> batch) -> Delivery {
    ++calls;
    if (calls == 1) return {.error = Error{ErrorCode::kUnavailable, "nobody there"}};
    if (calls == 2) return {.taken = 2, .error = Error{ErrorCode::kUnavailable, "gone again"}};
    return {.taken = batch.size(), .rejected = 1};
  };
  start();
  ASSERT_TRUE(got(5));
  EXPECT_THAT(receiver.sequences(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(soon([&] { return counters->working.load() && counters->failures == 2; }));
  EXPECT_EQ(counters->rejected, 1U);
  EXPECT_EQ(counters->error().first, "gone again");
}

TEST_F(PumpTest, WhatWasNotTakenIsThereAfterARestart) {
  append("alice", 3);
  receiver.answer = [](std::span<const Entry>) -> Delivery {
    return {.error = Error{ErrorCode::kUnavailable, "nobody there"}};
  };
  start();
  ASSERT_TRUE(soon([&] { return counters->failures > 2; }));
  EXPECT_FALSE(counters->working);
  pump.reset();
  receiver.answer = nullptr;
  start();
  ASSERT_TRUE(got(3));
  EXPECT_THAT(receiver.sequences(), ElementsAre(1, 2, 3));
}

TEST_F(PumpTest, StopsAtOnceWhileItWaits) {
  append("alice");
  config.retry_initial = config.retry_maximum = std::chrono::hours(1);
  receiver.answer = [](std::span<const Entry>) -> Delivery {
    return {.error = Error{ErrorCode::kUnavailable, "nobody there"}};
  };
  start();
  ASSERT_TRUE(soon([&] { return counters->failures == 1; }));
  const auto before = Clock::now();
  pump.reset();
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(5));
}

TEST_F(PumpTest, HoldsOneBatch) {
  append("alice", 100);
  config.batch_records = 7;
  start();
  ASSERT_TRUE(got(100));
  EXPECT_EQ(receiver.largest_batch, 7U);
  pump.reset();
  receiver.largest_batch = 0;
  append(std::string(3000, 'a'), 20);
  config.batch_records = 1000;
  config.batch_bytes = 4096;
  start();
  ASSERT_TRUE(got(120));
  EXPECT_EQ(receiver.largest_batch, 2U) << "the bound is passed by one record at most";
}

TEST_F(PumpTest, FiltersAndPassesOver) {
  append("alice");
  append("bob", 2);
  append("alice");
  config.filter.users = {"alice"};
  start();
  ASSERT_TRUE(got(2));
  EXPECT_THAT(receiver.sequences(), ElementsAre(1, 4));
  EXPECT_EQ(counters->filtered, 2U);
  pump.reset();
  start();
  append("alice");
  ASSERT_TRUE(got(3));
  EXPECT_EQ(receiver.sequences().back(), 5U);
}

TEST_F(PumpTest, ADamagedCursorIsNotWrittenOver) {
  start();
  pump.reset();
  std::filesystem::resize_file(folder / "streams" / "test.json", 3);
  const Pump::Surroundings surroundings{
      folder / "audit" / "log", folder / "streams", {}, [] { return uint64_t{0}; }};
  const auto started = Pump::start(config, surroundings, counters);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text, HasSubstr("test.json is damaged"));
  EXPECT_EQ(std::filesystem::file_size(folder / "streams" / "test.json"), 3U);
}

TEST_F(PumpTest, AStreamThatLostItsPlaceIsNotInTheWayOfOthers) {
  append("alice");
  config.path = folder / "out.jsonl";
  config::StreamConfig other = config;
  other.name = "other";
  std::ofstream(folder / "streams" / "test.json") << "x";
  const auto streams = Streams::start(
      {config, other}, {folder.path(), "1", [this] { return log->health().last_sequence; }});
  ASSERT_TRUE(streams) << streams.error().text;
  ASSERT_TRUE(soon([&] { return (*streams)->states().at(1).sent == 1; }));
  const auto state = (*streams)->states().at(0);
  EXPECT_FALSE(state.working);
  EXPECT_THAT(state.last_error, HasSubstr("test.json is damaged"));
}

TEST_F(PumpTest, WithoutStreamsNothingIsMade) {
  std::filesystem::remove_all(folder / "streams");
  ASSERT_TRUE(Streams::start({}, {folder.path(), "1", [] { return uint64_t{0}; }}));
  EXPECT_FALSE(std::filesystem::exists(folder / "streams"));
}

TEST_F(PumpTest, StreamsAreReloadedByName) {
  append("alice", 2);
  config.path = folder / "out.jsonl";
  auto streams = Streams::start(
      {config}, {folder.path(), "1", [this] { return log->health().last_sequence; }});
  ASSERT_TRUE(streams) << streams.error().text;
  ASSERT_TRUE(soon([&] { return (*streams)->states().at(0).lag == 0; }));
  EXPECT_EQ((*streams)->states().at(0).sent, 2U);
  config::StreamConfig second = config;
  second.name = "second";
  second.path = folder / "second.jsonl";
  ASSERT_TRUE((*streams)->reload({config, second}));
  append("alice");
  ASSERT_TRUE(soon([&] {
    return (*streams)->states().at(0).sent == 3 && (*streams)->states().at(1).sent == 3;
  })) << "the first goes on, the second begins";
  config::StreamConfig broken = config;
  broken.type = config::StreamType::kHttp;
  broken.url = "https://localhost:1/";
  broken.tls.ca = folder / "no-such-file";
  const auto refused = (*streams)->reload({broken});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("stream \"test\": cannot read the authorities"));
  EXPECT_EQ((*streams)->states().size(), 2U) << "the old ones stay";
  (*streams)->stop();
  EXPECT_THAT((*streams)->states(), IsEmpty());
}

TEST_F(PumpTest, ALogPutBackGetsNewIds) {
  append("alice", 5);
  const Streams::Options options{folder.path(), "1",
                                 [this] { return log->health().last_sequence; }};
  config.path = folder / "out.jsonl";
  {
    auto streams = Streams::start({config}, options);
    ASSERT_TRUE(streams) << streams.error().text;
    ASSERT_TRUE(soon([&] { return (*streams)->states().at(0).sent == 5; }));
  }
  const auto id = *log_id(folder / "streams");
  {
    ASSERT_TRUE(Streams::start({config}, options));
  }
  EXPECT_EQ(*log_id(folder / "streams"), id);
  {
    ASSERT_TRUE(Streams::start({config}, {folder.path(), "1", [] { return uint64_t{4}; }}));
  }
  EXPECT_NE(*log_id(folder / "streams"), id);
}

}  // namespace
}  // namespace sluice::stream
