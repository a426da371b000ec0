#include "base/clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Clock, FormatsRfc3339) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(1'795'512'600'000'001), "2026-11-24T09:30:00.000001Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999Z");
}

}  // namespace
}  // namespace sluice
