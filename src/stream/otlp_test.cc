#include "stream/otlp.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "stream/test_records.h"

namespace sluice::stream {
namespace {

namespace json = boost::json;

constexpr const char* kTraced =
    "SELECT 1 /*traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/";
constexpr const char* kNotKept =
    "SELECT 1 /*traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-00'*/";

std::string at(const std::string& text, const std::string& path) {
  boost::system::error_code error;
  const json::value value = json::parse(text);
  const auto* found = value.find_pointer(path, error);
  return found == nullptr ? "" : json::serialize(*found);
}

/// The value of an attribute in a list of them.
std::string attribute(const std::string& text, const std::string& path, std::string_view key) {
  boost::system::error_code error;
  const json::value value = json::parse(text);
  const auto* list = value.find_pointer(path + "/attributes", error);
  if (list == nullptr) return "no list";
  for (const auto& item : list->as_array()) {
    if (item.at("key").as_string() == key) return json::serialize(item.at("value"));
  }
  return "";
}

const std::string kLog = "/resourceLogs/0/scopeLogs/0/logRecords/0";
const std::string kSpan = "/resourceSpans/0/scopeSpans/0/spans/0";

TEST(OtlpLogs, FollowTheJsonEncoding) {
  const Entry entries[] = {statement_entry(1), statement_entry(2)};
  const std::string body = otlp_logs(test_source(), entries);
  EXPECT_EQ(attribute(body, "/resourceLogs/0/resource", "service.name"),
            "{\"stringValue\":\"sluice\"}");
  EXPECT_EQ(at(body, kLog + "/timeUnixNano"), "\"1764150000123456000\"") << "64 bits are text";
  EXPECT_EQ(at(body, kLog + "/severityNumber"), "9");
  EXPECT_EQ(at(body, kLog + "/eventName"), "\"sluice.statement\"");
  EXPECT_EQ(attribute(body, kLog, "sluice.uid"), "{\"stringValue\":\"0123456789abcdef-1\"}");
  EXPECT_EQ(attribute(body, kLog, "db.response.returned_rows"), "{\"intValue\":\"3\"}");
  EXPECT_EQ(attribute(body, kLog, "db.query.text"), "{\"stringValue\":\"SELECT * FROM t\"}");
  EXPECT_EQ(attribute(body, kLog, "sluice.tables"),
            "{\"arrayValue\":{\"values\":[{\"stringValue\":\"public.t\"}]}}");
  EXPECT_EQ(at(body, kLog + "/traceId"), "");
  EXPECT_NE(at(body, "/resourceLogs/0/scopeLogs/0/logRecords/1"), "");
}

TEST(OtlpLogs, AgentsHaveTheNamesOfTheConventions) {
  Entry entry = statement_entry();
  const Entry of_a_person[] = {entry};
  EXPECT_EQ(attribute(otlp_logs(test_source(), of_a_person), kLog, "gen_ai.agent.name"), "");
  entry.record.context.kind = "agent";
  entry.record.context.run = "conv-1";
  entry.record.context.call = "call_7";
  entry.record.context.prompt = "an-id";
  const Entry entries[] = {entry};
  const std::string body = otlp_logs(test_source(), entries);
  EXPECT_EQ(attribute(body, kLog, "gen_ai.conversation.id"), "{\"stringValue\":\"conv-1\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.tool.call.id"), "{\"stringValue\":\"call_7\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.agent.name"), "{\"stringValue\":\"alice\"}");
  EXPECT_EQ(attribute(body, kLog, "sluice.prompt.id"), "{\"stringValue\":\"an-id\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.agent.id"), "{\"stringValue\":\"alice\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.operation.name"), "{\"stringValue\":\"execute_tool\"}");
}

TEST(OtlpTraces, ToolsOfAgentsAndTracesThatTheirSessionsSaid) {
  Entry entry = statement_entry();
  entry.record.tags = {"traceparent=00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01",
                       "gen_ai.tool.name=query"};
  const Entry entries[] = {entry};
  const std::string body = otlp_traces(test_source(), entries);
  EXPECT_EQ(at(body, kSpan + "/traceId"), "\"5bd66ef5095369c7b0d1f8f4bd33716a\"");
  EXPECT_EQ(attribute(body, kSpan, "gen_ai.tool.name"), "{\"stringValue\":\"query\"}");
  EXPECT_EQ(attribute(body, kSpan, "gen_ai.operation.name"), "{\"stringValue\":\"execute_tool\"}");
}

TEST(OtlpLogs, PromptsHaveTheirModelAndWhatWasUsed) {
  Entry entry = statement_entry();
  entry.record.type = audit::EventType::kPrompt;
  entry.record.context.prompt = "an-id";
  entry.record.model = "m-1";
  entry.record.input_tokens = 12;
  entry.record.output_tokens = 3;
  const Entry entries[] = {entry};
  const std::string body = otlp_logs(test_source(), entries);
  EXPECT_EQ(attribute(body, kLog, "gen_ai.operation.name"), "{\"stringValue\":\"chat\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.request.model"), "{\"stringValue\":\"m-1\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.usage.input_tokens"), "{\"intValue\":\"12\"}");
  EXPECT_EQ(attribute(body, kLog, "gen_ai.usage.output_tokens"), "{\"intValue\":\"3\"}");
}

TEST(OtlpLogs, WhoLooksForModelsDoesNotChat) {
  Entry entry = statement_entry();
  entry.record.type = audit::EventType::kPrompt;
  entry.record.context.prompt.clear();
  const Entry entries[] = {entry};
  EXPECT_EQ(attribute(otlp_logs(test_source(), entries), kLog, "gen_ai.operation.name"), "");
}

TEST(OtlpLogs, PointToTheTrace) {
  Entry entry = statement_entry();
  entry.record.text = kTraced;
  const Entry entries[] = {entry};
  const std::string body = otlp_logs(test_source(), entries);
  EXPECT_EQ(at(body, kLog + "/traceId"), "\"5bd66ef5095369c7b0d1f8f4bd33716a\"");
  EXPECT_EQ(at(body, kLog + "/spanId"), at(otlp_traces(test_source(), entries), kSpan + "/spanId"))
      << "to the statement's own span";
  EXPECT_EQ(at(body, kLog + "/flags"), "1");
}

TEST(OtlpTraces, ASpanForAStatementOfAKeptTrace) {
  Entry plain = statement_entry(1);
  Entry traced = statement_entry(2);
  traced.record.text = kTraced;
  Entry not_kept = statement_entry(3);
  not_kept.record.text = kNotKept;
  const Entry entries[] = {plain, traced, not_kept, other_entry(audit::EventType::kAdmin)};
  const std::string body = otlp_traces(test_source(), entries);
  EXPECT_EQ(at(body, kSpan + "/traceId"), "\"5bd66ef5095369c7b0d1f8f4bd33716a\"");
  EXPECT_EQ(at(body, kSpan + "/parentSpanId"), "\"c532cb4098ac3dd2\"");
  EXPECT_EQ(at(body, kSpan + "/spanId").size(), 18U);
  EXPECT_EQ(at(body, kSpan + "/name"), "\"SELECT public.t\"");
  EXPECT_EQ(at(body, kSpan + "/kind"), "3");
  EXPECT_EQ(at(body, kSpan + "/startTimeUnixNano"), "\"1764150000123456000\"");
  EXPECT_EQ(at(body, kSpan + "/endTimeUnixNano"), "\"1764150000125956000\"");
  EXPECT_EQ(at(body, kSpan + "/status"), "{}");
  EXPECT_EQ(at(body, "/resourceSpans/0/scopeSpans/0/spans/1"), "") << "only one";
  EXPECT_EQ(body, otlp_traces(test_source(), entries)) << "the same ids when it is sent again";
}

TEST(OtlpTraces, AFailureIsAnError) {
  Entry entry = statement_entry();
  entry.record.text = kTraced;
  entry.record.sqlstate = "23505";
  entry.record.message = "duplicate";
  const Entry entries[] = {entry};
  const std::string body = otlp_traces(test_source(), entries);
  EXPECT_EQ(at(body, kSpan + "/status/code"), "2");
  EXPECT_EQ(at(body, kSpan + "/status/message"), "\"duplicate\"");
  EXPECT_EQ(attribute(body, kSpan, "error.type"), "{\"stringValue\":\"23505\"}");
}

TEST(OtlpTraces, NothingWithoutATrace) {
  const Entry entries[] = {statement_entry()};
  EXPECT_EQ(otlp_traces(test_source(), entries), "");
}

TEST(OtlpAnswer, CountsWhatWasRejected) {
  EXPECT_EQ(otlp_rejected(R"({"partialSuccess":{"rejectedLogRecords":"5"}})"), 5U);
  EXPECT_EQ(otlp_rejected(R"({"partialSuccess":{"rejectedSpans":3}})"), 3U);
  for (const char* text : {"", "{}", "nonsense", R"({"partialSuccess":{}})", "[1]",
                           R"({"partialSuccess":{"rejectedSpans":-3}})"})
    EXPECT_EQ(otlp_rejected(text), 0U) << text;
}

}  // namespace
}  // namespace sluice::stream
