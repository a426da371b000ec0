#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::identity {

/// What a token can be allowed to do at the HTTP API.
std::span<const std::string_view> token_scopes();

/// How long a token may live: whoever still needs it makes a new one.
inline constexpr std::chrono::days kLongestToken{366};

/// Whether a token may be made so. kInvalidInput names what may be.
Result<> check_token(const std::vector<std::string>& scopes, Duration lifetime);

}  // namespace sluice::identity
