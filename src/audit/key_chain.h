#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/tree_files.h"
#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::audit {

/// A key of the log, and for which sizes of the tree its signature counts.
struct KeyPeriod {
  tlog::VerifierKey key;
  uint64_t from = 0;
  uint64_t until = UINT64_MAX;
};

/// Why a tree is not the one over which the keys were changed.
struct KeyConflict {
  size_t number = 0;   ///< of the change
  bool cut = false;    ///< the tree is smaller than at the change; else it is another one
  uint64_t first = 0;  ///< records concerned
  uint64_t last = 0;
  std::string text;
};

/// The keys that the log has had, oldest first. Each change is a note (`rotation/1`, …) that the
/// old and the new key have signed, over the head of the tree as it was then; whoever trusts one of
/// them can follow.
class KeyChain {
 public:
  /// An error: a note is not what both keys have signed, or none of the keys is `trusted`.
  static Result<KeyChain> load(const TreeFiles& files, const tlog::VerifierKey& trusted);

  const std::vector<KeyPeriod>& periods() const { return periods_; }
  /// The checkpoint of a note that one of the keys has signed while it counted.
  Result<tlog::Checkpoint> open(const tlog::Note& note) const;
  /// Whether the tree with this head grew out of those over which the keys were changed: what holds
  /// a key that has been replaced cannot sign another beginning. Nothing: it did.
  std::optional<KeyConflict> conflict(const tlog::Checkpoint& head,
                                      const tlog::ReadTile& read) const;

 private:
  std::vector<KeyPeriod> periods_;
  std::vector<tlog::Checkpoint> changes_;  ///< the heads at which the keys were changed
};

/// Where the note of the N-th change of the key is, N from 1.
std::filesystem::path rotation_file(const TreeFiles& files, size_t number);

/// The note of the N-th change of the key, N from 1. kNotFound: there were not so many.
Result<std::string> read_rotation(const TreeFiles& files, size_t number);

/// Lets `next` take over from `old` behind the first `head.size` records. Where it fails, `old` is
/// in force still, unless the note is there all the same (`is_rotated`).
Result<> rotate_key(const TreeFiles& files, const tlog::Checkpoint& head, tlog::Signer& old,
                    tlog::Signer& next);

/// Whether a note says that `next` has taken over at last; it may not have reached the disk.
bool is_rotated(const TreeFiles& files, const tlog::VerifierKey& next);

}  // namespace sluice::audit
