#include "wire/postgres/encode.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

using testing::B;

/// What an encoder appends, after checking that it leaves alone what stood there before.
std::string encoded(const std::function<void(std::string&)>& encode) {
  std::string out = "before";
  encode(out);
  EXPECT_EQ(out.substr(0, 6), "before");
  return out.substr(6);
}

TEST(Encode, Authentication) {
  EXPECT_EQ(encoded([](auto& o) { encode_authentication_ok(o); }), B("R\0\0\0\x08\0\0\0\0"));
  EXPECT_EQ(encoded([](auto& o) {
              encode_authentication_sasl(o, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"});
            }),
            B("R\0\0\0\x2a\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_authentication_sasl_continue(o, "r=x"); }),
            B("R\0\0\0\x0b\0\0\0\x0br=x"));
  EXPECT_EQ(encoded([](auto& o) { encode_authentication_sasl_final(o, "v=x"); }),
            B("R\0\0\0\x0b\0\0\0\x0cv=x"));
}

TEST(Encode, SessionState) {
  EXPECT_EQ(encoded([](auto& o) { encode_parameter_status(o, "a", "bc"); }), B("S\0\0\0\x09"
                                                                               "a\0bc\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_backend_key_data(o, 258, "wxyz"); }),
            B("K\0\0\0\x0c\0\0\1\2wxyz"));
  EXPECT_EQ(encoded([](auto& o) { encode_ready_for_query(o, 'T'); }), B("Z\0\0\0\5T"));
  EXPECT_EQ(encoded([](auto& o) { encode_empty_query_response(o); }), B("I\0\0\0\4"));
}

TEST(Encode, Threat14_NegotiateProtocolVersion) {
  // PostgreSQL 17 to a client of 3.2 with an option that it does not know.
  EXPECT_EQ(encoded([](auto& o) { encode_negotiate_protocol_version(o, 0, {"_pq_.x"}); }),
            B("v\0\0\0\x13\0\3\0\0\0\0\0\1_pq_.x\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_negotiate_protocol_version(o, 2, {}); }),
            B("v\0\0\0\x0c\0\3\0\2\0\0\0\0"));
}

TEST(Encode, Errors) {
  ErrorFields fields;
  fields.set_severity("ERROR");
  fields.set(kFieldSqlstate, "42501");
  fields.set(kFieldMessage, "no");
  fields.set(kFieldHint, "ask");
  EXPECT_EQ(encoded([&](auto& o) { encode_error_response(o, fields); }),
            B("E\0\0\0\x23SERROR\0VERROR\0C42501\0Mno\0Hask\0\0"));
  EXPECT_EQ(encoded([&](auto& o) { encode_notice_response(o, fields); }),
            B("N\0\0\0\x23SERROR\0VERROR\0C42501\0Mno\0Hask\0\0"));
}

TEST(Encode, ANulCannotShiftErrorFields) {
  ErrorFields fields;
  fields.set(kFieldMessage, B("one\0C00000"));
  EXPECT_EQ(encoded([&](auto& o) { encode_error_response(o, fields); }), B("E\0\0\0\x0aMone\0\0"));
}

TEST(Encode, Statements) {
  EXPECT_EQ(encoded([](auto& o) { encode_query(o, "SELECT 1"); }), B("Q\0\0\0\x0dSELECT 1\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_parse(o, "s", "SELECT 1"); }),
            B("P\0\0\0\x11s\0SELECT 1\0\0\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_bind(o, "p", "s", {"ab", std::nullopt}); }),
            B("B\0\0\0\x18p\0s\0\0\0\0\2\0\0\0\2ab\xff\xff\xff\xff\0\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_parse(o, "s", "SELECT 1", B("\0\0\0\x17")); }),
            B("P\0\0\0\x15s\0SELECT 1\0\0\1\0\0\0\x17"));
  const std::string values = B("\0\1\0\1\0\1\0\0\0\2ab");
  EXPECT_EQ(encoded([&](auto& o) { encode_bound(o, "p", "s", values); }),
            B("B\0\0\0\x16p\0s\0\0\1\0\1\0\1\0\0\0\2ab\0\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_describe(o, 'S', "s"); }), B("D\0\0\0\7Ss\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_close(o, 'P', "p"); }), B("C\0\0\0\7Pp\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_execute(o, "p", 10); }), B("E\0\0\0\x0ap\0\0\0\0\x0a"));
  EXPECT_EQ(encoded([](auto& o) { encode_flush(o); }), B("H\0\0\0\4"));
  EXPECT_EQ(encoded([](auto& o) { encode_sync(o); }), B("S\0\0\0\4"));
  EXPECT_EQ(encoded([](auto& o) { encode_copy_fail(o, "no"); }), B("f\0\0\0\7no\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_terminate(o); }), B("X\0\0\0\4"));
}

TEST(Encode, Passwords) {
  EXPECT_EQ(encoded([](auto& o) { encode_password_message(o, "pw"); }), B("p\0\0\0\7pw\0"));
  EXPECT_EQ(encoded([](auto& o) { encode_sasl_initial_response(o, "M", "n,,"); }),
            B("p\0\0\0\x0dM\0\0\0\0\3n,,"));
  EXPECT_EQ(encoded([](auto& o) { encode_sasl_response(o, "c=x"); }), B("p\0\0\0\7c=x"));
}

}  // namespace
}  // namespace sluice::wire::postgres
