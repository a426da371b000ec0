#include "wire/postgres/startup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/postgres/protocol.h"
#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

using testing::B;
using testing::be32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::packet;
using ::testing::Pair;

constexpr uint32_t kVersion30 = 3 << 16;

StartupMessage startup(Bytes rest, uint32_t version = kVersion30) {
  const auto decoded = decode_startup_packet(packet(version, rest));
  EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().text);
  return decoded ? std::get<StartupMessage>(*decoded) : StartupMessage{};
}

std::string refusal(Bytes whole) {
  const auto decoded = decode_startup_packet(whole);
  if (decoded) return "accepted";
  EXPECT_EQ(decoded.error().code, ErrorCode::kProtocol);
  return decoded.error().text;
}

TEST(Startup, DecodesParametersInOrder) {
  const auto message = startup(B("user\0alice\0database\0orders\0application_name\0\0\0"));
  EXPECT_EQ(message.major, 3U);
  EXPECT_EQ(message.minor, 0U);
  EXPECT_THAT(message.parameters, ElementsAre(Pair("user", "alice"), Pair("database", "orders"),
                                              Pair("application_name", "")));
  EXPECT_EQ(message.find("database"), "orders");
  EXPECT_EQ(message.find("Database"), "");
}

TEST(Startup, DecodesRealBytesOfLibpq) {
  const auto decoded = decode_startup_packet(
      B("\0\0\0\x31\0\3\0\0user\0u\0database\0d\0application_name\0psql\0\0"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<StartupMessage>(*decoded).find("application_name"), "psql");
}

TEST(Startup, DecodesRequests) {
  EXPECT_TRUE(std::holds_alternative<SslRequest>(
      *decode_startup_packet(B("\x00\x00\x00\x08\x04\xd2\x16\x2f"))));
  EXPECT_TRUE(std::holds_alternative<GssEncRequest>(
      *decode_startup_packet(B("\x00\x00\x00\x08\x04\xd2\x16\x30"))));
  const auto cancel = decode_startup_packet(B("\x00\x00\x00\x10\x04\xd2\x16\x2e\0\0\1\2wxyz"));
  ASSERT_TRUE(cancel);
  EXPECT_EQ(std::get<CancelRequest>(*cancel).key, B("\0\0\1\2wxyz"));
}

TEST(Startup, RequestsCarryNothing) {
  EXPECT_EQ(refusal(packet(kSslRequestCode, "x")), "invalid SSLRequest");
  EXPECT_EQ(refusal(packet(kGssEncRequestCode, "user")), "invalid GSSENCRequest");
}

TEST(Startup, Threat28_CancelSecretLengths) {
  for (const size_t size : {0, 3, 257, 9000}) {
    EXPECT_THAT(refusal(packet(kCancelRequestCode, be32(1) + std::string(size, 's'))),
                HasSubstr("cancel request"))
        << size;
  }
  for (const size_t size : {4, 5, 32, 256}) {
    EXPECT_TRUE(decode_startup_packet(packet(kCancelRequestCode, be32(1) + std::string(size, 's'))))
        << size;
  }
  EXPECT_THAT(refusal(packet(kCancelRequestCode, "")), HasSubstr("cancel request"));
  EXPECT_THAT(refusal(packet(kCancelRequestCode, "abc")), HasSubstr("cancel request"));
}

TEST(Startup, Threat11_LengthsOutOfRange) {
  for (const uint32_t length : {0U, 1U, 4U, 7U, 10'001U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    EXPECT_FALSE(startup_packet_length(be32(length))) << length;
  }
  for (const uint32_t length : {8U, 9U, 10'000U}) {
    const auto result = startup_packet_length(be32(length));
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, length);
  }
  EXPECT_FALSE(startup_packet_length(""));
  EXPECT_FALSE(startup_packet_length(B("\0\0\0")));
}

TEST(Startup, LengthWordMustBeTheLength) {
  std::string bytes = packet(kVersion30, B("user\0a\0\0"));
  EXPECT_THAT(refusal(bytes + "x"), HasSubstr("invalid length"));
  EXPECT_THAT(refusal(Bytes(bytes).substr(0, bytes.size() - 1)), HasSubstr("invalid length"));
  for (size_t size = 0; size < 8; ++size) {
    EXPECT_THAT(refusal(Bytes(bytes).substr(0, size)), HasSubstr("invalid length")) << size;
  }
}

TEST(Startup, Threat12_LayoutIsExact) {
  const char* const layout = "expected terminator";
  EXPECT_THAT(refusal(packet(kVersion30, "")), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, "user")), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0"))), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0alice"))), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0alice\0"))), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0alice\0\0\0"))), HasSubstr(layout));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0alice\0\0database\0d\0\0"))), HasSubstr(layout));
}

TEST(Startup, Threat12_OneIdentityOnly) {
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0alice\0user\0postgres\0\0"))),
              HasSubstr("twice"));
  EXPECT_THAT(refusal(packet(kVersion30, B("user\0a\0database\0d\0database\0e\0\0"))),
              HasSubstr("twice"));
  EXPECT_THAT(refusal(packet(kVersion30, B("options\0a\0options\0b\0\0"))), HasSubstr("twice"));
}

TEST(Startup, Threat12_ParameterCountIsBounded) {
  std::string many;
  std::string options;
  for (int i = 0; i < 101; ++i) {
    many += "p" + std::to_string(i) + B("\0v\0");
    options += "_pq_." + std::to_string(i) + B("\0v\0");
  }
  EXPECT_THAT(refusal(packet(kVersion30, many + '\0')), HasSubstr("too many"));
  EXPECT_THAT(refusal(packet(kVersion30, options + '\0')), HasSubstr("too many"));
}

TEST(Startup, Threat14_VersionsAndProtocolOptions) {
  EXPECT_EQ(startup(B("user\0a\0\0"), kVersion30 | 2).minor, 2U);
  const auto future =
      startup(B("user\0a\0_pq_.command_compression\0on\0_pq_.\0x\0\0"), 3 << 16 | 99);
  EXPECT_EQ(future.minor, 99U);
  EXPECT_THAT(future.protocol_options, ElementsAre("_pq_.command_compression", "_pq_."));
  EXPECT_THAT(future.parameters, ElementsAre(Pair("user", "a")));
  for (const uint32_t version :
       {0U, 1U << 16, 2U << 16, 4U << 16, 0xFFFFFFFFU, 80877101U, 80877105U}) {
    EXPECT_THAT(refusal(packet(version, B("user\0a\0\0"))), HasSubstr("unsupported")) << version;
  }
}

TEST(Startup, EncodesWhatAServerReads) {
  std::string out;
  encode_startup_message(out, {{"user", "sluice"}, {"database", "orders"}});
  EXPECT_EQ(out, B("\0\0\0\x25\0\3\0\0user\0sluice\0database\0orders\0\0"));
  out.clear();
  encode_ssl_request(out);
  EXPECT_EQ(out, B("\0\0\0\x08\x04\xd2\x16\x2f"));
  out.clear();
  encode_cancel_request(out, 258, "wxyz");
  EXPECT_EQ(out, B("\0\0\0\x10\x04\xd2\x16\x2e\0\0\1\2wxyz"));
}

RC_GTEST_PROP(Startup, EncodingRoundTrips, ()) {
  const auto text = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::nonZero<char>()));
  auto parameters = *rc::gen::uniqueBy<std::vector<std::pair<std::string, std::string>>>(
      20, rc::gen::pair(text, text), [](const auto& p) { return p.first; });
  std::erase_if(parameters, [](const auto& p) { return p.first.starts_with("_pq_."); });
  std::string out;
  encode_startup_message(out, parameters);
  RC_PRE(out.size() <= kMaxStartupPacket);
  RC_ASSERT(*startup_packet_length(out) == out.size());
  const auto decoded = decode_startup_packet(out);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(std::get<StartupMessage>(*decoded).parameters == parameters);
}

}  // namespace
}  // namespace sluice::wire::postgres
