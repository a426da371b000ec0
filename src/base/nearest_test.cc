#include "base/nearest.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(EditDistance, CountsCharacters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("list", "list"), 0U);
  EXPECT_EQ(edit_distance("lst", "list"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Nearest, IsWhatWasMeant) {
  const std::vector<std::string> known = {"user", "session", "serve", "audit", "agent"};
  EXPECT_EQ(nearest("usr", known), "user");
  EXPECT_EQ(nearest("adit", known), "audit");
  EXPECT_EQ(nearest("sess", known), "session") << "the only one that begins so";
  EXPECT_EQ(nearest("se", known), "") << "two begin so, and neither is near";
  EXPECT_EQ(nearest("x", known), "") << "one character is none of them";
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("policies", known), "");
  EXPECT_EQ(nearest(std::string(1000, 'a'), known), "");
}

}  // namespace
}  // namespace sluice
