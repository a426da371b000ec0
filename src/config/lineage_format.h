#pragma once

#include "config/streams.h"

namespace sluice::config {

inline constexpr auto kOpenLineage = static_cast<StreamFormat>(3);

}  // namespace sluice::config
