#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "audit/damage.h"
#include "audit/record_view.h"

namespace sluice::audit {

/// Gathers, while a log is verified, what stands behind the last records of its segments, and what
/// says whether it may be there. What a crash tears is moved to a file of its own when the log is
/// opened again (audit/torn_segment.h), so nothing but zeros stands behind the last record of a
/// segment that is complete, or that must be by now.
class TailWatch {
 public:
  /// Bytes that are not zero behind record `last`, the last one of a complete segment.
  void note(const std::filesystem::path& segment, uint64_t offset, uint64_t last);
  /// A genuine record that the checkpoint covers.
  void take(uint64_t sequence, const RecordView& record);
  /// The last such record of a segment of this writer's.
  void wrote(uint32_t writer, uint64_t last);
  /// Whether the segment, which does not say that it is complete, must be all the same: its writer
  /// has gone on to another, or the gateway has been stopped or started since. Once all is read.
  bool left_behind(const Damage& damage) const;
  /// What may not be there. Once all is read.
  std::vector<Finding> findings() const;

 private:
  struct Tail {
    std::filesystem::path segment;
    uint64_t offset = 0;
    uint64_t last = 0;
  };
  std::vector<Tail> tails_;
  std::set<std::string> explained_;        ///< names of segments
  std::map<uint32_t, uint64_t> furthest_;  ///< by writer
  uint64_t served_ = 0;                    ///< the latest record of a start or stop
};

}  // namespace sluice::audit
