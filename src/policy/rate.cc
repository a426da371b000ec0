#include "policy/rate.h"

#include <algorithm>

namespace sluice::policy {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

}  // namespace

std::string RateLimiter::key_of(std::string_view user, std::string_view rule) {
  std::string key;
  key.reserve(user.size() + 1 + rule.size());
  key.append(user).append(1, '\0').append(rule);
  return key;
}

void RateLimiter::make_room(Shard& shard, Clock::time_point now) {
  if (now - shard.swept_at < std::chrono::seconds(1)) return;
  shard.swept_at = now;
  std::erase_if(shard.full_at, [&](const auto& bucket) { return bucket.second <= now; });
}

bool RateLimiter::take(std::string_view user, std::string_view rule, uint32_t per_minute,
                       Clock::time_point now, uint32_t count) {
  if (count > per_minute || per_minute == 0) return false;
  const std::string key = key_of(user, rule);
  const Duration one = kMinute / per_minute;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  auto found = shard.full_at.find(key);
  if (found == shard.full_at.end()) {
    if (shard.full_at.size() >= kMostBuckets / kShards) {
      make_room(shard, now);
      if (shard.full_at.size() >= kMostBuckets / kShards) return false;
    }
    found = shard.full_at.emplace(key, now).first;
  }
  const Clock::time_point full_at = std::max(found->second, now) + one * count;
  if (full_at - now > one * per_minute) return false;
  found->second = full_at;
  return true;
}

Duration RateLimiter::wait(std::string_view user, std::string_view rule, uint32_t per_minute,
                           Clock::time_point now, uint32_t count) const {
  if (count > per_minute || per_minute == 0) return Duration::max();
  const std::string key = key_of(user, rule);
  const Duration one = kMinute / per_minute;
  const Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.full_at.find(key);
  if (found == shard.full_at.end()) return Duration::zero();
  return std::max(Duration::zero(),
                  Duration(std::max(found->second, now) + one * count - now - one * per_minute));
}

size_t RateLimiter::size() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.full_at.size();
  }
  return total;
}

}  // namespace sluice::policy
