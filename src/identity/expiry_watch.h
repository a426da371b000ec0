#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "identity/directory.h"

namespace sluice::identity {

/// Which credentials' time is over, whatever the machine's clock is set to meanwhile. Each has,
/// from when it is first seen, as long as it then had left: a clock that is set back makes none
/// last longer, and what has ended does not come to life again. Not thread-safe.
class ExpiryWatch {
 public:
  /// Ids of those in `directory` that are over and not ended yet. Microseconds since 1970: `wall`,
  /// as the machine has it, and `onward`, which never goes back (OnwardClock).
  std::vector<std::string> over(const Directory& directory, int64_t wall, int64_t onward);

 private:
  std::unordered_map<std::string, int64_t> until_;  ///< by `onward`
};

}  // namespace sluice::identity
