#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::policy {

class RateLimiter {
 public:
  bool take(std::string_view user, std::string_view rule, uint32_t most, int64_t now_micros);

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::pair<double, int64_t>> buckets;
  };
  std::array<Shard, 16> shards_;
};

inline bool RateLimiter::take(std::string_view user, std::string_view rule, uint32_t most,
                              int64_t now_micros) {
  std::string key(user);
  key.append(1, '\0').append(rule);
  Shard& shard = shards_[std::hash<std::string>{}(key) % shards_.size()];
  const std::lock_guard lock(shard.mutex);
  auto [it, fresh] = shard.buckets.try_emplace(key, most, now_micros);
  auto& [left, when] = it->second;
  left = std::min<double>(most, left + static_cast<double>(now_micros - when) * most / 60e6);
  when = now_micros;
  if (left < 1) return false;
  left -= 1;
  return true;
}

}  // namespace sluice::policy
