#include "tlog/proof.h"

#include <algorithm>
#include <bit>

namespace sluice::tlog {
namespace {

/// Hashes of a tree of fixed size, from its tiles.
class Tree {
 public:
  Tree(uint64_t size, const ReadTile& read) : size_(size), read_(read) {}

  /// MTH(D[begin:end]).
  Result<Hash> range(uint64_t begin, uint64_t end) const {
    const uint64_t count = end - begin;
    if (std::has_single_bit(count) && begin % count == 0) return perfect(begin, count);
    const uint64_t k = split_point(count);
    SLUICE_ASSIGN(const auto left, range(begin, begin + k));
    SLUICE_ASSIGN(const auto right, range(begin + k, end));
    return node_hash(left, right);
  }

 private:
  /// Of a perfect subtree: some of the hashes of the tile that is just above its leaves' level.
  Result<Hash> perfect(uint64_t begin, uint64_t count) const {
    const int height = std::countr_zero(count);
    const int level = height / 8;
    const uint64_t wanted = uint64_t{1} << (height % 8);
    const uint64_t first = begin >> (8 * level);
    const uint64_t index = first / kTileWidth;
    const uint64_t width = std::min(kTileWidth, level_size(size_, level) - index * kTileWidth);
    SLUICE_ASSIGN(const auto tile, read_({level, index, width}));
    std::vector<Hash> hashes(wanted);
    std::memcpy(hashes.data(), tile.data() + first % kTileWidth * sizeof(Hash),
                wanted * sizeof(Hash));
    return perfect_root(hashes);
  }

  uint64_t size_;
  const ReadTile& read_;
};

Result<> subproof(const Tree& tree, uint64_t old_size, uint64_t begin, uint64_t end, bool whole,
                  std::vector<Hash>& proof) {
  if (old_size == end - begin) {
    if (whole) return {};
    SLUICE_ASSIGN(const auto hash, tree.range(begin, end));
    proof.push_back(hash);
    return {};
  }
  const uint64_t k = split_point(end - begin);
  const bool left = old_size <= k;
  SLUICE_TRY(left ? subproof(tree, old_size, begin, begin + k, whole, proof)
                  : subproof(tree, old_size - k, begin + k, end, false, proof));
  SLUICE_ASSIGN(const auto other, left ? tree.range(begin + k, end) : tree.range(begin, begin + k));
  proof.push_back(other);
  return {};
}

}  // namespace

Result<Hash> root_of(uint64_t size, const ReadTile& read) {
  if (size == 0) return empty_root();
  return Tree(size, read).range(0, size);
}

Result<std::vector<Hash>> inclusion_proof(uint64_t index, uint64_t size, const ReadTile& read) {
  if (index >= size) {
    return fail(ErrorCode::kNotFound,
                "entry " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  }
  const Tree tree(size, read);
  std::vector<Hash> proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + split_point(end - begin);
    const bool left = index < middle;
    SLUICE_ASSIGN(const auto other, left ? tree.range(middle, end) : tree.range(begin, middle));
    proof.push_back(other);
    (left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<std::vector<Hash>> consistency_proof(uint64_t old_size, uint64_t new_size,
                                            const ReadTile& read) {
  if (old_size > new_size) {
    return fail(ErrorCode::kInvalidInput, "a tree of " + std::to_string(new_size) +
                                              " cannot begin with one of " +
                                              std::to_string(old_size));
  }
  std::vector<Hash> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  SLUICE_TRY(subproof(Tree(new_size, read), old_size, 0, new_size, true, proof));
  return proof;
}

}  // namespace sluice::tlog
