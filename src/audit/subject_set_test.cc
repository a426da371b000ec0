#include "audit/subject_set.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::audit {
namespace {

std::vector<uint64_t> random_digests(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::set<uint64_t> all;
  while (all.size() < count) all.insert(random());
  return {all.begin(), all.end()};
}

RC_GTEST_PROP(SubjectSet, NothingThatIsInItIsDenied, ()) {
  const auto count = *rc::gen::inRange<size_t>(1, 2000);
  const auto digests = random_digests(count, *rc::gen::arbitrary<uint64_t>());
  const std::string set = encode_set(digests);
  RC_ASSERT(set_size(set) == count);
  std::set<uint32_t> prefixes;
  for_each_prefix(set, [&](uint32_t prefix) { prefixes.insert(prefix); });
  size_t ranges = 0;
  RC_ASSERT(for_each_range(set, [&](uint64_t low, uint64_t high) {
    // They come in the order of the digests, and each has its own.
    RC_ASSERT(low <= digests[ranges] && digests[ranges] <= high);
    ++ranges;
  }));
  RC_ASSERT(ranges == count);
  for (const uint64_t digest : digests) {
    RC_ASSERT(contains(set, digest) != Contains::kNo);
    RC_ASSERT(prefixes.contains(prefix_of(digest)));
  }
}

TEST(SubjectSet, SmallOnesAreExact) {
  const auto digests = random_digests(kExact, 1);
  const std::string set = encode_set(digests);
  EXPECT_EQ(set.size(), 1 + 8 * kExact);
  EXPECT_EQ(contains(set, digests[5]), Contains::kYes);
  EXPECT_EQ(contains(set, digests[5] + 1), Contains::kNo);
  EXPECT_EQ(contains({}, 1), Contains::kNo);
  EXPECT_EQ(encode_set({}), "");
}

/// The share of all digests of which it says that they may be there.
double share_that_may_be_in(const std::string& set) {
  double all = 0;
  EXPECT_TRUE(for_each_range(
      set, [&](uint64_t low, uint64_t high) { all += static_cast<double>(high - low) + 1; }));
  return all / std::exp2(64);
}

TEST(SubjectSet, OfLargeOnesAWholeQuestionErrsOnceInAMillion) {
  const auto digests = random_digests(20'000, 2);
  const std::string set = encode_set(digests);
  EXPECT_LT(static_cast<double>(set.size()) * 8 / 20'000, 31.2);
  EXPECT_EQ(contains(set, digests[777]), Contains::kProbably);
  EXPECT_LE(share_that_may_be_in(set) * kMostSpellings, 1e-6);
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(contains(set, random()), Contains::kNo);
}

/// As sets were coded before: 20 bits and a unary quotient each.
std::string coarse_set(const std::vector<uint64_t>& digests) {
  std::string out("\2");
  const uint64_t size = digests.size();
  out.append(reinterpret_cast<const char*>(&size), 8);
  std::vector<bool> bits;
  uint64_t before = 0;
  for (const uint64_t digest : digests) {
    const auto value =
        static_cast<uint64_t>((static_cast<unsigned __int128>(digest) * (size << 20)) >> 64);
    bits.insert(bits.end(), (value - before) >> 20, true);
    bits.push_back(false);
    for (unsigned i = 0; i < 20; ++i) bits.push_back((((value - before) >> i) & 1) != 0);
    before = value;
  }
  for (size_t i = 0; i < bits.size(); ++i) {
    if (i % 8 == 0) out.push_back(0);
    out.back() = static_cast<char>(out.back() | (bits[i] ? 1 << (i % 8) : 0));
  }
  return out;
}

TEST(SubjectSet, ThoseOfBeforeAreReadAsTheyWereCoded) {
  const auto digests = random_digests(5'000, 9);
  const std::string set = coarse_set(digests);
  EXPECT_EQ(set_size(set), digests.size());
  for (size_t i = 0; i < digests.size(); i += 50) {
    EXPECT_EQ(contains(set, digests[i]), Contains::kProbably);
    EXPECT_EQ(find_any(set, std::span(&digests[i], 1))->which, 0U);
  }
  EXPECT_NEAR(share_that_may_be_in(set) * std::exp2(20), 1, 0.01);
  EXPECT_EQ(digests_in(set)->size(), digests.size());
  std::mt19937_64 random(3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(contains(set, random()), Contains::kNo);
}

TEST(SubjectSet, WhatIsDamagedIsNotTakenForEmpty) {
  const auto digests = random_digests(100, 4);
  const std::string set = encode_set(digests);
  EXPECT_EQ(contains("nonsense", 1), Contains::kProbably);
  EXPECT_EQ(contains(set.substr(0, 20), digests.back()), Contains::kProbably);
}

RC_GTEST_PROP(SubjectSet, AnyOfSomeIsFoundAsEachIs, ()) {
  const auto count = *rc::gen::inRange<size_t>(1, 300);
  const auto digests = random_digests(count, *rc::gen::arbitrary<uint64_t>());
  const std::string set = encode_set(digests);
  auto asked = random_digests(*rc::gen::inRange<size_t>(0, 50), *rc::gen::arbitrary<uint64_t>());
  for (size_t i = 0; i < *rc::gen::inRange<size_t>(0, 3); ++i)
    asked.push_back(digests[*rc::gen::inRange<size_t>(0, count)]);
  std::sort(asked.begin(), asked.end());
  const auto found = find_any(set, asked);
  const auto first = std::find_if(asked.begin(), asked.end(), [&](uint64_t digest) {
    return contains(set, digest) != Contains::kNo;
  });
  RC_ASSERT(found.has_value() == (first != asked.end()));
  if (!found) return;
  RC_ASSERT(asked[found->which] == *first);
  RC_ASSERT(found->certain == (contains(set, *first) == Contains::kYes));
}

TEST(SubjectSet, ADamagedOneMayHoldAny) {
  const std::vector<uint64_t> asked = {1, 2};
  EXPECT_FALSE(find_any({}, asked));
  EXPECT_FALSE(find_any("nonsense", {}));
  ASSERT_TRUE(find_any("nonsense", asked));
  EXPECT_FALSE(find_any("nonsense", asked)->certain);
  // Where it ends too early: what would stand behind.
  const std::vector<uint64_t> last = {UINT64_MAX};
  EXPECT_TRUE(find_any(encode_set(random_digests(100, 4)).substr(0, 20), last));
}

RC_GTEST_PROP(SubjectSet, AnyBytesAreReadWithoutHarm, (const std::string& junk, uint64_t digest)) {
  contains(junk, digest);
  set_size(junk);
  for_each_prefix(junk, [](uint32_t) {});
}

TEST(SubjectSet, DigestsOfASetAreTheSameAgain) {
  EXPECT_EQ(digests_in(encode_set({3, 5})), (std::vector<uint64_t>{3, 5}));
  EXPECT_EQ(digests_in({}), std::vector<uint64_t>());
  std::vector<uint64_t> many;
  for (uint64_t i = 0; i < 1000; ++i) many.push_back(i * 0x4000'0000'0001);
  const auto about = digests_in(encode_set(many));
  ASSERT_TRUE(about);
  EXPECT_EQ(about->size(), many.size());
  for (size_t i = 0; i < many.size(); ++i) {
    EXPECT_LE((*about)[i], many[i]);
    EXPECT_LT(many[i] - (*about)[i], uint64_t{1} << 36);
  }
  EXPECT_EQ(digests_in(encode_set(many)), about);
  EXPECT_FALSE(digests_in("\x07nonsense"));
  EXPECT_FALSE(digests_in(encode_set(many).substr(0, 50)));
}

}  // namespace
}  // namespace sluice::audit
