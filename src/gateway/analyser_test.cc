#include "gateway/analyser.h"

#include <fstream>
#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sluice::gateway {
namespace {

/// Runs on the stack a worker has.
void as_a_worker(std::function<void()> body) {
  const BigStackThread thread(sql::kAnalyserStackBytes, "worker-test", std::move(body));
}

Reading in(sql::Settings settings) { return {std::move(settings), {}}; }

/// Resident memory of this process, in bytes.
size_t resident() {
  size_t all = 0, pages = 0;
  std::ifstream("/proc/self/statm") >> all >> pages;
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(Analyser, TheSameTextIsUnderstoodOnce) {
  as_a_worker([] {
    WorkerCounters counters;
    Analyser analyser(1 << 20, counters);
    const auto first = analyser.find_or_analyse("SELECT a FROM t WHERE b = 'x'", {});
    ASSERT_NE(first, nullptr);
    const auto again = analyser.find_or_analyse("SELECT a FROM t WHERE b = 'x'", {});
    EXPECT_EQ(again->meaning, first->meaning);
    EXPECT_EQ(counters.cache_misses.get(), 1U);
    EXPECT_EQ(counters.cache_hits.get(), 1U);
  });
}

TEST(Analyser, TextsThatDifferInALiteralNobodyLooksAtShareAMeaningButNotTheirWords) {
  as_a_worker([] {
    WorkerCounters counters;
    Analyser analyser(1 << 20, counters);
    const auto one = analyser.find_or_analyse("SELECT a FROM t WHERE b = 1", {});
    const auto two = analyser.find_or_analyse("SELECT a FROM t WHERE b = 2", {});
    EXPECT_EQ(one->meaning, two->meaning);
    EXPECT_NE(one->recorded.text, two->recorded.text);
  });
}

TEST(Analyser, SettingsThatChangeTheMeaningArePartOfTheKey) {
  as_a_worker([] {
    WorkerCounters counters;
    Analyser analyser(1 << 20, counters);
    // With standard_conforming_strings off, the backslash escapes the quote.
    const std::string text = "SELECT '\\'; DROP TABLE t; --'";
    const auto on = analyser.find_or_analyse(text, in({.standard_conforming_strings = true}));
    const auto off = analyser.find_or_analyse(text, in({.standard_conforming_strings = false}));
    EXPECT_NE(on->meaning, off->meaning);
    EXPECT_EQ(analyser.find_or_analyse(text, in({.standard_conforming_strings = true}))->meaning,
              on->meaning);
    const std::string umlaut = "SELECT 'é'";
    EXPECT_NE(analyser.find_or_analyse(umlaut, in({.client_encoding = "UTF8"}))->meaning,
              analyser.find_or_analyse(umlaut, in({.client_encoding = "LATIN1"}))->meaning);
  });
}

TEST(Analyser, LongTextIsLeftToTheThreadsAndThenKnown) {
  as_a_worker([] {
    WorkerCounters counters;
    Analyser analyser(8 << 20, counters);
    const std::string text =
        "SELECT a FROM t WHERE b = '" + std::string(sql::kInlineAnalysisLimit, 'x') + "'";
    EXPECT_EQ(analyser.find_or_analyse(text, {}), nullptr);
    AnalyserThreads threads(2);
    std::promise<Analysis> promise;
    threads.submit(text, {}, [&](Analysis analysis) { promise.set_value(std::move(analysis)); });
    const auto statement = analyser.remember(text, {}, promise.get_future().get());
    ASSERT_NE(statement, nullptr);
    const auto found = analyser.find_or_analyse(text, {});
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->meaning, statement->meaning);
  });
}

TEST(Analyser, Threat9_100000DistinctTextsDoNotGrowItBeyondItsBound) {
  as_a_worker([] {
    constexpr size_t kBound = 4 << 20;
    WorkerCounters counters;
    Analyser analyser(kBound, counters);
    const auto text = [](int i) {
      // Each is a new meaning: another table. Every second one depends on its literal as well.
      return "SELECT a, b FROM table_" + std::to_string(i) +
             (i % 2 == 0 ? " WHERE c = 1" : " LIMIT 10");
    };
    // Fills it and whatever the allocator and the parser keep besides.
    for (int i = 0; i < 20'000; ++i) ASSERT_NE(analyser.find_or_analyse(text(i), {}), nullptr);
    const size_t before = resident();
    for (int i = 20'000; i < 100'000; ++i)
      ASSERT_NE(analyser.find_or_analyse(text(i), {}), nullptr);
    EXPECT_EQ(counters.cache_misses.get(), 100'000U);
    EXPECT_LE(analyser.cached_bytes(), kBound);
    EXPECT_GT(analyser.cached_bytes(), kBound / 4) << "it does keep something";
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)
    // What the count leaves out may not grow either.
    EXPECT_LT(resident(), before + kBound);
#else
    (void)before;
#endif
    const uint64_t hits = counters.cache_hits.get();
    analyser.find_or_analyse(text(99'999), {});
    EXPECT_EQ(counters.cache_hits.get(), hits + 1) << "the newest is there";
    analyser.find_or_analyse(text(0), {});
    EXPECT_EQ(counters.cache_misses.get(), 100'001U) << "the oldest is not";
  });
}

TEST(AnalyserThreads, EndWithWorkLeft) {
  std::atomic<int> done = 0;
  {
    AnalyserThreads threads(1);
    for (int i = 0; i < 100; ++i)
      threads.submit("SELECT " + std::to_string(i), {}, [&](Analysis) { ++done; });
  }
  EXPECT_LE(done, 100) << "what was not begun is dropped, what was begun is finished";
}

}  // namespace
}  // namespace sluice::gateway
