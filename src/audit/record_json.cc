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

/// What is empty has no member.
class Members {
 public:
  template <typename Value>
  void value(const char* name, Value value) {
    object_[name] = std::move(value);
  }
  void text(const char* name, const std::string& value) {
    if (!value.empty()) object_[name] = to_printable_utf8(value);
  }
  void list(const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    boost::json::array items;
    for (const auto& value : values) items.emplace_back(to_printable_utf8(value));
    object_[name] = std::move(items);
  }
  boost::json::object take() { return std::move(object_); }

 private:
  boost::json::object object_;
};

/// Who it was, as whom, from where and for whom.
void add_context(Members& out, const SessionContext& context) {
  out.text("user", context.user);
  out.text("database", context.database);
  out.text("environment", context.environment);
  out.text("application", context.application);
  out.text("client", context.client_address);
  out.text("authentication", context.authentication);
  out.list("groups", context.groups);
  out.text("principal_kind", context.kind);
  out.list("attributes", context.attributes);
  out.text("driver", context.driver);
  out.text("issuer", context.issuer);
  out.list("actors", context.actors);
  out.text("acr", context.acr);
  out.list("amr", context.amr);
  out.text("credential", context.credential);
  out.text("role", context.role);
  out.text("end_user", context.end_user);
  out.list("grants", context.grants);
  out.text("run", context.run);
  out.text("prompt", context.prompt);
  out.text("tool_call", context.call);
  if (context.tainted) out.value("tainted", true);
  if (context.authenticated_micros > 0)
    out.value("authenticated", format_time(context.authenticated_micros));
}

/// What a statement did, and what was decided about it by which rules.
void add_statement(Members& out, const Record& record) {
  out.value("phase", name_of(record.phase));
  out.value("decision", decision_of(record.phase, record.outcome));
  out.value("kind", record.kind);
  out.value("text", to_printable_utf8(record.text));
  if (record.text_length > record.text.size()) out.value("text_length", record.text_length);
  if (!record.text_digest.empty()) out.value("text_sha256", to_hex(record.text_digest));
  out.value("tables", boost::json::array(record.tables.begin(), record.tables.end()));
  out.list("actions", record.actions);
  out.list("output_columns", record.output_columns);
  out.list("predicate_columns", record.predicate_columns);
  out.list("written_columns", record.written_columns);
  out.list("classes", record.classes);
  out.list("details_cut", names_of_cut(record.details_cut));
  out.list("tags", record.tags);
  out.text("statement_name", record.statement_name);
  if (!record.parameters.empty()) out.value("parameters", parameters_to_json(record.parameters));
  if (!record.parameters_digest.empty())
    out.value("parameters_sha256", to_hex(record.parameters_digest));
  out.text("rule", record.rule);
  out.list("rules_matched", record.matched);
  out.list("shadow_rules", record.shadow);
  out.text("policy_version", record.policy_version);
  out.text("approval", record.approval);
  out.text("change", record.change);
  out.text("ticket", record.ticket);
  out.list("masked", record.masked);
  out.list("released", record.released);
  const uint64_t shown = record.subjects != 0 ? record.subjects : set_size(record.seen_shown);
  if (shown != 0) out.value("values_shown", shown);
  if (!record.seen_masked.empty()) out.value("values_masked", set_size(record.seen_masked));
  out.text("sqlstate", record.sqlstate);
  out.value("rows", record.rows);
  out.value("bytes", record.bytes);
  out.list("changed", record.changed);
  out.value("duration_us", record.duration_micros);
  out.value("server_us", record.server_micros);
  out.value("waited_us", record.waited_micros);
  if (record.planner_cost != 0) out.value("planner_cost", record.planner_cost);
  if (record.estimated_rows) out.value("estimated_rows", *record.estimated_rows);
}

}  // namespace

boost::json::object to_json(const Record& record) {
  Members out;
  out.value("id", record.sequence);
  out.value("time", format_time(record.time_micros));
  out.value("type", name_of(record.type));
  if (record.context.session_id != 0) out.value("session", record.context.session_id);
  add_context(out, record.context);
  if (record.type == EventType::kGrant) out.text("kind", record.kind);
  if (record.transaction != 0) out.value("transaction", record.transaction);
  if (record.transaction_outcome != TransactionOutcome::kOpen) {
    out.value("transaction_outcome", name_of(record.transaction_outcome));
  }
  if (record.stamp != 0) out.value("stamp", record.stamp);
  if (record.server_transaction != 0) out.value("server_transaction", record.server_transaction);
  out.text("purpose", record.purpose);
  out.text("receipt", record.receipt);
  out.text("dataset", record.dataset);
  out.text("model", record.model);
  if (record.input_tokens != 0) out.value("input_tokens", record.input_tokens);
  if (record.output_tokens != 0) out.value("output_tokens", record.output_tokens);
  out.text("envelope", record.envelope);
  out.text("captured", record.captured);
  if (record.type == EventType::kSchemaDrift) {
    out.list("tables", record.tables);
    out.list("written_columns", record.written_columns);
  }
  if (record.type == EventType::kProvenance) out.value("rows", record.rows);
  if (record.type == EventType::kStatement) add_statement(out, record);
  out.text("message", record.message);
  return out.take();
}

}  // namespace sluice::audit
