#include "models/counts.h"

#include <gtest/gtest.h>

namespace sluice::models {
namespace {

std::optional<uint64_t> read(const std::string& number) {
  return count_of(boost::json::parse("{\"n\":" + number + "}").get_object(), "n");
}

TEST(Counts, AnyNumberThatIsNotNegative) {
  EXPECT_EQ(read("12"), 12U);
  EXPECT_EQ(read("12.0"), 12U);
  EXPECT_EQ(read("12.9"), 12U);
  EXPECT_EQ(read("1e5"), 100'000U);
  EXPECT_EQ(read("0"), 0U);
  EXPECT_EQ(read("999999999999"), 999'999'999'999U);
  EXPECT_EQ(read("999999999999.0"), 999'999'999'999U);
  for (const char* much : {"1000000000001", "18446744073709551615", "1e300"})
    EXPECT_EQ(read(much), kMostCounted) << much;
  for (const char* none : {"-1", "-1.5", "-1e300", "\"12\"", "null", "true", "[12]", "{}"})
    EXPECT_FALSE(read(none)) << none;
  EXPECT_FALSE(count_of({}, "n"));
}

}  // namespace
}  // namespace sluice::models
