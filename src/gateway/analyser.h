#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bounded_cache.h"
#include "gateway/big_stack_thread.h"
#include "gateway/counters.h"
#include "gateway/database.h"
#include "policy/decide.h"
#include "sql/analyse.h"

namespace sluice::gateway {

/// Threads with big stacks that understand long texts, so that no worker stands still meanwhile.
/// Shared by all workers.
class AnalyserThreads {
 public:
  using Done = std::function<void(std::shared_ptr<const sql::StatementFacts>)>;

  explicit AnalyserThreads(unsigned count);
  ~AnalyserThreads();

  /// `done` is called on an analyser thread.
  void submit(std::string text, sql::Settings settings, Done done);

 private:
  struct Job {
    std::string text;
    sql::Settings settings;
    Done done;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<BigStackThread> threads_;
};

/// What one text means and what was decided about it, kept together in the cache. Belongs to one
/// worker, so the decisions are added without a lock.
struct Understood {
  std::shared_ptr<const sql::StatementFacts> facts;
  /// By Database::id(), which is never used twice.
  mutable std::vector<std::pair<uint64_t, std::shared_ptr<const policy::Decision>>> decisions;

  /// The decision for `database`, made on first use.
  const std::shared_ptr<const policy::Decision>& decision_for(const Database& database) const;
};

/// One worker's understanding of texts: the bounded cache in front of sql::analyse.
class Analyser {
 public:
  Analyser(size_t cache_bytes, WorkerCounters& counters)
      : cache_(cache_bytes), counters_(counters) {}

  /// From the cache, or analysed here and now when the text is short; null: too long for that,
  /// use AnalyserThreads and hand the result to `remember`.
  std::shared_ptr<const Understood> find_or_analyse(Bytes text, const sql::Settings& settings);
  std::shared_ptr<const Understood> remember(Bytes text, const sql::Settings& settings,
                                             std::shared_ptr<const sql::StatementFacts> facts);

 private:
  Bytes key(Bytes text, const sql::Settings& settings);

  BoundedCache<Understood> cache_;
  WorkerCounters& counters_;
  std::string key_;
};

}  // namespace sluice::gateway
