#include "audit/record_json.h"

#include "audit/decision.h"
#include "audit/details.h"
#include "audit/subject_set.h"
#include "base/bound_values.h"
#include "base/clock.h"

namespace sluice::audit {
namespace {

boost::json::array parameters_to_json(Bytes raw) {
  boost::json::array out;
  for (const auto& value : readable_values(raw)) {
    value ? out.emplace_back(*value) : out.emplace_back(nullptr);
  }
  return out;
}

}  // namespace

boost::json::object to_json(const Record& record) {
  boost::json::object out;
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = to_printable_utf8(value);
  };
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    boost::json::array items;
    for (const auto& value : values) items.emplace_back(to_printable_utf8(value));
    out[name] = std::move(items);
  };
  out["id"] = record.sequence;
  out["time"] = format_time(record.time_micros);
  out["type"] = name_of(record.type);
  if (record.context.session_id != 0) out["session"] = record.context.session_id;
  text("user", record.context.user);
  text("database", record.context.database);
  text("environment", record.context.environment);
  text("application", record.context.application);
  text("client", record.context.client_address);
  text("authentication", record.context.authentication);
  list("groups", record.context.groups);
  text("principal_kind", record.context.kind);
  list("attributes", record.context.attributes);
  text("driver", record.context.driver);
  text("issuer", record.context.issuer);
  list("actors", record.context.actors);
  text("acr", record.context.acr);
  list("amr", record.context.amr);
  text("credential", record.context.credential);
  text("role", record.context.role);
  text("end_user", record.context.end_user);
  list("grants", record.context.grants);
  text("run", record.context.run);
  text("prompt", record.context.prompt);
  text("tool_call", record.context.call);
  if (record.context.tainted) out["tainted"] = true;
  if (record.context.authenticated_micros > 0)
    out["authenticated"] = format_time(record.context.authenticated_micros);
  if (record.type == EventType::kGrant) text("kind", record.kind);
  if (record.transaction != 0) out["transaction"] = record.transaction;
  if (record.transaction_outcome != TransactionOutcome::kOpen) {
    out["transaction_outcome"] = name_of(record.transaction_outcome);
  }
  if (record.stamp != 0) out["stamp"] = record.stamp;
  if (record.server_transaction != 0) out["server_transaction"] = record.server_transaction;
  text("purpose", record.purpose);
  text("receipt", record.receipt);
  text("dataset", record.dataset);
  text("model", record.model);
  if (record.input_tokens != 0) out["input_tokens"] = record.input_tokens;
  if (record.output_tokens != 0) out["output_tokens"] = record.output_tokens;
  text("envelope", record.envelope);
  text("captured", record.captured);
  if (record.type == EventType::kSchemaDrift) {
    list("tables", record.tables);
    list("written_columns", record.written_columns);
  }
  if (record.type == EventType::kProvenance) out["rows"] = record.rows;
  if (record.type == EventType::kStatement) {
    out["phase"] = name_of(record.phase);
    out["decision"] = decision_of(record.phase, record.outcome);
    out["kind"] = record.kind;
    out["text"] = to_printable_utf8(record.text);
    if (record.text_length > record.text.size()) out["text_length"] = record.text_length;
    if (!record.text_digest.empty()) out["text_sha256"] = to_hex(record.text_digest);
    out["tables"] = boost::json::array(record.tables.begin(), record.tables.end());
    list("actions", record.actions);
    list("output_columns", record.output_columns);
    list("predicate_columns", record.predicate_columns);
    list("written_columns", record.written_columns);
    list("classes", record.classes);
    list("details_cut", names_of_cut(record.details_cut));
    list("tags", record.tags);
    text("statement_name", record.statement_name);
    if (!record.parameters.empty()) out["parameters"] = parameters_to_json(record.parameters);
    if (!record.parameters_digest.empty())
      out["parameters_sha256"] = to_hex(record.parameters_digest);
    text("rule", record.rule);
    list("rules_matched", record.matched);
    list("shadow_rules", record.shadow);
    text("policy_version", record.policy_version);
    text("approval", record.approval);
    text("change", record.change);
    text("ticket", record.ticket);
    list("masked", record.masked);
    list("released", record.released);
    const uint64_t shown = record.subjects != 0 ? record.subjects : set_size(record.seen_shown);
    if (shown != 0) out["values_shown"] = shown;
    if (!record.seen_masked.empty()) out["values_masked"] = set_size(record.seen_masked);
    text("sqlstate", record.sqlstate);
    out["rows"] = record.rows;
    out["bytes"] = record.bytes;
    list("changed", record.changed);
    out["duration_us"] = record.duration_micros;
    out["server_us"] = record.server_micros;
    out["waited_us"] = record.waited_micros;
    if (record.planner_cost != 0) out["planner_cost"] = record.planner_cost;
    if (record.estimated_rows) out["estimated_rows"] = *record.estimated_rows;
  }
  text("message", record.message);
  return out;
}

}  // namespace sluice::audit
