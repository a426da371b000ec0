#include "stream/ocsf.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>

#include <arpa/inet.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "stream/format.h"
#include "stream/trace_context.h"

namespace sluice::stream {
namespace json = boost::json;

namespace {

using audit::EventType;
using audit::Outcome;
using audit::Record;

struct Class {
  int uid;
  int category;
  const char* name;
  const char* category_name;
};
constexpr Class kAuthentication{3002, 3, "Authentication", "Identity & Access Management"};
constexpr Class kLifecycle{6002, 6, "Application Lifecycle", "Application Activity"};
constexpr Class kApi{6003, 6, "API Activity", "Application Activity"};
constexpr Class kDatastore{6005, 6, "Datastore Activity", "Application Activity"};

struct Activity {
  int id;
  const char* name;
};
constexpr int kOther = 99;

/// The first word of a command tag, and what it does to data.
struct Command {
  const char* word;
  Activity activity;
};
constexpr std::array<Command, 17> kCommands = {{
    {"select", {4, "Query"}},
    {"table", {4, "Query"}},
    {"values", {4, "Query"}},
    {"fetch", {1, "Read"}},
    {"show", {1, "Read"}},
    {"explain", {1, "Read"}},
    {"insert", {5, "Write"}},
    {"merge", {5, "Write"}},
    {"copy", {5, "Write"}},
    {"update", {2, "Update"}},
    {"alter", {2, "Update"}},
    {"grant", {2, "Update"}},
    {"revoke", {2, "Update"}},
    {"create", {6, "Create"}},
    {"delete", {7, "Delete"}},
    {"truncate", {7, "Delete"}},
    {"drop", {7, "Delete"}},
}};

Activity activity_of(const Record& record) {
  std::string word = record.kind.substr(0, record.kind.find_first_of(" _"));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* found = std::find_if(kCommands.begin(), kCommands.end(),
                                   [&](const Command& command) { return command.word == word; });
  return found == kCommands.end() ? Activity{kOther, nullptr} : found->activity;
}

std::string utf8(const std::string& text) { return to_printable_utf8(text); }

/// The fields that every class has.
json::object event_of(const Class& cls, Activity activity, const Source& source,
                      const Entry& entry) {
  const Record& record = entry.record;
  const auto type = audit::name_of(record.type);
  json::object metadata{
      {"version", kOcsfVersion},
      {"uid", entry.uid},
      {"sequence", record.sequence},
      {"event_code", type},
      {"log_name", "audit"},
      {"log_provider", source.host},
      {"original_time", format_time(record.time_micros)},
      {"product", {{"name", "Sluice"}, {"vendor_name", "Sluice"}, {"version", source.version}}}};
  if (!record.context.environment.empty())
    metadata["labels"] = json::array{"environment:" + utf8(record.context.environment)};
  const std::string name = activity.name != nullptr ? std::string(activity.name)
                           : !record.kind.empty()   ? utf8(record.kind)
                                                    : std::string(type);
  return json::object{
      {"class_uid", cls.uid},
      {"class_name", cls.name},
      {"category_uid", cls.category},
      {"category_name", cls.category_name},
      {"activity_id", activity.id},
      {"activity_name", name},
      {"type_uid", cls.uid * 100 + activity.id},
      {"type_name", std::string(cls.name) + ": " + (activity.id == kOther ? "Other" : name)},
      {"time", record.time_micros / 1000},
      {"metadata", std::move(metadata)}};
}

void set_severity(json::object& event, const Record& record) {
  switch (syslog_severity(record)) {
    case 1:
      event["severity_id"] = 5;
      event["severity"] = "Critical";
      break;
    case 4:
      event["severity_id"] = 3;
      event["severity"] = "Medium";
      break;
    case 5:
      event["severity_id"] = 2;
      event["severity"] = "Low";
      break;
    default:
      event["severity_id"] = 1;
      event["severity"] = "Informational";
  }
}

void set_status(json::object& event, const Record& record) {
  switch (ending_of(record)) {
    case Ending::kSuccess:
      event["status_id"] = 1;
      event["status"] = "Success";
      break;
    case Ending::kFailure:
    case Ending::kRefused:
      event["status_id"] = 2;
      event["status"] = "Failure";
      break;
    case Ending::kUnknown:
      event["status_id"] = 0;
      event["status"] = "Unknown";
  }
  if (!record.sqlstate.empty()) event["status_code"] = utf8(record.sqlstate);
  if (!record.message.empty()) {
    event["status_detail"] = utf8(record.message);
    event["message"] = utf8(record.message);
  }
}

json::object user_of(const Record& record) {
  const auto& context = record.context;
  json::object user{{"name", context.user.empty() ? "unknown" : utf8(context.user)}};
  if (context.kind == "human") {
    user["type_id"] = 1;
    user["type"] = "User";
  } else if (!context.kind.empty()) {
    // 1.5.0 has no number for services and agents; 4 came later.
    user["type_id"] = kOther;
    user["type"] = utf8(context.kind);
  }
  if (!context.groups.empty()) {
    json::array groups;
    for (const auto& group : context.groups) groups.push_back(json::object{{"name", utf8(group)}});
    user["groups"] = std::move(groups);
  }
  return user;
}

json::object session_of(const Record& record) {
  return json::object{{"uid", std::to_string(record.context.session_id)}};
}

json::object actor_of(const Record& record) {
  json::object actor{{"user", user_of(record)}};
  if (record.context.session_id != 0) actor["session"] = session_of(record);
  if (!record.context.application.empty()) actor["app_name"] = utf8(record.context.application);
  return actor;
}

/// An IP address and a port; nothing for all else, for which the schema has other attributes.
std::optional<Peer> ip_peer(const Record& record) {
  const Peer peer = peer_of(record.context.client_address);
  const std::string address = peer.address.substr(0, peer.address.find('%'));  // without its zone
  in6_addr out;
  const bool is_ip = inet_pton(AF_INET, address.c_str(), &out) == 1 ||
                     inet_pton(AF_INET6, address.c_str(), &out) == 1;
  if (!is_ip || peer.port < 0 || peer.port > 65535) return std::nullopt;
  return peer;
}

json::object source_endpoint(const Source& source, const Record& record) {
  const auto peer = ip_peer(record);
  if (!peer) return json::object{{"name", source.host}};
  return json::object{{"ip", utf8(peer->address)}, {"port", peer->port}};
}

/// As many as a long can say.
int64_t as_long(uint64_t number) {
  return static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX));
}

json::object database_of(const Record& record) {
  return json::object{
      {"name", utf8(record.context.database)}, {"type_id", 1}, {"type", "Relational"}};
}

/// The profile Security Control: what the rules did to the statement.
void set_control(json::object& event, const Record& record) {
  const bool refused = ending_of(record) == Ending::kRefused;
  event["action_id"] = refused ? 2 : 1;
  event["action"] = refused ? "Denied" : "Allowed";
  if (refused) {
    event["disposition_id"] = 2;
    event["disposition"] = "Blocked";
  } else if (record.outcome == Outcome::kSkipped) {
    event["disposition_id"] = 16;
    event["disposition"] = "No Action";
  } else {
    event["disposition_id"] = 1;
    event["disposition"] = "Allowed";
  }
  if (!record.rule.empty()) event["firewall_rule"] = json::object{{"name", utf8(record.rule)}};
  if (!record.policy_version.empty())
    event["policy"] = json::object{{"uid", utf8(record.policy_version)}};
  event["metadata"].as_object()["profiles"] = json::array{"security_control"};
}

/// What the schema has no place for; the statement's text has one.
void set_unmapped(json::object& event, const Record& record) {
  json::object rest = plain_json(record);
  for (const char* mapped : {"id", "time", "text", "message", "user", "database", "sqlstate"})
    rest.erase(mapped);
  event["unmapped"] = std::move(rest);
}

json::object statement_event(const Source& source, const Entry& entry) {
  const Record& record = entry.record;
  json::object event = event_of(kDatastore, activity_of(record), source, entry);
  const int64_t duration = as_long(record.duration_micros) / 1000;
  event["start_time"] = record.time_micros / 1000;
  event["end_time"] = record.time_micros / 1000 + duration;
  event["duration"] = duration;
  event["actor"] = actor_of(record);
  event["src_endpoint"] = source_endpoint(source, record);
  event["database"] = database_of(record);
  event["type_id"] = record.tables.empty() ? 1 : 3;
  event["type"] = record.tables.empty() ? "Database" : "Table";
  if (!record.tables.empty()) event["table"] = json::object{{"name", utf8(record.tables.front())}};
  event["query_info"] = json::object{{"query_string", utf8(record.text)},
                                     {"uid", entry.uid},
                                     {"bytes", as_long(record.bytes)},
                                     {"query_time", record.time_micros / 1000}};
  set_control(event, record);
  if (const auto trace = trace_context_of(record))
    event["metadata"].as_object()["correlation_uid"] = trace->trace_id;
  return event;
}

void set_protocol(json::object& event, const std::string& authentication) {
  if (authentication.empty()) return;
  event["auth_protocol_id"] = authentication == "oidc" ? 4 : authentication == "ldap" ? 12 : kOther;
  event["auth_protocol"] = authentication == "oidc"   ? "OpenID"
                           : authentication == "ldap" ? "LDAP"
                                                      : utf8(authentication);
}

json::object authentication_event(const Source& source, const Entry& entry) {
  const Record& record = entry.record;
  const Activity activity =
      record.type == EventType::kSessionEnd ? Activity{2, "Logoff"} : Activity{1, "Logon"};
  json::object event = event_of(kAuthentication, activity, source, entry);
  event["user"] = user_of(record);
  event["service"] = json::object{{"name", "sluice"}};
  event["src_endpoint"] = source_endpoint(source, record);
  event["logon_type_id"] = 3;
  event["logon_type"] = "Network";
  event["dst_endpoint"] = json::object{{"name", source.host}};
  event["is_remote"] = ip_peer(record).has_value();
  if (record.context.session_id != 0) event["session"] = session_of(record);
  set_protocol(event, record.context.authentication);
  return event;
}

json::object lifecycle_event(const Source& source, const Entry& entry) {
  const bool start = entry.record.type == EventType::kGatewayStart;
  json::object event =
      event_of(kLifecycle, start ? Activity{3, "Start"} : Activity{4, "Stop"}, source, entry);
  event["app"] =
      json::object{{"name", "Sluice"}, {"vendor_name", "Sluice"}, {"version", source.version}};
  return event;
}

json::object api_event(const Source& source, const Entry& entry) {
  const Record& record = entry.record;
  const Activity activity = record.type == EventType::kAuditRead ? Activity{2, "Read"}
                            : record.type == EventType::kAdmin   ? Activity{3, "Update"}
                            : record.type == EventType::kCancel  ? Activity{kOther, "Cancel"}
                                                                 : Activity{kOther, nullptr};
  json::object event = event_of(kApi, activity, source, entry);
  event["actor"] = actor_of(record);
  event["src_endpoint"] = source_endpoint(source, record);
  event["dst_endpoint"] = json::object{{"name", source.host}};
  event["api"] =
      json::object{{"operation", audit::name_of(record.type)}, {"service", {{"name", "sluice"}}}};
  if (!record.context.database.empty()) {
    event["resources"] =
        json::array{json::object{{"name", utf8(record.context.database)}, {"type", "database"}}};
  }
  return event;
}

}  // namespace

json::object ocsf_event(const Source& source, const Entry& entry) {
  json::object event;
  switch (entry.record.type) {
    case EventType::kStatement:
      event = statement_event(source, entry);
      break;
    case EventType::kSessionStart:
    case EventType::kSessionEnd:
    case EventType::kLoginFailed:
      event = authentication_event(source, entry);
      break;
    case EventType::kGatewayStart:
    case EventType::kGatewayStop:
      event = lifecycle_event(source, entry);
      break;
    default:
      event = api_event(source, entry);
  }
  set_severity(event, entry.record);
  set_status(event, entry.record);
  set_unmapped(event, entry.record);
  return event;
}

}  // namespace sluice::stream
