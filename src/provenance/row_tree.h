#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "tlog/merkle.h"

namespace sluice::provenance {

/// The Merkle tree of RFC 6962 over rows as they come: one hash of each row is made, and what is
/// kept is a hash for each bit of their number.
class RowTree {
 public:
  void add(Bytes row) { add_leaf(tlog::leaf_hash(row)); }
  void add_leaf(const tlog::Hash& leaf);
  uint64_t size() const { return size_; }
  tlog::Hash root() const;

 private:
  std::vector<tlog::Hash> perfect_;  ///< roots of perfect subtrees, the largest first
  uint64_t size_ = 0;
};

}  // namespace sluice::provenance
