#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::audit {

/// What is wrong with a log, and where.
struct Finding {
  enum class Kind : uint8_t {
    kAltered,   ///< a record, or its entry in the tree, is not what was logged
    kMissing,   ///< a record that the tree has is not in the log
    kDamaged,   ///< bytes of a segment that are no record
    kRepeated,  ///< a record is there twice
    kErased,    ///< a record was erased, and no record says by whom and why
    kTree,      ///< tiles do not add up to the signed checkpoint
    kForged,    ///< a checkpoint is not signed by the log's key
    kCut,       ///< a checkpoint from elsewhere, or a change of key, covers more than the log has
    kForked,    ///< a checkpoint from elsewhere, or that at a change of key, is of another tree
  };
  Kind kind = Kind::kAltered;
  uint64_t first = 0;  ///< records concerned; 0: not told
  uint64_t last = 0;
  std::string file = {};  ///< where the bytes are, when that is known
  uint64_t offset = 0;
  std::string text = {};
};

/// "altered", "missing", …
std::string_view name_of(Finding::Kind kind);

struct VerifyOptions {
  std::filesystem::path audit;  ///< `<state>/audit` or a copy of it: `log/` and `tlog/`
  tlog::VerifierKey key;        ///< the log's, known from elsewhere
  /// Signed checkpoints that were kept elsewhere: by a witness, in an anchor, by the verifier.
  std::vector<std::string> checkpoints = {};
  /// Only the records from `first` to `last` are compared with the tree, which is checked whole.
  uint64_t first = 1;
  uint64_t last = UINT64_MAX;
  /// Told how many records of how many are done, at the beginning and now and then.
  std::function<void(uint64_t done, uint64_t all)> progress = {};
};

struct VerifyReport {
  tlog::Checkpoint head;
  uint64_t records = 0;    ///< compared with the tree
  uint64_t erased = 0;     ///< whose place is there and whose content is not, as a record says
  uint64_t lost = 0;       ///< numbers that a crash swallowed
  uint64_t uncovered = 0;  ///< written since the last checkpoint
  std::vector<Finding> findings;  ///< at most kMaxFindings
  bool more_findings = false;
  bool good() const { return findings.empty(); }
};
inline constexpr size_t kMaxFindings = 1000;

/// Checks a log with nothing but its files and the public key. An error: the files cannot be read.
Result<VerifyReport> verify_log(const VerifyOptions& options);

}  // namespace sluice::audit
