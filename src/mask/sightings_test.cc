#include "mask/sightings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sodium.h>

namespace sluice::mask {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SightingsTest : public ::testing::Test {
 protected:
  uint64_t digest(Bytes value) { return sighting(key, value).value_or(0); }
  SightingKey key = sighting_key("secret");
};

TEST_F(SightingsTest, TheSameValueHoweverItIsWritten) {
  EXPECT_EQ(digest("Alice@Example.com"), digest(" alice@example.com "));
  EXPECT_EQ(digest("4111 1111 1111 1111"), digest("4111-1111-1111-1111"));
  EXPECT_EQ(digest("+49 (30) 123-456"), digest("0049 30 123456"));
  EXPECT_EQ(digest("DE89 3704 0044 0532 0130 00"), digest("de89370400440532013000"));
  EXPECT_EQ(digest("Zo\xC3\xAB  M\xC3\xBCller"), digest("zo\xC3\xAB m\xC3\xBCller"));
}

/// Digests of years ago are asked for with these.
TEST_F(SightingsTest, IsSipHashOfWhatIsLeft) {
  for (const Bytes folded : {Bytes("alice@examplecom"), Bytes("4930123456"), Bytes("7"),
                             Bytes("zo\xC3\xABm\xC3\xBCller")}) {
    uint64_t expected = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&expected),
                     reinterpret_cast<const unsigned char*>(folded.data()), folded.size(),
                     key.data());
    EXPECT_EQ(digest(folded), expected) << folded;
  }
  EXPECT_EQ(digest(" Alice@Example.com\n"), digest("alice@examplecom"));
  EXPECT_EQ(digest("+49 (30) 12-34-56"), digest("4930123456"));
}

TEST_F(SightingsTest, OtherValuesAndKeysAreOthers) {
  EXPECT_NE(digest("alice@example.com"), digest("alice@example.org"));
  EXPECT_NE(digest("aliceexample.com"), digest("alice@example.com"));
  EXPECT_NE(digest("4111111111111111"), digest("4111111111111112"));
  EXPECT_NE(sighting(sighting_key("another"), "alice"), digest("alice"));
  EXPECT_FALSE(sighting(key, " -- "));
}

TEST_F(SightingsTest, KeepsWhatIsShownApartFromWhatIsMasked) {
  Sightings seen(key);
  seen.note("b@example.com", false);
  seen.note("A@example.com", true);
  seen.note("a@example.com", true);
  seen.note("", true);
  seen.note(" - ", true);
  EXPECT_THAT(seen.take(false), ElementsAre(digest("b@example.com")));
  EXPECT_THAT(seen.take(true), ElementsAre(digest("a@example.com")));
  EXPECT_THAT(seen.take(true), IsEmpty());
  EXPECT_THAT(seen.digests_shown(), IsEmpty());
}

/// Whatever the way by which many are hashed at once.
RC_GTEST_FIXTURE_PROP(SightingsTest, NotesTheSightingOfEachValue, ()) {
  const auto byte = rc::gen::weightedOneOf<char>(
      {{6, rc::gen::elementOf(std::string("0123456789AZaz@"))}, {1, rc::gen::arbitrary<char>()}});
  // Of more than are hashed at once.
  const auto count = *rc::gen::inRange<size_t>(0, 3 * ShortValues::kMost);
  const auto values = *rc::gen::container<std::vector<std::string>>(
      count, rc::gen::resize(40, rc::gen::container<std::string>(byte)));
  Sightings seen(key);
  std::vector<uint64_t> expected;
  for (const std::string& value : values) {
    seen.note(value, false);
    if (const auto one = sighting(key, value)) expected.push_back(*one);
  }
  std::ranges::sort(expected);
  expected.erase(std::ranges::unique(expected).begin(), expected.end());
  RC_ASSERT(seen.take(false) == expected);
}

/// Of each length, up to those that are hashed one by one; among them some of which nothing is
/// left.
TEST_F(SightingsTest, NotesValuesOfEveryLength) {
  Sightings seen(key);
  std::vector<uint64_t> expected;
  for (size_t length = 0; length < 3 * ShortValues::kLongest; ++length) {
    for (const char c : {'x', '7', '0', '-', '\xC3'}) {
      const std::string value(length, c);
      seen.note(value, true);
      if (const auto one = sighting(key, value)) expected.push_back(*one);
    }
  }
  std::ranges::sort(expected);
  expected.erase(std::ranges::unique(expected).begin(), expected.end());
  EXPECT_EQ(seen.take(true), expected);
}

TEST_F(SightingsTest, IsBoundedByBeingTaken) {
  Sightings seen(key);
  size_t count = 0;
  for (; !seen.full(); ++count) seen.note(std::to_string(count), count % 2 == 0);
  EXPECT_EQ(seen.take(false).size() + seen.take(true).size(), count);
  EXPECT_FALSE(seen.full());
}

TEST_F(SightingsTest, CountsAResultThatWasTakenInParts) {
  Sightings seen(key);
  for (int i = 0; i < 100; ++i) seen.note("a" + std::to_string(i), false);
  const auto first = seen.take(false);
  EXPECT_EQ(seen.shown(first), 0U);  // There was nothing before.
  seen.remember(first);
  for (int i = 50; i < 120; ++i) seen.note("a" + std::to_string(i), false);
  EXPECT_EQ(seen.shown(seen.take(false)), 120U);
}

}  // namespace
}  // namespace sluice::mask
