#include "gateway/cancel_keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace sluice::gateway {
namespace {

constexpr size_t kIssued = 1'000'000;

/// As many keys as protocol 3.0 gives out, in the order of their issue.
const std::vector<uint64_t>& issued_keys() {
  static const std::vector<uint64_t> keys = [] {
    std::vector<uint64_t> all(kIssued);
    for (uint64_t& key : all) {
      const std::string bytes = make_cancel_key(0);
      key = uint64_t{load_be32(bytes.data())} << 32 | load_be32(bytes.data() + 4);
    }
    return all;
  }();
  return keys;
}

/// How far a count of fair coin tosses is from its mean, in standard deviations.
double deviations(size_t heads, size_t tosses) {
  const auto n = static_cast<double>(tosses);
  return std::abs(static_cast<double>(heads) - n / 2) / (std::sqrt(n) / 2);
}

TEST(CancelKeys, Threat25_LengthsAreThoseOfTheProtocol) {
  EXPECT_EQ(make_cancel_key(0).size(), 8U);
  EXPECT_EQ(make_cancel_key(2).size(), 36U);
}

TEST(CancelKeys, Threat25_EveryBitIsATossOfItsOwn) {
  const auto& keys = issued_keys();
  for (int bit = 0; bit < 64; ++bit) {
    size_t set = 0, changed = 0, with_neighbour = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      set += keys[i] >> bit & 1;
      with_neighbour += (keys[i] ^ std::rotr(keys[i], 1)) >> bit & 1;
      if (i > 0) changed += (keys[i] ^ keys[i - 1]) >> bit & 1;
    }
    // Six deviations: one run in millions would fail by chance.
    EXPECT_LT(deviations(set, keys.size()), 6) << "bit " << bit;
    EXPECT_LT(deviations(changed, keys.size() - 1), 6) << "bit " << bit << " from key to key";
    EXPECT_LT(deviations(with_neighbour, keys.size()), 6) << "bit " << bit << " and the next";
  }
}

TEST(CancelKeys, Threat25_EveryByteTakesEveryValue) {
  const auto& keys = issued_keys();
  for (int byte = 0; byte < 8; ++byte) {
    std::array<double, 256> seen{};
    for (const uint64_t key : keys) ++seen[key >> (8 * byte) & 0xFF];
    const double each = static_cast<double>(keys.size()) / 256;
    double chi_squared = 0;
    for (const double count : seen) chi_squared += (count - each) * (count - each) / each;
    // 255 degrees of freedom: mean 255, deviation 22.6.
    EXPECT_GT(chi_squared, 255 - 6 * 22.6) << "byte " << byte << " is too even to be random";
    EXPECT_LT(chi_squared, 255 + 6 * 22.6) << "byte " << byte;
  }
}

TEST(CancelKeys, Threat25_NoKeyComesTwiceAndNeitherHalfCounts) {
  std::vector<uint64_t> keys = issued_keys();
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  // Halves of 32 bits do repeat, n^2 / 2^33 = 116 times: a counter or a permutation would not.
  for (const int shift : {0, 32}) {
    std::vector<uint32_t> halves;
    for (const uint64_t key : keys) halves.push_back(static_cast<uint32_t>(key >> shift));
    std::sort(halves.begin(), halves.end());
    size_t repeated = 0;
    for (size_t i = 1; i < halves.size(); ++i) repeated += halves[i] == halves[i - 1];
    EXPECT_GT(repeated, 50U);
    EXPECT_LT(repeated, 190U);
  }
}

__extension__ using Wide = __int128;

/// Marsaglia's way to the modulus of x' = a*x + c (mod m) from outputs alone: with differences t,
/// every t[i+2]*t[i] - t[i+1]^2 is a multiple of m, so their common divisor is m or little more.
/// Of outputs that follow no such rule it is a small number.
uint64_t common_modulus(const std::vector<uint64_t>& outputs) {
  std::vector<Wide> t;
  for (size_t i = 1; i < outputs.size(); ++i) t.push_back(Wide{outputs[i]} - Wide{outputs[i - 1]});
  Wide divisor = 0;
  for (size_t i = 0; i + 2 < t.size(); ++i) {
    Wide a = t[i + 2] * t[i] - t[i + 1] * t[i + 1];
    if (a < 0) a = -a;
    while (a != 0) divisor = std::exchange(a, divisor % a);
  }
  return static_cast<uint64_t>(divisor);
}

/// What an LCG modulo 2^64 that gave these three outputs would give next, if there is one.
std::optional<uint64_t> next_of_lcg64(uint64_t x0, uint64_t x1, uint64_t x2) {
  const uint64_t t0 = x1 - x0;
  if (t0 % 2 == 0) return std::nullopt;  // Without an inverse.
  uint64_t inverse = t0;
  for (int i = 0; i < 6; ++i) inverse *= 2 - t0 * inverse;
  const uint64_t a = (x2 - x1) * inverse;
  return x2 + a * (x2 - x1);
}

/// The shortest linear-feedback shift register that gives these bits (Berlekamp-Massey). Half as
/// long as the sequence for random bits, as short as its state for xorshift and its like.
size_t linear_complexity(const std::vector<bool>& bits) {
  const size_t n = bits.size();
  std::vector<bool> c(n + 1), b(n + 1);
  c[0] = b[0] = true;
  size_t length = 0, since = 1;
  for (size_t i = 0; i < n; ++i) {
    bool discrepancy = bits[i];
    for (size_t j = 1; j <= length; ++j) discrepancy ^= c[j] && bits[i - j];
    if (!discrepancy) {
      ++since;
      continue;
    }
    const std::vector<bool> before = c;
    for (size_t j = 0; j + since <= n; ++j) c[j + since] = c[j + since] != b[j];
    if (2 * length <= i) {
      length = i + 1 - length;
      b = before;
      since = 1;
    } else {
      ++since;
    }
  }
  return length;
}

TEST(CancelKeys, Threat25_LinearCongruenceIsRecoveredWhereThereIsOne) {
  std::vector<uint64_t> outputs;
  uint64_t x = 20'260'101;
  for (int i = 0; i < 20; ++i) outputs.push_back(x = x * 48271 % 2147483647);
  EXPECT_EQ(common_modulus(outputs) % 2147483647, 0U);

  uint64_t y = 7;
  const auto step = [&] { return y = y * 6364136223846793005U + 1442695040888963407U; };
  const uint64_t y0 = step(), y1 = step(), y2 = step(), y3 = step();
  EXPECT_EQ(next_of_lcg64(y0, y1, y2), y3);

  std::vector<bool> bits;
  uint64_t z = 88'172'645'463'325'252;
  for (int i = 0; i < 1000; ++i) {
    z ^= z << 13;
    z ^= z >> 7;
    z ^= z << 17;
    bits.push_back(z & 1);
  }
  EXPECT_LE(linear_complexity(bits), 64U);
}

TEST(CancelKeys, Threat25_NoLinearCongruenceGivesTheIssuedKeys) {
  const auto& keys = issued_keys();
  for (const int shift : {0, 16, 32}) {
    for (size_t start = 0; start < 1000; start += 20) {
      std::vector<uint64_t> outputs;
      for (size_t i = 0; i < 20; ++i) outputs.push_back(keys[start + i] >> shift & 0xFFFFFFFF);
      EXPECT_LT(common_modulus(outputs), 1U << 16);
    }
  }
  size_t tried = 0;
  for (size_t i = 0; i + 3 < keys.size(); ++i) {
    const auto next = next_of_lcg64(keys[i], keys[i + 1], keys[i + 2]);
    if (!next) continue;
    ++tried;
    EXPECT_NE(*next, keys[i + 3]);
  }
  EXPECT_GT(tried, kIssued / 3);
}

TEST(CancelKeys, Threat25_NoShiftRegisterGivesTheIssuedKeys) {
  for (const int bit : {0, 31, 32, 63}) {
    std::vector<bool> bits;
    for (size_t i = 0; i < 2000; ++i) bits.push_back(issued_keys()[i] >> bit & 1);
    EXPECT_GT(linear_complexity(bits), 970U) << "bit " << bit;
    EXPECT_LT(linear_complexity(bits), 1030U) << "bit " << bit;
  }
}

TEST(CancelKeys, Threat23_OnlyTheWholeKeyIsFound) {
  CancelKeys keys;
  const std::string key = make_cancel_key(2);
  keys.emplace(key, nullptr);
  EXPECT_TRUE(keys.contains(key));
  for (size_t i = 0; i < key.size(); ++i) {
    std::string other = key;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(keys.contains(other));
  }
  EXPECT_FALSE(keys.contains(key.substr(0, 8)));
  EXPECT_FALSE(keys.contains(key + '\0'));
}

}  // namespace
}  // namespace sluice::gateway
