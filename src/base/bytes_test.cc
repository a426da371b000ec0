#include "base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Bytes, BigEndianRoundTrip) {
  char b[4];
  store_be32(b, 0x01020304U);
  EXPECT_EQ(b[0], 1);
  EXPECT_EQ(load_be32(b), 0x01020304U);
  std::string s;
  append_be16(s, 0xABCD);
  EXPECT_EQ(load_be16(s.data()), 0xABCD);
}

TEST(Bytes, HexIsLowerCase) { EXPECT_EQ(to_hex("\xDE\x01"), "de01"); }

TEST(Bytes, Utf8PrefixNeverCutsACharacter) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC";  // a, e-acute, euro
  EXPECT_EQ(utf8_prefix(text, 1), "a");
  EXPECT_EQ(utf8_prefix(text, 2), "a");
  EXPECT_EQ(utf8_prefix(text, 3), "a\xC3\xA9");
  EXPECT_EQ(utf8_prefix(text, 5), "a\xC3\xA9");
  EXPECT_EQ(utf8_prefix(text, 6), text);
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80\x80", 5).size(), 5U);
}

TEST(Bytes, Utf8RejectsOverlongSurrogatesAndTruncation) {
  EXPECT_TRUE(is_utf8("plain \xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
  EXPECT_EQ(to_printable_utf8("a\xFFz"), "a\\xffz");
}

}  // namespace
}  // namespace sluice
