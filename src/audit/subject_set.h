#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::audit {

// A set of 64-bit digests of values as a record keeps it. Up to kExact of them stand there whole;
// more take 31 bits each (a Golomb-Rice coded set, as BIP 158 has it), which answers with no false
// negative and a false positive in 2^29: so that somebody who asks for all of kMostSpellings is
// misled at most once in a million records.

inline constexpr size_t kExact = 64;
inline constexpr size_t kMostSpellings = 512;

/// `digests` sorted, each once. Empty for none.
std::string encode_set(const std::vector<uint64_t>& digests);

enum class Contains : uint8_t { kNo, kYes, kProbably };
/// What is no set contains everything, probably: a question is not answered with no for want of
/// knowing.
Contains contains(Bytes set, uint64_t digest);

/// The first of some digests, which ascend, that a set contains.
struct Found {
  size_t which = 0;
  bool certain = false;  ///< Contains::kYes, else kProbably
};
/// All of them are looked for in one pass. What is no set contains the first, probably.
std::optional<Found> find_any(Bytes set, std::span<const uint64_t> digests);

/// All digests; of a coded set each without its last bits, the same ones for the same set. Nothing
/// for what is no set.
std::optional<std::vector<uint64_t>> digests_in(Bytes set);

/// How many digests there are; 0 for what is no set.
uint64_t set_size(Bytes set);

/// For each digest within which range it lies: whole ones have their own. False for what is no set.
bool for_each_range(Bytes set, const std::function<void(uint64_t low, uint64_t high)>& each);

/// The top 24 bits that the digests may have, for an index. Ascending, some twice.
void for_each_prefix(Bytes set, const std::function<void(uint32_t)>& each);
/// How the index calls a prefix, and a set of more digests than it takes apart.
std::string sighting_word(uint32_t prefix);
inline constexpr std::string_view kManySightings = "_s_many";
inline constexpr uint64_t kMostSightings = 1024;
constexpr uint32_t prefix_of(uint64_t digest) { return static_cast<uint32_t>(digest >> 40); }

}  // namespace sluice::audit
