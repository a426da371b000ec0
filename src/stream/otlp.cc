#include "stream/otlp.h"

#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/hash.h"
#include "stream/format.h"
#include "stream/trace_context.h"

namespace sluice::stream {
namespace json = boost::json;

namespace {

using audit::EventType;
using audit::Record;

/// A list of OTLP attributes; empty values are left out.
class Attributes {
 public:
  void text(const char* key, const std::string& value) {
    if (!value.empty()) add(key, {{"stringValue", to_printable_utf8(value)}});
  }
  /// 64-bit integers are text in the JSON form of Protocol Buffers.
  void number(const char* key, uint64_t value) { add(key, {{"intValue", std::to_string(value)}}); }
  void list(const char* key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    json::array items;
    for (const auto& value : values)
      items.push_back(json::object{{"stringValue", to_printable_utf8(value)}});
    add(key, {{"arrayValue", {{"values", std::move(items)}}}});
  }
  json::array take() { return std::move(all_); }

 private:
  void add(const char* key, json::object value) {
    all_.push_back(json::object{{"key", key}, {"value", std::move(value)}});
  }
  json::array all_;
};

json::object resource(const Source& source) {
  Attributes attributes;
  attributes.text("service.name", "sluice");
  attributes.text("service.version", source.version);
  attributes.text("service.instance.id", source.id);
  attributes.text("host.name", source.host);
  return json::object{{"attributes", attributes.take()}};
}

json::object scope(const Source& source) {
  return json::object{{"name", "sluice.audit"}, {"version", source.version}};
}

std::string nanoseconds(int64_t micros) { return std::to_string(micros) + "000"; }

/// The value of a tag of a statement's comment, or of what its session said in its place.
std::string tag_of(const Record& record, std::string_view key) {
  for (const std::string& tag : record.tags) {
    if (tag.size() > key.size() && tag.starts_with(key) && tag[key.size()] == '=')
      return tag.substr(key.size() + 1);
  }
  return "";
}

/// Who asked through an agent, under the names of OpenTelemetry's conventions for generative AI.
void describe_agent(Attributes& attributes, const Record& record) {
  attributes.text("gen_ai.conversation.id", record.context.run);
  attributes.text("gen_ai.tool.call.id", record.context.call);
  attributes.text("sluice.prompt.id", record.context.prompt);
  if (record.context.kind == "agent") {
    attributes.text("gen_ai.agent.id", record.context.user);
    attributes.text("gen_ai.agent.name", record.context.user);
  }
  const std::string tool = tag_of(record, "gen_ai.tool.name");
  attributes.text("gen_ai.tool.name", tool);
  const bool statement = record.type == EventType::kStatement;
  if (statement && (!tool.empty() || !record.context.call.empty())) {
    attributes.text("gen_ai.operation.name", "execute_tool");
    attributes.text("gen_ai.tool.type", "datastore");
  }
  // Who asked which models there are has asked none of them.
  if (record.type != EventType::kPrompt || record.context.prompt.empty()) return;
  attributes.text("gen_ai.operation.name", "chat");
  attributes.text("gen_ai.request.model", record.model);
  if (record.input_tokens != 0) attributes.number("gen_ai.usage.input_tokens", record.input_tokens);
  if (record.output_tokens != 0)
    attributes.number("gen_ai.usage.output_tokens", record.output_tokens);
}

/// What logs and spans say alike, under the names of the semantic conventions where there are any.
void describe(Attributes& attributes, const Entry& entry) {
  const Record& record = entry.record;
  attributes.text("sluice.uid", entry.uid);
  attributes.text("user.name", record.context.user);
  attributes.list("user.roles", record.context.groups);
  const Peer peer = peer_of(record.context.client_address);
  attributes.text("client.address", peer.address);
  if (peer.port != 0) attributes.number("client.port", static_cast<uint64_t>(peer.port));
  if (record.context.session_id != 0)
    attributes.text("session.id", std::to_string(record.context.session_id));
  attributes.text("db.namespace", record.context.database);
  attributes.text("deployment.environment.name", record.context.environment);
  attributes.text("sluice.application", record.context.application);
  attributes.text("sluice.principal.kind", record.context.kind);
  describe_agent(attributes, record);
  if (record.type != EventType::kStatement) return;
  attributes.text("db.system.name", "postgresql");
  attributes.text("db.operation.name", record.kind);
  attributes.text("db.query.text", record.text);
  if (record.tables.size() == 1) attributes.text("db.collection.name", record.tables.front());
  attributes.text("db.response.status_code", record.sqlstate);
  attributes.number("db.response.returned_rows", record.rows);
  attributes.list("sluice.tables", record.tables);
  attributes.list("sluice.actions", record.actions);
  attributes.list("sluice.classes", record.classes);
  attributes.text("sluice.decision", std::string(audit::name_of(record.outcome)));
  attributes.text("sluice.rule", record.rule);
  attributes.text("sluice.policy.version", record.policy_version);
  attributes.text("sluice.approval", record.approval);
  attributes.list("sluice.masked", record.masked);
  attributes.list("sluice.released", record.released);
}

/// The statement's span, the same however often it is sent: the first bytes of a digest of its uid.
std::string span_id(const Entry& entry) {
  const auto digest = sha256(entry.uid);
  std::string id = to_hex({digest.data(), 8});
  if (id.find_first_not_of('0') == std::string::npos) id.back() = '1';  // All zero is invalid.
  return id;
}

json::object log_record(const Entry& entry) {
  const Record& record = entry.record;
  struct Severity {
    int number;
    const char* text;
  };
  const int syslog = syslog_severity(record);
  const Severity severity = syslog == 1   ? Severity{17, "ERROR"}
                            : syslog == 4 ? Severity{13, "WARN"}
                            : syslog == 5 ? Severity{10, "INFO2"}
                                          : Severity{9, "INFO"};
  Attributes attributes;
  describe(attributes, entry);
  if (record.type == EventType::kStatement)
    attributes.number("sluice.duration_us", record.duration_micros);
  json::object out{{"timeUnixNano", nanoseconds(record.time_micros)},
                   {"observedTimeUnixNano", nanoseconds(record.time_micros)},
                   {"severityNumber", severity.number},
                   {"severityText", severity.text},
                   {"eventName", "sluice." + std::string(audit::name_of(record.type))},
                   {"body", {{"stringValue", text_line(record)}}},
                   {"attributes", attributes.take()}};
  if (record.type == EventType::kStatement) {
    if (const auto trace = trace_context_of(record)) {
      out["traceId"] = trace->trace_id;
      out["spanId"] = trace->sampled ? span_id(entry) : trace->parent_id;
      out["flags"] = trace->sampled ? 1 : 0;
    }
  }
  return out;
}

json::object span(const Entry& entry, const TraceContext& trace) {
  constexpr int kClient = 3, kError = 2;
  const Record& record = entry.record;
  Attributes attributes;
  describe(attributes, entry);
  const Ending ending = ending_of(record);
  json::object status;
  if (ending != Ending::kSuccess) {
    attributes.text("error.type", record.sqlstate.empty()
                                      ? std::string(audit::name_of(record.outcome))
                                      : record.sqlstate);
    status = {{"code", kError}, {"message", to_printable_utf8(record.message)}};
  }
  std::string name = record.kind.empty() ? "statement" : to_printable_utf8(record.kind);
  if (record.tables.size() == 1) name += " " + to_printable_utf8(record.tables.front());
  json::object out{{"traceId", trace.trace_id},
                   {"spanId", span_id(entry)},
                   {"parentSpanId", trace.parent_id},
                   {"flags", 1},
                   {"name", name},
                   {"kind", kClient},
                   {"startTimeUnixNano", nanoseconds(record.time_micros)},
                   {"endTimeUnixNano",
                    nanoseconds(record.time_micros + static_cast<int64_t>(record.duration_micros))},
                   {"attributes", attributes.take()},
                   {"status", std::move(status)}};
  if (!trace.state.empty()) out["traceState"] = to_printable_utf8(trace.state);
  return out;
}

/// The three levels of an export request; the lists have names of their own in each signal.
std::string request(const Source& source, const char* resources, const char* scopes,
                    const char* items, json::array all) {
  json::object in_scope;
  in_scope["scope"] = scope(source);
  in_scope[items] = std::move(all);
  json::object in_resource;
  in_resource["resource"] = resource(source);
  in_resource[scopes].emplace_array().push_back(std::move(in_scope));
  json::object out;
  out[resources].emplace_array().push_back(std::move(in_resource));
  return json::serialize(out);
}

}  // namespace

std::string otlp_logs(const Source& source, std::span<const Entry> entries) {
  json::array records;
  for (const auto& entry : entries) records.push_back(log_record(entry));
  return request(source, "resourceLogs", "scopeLogs", "logRecords", std::move(records));
}

std::string otlp_traces(const Source& source, std::span<const Entry> entries) {
  json::array spans;
  for (const auto& entry : entries) {
    if (entry.record.type != EventType::kStatement) continue;
    const auto trace = trace_context_of(entry.record);
    if (trace && trace->sampled) spans.push_back(span(entry, *trace));
  }
  if (spans.empty()) return "";
  return request(source, "resourceSpans", "scopeSpans", "spans", std::move(spans));
}

uint64_t otlp_rejected(std::string_view answer) {
  boost::system::error_code error;
  const auto value = json::parse(answer, error);
  if (error || !value.is_object()) return 0;
  const auto* partial = value.get_object().if_contains("partialSuccess");
  if (partial == nullptr || !partial->is_object()) return 0;
  for (const char* key : {"rejectedLogRecords", "rejectedSpans"}) {
    const auto* count = partial->get_object().if_contains(key);
    if (count == nullptr) continue;
    if (const auto* text = count->if_string()) return std::strtoull(text->c_str(), nullptr, 10);
    if (const auto* number = count->if_int64(); number != nullptr && *number > 0)
      return static_cast<uint64_t>(*number);
  }
  return 0;
}

}  // namespace sluice::stream
