#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "audit/segment.h"
#include "base/result.h"

namespace sluice::audit {

/// Reads single frames whose places are known; cheapest in their order.
class FrameFetcher {
 public:
  explicit FrameFetcher(std::filesystem::path log_directory)
      : directory_(std::move(log_directory)) {}

  /// The frame at `place` of a segment, valid until the next call; an error if there is no whole
  /// one, or that of another record.
  Result<const Frame*> fetch(const std::string& segment, uint64_t place, uint64_t sequence);

 private:
  std::filesystem::path directory_;
  std::string segment_;
  std::optional<SegmentReader> reader_;
  Frame frame_;
};

}  // namespace sluice::audit
