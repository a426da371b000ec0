#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::mask {

/// As many messages as SipHashLanes hashes at once.
inline constexpr size_t kLanes = 8;
/// Of eight bytes: the longest message has 31, the last of its blocks ends with its length.
inline constexpr size_t kMostBlocks = 4;

/// Short messages of equally many blocks, padded as SipHash has it: blocks[i][j] is block i of
/// message j, little-endian.
using LaneBlocks = std::array<std::array<uint64_t, kLanes>, kMostBlocks>;

/// SipHash-2-4 with 64 bits of output of the first `count` blocks of each message, by whatever
/// vectors the machine has: four to eight messages take hardly longer than one.
void siphash_lanes(const LaneBlocks& blocks, size_t count, const unsigned char* key,
                   std::array<uint64_t, kLanes>& out);

}  // namespace sluice::mask
