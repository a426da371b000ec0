#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>

#include "base/clock.h"

namespace sluice::audit {

/// How far the index is behind the log. Told by the thread that indexes, asked by all.
class IndexLag {
 public:
  /// What is in the index already, when indexing begins.
  void begin(uint64_t indexed);
  /// Up to which number records had been written when the log was read.
  void saw(uint64_t written, Clock::time_point now);
  /// Up to which number all records are in the index.
  void indexed(uint64_t sequence);

  uint64_t indexed() const;
  /// How long ago everything in the log was in the index, so that no record has waited longer; zero
  /// where `written`, the newest one, is in it.
  Duration behind(uint64_t written, Clock::time_point now) const;

 private:
  struct Sight {
    uint64_t written = 0;
    Clock::time_point at;
  };
  /// Bounds what a backlog of many minutes leaves; what it tells is then a little too much.
  static constexpr size_t kMostSights = 1024;
  static constexpr Duration kBetween = std::chrono::milliseconds(50);

  void drop_reached();

  mutable std::mutex mutex_;
  uint64_t indexed_ = 0;
  /// The last one that the index has reached, and all behind it.
  std::deque<Sight> sights_;
};

}  // namespace sluice::audit
