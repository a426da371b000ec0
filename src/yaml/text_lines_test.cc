#include "yaml/text_lines.h"

#include <string_view>

#include <gtest/gtest.h>

namespace sluice::yaml {
namespace {

TEST(TextLines, TheFirstLineThatIsNoTextIsTold) {
  EXPECT_EQ(line_that_is_no_text(""), 0U);
  EXPECT_EQ(line_that_is_no_text("a: \xC3\xBC\r\nb: 1\n"), 0U);
  EXPECT_EQ(line_that_is_no_text("a: 1\nb: \xFF\nc: \xFE\n"), 2U);
  EXPECT_EQ(line_that_is_no_text("a: 1\n\nb: \xC3\n"), 3U);
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(line_that_is_no_text("a\0b"sv), 1U);
}

}  // namespace
}  // namespace sluice::yaml
