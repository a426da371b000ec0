#include "sql/comment_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CommentTags, OfTheSpecificationsExample) {
  EXPECT_THAT(
      comment_tags("SELECT * FROM FOO /*action='%2Fparam*d',controller='index,'framework='spring',"
                   "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01',"
                   "tracestate='congo%3Dt61rcWkgMzE%2Crojo%3D00f067aa0ba902b7'*/"),
      IsEmpty())
      << "a comma is missing there";
  const auto tags = comment_tags(
      "SELECT * FROM FOO /*action='%2Fparam*d',controller='index',"
      "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/ ; ");
  EXPECT_THAT(tags,
              ElementsAre("action=/param*d", "controller=index",
                          "traceparent=00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01"));
  EXPECT_EQ(tag_value(tags, "controller"), "index");
  EXPECT_EQ(tag_value(tags, "control"), "");
}

TEST(CommentTags, AtTheBeginningAndWithSpaces) {
  EXPECT_THAT(comment_tags(" /* a = 'b' , c='d%20e' */ SELECT 1"), ElementsAre("a=b", "c=d e"));
  EXPECT_THAT(comment_tags("/*a='begin'*/ SELECT 1 /*a='end'*/"), ElementsAre("a=end"));
}

TEST(CommentTags, QuotesWithinAreEscaped) {
  EXPECT_THAT(comment_tags("SELECT 1 /*name='DROP TABLE \\'x\\''*/"),
              ElementsAre("name=DROP TABLE 'x'"));
}

TEST(CommentTags, OtherCommentsAndLiteralsHaveNone) {
  for (const char* text :
       {"", "/", "/*", "*/", "/**/", "SELECT 1", "SELECT 1 /* a remark */", "SELECT 1 /*a=b*/",
        "SELECT 1 /*a='b*/", "SELECT 1 /*a='b',*/", "SELECT 1 /*='b'*/", "SELECT 1 /*a='b' c*/",
        "SELECT '/*a=''b''*/'", "SELECT /*a='b'*/ 1", "/*a='b' SELECT 1", "/*/", "/*a='b'/"}) {
    EXPECT_THAT(comment_tags(text), IsEmpty()) << text;
  }
}

TEST(CommentTags, AreBounded) {
  std::string text = "SELECT 1 /*";
  for (int i = 0; i < 100; ++i) {
    if (i > 0) text += ',';
    text += "k" + std::to_string(i) + "='" + std::string(1000, 'v') + "'";
  }
  const auto tags = comment_tags(text + "*/");
  ASSERT_EQ(tags.size(), kMostTags);
  EXPECT_EQ(tags[0].size(), 3 + kLongestTagValue);
}

RC_GTEST_PROP(CommentTags, WhatIsEncodedComesBack, (const std::string& value)) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : value.substr(0, kLongestTagValue)) {
    encoded += {'%', kDigits[static_cast<uint8_t>(c) >> 4], kDigits[c & 15]};
  }
  const auto tags = comment_tags("SELECT 1 /*x='1',key='" + encoded + "'*/");
  RC_ASSERT(tags.size() == 2U);
  RC_ASSERT(tags[1] == "key=" + value.substr(0, kLongestTagValue));
}

}  // namespace
}  // namespace sluice::sql
