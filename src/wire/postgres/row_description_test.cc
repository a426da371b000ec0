#include "wire/postgres/row_description.h"

#include <gtest/gtest.h>

namespace sluice::wire::postgres {
namespace {

std::string two_columns() {
  std::string body;
  append_be16(body, 2);
  body.append("id", 3);
  append_be32(body, 16400);
  append_be16(body, 1);
  append_be32(body, 23);
  append_be16(body, 4);
  append_be32(body, 0xFFFFFFFF);
  append_be16(body, 0);
  body.append("x", 2);
  append_be32(body, 0);
  append_be16(body, 0);
  append_be32(body, 1043);
  append_be16(body, 0xFFFF);
  append_be32(body, 24);
  append_be16(body, 1);
  return body;
}

TEST(RowDescription, IsRead) {
  const std::string body = two_columns();
  const auto fields = decode_row_description(body);
  ASSERT_TRUE(fields.has_value());
  ASSERT_EQ(fields->size(), 2U);
  EXPECT_EQ((*fields)[0].name, "id");
  EXPECT_EQ((*fields)[0].table, 16400U);
  EXPECT_EQ((*fields)[0].column, 1);
  EXPECT_EQ((*fields)[0].type_modifier, -1);
  EXPECT_EQ((*fields)[1].type, 1043U);
  EXPECT_EQ((*fields)[1].type_size, -1);
  EXPECT_EQ((*fields)[1].type_modifier, 24);
  EXPECT_EQ((*fields)[1].format, 1);
}

TEST(RowDescription, WhatBreaksOffOrGoesOnIsRefused) {
  const std::string body = two_columns();
  for (size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(decode_row_description(Bytes(body).substr(0, length))) << length;
  }
  EXPECT_FALSE(decode_row_description(body + "x"));
}

TEST(CopyResponse, IsRead) {
  const std::string body("\1\0\2\0\1\0\1", 7);
  const auto copy = decode_copy_response(body);
  ASSERT_TRUE(copy.has_value());
  EXPECT_TRUE(copy->binary);
  EXPECT_EQ(copy->columns, 2);
  EXPECT_FALSE(decode_copy_response(body + "x"));
  EXPECT_FALSE(decode_copy_response(Bytes(body).substr(0, 5)));
  EXPECT_FALSE(decode_copy_response(Bytes("\2\0\0", 3)));
}

}  // namespace
}  // namespace sluice::wire::postgres
