#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "base/result.h"

namespace sluice::control {

/// Statements that run over HTTP, by who runs them and the names that they gave them: so that they
/// can be told to end. Any thread.
class RunningStatements {
 public:
  static constexpr size_t kLongestName = 100;

  /// One that runs: until this goes.
  class Run {
   public:
    ~Run() { all_.over(key_); }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    /// Stopped once somebody wants it no more.
    std::stop_token wanted() const { return stop_.get_token(); }

   private:
    friend class RunningStatements;
    using Key = std::pair<std::string, std::string>;
    /// `gone`: of the connection that it was asked by.
    Run(RunningStatements& all, Key key, std::stop_token gone)
        : all_(all), key_(std::move(key)), with_(std::move(gone), Stop{stop_}) {}

    struct Stop {
      std::stop_source& source;
      void operator()() const { source.request_stop(); }
    };
    RunningStatements& all_;
    const Key key_;
    std::stop_source stop_;
    std::stop_callback<Stop> with_;
  };

  /// A statement of `user`, also told to end by `gone`. One without a name is not found by stop().
  /// Fails: the name is too long, or another one of theirs that runs has it.
  Result<std::unique_ptr<Run>> begin(const std::string& user, const std::string& name,
                                     std::stop_token gone);
  /// Tells one to end. False: none of `user` runs under this name.
  bool stop(const std::string& user, const std::string& name);

 private:
  void over(const Run::Key& key);

  std::mutex mutex_;
  std::map<Run::Key, std::stop_source> running_;
};

}  // namespace sluice::control
