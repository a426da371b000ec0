#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace sluice::mask {

/// SipHash-2-4 of Aumasson and Bernstein, in line: pseudonyms call it on a few bytes many times a
/// value, where libsodium's call and its loops cost as much as the rounds. The second half of 128
/// bits of output is only worked out when it is asked for.
class SipHash {
 public:
  enum class Output : uint8_t { k64, k128 };

  SipHash(Bytes bytes, const unsigned char* key, Output output = Output::k128) {
    const bool wide = output == Output::k128;
    const uint64_t k0 = load(key), k1 = load(key + 8);
    v0_ = 0x736f6d6570736575ULL ^ k0;
    v1_ = 0x646f72616e646f6dULL ^ k1 ^ (wide ? 0xee : 0);
    v2_ = 0x6c7967656e657261ULL ^ k0;
    v3_ = 0x7465646279746573ULL ^ k1;
    const char* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) absorb(load(at));
    uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
    for (size_t i = 0; i < left; ++i)
      last |= static_cast<uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
    absorb(last);
    v2_ ^= wide ? 0xee : 0xff;
    for (int i = 0; i < 4; ++i) round();
  }

  uint64_t first() const { return v0_ ^ v1_ ^ v2_ ^ v3_; }
  /// Once, after `first`.
  uint64_t second() {
    v1_ ^= 0xdd;
    for (int i = 0; i < 4; ++i) round();
    return first();
  }

 private:
  template <typename Byte>
  static uint64_t load(const Byte* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    static_assert(std::endian::native == std::endian::little);
    return word;
  }
  void absorb(uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  void round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace sluice::mask
