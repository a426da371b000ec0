#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "stream/anchor_target.h"

namespace sluice::stream {

/// A witness (c2sp.org/tlog-witness), which cosigns what goes on from what it has seen. The latest
/// cosigned checkpoint is kept as `<audit>/tlog/cosigned/<name>`.
Result<std::unique_ptr<AnchorTarget>> make_witness_anchor(const config::AnchorConfig& config,
                                                          const std::filesystem::path& audit,
                                                          const std::atomic<bool>& stopping);

}  // namespace sluice::stream
