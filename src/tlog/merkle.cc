#include "tlog/merkle.h"

#include <bit>
#include <vector>

#include "base/hash.h"

namespace sluice::tlog {

Hash leaf_hash(Bytes entry) {
  Sha256 hash;
  hash.update({"\0", 1});
  hash.update(entry);
  return hash.finish();
}

Hash node_hash(const Hash& left, const Hash& right) {
  char bytes[65];
  bytes[0] = 1;
  std::memcpy(bytes + 1, left.data(), 32);
  std::memcpy(bytes + 33, right.data(), 32);
  return sha256({bytes, sizeof bytes});
}

Hash empty_root() { return sha256({}); }

uint64_t split_point(uint64_t size) { return std::bit_floor(size - 1); }

Hash perfect_root(std::span<const Hash> hashes) {
  std::vector<Hash> level(hashes.begin(), hashes.end());
  for (; level.size() > 1; level.resize(level.size() / 2)) {
    for (size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = node_hash(level[2 * i], level[2 * i + 1]);
    }
  }
  return level.front();
}

bool verify_inclusion(const Hash& leaf, uint64_t index, uint64_t size, std::span<const Hash> proof,
                      const Hash& root) {
  if (index >= size) return false;
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      // A last node without a right sibling stands for itself on the levels above.
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(uint64_t old_size, const Hash& old_root, uint64_t new_size,
                        const Hash& new_root, std::span<const Hash> proof) {
  if (old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (old_size == 0) return proof.empty() && old_root == empty_root();
  // An old tree that is perfect is itself the first node of the proof, which leaves it out.
  const bool perfect = std::has_single_bit(old_size);
  if (!perfect && proof.empty()) return false;
  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  Hash from_old = perfect ? old_root : proof.front();
  Hash from_new = from_old;
  for (const Hash& sibling : proof.subspan(perfect ? 0 : 1)) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      from_old = node_hash(sibling, from_old);
      from_new = node_hash(sibling, from_new);
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      from_new = node_hash(from_new, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && from_old == old_root && from_new == new_root;
}

}  // namespace sluice::tlog
