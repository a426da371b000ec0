#include "gateway/taints.h"

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace sluice::gateway {
namespace {

/// Longer than agents' credentials and runs last.
constexpr int64_t kLasts =
    std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 30)).count();
/// It is told anew only when it has been used for so long.
constexpr int64_t kRenewed =
    std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24)).count();
constexpr size_t kMost = 100'000;

}  // namespace

std::vector<std::string> Taints::whose(const policy::Principal& principal, const std::string& run) {
  std::vector<std::string> out = {principal.credential.empty()
                                      ? "user " + principal.user
                                      : "credential " + principal.credential};
  if (!run.empty()) out.push_back("run " + run);
  return out;
}

void Taints::keep_by(Keep keep) {
  const std::lock_guard lock(mutex_);
  keep_ = std::move(keep);
}

void Taints::recall(const std::string& whose, int64_t until_micros) {
  const std::lock_guard lock(mutex_);
  auto& until = until_[whose];
  until = std::max(until, until_micros);
}

void Taints::known() {
  const std::lock_guard lock(mutex_);
  known_ = true;
}

void Taints::mark(const std::vector<std::string>& whose, int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  for (const auto& each : whose) {
    auto& until = until_[each];
    if (until > now_micros + kLasts - kRenewed) continue;
    until = now_micros + kLasts;
    if (keep_) keep_(each, until);
  }
  if (until_.size() > kMost)
    std::erase_if(until_, [&](const auto& each) { return each.second < now_micros; });
}

bool Taints::any(const std::vector<std::string>& whose, int64_t now_micros) const {
  const std::lock_guard lock(mutex_);
  if (!known_) return true;
  for (const auto& each : whose) {
    const auto known = until_.find(each);
    if (known != until_.end() && known->second > now_micros) return true;
  }
  return false;
}

}  // namespace sluice::gateway
