#include "base/bound_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::IsEmpty;
using Values = std::vector<std::optional<std::string>>;

TEST(BoundValues, TextBinaryAndNull) {
  // Two formats: the first value as text, the second binary; a third that is null.
  const std::string raw("\0\3\0\0\0\1\0\0\0\3\0\0\0\2ab\0\0\0\1\xFF\xFF\xFF\xFF\xFF", 25);
  EXPECT_EQ(readable_values(raw), (Values{"ab", "\\xff", std::nullopt}));
}

TEST(BoundValues, OneFormatIsForAll) {
  const std::string raw("\0\1\0\1\0\2\0\0\0\1a\0\0\0\1b", 16);
  EXPECT_EQ(readable_values(raw), (Values{"\\x61", "\\x62"}));
}

TEST(BoundValues, OfTypesThatAreDeclaredTheValueIsRead) {
  const std::string raw("\0\1\0\1\0\3\0\0\0\2\0\3\0\0\0\4\xFF\xFF\xFF\xFE\0\0\0\1\1", 25);
  const std::string types("\0\0\0\x15\0\0\0\x17\0\0\0\x10", 12);
  EXPECT_EQ(readable_values(raw, types), (Values{"3", "-2", "t"}));
  EXPECT_EQ(readable_values(raw, types.substr(0, 4)), (Values{"3", "\\xfffffffe", "\\x01"}));
  // Not of the type's length, or of another type.
  EXPECT_EQ(readable_value("abc", 23), "\\x616263");
  EXPECT_EQ(readable_value("abc", 25), "abc");
  EXPECT_EQ(readable_value("abc", 16385), "\\x616263");
}

TEST(BoundValues, WhatIsCutOffIsLeftOut) {
  const std::string raw("\0\0\0\2\0\0\0\3abc\0\0\0\5xy", 17);
  EXPECT_EQ(readable_values(raw), (Values{"abc", "xy"}));
  EXPECT_THAT(readable_values(""), IsEmpty());
  EXPECT_THAT(readable_values(Bytes("\0", 1)), IsEmpty());
  EXPECT_THAT(readable_values(Bytes("\0\0\xFF\xFF", 4)), IsEmpty());
}

}  // namespace
}  // namespace sluice
