#include "stream/ocsf.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"
#include "stream/test_records.h"

namespace sluice::stream {
namespace {

namespace json = boost::json;
using audit::EventType;
using audit::Outcome;

json::object event_of(const Entry& entry) { return ocsf_event(test_source(), entry); }

/// The value at a path such as "/actor/user/name", as JSON; "" for none.
std::string at(const json::value& event, const char* path) {
  boost::system::error_code error;
  const auto* found = event.find_pointer(path, error);
  return found == nullptr ? "" : json::serialize(*found);
}

TEST(Ocsf, AStatementIsDatastoreActivity) {
  const json::value event = event_of(statement_entry());
  EXPECT_EQ(at(event, "/class_uid"), "6005");
  EXPECT_EQ(at(event, "/category_uid"), "6");
  EXPECT_EQ(at(event, "/activity_id"), "4");
  EXPECT_EQ(at(event, "/type_uid"), "600504");
  EXPECT_EQ(at(event, "/severity_id"), "1");
  EXPECT_EQ(at(event, "/status_id"), "1");
  EXPECT_EQ(at(event, "/action_id"), "1");
  EXPECT_EQ(at(event, "/disposition_id"), "1");
  EXPECT_EQ(at(event, "/time"), "1764150000123") << "milliseconds";
  EXPECT_EQ(at(event, "/duration"), "2");
  EXPECT_EQ(at(event, "/actor/user/name"), "\"alice\"");
  EXPECT_EQ(at(event, "/actor/user/type_id"), "1");
  EXPECT_EQ(at(event, "/actor/user/groups/0/name"), "\"engineering\"");
  EXPECT_EQ(at(event, "/actor/session/uid"), "\"9\"");
  EXPECT_EQ(at(event, "/src_endpoint/ip"), "\"192.0.2.7\"");
  EXPECT_EQ(at(event, "/src_endpoint/port"), "51234");
  EXPECT_EQ(at(event, "/database/name"), "\"orders\"");
  EXPECT_EQ(at(event, "/table/name"), "\"public.t\"");
  EXPECT_EQ(at(event, "/query_info/query_string"), "\"SELECT * FROM t\"");
  EXPECT_EQ(at(event, "/firewall_rule/name"), "\"read\"");
  EXPECT_EQ(at(event, "/policy/uid"), "\"standard@1\"");
  EXPECT_EQ(at(event, "/metadata/version"), "\"1.5.0\"");
  EXPECT_EQ(at(event, "/metadata/uid"), "\"0123456789abcdef-7\"");
  EXPECT_EQ(at(event, "/metadata/sequence"), "7");
  EXPECT_EQ(at(event, "/metadata/profiles"), "[\"security_control\"]");
  EXPECT_EQ(at(event, "/metadata/labels"), "[\"environment:production\"]");
  EXPECT_EQ(at(event, "/unmapped/rows"), "3");
  EXPECT_EQ(at(event, "/unmapped/text"), "") << "it has a place of its own";
}

TEST(Ocsf, WhatAStatementDoesIsItsActivity) {
  const auto activity = [](const char* kind) {
    Entry entry = statement_entry();
    entry.record.kind = kind;
    return at(event_of(entry), "/activity_id");
  };
  EXPECT_EQ(activity("INSERT"), "5");
  EXPECT_EQ(activity("UPDATE"), "2");
  EXPECT_EQ(activity("delete"), "7");
  EXPECT_EQ(activity("TRUNCATE TABLE"), "7");
  EXPECT_EQ(activity("CREATE INDEX"), "6");
  EXPECT_EQ(activity("DROP ROLE"), "7");
  EXPECT_EQ(activity("SET"), "99");
  EXPECT_EQ(activity(""), "99");
  Entry set = statement_entry();
  set.record.kind = "SET";
  EXPECT_EQ(at(event_of(set), "/activity_name"), "\"SET\"") << "a name where the id has none";
  EXPECT_EQ(at(event_of(set), "/type_name"), "\"Datastore Activity: Other\"");
}

TEST(Ocsf, ARefusalIsDeniedAndBlocked) {
  Entry entry = statement_entry();
  entry.record.outcome = Outcome::kDenied;
  entry.record.sqlstate = "42501";
  entry.record.message = "no";
  const json::value event = event_of(entry);
  EXPECT_EQ(at(event, "/action_id"), "2");
  EXPECT_EQ(at(event, "/disposition_id"), "2");
  EXPECT_EQ(at(event, "/status_id"), "2");
  EXPECT_EQ(at(event, "/severity_id"), "3");
  EXPECT_EQ(at(event, "/status_code"), "\"42501\"");
  EXPECT_EQ(at(event, "/status_detail"), "\"no\"");
}

TEST(Ocsf, AFailureAtTheServerIsAllowedAndFailed) {
  Entry entry = statement_entry();
  entry.record.sqlstate = "23505";
  const json::value event = event_of(entry);
  EXPECT_EQ(at(event, "/action_id"), "1");
  EXPECT_EQ(at(event, "/status_id"), "2");
  entry.record.sqlstate = "";
  entry.record.outcome = Outcome::kLost;
  EXPECT_EQ(at(event_of(entry), "/status_id"), "0");
  entry.record.outcome = Outcome::kSkipped;
  EXPECT_EQ(at(event_of(entry), "/disposition_id"), "16");
}

TEST(Ocsf, LoginsAreAuthentication) {
  const json::value start = event_of(other_entry(EventType::kSessionStart));
  EXPECT_EQ(at(start, "/type_uid"), "300201");
  EXPECT_EQ(at(start, "/category_uid"), "3");
  EXPECT_EQ(at(start, "/status_id"), "1");
  EXPECT_EQ(at(start, "/user/name"), "\"alice\"");
  EXPECT_EQ(at(start, "/service/name"), "\"sluice\"");
  EXPECT_EQ(at(start, "/auth_protocol_id"), "99");
  EXPECT_EQ(at(start, "/auth_protocol"), "\"scram-sha-256\"");
  EXPECT_EQ(at(start, "/logon_type_id"), "3");
  EXPECT_EQ(at(start, "/is_remote"), "true");
  EXPECT_EQ(at(event_of(other_entry(EventType::kSessionEnd)), "/type_uid"), "300202");
  const json::value failed = event_of(other_entry(EventType::kLoginFailed, "wrong password"));
  EXPECT_EQ(at(failed, "/type_uid"), "300201");
  EXPECT_EQ(at(failed, "/status_id"), "2");
  EXPECT_EQ(at(failed, "/severity_id"), "3");
  EXPECT_EQ(at(failed, "/status_detail"), "\"wrong password\"");
}

TEST(Ocsf, EverythingElseIsApiActivityOrLifecycle) {
  const json::value admin = event_of(other_entry(EventType::kAdmin, "user bob added"));
  EXPECT_EQ(at(admin, "/type_uid"), "600303");
  EXPECT_EQ(at(admin, "/api/operation"), "\"admin\"");
  EXPECT_EQ(at(admin, "/message"), "\"user bob added\"");
  EXPECT_NE(at(admin, "/actor/user/name"), "");
  EXPECT_NE(at(admin, "/src_endpoint"), "");
  EXPECT_EQ(at(event_of(other_entry(EventType::kAuditRead)), "/type_uid"), "600302");
  EXPECT_EQ(at(event_of(other_entry(EventType::kEvidence)), "/severity_id"), "2");
  EXPECT_EQ(at(event_of(other_entry(EventType::kCancel)), "/type_uid"), "600399");
  EXPECT_EQ(at(event_of(other_entry(EventType::kSchemaDrift)), "/severity_id"), "3");
  EXPECT_EQ(at(event_of(other_entry(EventType::kGatewayStart)), "/type_uid"), "600203");
  EXPECT_EQ(at(event_of(other_entry(EventType::kGatewayStop)), "/type_uid"), "600204");
  EXPECT_EQ(at(event_of(other_entry(static_cast<EventType>(60))), "/class_uid"), "6003")
      << "of a later version";
}

TEST(Ocsf, ALocalClientHasANameForAnAddress) {
  Entry entry = statement_entry();
  for (const char* address : {"", "/run/sluice.sock", "local"}) {
    entry.record.context.client_address = address;
    EXPECT_EQ(at(event_of(entry), "/src_endpoint"), "{\"name\":\"gw.example\"}") << address;
  }
  entry.record.context.client_address = "[2001:db8::1]:99";
  EXPECT_EQ(at(event_of(entry), "/src_endpoint/ip"), "\"2001:db8::1\"");
}

TEST(Ocsf, ATraceLinksEvents) {
  Entry entry = statement_entry();
  entry.record.text =
      "SELECT 1 /*traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/";
  EXPECT_EQ(at(event_of(entry), "/metadata/correlation_uid"),
            "\"5bd66ef5095369c7b0d1f8f4bd33716a\"");
}

RC_GTEST_PROP(Ocsf, IsJsonWhateverTheRecordHolds,
              (const std::string& text, const std::string& user, uint8_t type)) {
  Entry entry = statement_entry();
  entry.record.type = static_cast<EventType>(type);
  entry.record.text = entry.record.message = entry.record.kind = text;
  entry.record.context.user = entry.record.context.client_address = user;
  const std::string out = json::serialize(event_of(entry));
  RC_ASSERT(is_utf8(out));
  RC_ASSERT(json::parse(out).is_object());
}

}  // namespace
}  // namespace sluice::stream
