#include "audit/subject_set.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <optional>

namespace sluice::audit {
namespace {

constexpr char kWhole = 1;
constexpr char kCoarse = 2;  ///< as sets were coded before 2026-11-29: is read
constexpr char kFine = 3;
constexpr unsigned kCoarseBits = 20;  ///< a false positive in 2^20
constexpr unsigned kFineBits = 29;
constexpr uint64_t kMostDigests = uint64_t{1} << 34;

using Wide = unsigned __int128;

/// What a set of `size` digests is coded in: each takes `bits` and about two more.
struct Coding {
  uint64_t size = 0;
  unsigned bits = kFineBits;

  /// Coded values are less.
  uint64_t range() const { return size << bits; }
  /// Spreads 64 bits evenly.
  uint64_t spread(uint64_t digest) const {
    return static_cast<uint64_t>((Wide{digest} * range()) >> 64);
  }
};

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  /// The low `count` bits, at most 32; the others of `value` are 0.
  void put(uint64_t value, unsigned count) {
    static_assert(std::endian::native == std::endian::little);
    word_ |= value << used_;
    used_ += count;
    if (used_ < 32) return;
    out_.append(reinterpret_cast<const char*>(&word_), 4);
    word_ >>= 32;
    used_ -= 32;
  }
  /// A difference: as many ones as it has 2^kFineBits, a zero, and the rest.
  void rice(uint64_t step) {
    uint64_t quotient = step >> kFineBits;
    for (; quotient >= 3; quotient -= 3) put(7, 3);  // so that all else is 32 bits at most
    const uint64_t rest = step & ((uint64_t{1} << kFineBits) - 1);
    put(((uint64_t{1} << quotient) - 1) | rest << (quotient + 1),
        static_cast<unsigned>(quotient) + 1 + kFineBits);
  }
  void finish() { out_.append(reinterpret_cast<const char*>(&word_), (used_ + 7) / 8); }

 private:
  std::string& out_;
  uint64_t word_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(Bytes in) : in_(in) {}
  bool bit() {
    if (at_ / 8 >= in_.size()) {
      good_ = false;
      return false;
    }
    const bool one = ((in_[at_ / 8] >> (at_ % 8)) & 1) != 0;
    ++at_;
    return one;
  }
  /// The next difference; nothing where the bits are at an end.
  std::optional<uint64_t> rice(unsigned bits) {
    uint64_t quotient = 0;
    while (bit()) ++quotient;
    uint64_t rest = 0;
    for (unsigned i = 0; i < bits; ++i) rest |= uint64_t{bit()} << i;
    if (!good_) return std::nullopt;
    return (quotient << bits) | rest;
  }

 private:
  Bytes in_;
  size_t at_ = 0;
  bool good_ = true;
};

void append_le64(std::string& out, uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), 8);
}

uint64_t le64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}

bool is_whole(Bytes set) { return !set.empty() && set[0] == kWhole && (set.size() - 1) % 8 == 0; }
bool is_coded(Bytes set) {
  return set.size() > 9 && (set[0] == kCoarse || set[0] == kFine) &&
         le64(set.data() + 1) < kMostDigests;
}
/// Of a coded set.
Coding coding_of(Bytes set) {
  return {le64(set.data() + 1), set[0] == kCoarse ? kCoarseBits : kFineBits};
}

/// Calls for each coded value until it says so; false: the set is malformed.
bool for_each_coded(Bytes set, const std::function<bool(uint64_t)>& go_on) {
  const Coding coding = coding_of(set);
  BitReader in(set.substr(9));
  uint64_t value = 0;
  for (uint64_t i = 0; i < coding.size; ++i) {
    const auto step = in.rice(coding.bits);
    if (!step) return false;
    value += *step;
    if (!go_on(value)) return true;
  }
  return true;
}

}  // namespace

std::string encode_set(const std::vector<uint64_t>& digests) {
  std::string out;
  if (digests.empty()) return out;
  if (digests.size() <= kExact) {
    out.push_back(kWhole);
    for (const uint64_t digest : digests) append_le64(out, digest);
    return out;
  }
  out.push_back(kFine);
  append_le64(out, digests.size());
  out.reserve(out.size() + digests.size() * (kFineBits + 2) / 8);
  const Coding coding{digests.size()};
  BitWriter bits(out);
  uint64_t before = 0;
  for (const uint64_t digest : digests) {
    const uint64_t value = coding.spread(digest);
    bits.rice(value - before);
    before = value;
  }
  bits.finish();
  return out;
}

Contains contains(Bytes set, uint64_t digest) {
  if (set.empty()) return Contains::kNo;
  if (is_whole(set)) {
    for (size_t at = 1; at < set.size(); at += 8) {
      if (le64(set.data() + at) == digest) return Contains::kYes;
    }
    return Contains::kNo;
  }
  if (!is_coded(set)) return Contains::kProbably;
  const uint64_t wanted = coding_of(set).spread(digest);
  bool found = false;
  const bool readable = for_each_coded(set, [&](uint64_t value) {
    found = value == wanted;
    return value < wanted;
  });
  return found || !readable ? Contains::kProbably : Contains::kNo;
}

std::optional<Found> find_any(Bytes set, std::span<const uint64_t> digests) {
  if (set.empty() || digests.empty()) return std::nullopt;
  std::optional<Found> found;
  if (is_whole(set)) {
    for (size_t i = 1; i < set.size() && !found; i += 8) {
      const uint64_t digest = le64(set.data() + i);
      const auto place = std::lower_bound(digests.begin(), digests.end(), digest);
      if (place != digests.end() && *place == digest)
        found = Found{static_cast<size_t>(place - digests.begin()), true};
    }
    return found;
  }
  if (!is_coded(set)) return Found{};
  // Spread digests ascend as the digests do.
  const Coding coding = coding_of(set);
  size_t at = 0;
  const bool readable = for_each_coded(set, [&](uint64_t value) {
    while (at < digests.size() && coding.spread(digests[at]) < value) ++at;
    if (at == digests.size()) return false;
    if (coding.spread(digests[at]) == value) found = Found{at, false};
    return !found;
  });
  return found || readable ? found : Found{};
}

std::optional<std::vector<uint64_t>> digests_in(Bytes set) {
  std::vector<uint64_t> out;
  if (set.empty()) return out;
  if (is_coded(set)) {
    const uint64_t range = coding_of(set).range();
    const bool readable = for_each_coded(set, [&](uint64_t value) {
      out.push_back(static_cast<uint64_t>((Wide{value} << 64) / range));
      return true;
    });
    return readable ? std::optional(std::move(out)) : std::nullopt;
  }
  if (!is_whole(set)) return std::nullopt;
  for (size_t at = 1; at < set.size(); at += 8) out.push_back(le64(set.data() + at));
  return out;
}

uint64_t set_size(Bytes set) {
  if (is_whole(set)) return (set.size() - 1) / 8;
  return is_coded(set) ? le64(set.data() + 1) : 0;
}

std::string sighting_word(uint32_t prefix) {
  char word[16];
  std::snprintf(word, sizeof word, "_s%06x", prefix);
  return word;
}

bool for_each_range(Bytes set, const std::function<void(uint64_t low, uint64_t high)>& each) {
  if (is_whole(set)) {
    for (size_t at = 1; at < set.size(); at += 8) {
      const uint64_t digest = le64(set.data() + at);
      each(digest, digest);
    }
    return true;
  }
  if (!is_coded(set)) return set.empty();
  const uint64_t range = coding_of(set).range();
  return for_each_coded(set, [&](uint64_t value) {
    // The digests that are spread to this value.
    each(static_cast<uint64_t>(((Wide{value} << 64) + range - 1) / range),
         static_cast<uint64_t>(((Wide{value + 1} << 64) - 1) / range));
    return true;
  });
}

void for_each_prefix(Bytes set, const std::function<void(uint32_t)>& each) {
  for_each_range(set, [&](uint64_t low, uint64_t high) {
    each(prefix_of(low));
    if (prefix_of(high) != prefix_of(low)) each(prefix_of(high));
  });
}

}  // namespace sluice::audit
