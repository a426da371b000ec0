#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace sluice::control {

/// How many requests somebody may send: a bucket of four seconds' worth that fills up again. Any
/// thread.
class RequestLimits {
 public:
  /// Takes one from the bucket of `whose`; how long to wait where there is none, zero where it was.
  Duration take(const std::string& whose, unsigned per_second, Clock::time_point now);

 private:
  struct Bucket {
    double left = 0;
    Clock::time_point seen;
  };
  void tidy(unsigned per_second, Clock::time_point now);

  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace sluice::control
