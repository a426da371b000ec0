#include "stream/syslog_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream/test_records.h"

namespace sluice::stream {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

config::StreamConfig text_stream() {
  config::StreamConfig stream;
  stream.type = config::StreamType::kSyslog;
  stream.format = config::StreamFormat::kText;
  return stream;
}

TEST(Syslog, WritesRfc5424) {
  EXPECT_EQ(syslog_message(text_stream(), test_source(), statement_entry()),
            "<110>1 2025-11-26T09:40:00.123456Z gw.example sluice 42 statement "
            "[sluice@32473 uid=\"0123456789abcdef-7\" user=\"alice\" database=\"orders\" "
            "environment=\"production\" client=\"192.0.2.7:51234\" session=\"9\" "
            "decision=\"allowed\" kind=\"SELECT\" rule=\"read\" rows=\"3\"] "
            "statement user=alice database=orders client=192.0.2.7:51234 decision=allowed "
            "rule=read rows=3 duration_us=2500 | SELECT * FROM t");
}

TEST(Syslog, PriorityIsFacilityAndSeverity) {
  auto stream = text_stream();
  stream.facility = 4;
  Entry entry = statement_entry();
  entry.record.outcome = audit::Outcome::kDenied;
  EXPECT_THAT(syslog_message(stream, test_source(), entry), StartsWith("<36>1 "));
}

TEST(Syslog, EscapesWhatWouldEndAParameter) {
  Entry entry = statement_entry();
  entry.record.context.user = "a\"b]c\\d";
  EXPECT_THAT(syslog_message(text_stream(), test_source(), entry),
              HasSubstr("user=\"a\\\"b\\]c\\\\d\""));
}

TEST(Syslog, KeepsTextOnOneLine) {
  Entry entry = statement_entry();
  entry.record.text = "SELECT 1;\n<13>1 forged";
  EXPECT_THAT(syslog_message(text_stream(), test_source(), entry),
              EndsWith("| SELECT 1;\\x0a<13>1 forged"));
}

TEST(Syslog, HeaderFieldsArePrintable) {
  Source source = test_source();
  source.host = "a b\xC3\xA4";
  EXPECT_THAT(syslog_message(text_stream(), source, statement_entry()),
              HasSubstr("Z a_b__ sluice"));
  source.host = "";
  EXPECT_THAT(syslog_message(text_stream(), source, statement_entry()), HasSubstr("Z - sluice"));
}

TEST(Syslog, CarriesJsonToo) {
  auto stream = text_stream();
  stream.format = config::StreamFormat::kOcsf;
  EXPECT_THAT(syslog_message(stream, test_source(), statement_entry()),
              HasSubstr("] {\"class_uid\":6005,"));
  stream.format = config::StreamFormat::kRecord;
  EXPECT_THAT(syslog_message(stream, test_source(), statement_entry()), HasSubstr("] {\"id\":7,"));
}

TEST(Syslog, FramesCountOctets) {
  EXPECT_EQ(syslog_frame("abc"), "3 abc");
  EXPECT_EQ(syslog_frame("\xC3\xA4\n"), "3 \xC3\xA4\n");
}

RC_GTEST_PROP(Syslog, NoRecordBreaksTheHeaderOrTheLine,
              (const std::string& text, const std::string& user)) {
  Entry entry = statement_entry();
  entry.record.context.user = user;
  entry.record.text = text;
  const std::string message = syslog_message(text_stream(), test_source(), entry);
  RC_ASSERT(
      message.starts_with("<110>1 2025-11-26T09:40:00.123456Z gw.example sluice 42 statement ["));
  const size_t body = message.find("] statement user");
  RC_ASSERT(user.empty() || body != std::string::npos);
  if (body != std::string::npos) RC_ASSERT(message.find('\n', body) == std::string::npos);
}

}  // namespace
}  // namespace sluice::stream
