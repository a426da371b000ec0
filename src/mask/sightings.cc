#include "mask/sightings.h"

#include <algorithm>

#include <hwy/contrib/sort/vqsort.h>

#include "base/hash.h"
#include "mask/folded.h"
#include "mask/siphash.h"
#include "mask/siphash_lanes.h"

namespace sluice::mask {
namespace {

/// As libsodium's crypto_shorthash.
uint64_t digest_of(const SightingKey& key, Bytes folded) {
  return SipHash(folded, key.data(), SipHash::Output::k64).first();
}

void sort(std::vector<uint64_t>& digests) {
  constexpr size_t kFew = 128;  // not worth what a Sorter allocates
  if (digests.size() < kFew) {
    std::ranges::sort(digests);
    return;
  }
  hwy::Sorter()(digests.data(), digests.size(), hwy::SortAscending());
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

void Sightings::note_slowly(Bytes value, bool masked) {
  const Bytes folded = fold(value, buffer_);
  if (!folded.empty()) add(digest_of(key_, folded), masked);
}

void Sightings::hash_waiting() {
  fold_short(waiting_, folded_);
  for (size_t i = 0; i < folded_.zeros_first_count; ++i) {
    const uint8_t index = folded_.zeros_first[i];
    note_slowly(waiting_[index], waiting_masked_[index]);
  }
  std::array<uint64_t, kLanes> digests;
  for (size_t blocks = 1; blocks <= kMostBlocks; ++blocks) {
    const uint8_t* which = folded_.by_blocks[blocks - 1].data();
    for (size_t left = folded_.counts[blocks - 1]; left > 0; which += kLanes) {
      const size_t now = std::min(left, kLanes);
      siphash_lanes(folded_.messages.data(), which, blocks, key_.data(), digests);
      for (size_t i = 0; i < now; ++i) add(digests[i], waiting_masked_[which[i]]);
      left -= now;
    }
  }
  waiting_.clear();
}

void Sightings::add(uint64_t digest, bool masked) {
  Set& set = sets_[masked ? 1 : 0];
  uint64_t& recent = set.recent[digest % kRecent];
  if (recent == digest) return;
  recent = digest;
  set.digests.push_back(digest);
}

const std::vector<uint64_t>& Sightings::digests_shown() {
  hash_waiting();
  return sets_[0].digests;
}

std::vector<uint64_t> Sightings::take(bool masked) {
  hash_waiting();
  Set& set = sets_[masked ? 1 : 0];
  std::vector<uint64_t> out = std::move(set.digests);
  set = {};
  sort(out);
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
