#include "mask/permuter.h"

#include <cmath>

#include <sodium.h>

#include "mask/siphash.h"

namespace sluice::mask {
namespace {

/// Domains up to this size are permuted without fixed points: in them a value would too often stand
/// for itself.
constexpr uint64_t kSmall = 4096;
/// From this many symbols on, four rounds do (Luby and Rackoff); fewer get more.
constexpr size_t kManySymbols = 10;

/// A number below `bound` out of random bits, which keep what is left: successive calls on the same
/// word are like drawing digits of a fraction.
uint64_t draw(uint64_t& bits, uint64_t bound) {
  const auto product = static_cast<unsigned __int128>(bits) * bound;
  bits = static_cast<uint64_t>(product);
  return static_cast<uint64_t>(product >> 64);
}

uint64_t add(uint64_t x, uint64_t by, uint64_t size, bool backwards) {
  if (backwards) return x >= by ? x - by : x + (size - by);
  return x >= size - by ? x - (size - by) : x + by;
}

/// Pseudorandom numbers that depend on all of a byte string; one pass over it, whatever is drawn.
class Stream {
 public:
  Stream(Bytes bytes, const unsigned char* key)
      : key_(key), hash_(bytes, key), first_(hash_.first()), bits_(first_) {}

  uint64_t below(uint16_t bound) {
    if (drawn_ > (uint64_t{1} << 40)) refill();
    drawn_ *= bound;
    return draw(bits_, bound);
  }

 private:
  void refill() {
    // The first refill takes the digest's other half.
    if (counter_++ == 0) {
      bits_ = second_ = hash_.second();
    } else {
      const std::array<uint64_t, 3> block{first_, second_, counter_};
      crypto_shorthash(reinterpret_cast<unsigned char*>(&bits_),
                       reinterpret_cast<const unsigned char*>(block.data()), sizeof block, key_);
    }
    drawn_ = 1;
  }

  const unsigned char* key_;
  SipHash hash_;
  uint64_t first_, second_ = 0;  ///< its halves
  uint64_t bits_;
  uint64_t counter_ = 0;
  uint64_t drawn_ = 1;  ///< how many values the numbers drawn from bits_ could have had
};

Bytes as_bytes(std::span<const uint16_t> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

Permuter::Permuter(const SecretString& key) {
  const auto master = key.reveal();
  std::array<unsigned char, 32> root{};
  static constexpr std::string_view kPurpose = "sluice pseudonyms";
  crypto_generichash_state state;
  crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(kPurpose.data()),
                          kPurpose.size(), root.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(master.data()),
                            master.size());
  crypto_generichash_final(&state, root.data(), root.size());
  uint64_t number = 0;
  for (Key& one : round_keys_) {
    crypto_kdf_derive_from_key(one.data(), one.size(), number++, "maskrnds", root.data());
  }
  crypto_kdf_derive_from_key(digest_key_.data(), digest_key_.size(), number, "maskrnds",
                             root.data());
  sodium_memzero(root.data(), root.size());
  sodium_memzero(&state, sizeof state);
}

Permuter Permuter::backwards() const {
  Permuter other = *this;
  other.backwards_ = !backwards_;
  return other;
}

void Permuter::run(Halves& halves, bool backwards) const {
  for (int i = 0; i < kRounds; ++i) {
    const int number = backwards ? kRounds - 1 - i : i;
    const bool left = number % 2 == 0;
    const uint64_t source = left ? halves.right : halves.left;
    uint64_t hash;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                     reinterpret_cast<const unsigned char*>(&source), sizeof source,
                     round_keys_[static_cast<size_t>(number)].data());
    uint64_t& target = left ? halves.left : halves.right;
    const uint64_t size = left ? halves.lefts : halves.rights;
    target = add(target, draw(hash, size), size, backwards);
  }
}

uint64_t Permuter::walk(uint64_t x, uint64_t size, bool backwards) const {
  // The smallest near-square that holds the domain; the few numbers beyond it are walked through.
  auto lefts = static_cast<uint64_t>(std::sqrt(static_cast<double>(size)));
  while (lefts * lefts < size) ++lefts;
  const uint64_t rights = (size + lefts - 1) / lefts;
  do {
    Halves halves{x / rights, x % rights, lefts, rights};
    run(halves, backwards);
    x = halves.left * rights + halves.right;
  } while (x >= size);
  return x;
}

uint64_t Permuter::permute(uint64_t x, uint64_t size) const {
  if (size < 2) return x;
  if (size > kSmall) return walk(x, size, backwards_);
  // A rotation seen through a permutation: no fixed point, whatever the permutation.
  uint64_t key;
  std::memcpy(&key, digest_key_.data(), sizeof key);
  const uint64_t by = 1 + key % (size - 1);
  return walk(add(walk(x, size, false), by, size, backwards_), size, true);
}

void Permuter::round(int number, std::span<const uint16_t> source, std::span<uint16_t> target,
                     std::span<const uint16_t> radices, bool backwards) const {
  Stream stream(as_bytes(source), round_keys_[static_cast<size_t>(number)].data());
  for (size_t i = 0; i < target.size(); ++i) {
    target[i] =
        static_cast<uint16_t>(add(target[i], stream.below(radices[i]), radices[i], backwards));
  }
}

void Permuter::run(std::span<uint16_t> values, std::span<const uint16_t> radices,
                   bool backwards) const {
  const size_t half = values.size() / 2;
  const int rounds = values.size() >= kManySymbols ? 4 : kRounds;
  for (int i = 0; i < rounds; ++i) {
    const int number = backwards ? rounds - 1 - i : i;
    if (number % 2 == 0) {
      round(number, values.subspan(half), values.first(half), radices.first(half), backwards);
    } else {
      round(number, values.first(half), values.subspan(half), radices.subspan(half), backwards);
    }
  }
}

void Permuter::permute(std::span<uint16_t> values, std::span<const uint16_t> radices) const {
  if (values.empty()) return;
  if (values.size() == 1) {
    values[0] = static_cast<uint16_t>(permute(values[0], radices[0]));
    return;
  }
  uint64_t size = 1;
  for (size_t i = 0; i < radices.size() && size <= kSmall; ++i) size *= radices[i];
  size_t first = 0;
  while (first < radices.size() && radices[first] < 2) ++first;
  if (size > kSmall || first == radices.size()) {
    run(values, radices, backwards_);
    return;
  }
  run(values, radices, false);
  values[first] = static_cast<uint16_t>(add(values[first], 1, radices[first], backwards_));
  run(values, radices, true);
}

std::array<char, 16> Permuter::digest(Bytes bytes) const {
  std::array<char, 16> out{};
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                              digest_key_.data());
  return out;
}

}  // namespace sluice::mask
