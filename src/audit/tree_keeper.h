#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "audit/sequencer.h"
#include "base/clock.h"

namespace sluice::audit {

/// The thread that makes the tree: takes in what is logged, and signs a checkpoint once in a while
/// and whenever somebody waits for one.
class TreeKeeper {
 public:
  struct Callbacks {
    /// What stands in the way of it; empty when it goes on again.
    std::function<void(const std::string& problem)> problem;
    /// Puts on the record that these records will never be there. An error: nothing is signed until
    /// it could be; it is asked again.
    std::function<Result<>(const std::vector<uint64_t>&)> lost;
    /// Twice a second or so.
    std::function<void()> tick;
  };

  TreeKeeper(std::unique_ptr<Sequencer> sequencer, Duration interval, Callbacks callbacks);
  ~TreeKeeper() { stop(); }

  /// Takes in everything that is there, signs it and ends the thread.
  void stop() { end_thread(true); }
  /// The same without signing it: `close` does. Nobody who waits is told.
  void pause_for_good() { end_thread(false); }
  /// Once nothing is written any more, and the thread has ended: takes in what came last, and signs
  /// that the log ends with record `last`. An error: it was not signed, and what no checkpoint
  /// covers is judged as after a crash.
  Result<> close(uint64_t last);
  /// Calls back, on the thread, once a checkpoint covers the record, for which it asks; with false
  /// where none can be made. Never if the keeper stops first.
  void when_published(uint64_t sequence, std::function<void(bool)> callback);
  uint64_t published() const { return sequencer_->published(); }
  const std::string& origin() const { return sequencer_->origin(); }
  /// Lets another key take over; returns it as others are to know it.
  Result<tlog::VerifierKey> rotate(std::unique_ptr<tlog::Signer> next);
  tlog::VerifierKey key();

 private:
  void loop();
  void end_thread(bool sign);
  /// How many records it has taken in.
  Result<size_t> work(bool publish, bool to_the_end);
  Result<> tell_lost();
  void tell_waiting(bool well);

  std::unique_ptr<Sequencer> sequencer_;
  Duration interval_;
  Callbacks callbacks_;
  std::mutex work_mutex_;         ///< held while the sequencer is used
  std::vector<uint64_t> untold_;  ///< lost, and not on the record yet
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<uint64_t, std::function<void(bool)>> waiting_;
  bool asked_ = false;
  bool stopping_ = false;
  bool sign_last_ = true;  ///< what is there when it stops
  std::thread thread_;
};

}  // namespace sluice::audit
