#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sluice::tlog {

// The Merkle tree of RFC 6962, section 2.1, over SHA-256.

using Hash = std::array<char, 32>;

inline Bytes view(const Hash& hash) { return {hash.data(), hash.size()}; }

/// SHA-256(0x00 || entry).
Hash leaf_hash(Bytes entry);
/// SHA-256(0x01 || left || right).
Hash node_hash(const Hash& left, const Hash& right);
/// Of the tree without leaves: SHA-256 of nothing.
Hash empty_root();

/// The largest power of two below `size`, where a tree of that size is split; `size` at least 2.
uint64_t split_point(uint64_t size);

/// The root of a perfect tree over `hashes`, a power of two of them.
Hash perfect_root(std::span<const Hash> hashes);

/// Whether `proof` leads from the leaf at `index` to the root of a tree of `size` leaves (RFC 9162,
/// section 2.1.3.2).
bool verify_inclusion(const Hash& leaf, uint64_t index, uint64_t size, std::span<const Hash> proof,
                      const Hash& root);

/// Whether `proof` shows that the tree of `new_size` leaves begins with that of `old_size` (RFC
/// 9162, section 2.1.4.2). Every tree begins with the empty one.
bool verify_consistency(uint64_t old_size, const Hash& old_root, uint64_t new_size,
                        const Hash& new_root, std::span<const Hash> proof);

}  // namespace sluice::tlog
