#include "mask/sightings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/hash.h"
#include "mask/siphash.h"

namespace sluice::mask {
namespace {

/// What is left of each byte when only what tells one value from another is kept; 0: nothing.
constexpr std::array<char, 256> kFolded = [] {
  std::array<char, 256> folded{};
  for (size_t i = 0; i < folded.size(); ++i) {
    const auto c = static_cast<char>(i);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '@' || i >= 0x80;
    folded.at(i) = upper ? static_cast<char>(c + 32) : kept ? c : '\0';
  }
  return folded;
}();

/// Into `buffer`, of which the result is a part.
Bytes fold(Bytes value, std::string& buffer) {
  if (buffer.size() < value.size()) buffer.resize(value.size());
  size_t size = 0;
  bool digits_only = true;
  for (const char c : value) {
    const char kept = kFolded[static_cast<unsigned char>(c)];
    buffer[size] = kept;
    size += kept != '\0';
    digits_only &= kept == '\0' || (kept >= '0' && kept <= '9');
  }
  const Bytes folded = Bytes(buffer).substr(0, size);
  // 0049 and +49 are the same.
  return digits_only && folded.starts_with("00") ? folded.substr(2) : folded;
}

/// As libsodium's crypto_shorthash.
uint64_t digest_of(const SightingKey& key, Bytes folded) {
  return SipHash(folded, key.data(), SipHash::Output::k64).first();
}

/// Sorts digests, which are spread evenly: each goes at once to about where it belongs, and those
/// that meet there are few.
void sort_even(std::vector<uint64_t>& digests) {
  constexpr size_t kLeast = 256;
  if (digests.size() < kLeast) return std::sort(digests.begin(), digests.end());
  const unsigned shift = 64 - static_cast<unsigned>(std::bit_width(digests.size() / 4));
  std::vector<uint32_t> ends((size_t{1} << (64 - shift)) + 1);
  for (const uint64_t digest : digests) ++ends[(digest >> shift) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<uint64_t> sorted(digests.size());
  // Leaves in each place where the next one begins.
  for (const uint64_t digest : digests) sorted[ends[digest >> shift]++] = digest;
  auto begin = sorted.begin();
  for (const uint32_t end : ends) {
    const auto until = sorted.begin() + end;
    if (until - begin > 1) std::sort(begin, until);
    begin = until;
  }
  digests.swap(sorted);
}

}  // namespace

SightingKey sighting_key(std::string_view installation_secret) {
  const auto hash = sha256("sluice sightings\n" + std::string(installation_secret));
  SightingKey key;
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

std::optional<uint64_t> sighting(const SightingKey& key, Bytes value) {
  std::string buffer;
  const Bytes folded = fold(value, buffer);
  return folded.empty() ? std::nullopt : std::optional(digest_of(key, folded));
}

void Sightings::note(Bytes value, bool masked) {
  const Bytes folded = fold(value, buffer_);
  if (folded.empty()) return;  // Nothing that would tell it from another.
  const uint64_t digest = digest_of(key_, folded);
  Set& set = sets_[masked ? 1 : 0];
  uint64_t& recent = set.recent[digest % kRecent];
  if (recent == digest) return;
  recent = digest;
  set.digests.push_back(digest);
}

std::vector<uint64_t> Sightings::take(bool masked) {
  Set& set = sets_[masked ? 1 : 0];
  std::vector<uint64_t> out = std::move(set.digests);
  set = {};
  sort_even(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Sightings::remember(const std::vector<uint64_t>& taken) {
  if (!before_) before_.emplace(kCounted);
  for (const uint64_t digest : taken) before_->add(digest);
}

uint64_t Sightings::shown(const std::vector<uint64_t>& last) {
  if (!before_) return 0;
  remember(last);
  return before_->count();
}

}  // namespace sluice::mask
