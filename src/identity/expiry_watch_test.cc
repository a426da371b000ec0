#include "identity/expiry_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kHour = 3'600'000'000, kNow = 500'000 * kHour;

Directory with(const std::vector<std::pair<std::string, int64_t>>& credentials) {
  User dora;
  dora.name = "dora";
  std::vector<Credential> all;
  for (const auto& [id, expires] : credentials) {
    Credential one;
    one.id = id;
    one.user = "dora";
    one.created_micros = kNow;
    one.expires_micros = expires;
    all.push_back(one);
  }
  return {{dora}, all, 1};
}

TEST(ExpiryWatch, Threat60_AClockThatIsSetBackMakesNoneLastLonger) {
  const Directory directory = with({{"one", kNow + kHour}, {"two", kNow + 9 * kHour}});
  ExpiryWatch watch;
  EXPECT_THAT(watch.over(directory, kNow, kNow), IsEmpty());
  // Set back by three hours; an hour has passed.
  EXPECT_THAT(watch.over(directory, kNow - 3 * kHour, kNow + kHour / 2), IsEmpty());
  EXPECT_THAT(watch.over(directory, kNow - 2 * kHour, kNow + kHour), ElementsAre("one"));
}

TEST(ExpiryWatch, Threat60_NorDoesOneThatWasNotSeenBefore) {
  const Directory directory = with({{"one", kNow + kHour}});
  ExpiryWatch watch;
  EXPECT_THAT(watch.over(directory, kNow - 3 * kHour, kNow), IsEmpty());
  EXPECT_THAT(watch.over(directory, kNow - 2 * kHour, kNow + kHour), ElementsAre("one"));
}

TEST(ExpiryWatch, Threat60_WhatIsOverByEitherClockIs) {
  const Directory directory = with({{"one", kNow + kHour}});
  ExpiryWatch watch;
  EXPECT_THAT(watch.over(directory, kNow, kNow), IsEmpty());
  EXPECT_THAT(watch.over(directory, kNow + 2 * kHour, kNow), ElementsAre("one"));
}

/// The clock was ahead once: what is got later has its whole time.
TEST(ExpiryWatch, WhatComesAfterTheClockWasSetRightHasItsTime) {
  ExpiryWatch watch;
  const Directory directory = with({{"late", kNow + kHour}});
  EXPECT_THAT(watch.over(directory, kNow, kNow + 2 * kHour), IsEmpty());
  EXPECT_THAT(watch.over(directory, kNow + kHour / 2, kNow + 5 * kHour / 2), IsEmpty());
  EXPECT_THAT(watch.over(directory, kNow + kHour, kNow + 3 * kHour), ElementsAre("late"));
}

}  // namespace
}  // namespace sluice::identity
