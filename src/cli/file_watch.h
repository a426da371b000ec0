#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sluice::cli {

/// Notices that a file has been written, replaced or removed.
class FileWatch {
 public:
  /// Whether `file` differs from what it was at the last call: by when it was written, by what
  /// stands under the name, or by whether anything does. The first call is for what it is now.
  bool changed(const std::string& file);

 private:
  /// Device, number, size, and when it was written and last changed at all, in ns; zeros: none.
  std::array<int64_t, 5> seen_{};
};

}  // namespace sluice::cli
