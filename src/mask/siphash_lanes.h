#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::mask {

/// As many messages as SipHashLanes hashes at once.
inline constexpr size_t kLanes = 8;
/// Of eight bytes: the longest message has 31, the last of its blocks ends with its length.
inline constexpr size_t kMostBlocks = 4;

/// A short message as SipHash takes it: of whole blocks, little-endian, the last of them zeros but
/// for the message's end and, in its highest byte, the message's length. What is behind is of no
/// meaning: it lets whoever writes one write eight bytes at a time.
using Message = std::array<char, (kMostBlocks + 1) * 8>;

/// SipHash-2-4 with 64 bits of output of messages[which[i]] for each lane, each of `blocks` blocks,
/// by whatever vectors the machine has: four to eight messages take hardly longer than one.
void siphash_lanes(const Message* messages, const uint8_t* which, size_t blocks,
                   const unsigned char* key, std::array<uint64_t, kLanes>& out);

}  // namespace sluice::mask
