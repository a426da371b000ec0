#pragma once

#include <atomic>
#include <memory>

#include "stream/anchor_target.h"

namespace sluice::stream {

/// A log host that takes messages of RFC 5424.
Result<std::unique_ptr<AnchorTarget>> make_syslog_anchor(const config::AnchorConfig& config,
                                                         const std::atomic<bool>& stopping);

}  // namespace sluice::stream
