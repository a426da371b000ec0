#include "provenance/row_tree.h"

namespace sluice::provenance {

void RowTree::add_leaf(const tlog::Hash& leaf) {
  tlog::Hash hash = leaf;
  // As a carry in binary: equal subtrees are joined.
  for (uint64_t carry = size_; (carry & 1) != 0; carry >>= 1) {
    hash = tlog::node_hash(perfect_.back(), hash);
    perfect_.pop_back();
  }
  perfect_.push_back(hash);
  ++size_;
}

tlog::Hash RowTree::root() const {
  if (perfect_.empty()) return tlog::empty_root();
  tlog::Hash hash = perfect_.back();
  for (size_t i = perfect_.size() - 1; i > 0; --i) hash = tlog::node_hash(perfect_[i - 1], hash);
  return hash;
}

}  // namespace sluice::provenance
