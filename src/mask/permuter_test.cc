#include "mask/permuter.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sodium.h>

#include "mask/siphash.h"
#include "mask/test_values.h"

namespace sluice::mask {
namespace {

TEST(Permuter, IsAPermutationWithoutFixedPointsOfSmallDomains) {
  const auto permuter = test_permuter();
  for (const uint64_t size : {2U, 3U, 5U, 10U, 26U, 100U, 365U, 1000U, 4096U}) {
    std::set<uint64_t> seen;
    for (uint64_t x = 0; x < size; ++x) {
      const uint64_t y = permuter->permute(x, size);
      EXPECT_LT(y, size);
      EXPECT_NE(y, x) << size;
      seen.insert(y);
    }
    EXPECT_EQ(seen.size(), size);
  }
  EXPECT_EQ(permuter->permute(0, 1), 0U);
}

TEST(Permuter, IsAPermutationOfLargerDomains) {
  const auto permuter = test_permuter();
  std::set<uint64_t> seen;
  uint64_t fixed = 0;
  constexpr uint64_t kSize = 86400;
  for (uint64_t x = 0; x < kSize; ++x) {
    const uint64_t y = permuter->permute(x, kSize);
    fixed += y == x ? 1 : 0;
    seen.insert(y);
  }
  EXPECT_EQ(seen.size(), kSize);
  EXPECT_LT(fixed, 12U);  // about one is to be expected
}

TEST(Permuter, TuplesOfTwoSymbolsArePermutedWithoutFixedPoints) {
  const auto permuter = test_permuter();
  const std::vector<uint16_t> radices = {10, 26};
  std::set<std::vector<uint16_t>> seen;
  for (uint16_t a = 0; a < 10; ++a) {
    for (uint16_t b = 0; b < 26; ++b) {
      std::vector<uint16_t> values = {a, b};
      permuter->permute(values, radices);
      EXPECT_NE(values, (std::vector<uint16_t>{a, b}));
      seen.insert(values);
    }
  }
  EXPECT_EQ(seen.size(), 260U);
}

/// Every symbol of the result depends on every symbol of the input.
TEST(Permuter, OneChangeChangesAboutEverything) {
  const auto permuter = test_permuter();
  for (const size_t size : {4U, 9U, 10U, 33U, 200U}) {
    const std::vector<uint16_t> radices(size, 26);
    std::vector<uint16_t> base(size, 7);
    permuter->permute(base, radices);
    for (size_t changed = 0; changed < size; ++changed) {
      std::vector<uint16_t> other(size, 7);
      other[changed] = 8;
      permuter->permute(other, radices);
      size_t same = 0;
      for (size_t i = 0; i < size; ++i) same += base[i] == other[i] ? 1 : 0;
      EXPECT_LE(same, size / 8 + 8) << size << ' ' << changed;
      EXPECT_NE(base, other);
    }
  }
}

/// Results are spread evenly: chi-squared of 26 letters over 26000 words.
TEST(Permuter, LettersAreSpreadEvenly) {
  const auto permuter = test_permuter();
  std::vector<std::vector<int>> counts(6, std::vector<int>(26));
  const std::vector<uint16_t> radices(6, 26);
  for (int word = 0; word < 26000; ++word) {
    std::vector<uint16_t> values = {0,
                                    0,
                                    0,
                                    static_cast<uint16_t>(word / 676 % 26),
                                    static_cast<uint16_t>(word / 26 % 26),
                                    static_cast<uint16_t>(word % 26)};
    values[0] = static_cast<uint16_t>(word / 17576);
    permuter->permute(values, radices);
    for (size_t i = 0; i < 6; ++i) ++counts[i][values[i]];
  }
  for (const auto& position : counts) {
    double chi = 0;
    for (const int count : position) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
    EXPECT_LT(chi, 65);  // 25 degrees of freedom: p = 2e-5
  }
}

RC_GTEST_PROP(Permuter, GoesBack, (uint64_t x, uint64_t size, std::vector<uint16_t> values)) {
  const auto permuter = test_permuter();
  const auto back = permuter->backwards();
  size = size % (uint64_t{1} << 63) + 1;
  x %= size;
  RC_ASSERT(permuter->permute(x, size) < size);
  RC_ASSERT(back.permute(permuter->permute(x, size), size) == x);

  std::vector<uint16_t> radices;
  for (uint16_t& value : values) {
    radices.push_back(*rc::gen::inRange<uint16_t>(1, 21000));
    value %= radices.back();
  }
  auto moved = values;
  permuter->permute(moved, radices);
  for (size_t i = 0; i < moved.size(); ++i) RC_ASSERT(moved[i] < radices[i]);
  back.permute(moved, radices);
  RC_ASSERT(moved == values);
}

TEST(Permuter, DependsOnItsKey) {
  const Permuter a(SecretString("a"));
  const Permuter b(SecretString("b"));
  int same = 0;
  for (uint64_t x = 0; x < 1000; ++x)
    same += a.permute(x, 1000000) == b.permute(x, 1000000) ? 1 : 0;
  EXPECT_LT(same, 3);
  EXPECT_NE(a.digest("x"), b.digest("x"));
  EXPECT_EQ(a.digest("x"), Permuter(SecretString("a")).digest("x"));
}

RC_GTEST_PROP(Permuter, HashesAsLibsodiumDoes, (std::string text)) {
  const std::string key = *rc::gen::container<std::string>(16, rc::gen::arbitrary<char>());
  const auto* raw = reinterpret_cast<const unsigned char*>(key.data());
  std::array<uint64_t, 2> expected{};
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(expected.data()),
                              reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                              raw);
  SipHash hash(text, raw);
  RC_ASSERT(hash.first() == expected[0]);
  RC_ASSERT(hash.second() == expected[1]);
}

}  // namespace
}  // namespace sluice::mask
