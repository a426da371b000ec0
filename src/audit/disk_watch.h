#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

#include "base/log.h"

namespace sluice::audit {

/// Notices when the log's disk becomes full. One thread looks, any may ask.
class DiskWatch {
 public:
  explicit DiskWatch(uint64_t low_water) : low_water_(low_water) {}

  /// Warns once each time that it falls below the low water.
  void look(const std::filesystem::path& directory) {
    std::error_code error;
    const auto space = std::filesystem::space(directory, error);
    if (error) return;
    const bool was_low = low();
    free_bytes_ = space.available;
    if (!was_low && low()) {
      log::warn("audit log: {} MB are left on its disk; when it is full, statements are refused",
                space.available >> 20);
    }
  }
  /// As it was looked at last.
  uint64_t free_bytes() const { return free_bytes_.load(std::memory_order_relaxed); }
  bool low() const { return free_bytes() < low_water_; }

 private:
  uint64_t low_water_;
  std::atomic<uint64_t> free_bytes_{UINT64_MAX};
};

}  // namespace sluice::audit
