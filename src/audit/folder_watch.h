#pragma once

#include <cstdint>
#include <filesystem>

#include "base/clock.h"

namespace sluice::audit {

/// Spares listing a folder that holds the same files as last time.
class FolderWatch {
 public:
  /// Whether files may have been made in `folder`, renamed or removed since this was asked last.
  bool changed(const std::filesystem::path& folder);

 private:
  int64_t modified_nanos_ = 0;  ///< wall clock: the folder's own time when it was looked at
  int64_t looked_nanos_ = 0;    ///< wall clock: when that was
  Clock::time_point told_{};    ///< when it was last said that it may have changed
};

}  // namespace sluice::audit
