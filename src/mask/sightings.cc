#include "mask/sightings.h"

#include <algorithm>

#include <sodium.h>

#include "base/hash.h"

namespace sluice::mask {
namespace {

/// What is left of a value when only what tells it from others is kept.
void fold(Bytes value, std::string& out) {
  out.clear();
  bool digits_only = true;
  for (const char c : value) {
    const bool digit = c >= '0' && c <= '9';
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) {
      out.push_back(static_cast<char>(c + 32));
    } else if (digit || lower || c == '@' || (c & 0x80) != 0) {
      out.push_back(c);
    }
    digits_only = digits_only && !lower && !upper && c != '@' && (c & 0x80) == 0;
  }
  // 0049 and +49 are the same.
  if (digits_only && out.starts_with("00")) out.erase(0, 2);
}

}  // namespace

SightingKey sighting_key(std::string_view installation_secret) {
  const auto hash = sha256("sluice sightings\n" + std::string(installation_secret));
  SightingKey key;
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

uint64_t sighting(const SightingKey& key, Bytes value, std::string& buffer) {
  fold(value, buffer);
  uint64_t digest = 0;
  static_assert(sizeof digest == crypto_shorthash_BYTES);
  static_assert(std::tuple_size_v<SightingKey> == crypto_shorthash_KEYBYTES);
  crypto_shorthash(reinterpret_cast<unsigned char*>(&digest),
                   reinterpret_cast<const unsigned char*>(buffer.data()), buffer.size(),
                   key.data());
  return digest;
}

void Sightings::note(Bytes value, bool masked) {
  if (value.empty()) return;
  const uint64_t digest = sighting(key_, value, buffer_);
  if (buffer_.empty()) return;  // Nothing that would tell it from another.
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
  std::sort(out.begin(), out.end());
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
