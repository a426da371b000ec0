#include "stream/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::stream {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr const char* kParent = "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01";

TEST(SqlComment, ReadsTheExampleOfTheSpecification) {
  EXPECT_THAT(sql_comment_tags(
                  "SELECT * FROM FOO /*action='%2Fparam*d',controller='index',framework='spring',\n"
                  "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01',\n"
                  "tracestate='congo%3Dt61rcWkgMzE%2Crojo%3D00f067aa0ba902b7'*/"),
              UnorderedElementsAre(Pair("action", "/param*d"), Pair("controller", "index"),
                                   Pair("framework", "spring"), Pair("traceparent", kParent),
                                   Pair("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")));
}

TEST(SqlComment, OnlyCommentsMadeLikeThatCount) {
  for (const char* sql :
       {"", "SELECT 1", "SELECT 1 /* hello */", "SELECT 1 /*a=b*/", "SELECT 1 /*a='b' c*/",
        "SELECT 1 /*a='b'", "SELECT 1 /*a='b*/", "SELECT '/*a=''b''*/'", "SELECT \"/*a='b'*/\"",
        "SELECT $x$/*a='b'*/$x$", "SELECT 1 -- /*a='b'*/", "SELECT E'\\'/*a=''b''*/'", "/**/",
        "/*='b'*/", "SELECT 'it''s /*a=''b''*/'", "/* /*a='b'*/ */", "$$/*a='b'*/"})
    EXPECT_THAT(sql_comment_tags(sql), IsEmpty()) << sql;
}

TEST(SqlComment, IsFoundBesideWhatLooksLikeOne) {
  for (const char* sql :
       {"/*a='b'*/ SELECT 1", "SELECT '/*' /*a='b'*/", "SELECT E'\\'' /*a='b'*/",
        "SELECT E'a''\\'' /*a='b'*/", "SELECT $1 /*a='b'*/", "SELECT a$b$c /*a='b'*/",
        "SELECT $$'$$ /*a='b'*/", "-- '\nSELECT 1 /*a='b'*/", "/*a='old'*/ SELECT 1 /*a='b'*/",
        "/* it's */ SELECT 1 /* a = 'b' */", "SELECT e'x' /*a='b'*/", "SELECT 1/*a='b'*/;"})
    EXPECT_THAT(sql_comment_tags(sql), UnorderedElementsAre(Pair("a", "b"))) << sql;
}

TEST(SqlComment, DecodesWhatWasEncoded) {
  EXPECT_THAT(sql_comment_tags("/*route%20parameter='%D0%BF%25',quote='it\\'s',odd='%zz%4'*/"),
              UnorderedElementsAre(Pair("route parameter", "\xD0\xBF%"), Pair("quote", "it's"),
                                   Pair("odd", "%zz%4")));
}

TEST(SqlComment, TakesNoTimeForLongTexts) {
  // Each of these once more would be too deep for a recursion.
  const std::string quotes = "SELECT E'" + std::string(1'000'000, '\'');
  EXPECT_THAT(sql_comment_tags(quotes + " /*"), IsEmpty());
  std::string nested;
  for (int i = 0; i < 200'000; ++i) nested += "/*";
  EXPECT_THAT(sql_comment_tags(nested), IsEmpty());
}

RC_GTEST_PROP(SqlComment, ReadsAnything, (const std::string& head, const std::string& tail)) {
  (void)sql_comment_tags(head + "/*" + tail);
  (void)sql_comment_tags(head + "/*a='" + tail + "'*/");
}

TEST(Traceparent, TakesWhatTheSpecificationTakes) {
  const auto context = parse_traceparent(kParent);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, "5bd66ef5095369c7b0d1f8f4bd33716a");
  EXPECT_EQ(context->parent_id, "c532cb4098ac3dd2");
  EXPECT_TRUE(context->sampled);
  EXPECT_FALSE(
      parse_traceparent("00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-00")->sampled);
  EXPECT_FALSE(
      parse_traceparent("00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-02")->sampled);
  EXPECT_TRUE(parse_traceparent("cc-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01-more"))
      << "of a later version";
}

TEST(Traceparent, RefusesWhatTheSpecificationRefuses) {
  for (const char* text : {"", "00", "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2",
                           "ff-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01",
                           "00-00000000000000000000000000000000-c532cb4098ac3dd2-01",
                           "00-5bd66ef5095369c7b0d1f8f4bd33716a-0000000000000000-01",
                           "00-5BD66EF5095369C7B0D1F8F4BD33716A-c532cb4098ac3dd2-01",
                           "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01-more",
                           "cc-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01more",
                           "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3ddg-01",
                           "00_5bd66ef5095369c7b0d1f8f4bd33716a_c532cb4098ac3dd2_01"})
    EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(Traceparent, IsTakenFromTheStatement) {
  audit::Record record;
  record.text = std::string("SELECT 1 /*traceparent='") + kParent + "',tracestate='a%3D1'*/";
  const auto context = trace_context_of(record);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->parent_id, "c532cb4098ac3dd2");
  EXPECT_EQ(context->state, "a=1");
  record.text = "SELECT 1 /*route='x'*/";
  EXPECT_FALSE(trace_context_of(record));
  record.tags = {"route=x", std::string("traceparent=") + kParent, "tracestate=b=2"};
  ASSERT_TRUE(trace_context_of(record)) << "as it was recorded, should the text be cut";
  EXPECT_EQ(trace_context_of(record)->state, "b=2");
}

TEST(Traceparent, ALongStateOfACommentIsWhole) {
  const std::string state = "a=" + std::string(300, '1') + ",b=2";
  audit::Record record;
  record.tags = {std::string("traceparent=") + kParent, "tracestate=" + state.substr(0, 256)};
  record.text =
      std::string("SELECT 1 /*traceparent='") + kParent + "',tracestate='" + state + "'*/";
  EXPECT_EQ(trace_context_of(record)->state, state);
  record.tags[1] = "tracestate=" + state;
  record.text = "SELECT 1";
  EXPECT_EQ(trace_context_of(record)->state, state) << "which its session has said";
}

}  // namespace
}  // namespace sluice::stream
