#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/hash.h"

namespace sluice::policy {

/// How often each user may do what a rule allows: Bound<uint32_t> of Limits::statements_per_minute.
///
/// A token bucket per user and rule, as the generic cell rate algorithm (ITU-T I.371): a bucket of
/// N tokens that refills with N a minute. So a minute's worth may come at once, and any 60 seconds
/// see at most 2 N. One instance for the whole gateway; safe from any thread, divided into
/// shards so that workers seldom meet. Bounded: users who have not been at their limit for a minute
/// are forgotten; past kMostBuckets a new one is refused rather than let through uncounted.
class RateLimiter {
 public:
  /// Takes `count` tokens. False when there are not so many: what asks for them is to be refused,
  /// and takes none.
  bool take(std::string_view user, std::string_view rule, uint32_t per_minute,
            Clock::time_point now, uint32_t count = 1);
  /// How long until `count` tokens are there; zero when they are. More than the bucket holds never
  /// are: Duration::max().
  Duration wait(std::string_view user, std::string_view rule, uint32_t per_minute,
                Clock::time_point now, uint32_t count = 1) const;
  /// Buckets that are kept, for tests and metrics.
  size_t size() const;

  static constexpr size_t kMostBuckets = 1 << 16;

 private:
  static constexpr size_t kShards = 16;
  struct Hash {
    size_t operator()(const std::string& key) const { return keyed_hash(key); }
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    /// When the bucket is full again, by key "user\0rule".
    std::unordered_map<std::string, Clock::time_point, Hash> full_at;
    Clock::time_point swept_at;
  };
  /// Forgets full buckets of a crowded shard, at most once a second.
  static void make_room(Shard& shard, Clock::time_point now);
  static std::string key_of(std::string_view user, std::string_view rule);
  Shard& shard_of(const std::string& key) { return shards_[keyed_hash(key) % kShards]; }
  const Shard& shard_of(const std::string& key) const { return shards_[keyed_hash(key) % kShards]; }
  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::policy
