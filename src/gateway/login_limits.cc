#include "gateway/login_limits.h"

#include <algorithm>

#include "net/peer_network.h"

namespace sluice::gateway {
namespace {

/// Entries of a table at most: an attacker makes up names and addresses.
constexpr size_t kMost = 20'000;
constexpr auto kKnownFor = std::chrono::hours(30 * 24);

std::string source_of(std::string_view address) { return net::network_of(std::string(address)); }

std::string pair_of(std::string_view user, const std::string& source) {
  // No address has a zero in it.
  return std::string(source).append(1, '\0').append(user);
}

/// What is over goes; should that not be enough, anything goes, and a quarter at once: looking
/// through all of it must not be needed at each failure.
template <typename Map, typename Over>
void make_room(Map& map, Over over) {
  if (map.size() < kMost) return;
  std::erase_if(map, over);
  while (map.size() > kMost - kMost / 4) map.erase(map.begin());
}

}  // namespace

void LoginLimits::count(Table& table, const std::string& key, unsigned free,
                        const config::LoginLimits& limits, Duration longest,
                        Clock::time_point now) {
  make_room(table, [&](const auto& entry) { return now - entry.second.last > limits.window; });
  Failures& failures = table[key];
  if (now - failures.last > limits.window) failures.count = 0;
  failures.last = now;
  if (++failures.count <= free) return;
  const unsigned doublings = std::min(failures.count - free - 1, 20U);
  failures.until = now + std::min(limits.backoff * (1 << doublings), longest);
}

void LoginLimits::count_source(const std::string& source, const config::LoginLimits& limits,
                               Clock::time_point now) {
  if (source.empty()) return;
  count(sources_, source, limits.failures_per_source, limits, limits.longest_backoff, now);
}

Duration LoginLimits::left(const Table& table, const std::string& key, Clock::time_point now) {
  const auto found = table.find(key);
  if (found == table.end() || found->second.until <= now) return Duration::zero();
  return found->second.until - now;
}

bool LoginLimits::known(const std::string& pair, Clock::time_point now) const {
  const auto found = known_.find(pair);
  return found != known_.end() && now - found->second < kKnownFor;
}

Duration LoginLimits::wait(std::string_view user, std::string_view address, Clock::time_point now) {
  const std::string source = source_of(address);
  const std::string pair = pair_of(user, source);
  const std::lock_guard lock(mutex_);
  const Duration own = left(pairs_, pair, now);
  if (known(pair, now)) return own;
  return std::max({own, left(sources_, source, now), left(users_, std::string(user), now)});
}

void LoginLimits::failed(std::string_view user, std::string_view address,
                         const config::LoginLimits& limits, Clock::time_point now) {
  const std::string source = source_of(address);
  const std::lock_guard lock(mutex_);
  count(pairs_, pair_of(user, source), limits.failures, limits, limits.longest_backoff, now);
  count_source(source, limits, now);
  count(users_, std::string(user), limits.failures_per_user, limits, limits.backoff, now);
}

Duration LoginLimits::wait(std::string_view address, Clock::time_point now) {
  const std::string source = source_of(address);
  const std::lock_guard lock(mutex_);
  return left(sources_, source, now);
}

void LoginLimits::failed(std::string_view address, const config::LoginLimits& limits,
                         Clock::time_point now) {
  const std::string source = source_of(address);
  const std::lock_guard lock(mutex_);
  count_source(source, limits, now);
}

void LoginLimits::succeeded(std::string_view user, std::string_view address,
                            Clock::time_point now) {
  const std::string pair = pair_of(user, source_of(address));
  const std::lock_guard lock(mutex_);
  pairs_.erase(pair);
  make_room(known_, [now](const auto& entry) { return now - entry.second >= kKnownFor; });
  known_[pair] = now;
}

}  // namespace sluice::gateway
