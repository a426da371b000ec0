#include "wire/postgres/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/postgres/encode.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

using testing::B;
using testing::be16;
using testing::be32;

TEST(Messages, Query) {
  EXPECT_EQ(decode_query(B("SELECT 1\0"))->text, "SELECT 1");
  EXPECT_EQ(decode_query(B("\0"))->text, "");
}

TEST(Messages, Threat31_TextBehindNulIsRefused) {
  EXPECT_FALSE(decode_query(""));
  EXPECT_FALSE(decode_query("SELECT 1"));
  EXPECT_FALSE(decode_query(B("SELECT 1\0DROP TABLE t\0")));
  EXPECT_FALSE(decode_query(B("SELECT 1\0\0")));
}

TEST(Messages, Parse) {
  const std::string body = B("s1\0SELECT $1\0\0\2\0\0\0\x17\0\0\0\x19");
  const auto parse = decode_parse(body);
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->name, "s1");
  EXPECT_EQ(parse->text, "SELECT $1");
  EXPECT_EQ(parse->types, B("\0\0\0\x17\0\0\0\x19"));
  EXPECT_TRUE(decode_parse(B("\0\0\0\0")));
}

TEST(Messages, Threat30_ParseCountsMustMatchBytes) {
  EXPECT_FALSE(decode_parse(""));
  EXPECT_FALSE(decode_parse("s1"));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0\0")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0\0\1")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0\0\1\0\0\0")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0\0\0x")));
  EXPECT_FALSE(decode_parse(B("s1\0SELECT 1\0\xff\xff\0\0\0\x17")));
  const std::string all(size_t{0xFFFF} * 4, '\0');
  EXPECT_TRUE(decode_parse(B("s1\0SELECT 1\0\xff\xff") + all));
}

TEST(Messages, BindPrefixOfABeginning) {
  const std::string body = B("p\0st\0\0\0\0\0\0\0");
  const auto prefix = decode_bind_prefix(body);
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->portal, "p");
  EXPECT_EQ(prefix->statement, "st");
  EXPECT_EQ(prefix->parameters_offset, 5U);
  EXPECT_TRUE(decode_bind_prefix(Bytes(body).substr(0, 5)));
  for (size_t size = 0; size < 5; ++size)
    EXPECT_FALSE(decode_bind_prefix(Bytes(body).substr(0, size)));
}

TEST(Messages, BindParameters) {
  // Formats text and binary; values "ab", NULL, "".
  const std::string parameters = B("\0\2\0\0\0\1\0\3\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0");
  const std::string body = B("p\0s\0") + parameters + B("\0\1\0\1");
  EXPECT_EQ(*bind_parameters(body, 4), parameters);
  for (size_t size = 4; size < 4 + parameters.size(); ++size) {
    EXPECT_FALSE(bind_parameters(Bytes(body).substr(0, size), 4)) << size;
  }
}

TEST(Messages, Threat30_BindLengthsThatWrap) {
  const auto one_value = [](uint32_t length, Bytes data) {
    return bind_parameters(be16(0) + be16(1) + be32(length) + std::string(data), 0);
  };
  EXPECT_TRUE(one_value(3, "abc"));
  EXPECT_TRUE(one_value(0xFFFFFFFF, ""));
  for (const uint32_t length : {4U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFEU, 0xFFFFFFFDU}) {
    EXPECT_FALSE(one_value(length, "abc")) << length;
  }
  EXPECT_FALSE(bind_parameters(be16(0xFFFF), 0));
  EXPECT_FALSE(bind_parameters(be16(0) + be16(0xFFFF), 0));
  EXPECT_FALSE(bind_parameters("abc", 4)) << "an offset behind the end";
  EXPECT_FALSE(bind_parameters("", 0));
}

TEST(Messages, Execute) {
  EXPECT_EQ(decode_execute(B("p\0\0\0\0\x05"))->portal, "p");
  EXPECT_EQ(decode_execute(B("\0\0\0\0\x05"))->max_rows, 5U);
  EXPECT_FALSE(decode_execute(""));
  EXPECT_FALSE(decode_execute(B("p\0")));
  EXPECT_FALSE(decode_execute(B("p\0\0\0\0")));
  EXPECT_FALSE(decode_execute(B("p\0\0\0\0\x05x")));
}

TEST(Messages, DescribeAndClose) {
  EXPECT_EQ(decode_describe_or_close(B("Ss1\0"))->kind, 'S');
  EXPECT_EQ(decode_describe_or_close(B("P\0"))->name, "");
  EXPECT_FALSE(decode_describe_or_close(""));
  EXPECT_FALSE(decode_describe_or_close("S"));
  EXPECT_FALSE(decode_describe_or_close(B("Ss1")));
  EXPECT_FALSE(decode_describe_or_close(B("Xs1\0")));
  EXPECT_FALSE(decode_describe_or_close(B("\0s1\0")));
  EXPECT_FALSE(decode_describe_or_close(B("Ss1\0x")));
}

TEST(Messages, SaslInitialResponse) {
  const std::string body = B("SCRAM-SHA-256\0\0\0\0\5n,,n=");
  const auto response = decode_sasl_initial_response(body);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(response->data, "n,,n=");
  EXPECT_EQ(decode_sasl_initial_response(B("X\0\xff\xff\xff\xff"))->data, "");
}

TEST(Messages, Threat17_SaslInitialResponseLengths) {
  for (const uint32_t length : {0U, 4U, 6U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
    EXPECT_FALSE(decode_sasl_initial_response(B("X\0") + be32(length) + "12345")) << length;
  }
  EXPECT_FALSE(decode_sasl_initial_response(""));
  EXPECT_FALSE(decode_sasl_initial_response("X"));
  EXPECT_FALSE(decode_sasl_initial_response(B("X\0\0\0\0")));
}

RC_GTEST_PROP(Messages, WhatIsEncodedIsDecoded, ()) {
  const auto text = rc::gen::container<std::string>(rc::gen::nonZero<char>());
  const std::string portal = *text;
  const std::string statement = *text;
  const auto values = *rc::gen::container<std::vector<std::optional<std::string>>>(rc::gen::apply(
      [](bool null, std::string value) {
        return null ? std::nullopt : std::optional<std::string>(std::move(value));
      },
      rc::gen::arbitrary<bool>(), rc::gen::string<std::string>()));
  std::string out;
  encode_bind(out, portal, statement, values);
  RC_ASSERT(load_be32(out.data() + 1) + 1 == out.size());
  const Bytes body = Bytes(out).substr(kHeaderSize);
  const auto prefix = decode_bind_prefix(body);
  RC_ASSERT(prefix.has_value());
  RC_ASSERT(prefix->portal == portal);
  RC_ASSERT(prefix->statement == statement);
  const auto parameters = bind_parameters(body, prefix->parameters_offset);
  RC_ASSERT(parameters.has_value());
  RC_ASSERT(parameters->data() + parameters->size() + 2 == out.data() + out.size());
}

}  // namespace
}  // namespace sluice::wire::postgres
