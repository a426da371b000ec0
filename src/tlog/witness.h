#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tlog/checkpoint.h"

namespace sluice::tlog {

// What a log asks of a witness, and what a witness answers (c2sp.org/tlog-witness).

struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Hash> proof;  ///< that the old tree begins the new one
  std::string checkpoint;   ///< the signed note
};

std::string format_add_checkpoint(const AddCheckpoint& request);
Result<AddCheckpoint> parse_add_checkpoint(std::string_view body);

/// What a witness has cosigned last of a log; size 0 before the first time.
struct Witnessed {
  uint64_t size = 0;
  Hash root = empty_root();
};

struct WitnessVerdict {
  int status = 0;  ///< of HTTP; 200: to be kept and then cosigned
  std::string why;
  Checkpoint checkpoint;
};

/// What to answer. `keys` are those of the logs that are watched, which are named by their origins;
/// `latest` says what was cosigned last of one.
WitnessVerdict judge(const AddCheckpoint& request, const std::vector<VerifierKey>& keys,
                     const std::function<Witnessed(const std::string& origin)>& latest);

}  // namespace sluice::tlog
