// OpenSSL's own way to SHA-256, EVP, costs more to set up than a short message costs to hash; the
// functions it calls deprecated do not, and use the processor's SHA instructions, as sodium's do
// not.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "base/random.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sluice {
namespace {

/// Byte-at-a-time table for machines without the instruction and for the tail.
constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

uint32_t crc32c_portable(Bytes bytes, uint32_t crc) {
  for (const unsigned char c : bytes) crc = kCrcTable[(crc ^ c) & 255] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(Bytes bytes, uint32_t crc) {
  uint64_t wide = crc;
  while (bytes.size() >= 8) {
    uint64_t chunk;
    std::memcpy(&chunk, bytes.data(), sizeof chunk);
    wide = _mm_crc32_u64(wide, chunk);
    bytes.remove_prefix(8);
  }
  crc = static_cast<uint32_t>(wide);
  for (const unsigned char c : bytes) crc = _mm_crc32_u8(crc, c);
  return crc;
}
#endif

}  // namespace

uint64_t keyed_hash(Bytes bytes) {
  static const std::array<unsigned char, crypto_shorthash_KEYBYTES> key = [] {
    std::array<unsigned char, crypto_shorthash_KEYBYTES> k;
    random_bytes(k.data(), k.size());
    return k;
  }();
  uint64_t out;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&out),
                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key.data());
  return out;
}

std::array<char, 32> sha256(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::array<char, 32> hmac_sha256(Bytes key, Bytes bytes) {
  crypto_auth_hmacsha256_state state;
  std::array<char, 32> mac;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()),
                              key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                                bytes.size());
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  return mac;
}

std::array<char, 20> hmac_sha1(Bytes key, Bytes bytes) {
  std::array<char, 20> out;
  unsigned int size = out.size();
  HMAC(EVP_sha1(), key.empty() ? "" : key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

std::string sha2(unsigned bits, Bytes bytes) {
  std::string digest(bits / 8, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(digest.data());
  const auto* const from = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bits == 512) {
    SHA512(from, bytes.size(), to);
  } else if (bits == 384) {
    SHA384(from, bytes.size(), to);
  } else {
    digest.resize(SHA256_DIGEST_LENGTH);
    SHA256(from, bytes.size(), reinterpret_cast<unsigned char*>(digest.data()));
  }
  return digest;
}

std::array<char, 16> md5(Bytes bytes) {
  std::array<char, 16> digest;
  MD5(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
      reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

struct Sha256::State {
  SHA256_CTX context;
};

Sha256::Sha256() {
  static_assert(sizeof(State) <= sizeof(state_));
  SHA256_Init(&reinterpret_cast<State*>(state_.data())->context);
}

Sha256::~Sha256() { sodium_memzero(state_.data(), state_.size()); }

void Sha256::update(Bytes bytes) {
  SHA256_Update(&reinterpret_cast<State*>(state_.data())->context, bytes.data(), bytes.size());
}

std::array<char, 32> Sha256::finish() {
  std::array<char, 32> out;
  SHA256_Final(reinterpret_cast<unsigned char*>(out.data()),
               &reinterpret_cast<State*>(state_.data())->context);
  return out;
}

uint32_t crc32c(Bytes bytes, uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) return ~crc32c_sse42(bytes, ~seed);
#endif
  return ~crc32c_portable(bytes, ~seed);
}

}  // namespace sluice
