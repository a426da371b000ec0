#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/secret.h"

namespace sluice::mask {

/// Keyed permutations of small domains: what pseudonyms are made with. Being permutations,
/// different values never meet in one pseudonym, so joins and counts over pseudonyms are exact; and
/// who has the key can go back (`backwards`), so a pseudonym in a predicate can find its row.
///
/// Feistel networks over products of residues, with SipHash-2-4 (a PRF with a 128-bit key) as the
/// round function: a block cipher or HMAC by way of EVP costs ten times as much a value. Domains of
/// a few thousand values are permuted without a fixed point. Immutable, for any number of threads.
class Permuter {
 public:
  /// Any secret; the round keys are derived from it.
  explicit Permuter(const SecretString& key);

  /// The inverse of every permutation.
  Permuter backwards() const;

  /// Of 0 ≤ x < size; size at most 2^63.
  uint64_t permute(uint64_t x, uint64_t size) const;

  /// Of the tuples with values[i] < radices[i]; both spans are of one length, no radix is 0.
  void permute(std::span<uint16_t> values, std::span<const uint16_t> radices) const;

  /// A keyed digest; one way, the same also backwards.
  std::array<char, 16> digest(Bytes bytes) const;

 private:
  static constexpr int kRounds = 8;
  using Key = std::array<unsigned char, 16>;
  struct Halves {
    uint64_t left, right, lefts, rights;
  };

  void run(Halves& halves, bool backwards) const;
  uint64_t walk(uint64_t x, uint64_t size, bool backwards) const;
  void run(std::span<uint16_t> values, std::span<const uint16_t> radices, bool backwards) const;
  void round(int number, std::span<const uint16_t> source, std::span<uint16_t> target,
             std::span<const uint16_t> radices, bool backwards) const;

  std::array<Key, kRounds> round_keys_{};
  Key digest_key_{};
  bool backwards_ = false;
};

}  // namespace sluice::mask
