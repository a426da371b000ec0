#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/clock.h"
#include "policy/policy.h"

namespace sluice::policy {

/// By so much the clocks of those who say when somebody has proved who they are may be ahead: the
/// most that `clock_skew` of an identity provider may be.
inline constexpr Duration kMostAhead = std::chrono::minutes(10);

/// How long ago somebody has proved who they are; nothing: that is not known. So it is where it
/// would be later than now: the clock was set back, and what is old must not be taken for fresh.
inline std::optional<Duration> authentication_age(const Circumstances& now) {
  if (now.authenticated_micros <= 0 || now.now_micros <= 0) return std::nullopt;
  const Duration age = std::chrono::microseconds(now.now_micros - now.authenticated_micros);
  if (age < -kMostAhead) return std::nullopt;
  return std::max(age, Duration::zero());
}

}  // namespace sluice::policy
