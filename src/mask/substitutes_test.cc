#include "mask/substitutes.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::mask {
namespace {

const uint64_t kName = Substitutes::column("public.members.name");

TEST(Substitutes, KnowsWhatItWasToldOfTheSameColumn) {
  Substitutes shown;
  EXPECT_TRUE(shown.empty());
  EXPECT_FALSE(shown.has(kName, "Mara Holt"));
  shown.note(kName, "Mara Holt");
  EXPECT_TRUE(shown.has(kName, "Mara Holt"));
  EXPECT_FALSE(shown.has(kName, "Mara Hol"));
  EXPECT_FALSE(shown.has(Substitutes::column("public.members.city"), "Mara Holt"));
}

/// A screen of a tool is far less than what is kept.
TEST(Substitutes, LosesNearlyNothingOfThousands) {
  Substitutes shown;
  constexpr int kCells = 5000;
  for (int i = 0; i < kCells; ++i) shown.note(kName, std::to_string(i));
  int known = 0, wrong = 0;
  for (int i = 0; i < kCells; ++i) known += shown.has(kName, std::to_string(i));
  for (int i = kCells; i < 20 * kCells; ++i) wrong += shown.has(kName, std::to_string(i));
  EXPECT_GT(known, kCells * 98 / 100);
  EXPECT_LE(wrong, 1);
}

TEST(Substitutes, ForgetsTheOldestAndNotTheLatest) {
  Substitutes shown;
  for (int i = 0; i < 1'000'000; ++i) shown.note(kName, std::to_string(i));
  int late = 0, early = 0;
  for (int i = 0; i < 1000; ++i) {
    late += shown.has(kName, std::to_string(999'999 - i));
    early += shown.has(kName, std::to_string(i));
  }
  EXPECT_GT(late, 990);
  EXPECT_LE(early, 1);
}

}  // namespace
}  // namespace sluice::mask
