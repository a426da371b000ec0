#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/tree_files.h"
#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::audit {

/// A key of the log, and up to which size of the tree its signature counts.
struct KeyPeriod {
  tlog::VerifierKey key;
  uint64_t until = UINT64_MAX;
};

/// The keys that the log has had, oldest first. Each change is a note (`rotation/1`, …) that the
/// old and the new key have signed; whoever trusts one of them can follow.
class KeyChain {
 public:
  /// An error: a note is not what both keys have signed, or none of the keys is `trusted`.
  static Result<KeyChain> load(const TreeFiles& files, const tlog::VerifierKey& trusted);

  const std::vector<KeyPeriod>& periods() const { return periods_; }
  /// The checkpoint of a note that one of the keys has signed while it counted.
  Result<tlog::Checkpoint> open(const tlog::Note& note) const;

 private:
  std::vector<KeyPeriod> periods_;
};

/// The note of the N-th change of the key, N from 1. kNotFound: there were not so many.
Result<std::string> read_rotation(const TreeFiles& files, size_t number);

/// Lets `next` take over from `old` behind the first `head.size` records.
Result<> rotate_key(const TreeFiles& files, const tlog::Checkpoint& head, tlog::Signer& old,
                    tlog::Signer& next);

}  // namespace sluice::audit
