#include "wire/postgres/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/postgres/encode.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

using testing::B;
using testing::be32;
using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Backend, ParameterStatus) {
  const std::string body = B("TimeZone\0Etc/UTC\0");
  const auto status = decode_parameter_status(body);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->name, "TimeZone");
  EXPECT_EQ(status->value, "Etc/UTC");
  EXPECT_FALSE(decode_parameter_status(""));
  EXPECT_FALSE(decode_parameter_status(B("TimeZone\0")));
  EXPECT_FALSE(decode_parameter_status(B("TimeZone\0Etc/UTC")));
  EXPECT_FALSE(decode_parameter_status(B("TimeZone\0Etc/UTC\0x")));
}

TEST(Backend, DataRow) {
  const std::string body = B("\0\3\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0");
  const auto row = decode_data_row(body);
  ASSERT_TRUE(row);
  EXPECT_THAT(*row, ElementsAre(Bytes("ab"), std::nullopt, Bytes()));
  EXPECT_TRUE(decode_data_row(B("\0\0")));
  EXPECT_FALSE(decode_data_row(""));
  EXPECT_FALSE(decode_data_row(B("\xff\xff")));
  EXPECT_FALSE(decode_data_row(B("\0\1\0\0\0\3ab")));
  EXPECT_FALSE(decode_data_row(B("\0\1\0\0\0\1ab")));
  EXPECT_FALSE(decode_data_row(B("\0\1\x80\0\0\0ab")));
}

TEST(Backend, BackendKeyData) {
  const auto key = decode_backend_key_data(B("\0\0\1\2wxyz"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->pid, 258U);
  EXPECT_EQ(key->secret, "wxyz");
}

TEST(Backend, Threat28_SecretLengthsFromServer) {
  for (const size_t size : {0, 3, 257}) {
    EXPECT_FALSE(decode_backend_key_data(be32(1) + std::string(size, 's'))) << size;
  }
  for (const size_t size : {4, 32, 256}) {
    EXPECT_EQ(decode_backend_key_data(be32(1) + std::string(size, 's'))->secret.size(), size);
  }
  EXPECT_FALSE(decode_backend_key_data("abc"));
}

TEST(Backend, ReadyForQuery) {
  EXPECT_EQ(*decode_ready_for_query("I"), 'I');
  EXPECT_EQ(*decode_ready_for_query("T"), 'T');
  EXPECT_EQ(*decode_ready_for_query("E"), 'E');
  for (const auto* bad : {"", "X", "i", "II"}) EXPECT_FALSE(decode_ready_for_query(bad)) << bad;
  EXPECT_FALSE(decode_ready_for_query(B("\0")));
}

struct Tag {
  const char* tag;
  const char* command;
  std::optional<uint64_t> rows;
};

TEST(Backend, CommandComplete) {
  const Tag cases[] = {
      {"SELECT 5", "SELECT", 5},
      {"INSERT 0 3", "INSERT", 3},
      {"UPDATE 0", "UPDATE", 0},
      {"COPY 18446744073709551615", "COPY", 18446744073709551615U},
      {"COPY 18446744073709551616", "COPY", std::nullopt},  // does not fit
      {"CREATE TABLE", "CREATE TABLE", std::nullopt},
      {"CREATE TABLE AS 7", "CREATE TABLE AS", 7},
      {"MERGE 2", "MERGE", 2},
      {"", "", std::nullopt},
      {"12", "12", std::nullopt},
      {" 12", "", 12},
      {"SELECT5", "SELECT5", std::nullopt},
      {"SELECT -5", "SELECT -5", std::nullopt},
      {"SELECT ", "SELECT ", std::nullopt},
  };
  for (const auto& [tag, command, rows] : cases) {
    const std::string body = tag + std::string(1, '\0');
    const auto complete = decode_command_complete(body);
    ASSERT_TRUE(complete) << tag;
    EXPECT_EQ(complete->tag, tag);
    EXPECT_EQ(complete->command, command) << tag;
    EXPECT_EQ(complete->rows, rows) << tag;
  }
  EXPECT_FALSE(decode_command_complete(""));
  EXPECT_FALSE(decode_command_complete("SELECT 5"));
  EXPECT_FALSE(decode_command_complete(B("SELECT 5\0x")));
}

TEST(Backend, ErrorFields) {
  const auto fields = ErrorFields::decode(
      B("SFEHLER\0VERROR\0C42601\0Msyntax error at or near \"x\"\0P8\0Fscan.l\0L1176\0\0"));
  EXPECT_EQ(fields.sqlstate(), "42601");
  EXPECT_EQ(fields.message(), "syntax error at or near \"x\"");
  EXPECT_EQ(fields.get(kFieldSeverityNonLocalized), "ERROR");
  EXPECT_EQ(fields.get(kFieldPosition), "8");
  EXPECT_EQ(fields.get(kFieldHint), "");
  EXPECT_EQ(fields.all().size(), 7U);
}

TEST(Backend, Threat40_OddErrorsAreReadAsFarAsTheyGo) {
  EXPECT_TRUE(ErrorFields::decode("").all().empty());
  EXPECT_TRUE(ErrorFields::decode(B("\0")).all().empty());
  EXPECT_EQ(ErrorFields::decode(B("Mno sqlstate\0\0")).sqlstate(), "");
  EXPECT_THAT(ErrorFields::decode(B("C42601\0Mbroken off")).all(),
              ElementsAre(Pair('C', "42601"), Pair('M', "broken off")));
  EXPECT_THAT(ErrorFields::decode(B("C42601\0\0M not a field")).all(),
              ElementsAre(Pair('C', "42601")));
  EXPECT_EQ(ErrorFields::decode(B("C1\0C2\0\0")).sqlstate(), "2");
  EXPECT_EQ(ErrorFields::decode(B("M\xff\xfe\0\0")).message(), "\xff\xfe");
  const std::string huge(1 << 20, 'x');
  EXPECT_EQ(ErrorFields::decode("M" + huge + B("\0\0")).message().size(), huge.size());
}

TEST(Backend, Threat40_ManyFieldsAreBounded) {
  std::string body;
  for (int i = 0; i < 1 << 18; ++i) body += {static_cast<char>(1 + i % 255), 'x', '\0'};
  EXPECT_LE(ErrorFields::decode(body).all().size(), 64U);
}

TEST(Backend, ErrorFieldsAreSet) {
  ErrorFields fields;
  fields.set_severity("FATAL");
  fields.set(kFieldMessage, "one");
  fields.set(kFieldMessage, "two");
  fields.set('\0', "would end the message");
  EXPECT_THAT(fields.all(), ElementsAre(Pair('S', "FATAL"), Pair('V', "FATAL"), Pair('M', "two")));
}

TEST(Backend, Authentication) {
  EXPECT_EQ(decode_authentication(be32(0))->code, AuthCode::kOk);
  EXPECT_EQ(decode_authentication(be32(3))->code, AuthCode::kCleartextPassword);
  const std::string md5 = be32(5) + B("\0\1\2\3");
  EXPECT_EQ(decode_authentication(md5)->data, B("\0\1\2\3"));
  const std::string sasl = be32(10) + B("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
  EXPECT_THAT(decode_authentication(sasl)->mechanisms,
              ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
  const std::string next = be32(11) + "r=abc";
  EXPECT_EQ(decode_authentication(next)->data, "r=abc");
  EXPECT_EQ(static_cast<uint32_t>(decode_authentication(be32(7))->code), 7U) << "GSSAPI";
}

TEST(Backend, Threat39_MalformedAuthentication) {
  EXPECT_FALSE(decode_authentication(""));
  EXPECT_FALSE(decode_authentication(B("\0\0\0")));
  EXPECT_FALSE(decode_authentication(be32(0) + "x"));
  EXPECT_FALSE(decode_authentication(be32(3) + "x"));
  EXPECT_FALSE(decode_authentication(be32(5) + "abc"));
  EXPECT_FALSE(decode_authentication(be32(5) + "abcde"));
  EXPECT_FALSE(decode_authentication(be32(10)));
  EXPECT_FALSE(decode_authentication(be32(10) + "SCRAM-SHA-256"));
  EXPECT_FALSE(decode_authentication(be32(10) + B("SCRAM-SHA-256\0")));
  EXPECT_FALSE(decode_authentication(be32(10) + B("SCRAM-SHA-256\0\0x")));
  std::string many = be32(10);
  for (int i = 0; i < 1000; ++i) many += B("M\0");
  EXPECT_FALSE(decode_authentication(many + '\0'));
}

RC_GTEST_PROP(Backend, ErrorResponseRoundTrips, (const std::map<char, std::string>& values)) {
  ErrorFields fields;
  std::vector<std::pair<char, std::string>> expected;
  for (const auto& [code, value] : values) {
    if (code == '\0' || expected.size() == 64) continue;
    fields.set(code, value);
    expected.emplace_back(code, value.substr(0, value.find('\0')));
  }
  std::string out;
  encode_error_response(out, fields);
  RC_ASSERT(out[0] == 'E');
  RC_ASSERT(load_be32(out.data() + 1) + 1 == out.size());
  RC_ASSERT(ErrorFields::decode(Bytes(out).substr(kHeaderSize)).all() == expected);
}

}  // namespace
}  // namespace sluice::wire::postgres
