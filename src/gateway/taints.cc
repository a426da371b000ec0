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
constexpr int64_t kTidyEvery = 5'000'000;
constexpr std::string_view kRun = "run ";

}  // namespace

std::vector<std::string> Taints::whose(const policy::Principal& principal, const std::string& run) {
  std::vector<std::string> out = {principal.credential.empty()
                                      ? "user " + principal.user
                                      : "credential " + principal.credential};
  if (!run.empty()) out.push_back(std::string(kRun) + run);
  return out;
}

void Taints::keep_by(Keep keep) {
  const std::lock_guard lock(mutex_);
  keep_ = std::move(keep);
}

void Taints::recall(const std::string& whose, int64_t until_micros) {
  const std::lock_guard lock(mutex_);
  add(whose, {}, until_micros);
}

/// With the lock held.
void Taints::add(const std::string& whose, const std::string& user, int64_t until_micros) {
  const auto [found, fresh] = taints_.try_emplace(whose, Taint{until_micros, user});
  if (fresh && whose.starts_with(kRun)) runs_.add(user);
  auto& until = found->second.until_micros;
  until = std::max(until, until_micros);
}

void Taints::known() {
  const std::lock_guard lock(mutex_);
  known_ = true;
}

void Taints::mark(const std::vector<std::string>& whose, const std::string& user,
                  int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  for (const auto& each : whose) {
    const auto found = taints_.find(each);
    if (found != taints_.end() && found->second.until_micros > now_micros + kLasts - kRenewed)
      continue;
    add(each, user, now_micros + kLasts);
    if (keep_) keep_(each, now_micros + kLasts);
  }
}

bool Taints::has_room(const std::vector<std::string>& whose, const std::string& user,
                      int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  const auto room = [&] {
    return runs_.room(user) || std::all_of(whose.begin(), whose.end(), [&](const auto& each) {
             return !each.starts_with(kRun) || taints_.contains(each);
           });
  };
  if (room()) return true;
  tidy(now_micros);
  return room();
}

/// Those that have ended are forgotten. With the lock held.
void Taints::tidy(int64_t now_micros) {
  if (now_micros - tidied_micros_ < kTidyEvery) return;
  tidied_micros_ = now_micros;
  std::erase_if(taints_, [&](const auto& each) { return each.second.until_micros < now_micros; });
  runs_.clear();
  for (const auto& [whose, taint] : taints_) {
    if (whose.starts_with(kRun)) runs_.add(taint.user);
  }
}

bool Taints::any(const std::vector<std::string>& whose, int64_t now_micros) const {
  const std::lock_guard lock(mutex_);
  if (!known_) return true;
  for (const auto& each : whose) {
    const auto known = taints_.find(each);
    if (known != taints_.end() && known->second.until_micros > now_micros) return true;
  }
  return false;
}

}  // namespace sluice::gateway
