#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice {

/// Keyed 64-bit hash (SipHash-2-4 with a per-process random key): table keys that a peer chooses
/// cannot be made to collide on purpose.
uint64_t keyed_hash(Bytes bytes);

/// SHA-256 (FIPS 180-4), 32 raw bytes.
std::array<char, 32> sha256(Bytes bytes);

/// HMAC-SHA-256 (RFC 2104), 32 raw bytes.
std::array<char, 32> hmac_sha256(Bytes key, Bytes bytes);

/// SHA-256, SHA-384 or SHA-512, as `bits` says (FIPS 180-4), raw bytes.
std::string sha2(unsigned bits, Bytes bytes);

/// MD5 (RFC 1321), 16 raw bytes: for headers that ask for it, never for anything that must hold.
std::array<char, 16> md5(Bytes bytes);

/// HMAC-SHA-1 (RFC 2104), 20 raw bytes: for one-time codes.
std::array<char, 20> hmac_sha1(Bytes key, Bytes bytes);

/// SHA-256 of data that arrives in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(Bytes bytes);
  std::array<char, 32> finish();

 private:
  struct State;
  alignas(8) std::array<unsigned char, 128> state_;
};

/// CRC-32C (Castagnoli, RFC 3720 B.4), hardware-accelerated where there is SSE 4.2; `seed` is the
/// CRC of what came before.
uint32_t crc32c(Bytes bytes, uint32_t seed = 0);

}  // namespace sluice
