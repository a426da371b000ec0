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
#include "gateway/statement.h"
#include "sql/analyse.h"

namespace sluice::gateway {

/// All that the meaning of a text depends on.
struct Reading {
  sql::Settings settings;
  SessionScope scope;
};

/// What is found out about one text.
struct Analysis {
  std::shared_ptr<const sql::StatementFacts> facts;
  sql::RecordedText recorded;
};
Analysis analyse(Bytes text, const Reading& reading);

/// Threads with big stacks that understand long texts, so that no worker stands still meanwhile.
/// Shared by all workers.
class AnalyserThreads {
 public:
  using Done = std::function<void(Analysis)>;

  explicit AnalyserThreads(unsigned count);
  ~AnalyserThreads() { stop(); }
  /// Ends the threads; nobody is called back any more.
  void stop();

  /// `done` is called on an analyser thread.
  void submit(std::string text, Reading reading, Done done);

 private:
  struct Job {
    std::string text;
    Reading reading;
    Done done;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<BigStackThread> threads_;
};

/// One worker's understanding of texts: two bounded caches in front of sql::analyse, one by the
/// text without its literals where nothing depends on them, the other by the exact text.
class Analyser {
 public:
  Analyser(size_t cache_bytes, WorkerCounters& counters)
      : meanings_(cache_bytes / 2), statements_(cache_bytes / 2), counters_(counters) {}

  /// From a cache, or analysed here and now when the text is short; null: too long for that, use
  /// AnalyserThreads and hand the result to `remember`.
  std::shared_ptr<const Statement> find_or_analyse(Bytes text, const Reading& reading);
  std::shared_ptr<const Statement> remember(Bytes text, const Reading& reading, Analysis analysis);
  /// What both caches hold, at most the `cache_bytes` it was made with.
  size_t cached_bytes() const { return meanings_.used_bytes() + statements_.used_bytes(); }

 private:
  Bytes key(Bytes text, const Reading& reading);
  Bytes normalised_key(Bytes text, const Reading& reading);

  BoundedCache<Meaning> meanings_;      ///< by text without literals
  BoundedCache<Statement> statements_;  ///< by exact text
  WorkerCounters& counters_;
  std::string key_;
  std::string normalised_;
};

}  // namespace sluice::gateway
