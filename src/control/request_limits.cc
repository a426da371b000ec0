#include "control/request_limits.h"

#include <algorithm>

namespace sluice::control {
namespace {

constexpr double kSecondsAtOnce = 4;
/// Buckets that are kept before those that are full again are thrown out.
constexpr size_t kMany = 1000;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Duration RequestLimits::take(const std::string& whose, unsigned per_second, Clock::time_point now) {
  const double full = kSecondsAtOnce * per_second;
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMany) tidy(per_second, now);
  auto [found, fresh] = buckets_.try_emplace(whose, Bucket{full, now});
  Bucket& bucket = found->second;
  bucket.left = std::min(full, bucket.left + seconds(now - bucket.seen) * per_second);
  bucket.seen = now;
  if (bucket.left >= 1) {
    bucket.left -= 1;
    return Duration::zero();
  }
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>((1 - bucket.left) / per_second));
}

void RequestLimits::tidy(unsigned per_second, Clock::time_point now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    return entry.second.left + seconds(now - entry.second.seen) * per_second >=
           kSecondsAtOnce * per_second;
  });
}

}  // namespace sluice::control
