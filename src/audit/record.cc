#include "audit/record.h"

#include <charconv>

#include "audit/cbor.h"
#include "audit/fields.h"

namespace sluice::audit {
namespace {

bool is_only(Bytes rule, const std::vector<std::string>& matched) {
  return matched.size() == 1 && matched.front() == rule;
}

/// A list of one: "schema.table 42".
void changed_by_tag(std::string& out, const Event& event) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, event.rows).ptr;
  std::string entry(event.changed_table);
  entry.append(1, ' ').append(digits, end);
  CborWriter cbor(out);
  cbor.unsigned_integer(static_cast<uint64_t>(Key::kChanged));
  cbor.array(1);
  cbor.text(entry);
}

std::vector<std::string> strings(const TextList& list) {
  std::vector<std::string> out;
  list.for_each([&](Bytes text) { out.emplace_back(text); });
  return out;
}

}  // namespace

void encode_context(std::string& out, const SessionContext& context) {
  Fields fields(out);
  fields.number(Key::kSession, context.session_id);
  fields.text(Key::kUser, context.user);
  fields.text(Key::kDatabase, context.database);
  fields.text(Key::kEnvironment, context.environment);
  fields.text(Key::kApplication, context.application);
  fields.text(Key::kClient, context.client_address);
  fields.text(Key::kAuthentication, context.authentication);
  fields.list(Key::kGroups, context.groups);
  fields.text(Key::kPrincipalKind, context.kind);
  fields.list(Key::kAttributes, context.attributes);
  fields.text(Key::kDriver, context.driver);
  fields.text(Key::kIssuer, context.issuer);
  fields.list(Key::kActors, context.actors);
  fields.text(Key::kCredential, context.credential);
  fields.text(Key::kAcr, context.acr);
  fields.list(Key::kAmr, context.amr);
  fields.text(Key::kRole, context.role);
  fields.text(Key::kEndUser, context.end_user);
  fields.list(Key::kGrants, context.grants);
  fields.text(Key::kRun, context.run);
  fields.text(Key::kPrompt, context.prompt);
  fields.text(Key::kCall, context.call);
  fields.number(Key::kTainted, context.tainted ? 1 : 0);
  fields.number(Key::kAuthenticated, static_cast<uint64_t>(context.authenticated_micros));
}

void encode_record(std::string& out, Bytes context, const Event& event,
                   const RecordLimits& limits) {
  CborWriter cbor(out);
  Fields fields(out);
  cbor.begin_map();
  fields.number(Key::kType, static_cast<uint64_t>(event.type));
  fields.number(Key::kTime, static_cast<uint64_t>(event.time_micros));
  out.append(context);
  if (event.type == EventType::kStatement) {
    fields.number(Key::kPhase, static_cast<uint64_t>(event.phase));
    fields.number(Key::kOutcome, static_cast<uint64_t>(event.outcome));
  }
  const Bytes text = utf8_prefix(event.text, limits.text);
  fields.bytes(Key::kText, text);
  if (text.size() < event.text.size()) {
    fields.number(Key::kTextLength, event.text.size());
  }
  if (text.size() < event.text.size() || text.empty()) {
    fields.bytes(Key::kTextDigest, event.text_digest);
  }
  fields.text(Key::kKind, event.kind);
  if (event.tables != nullptr) fields.list(Key::kTables, *event.tables);
  out.append(event.details);
  fields.bytes(Key::kStatementName, event.statement_name.substr(0, 256));
  fields.bytes(Key::kParameters, event.parameters.substr(0, limits.parameters));
  fields.bytes(Key::kParametersDigest, event.parameters_digest);
  fields.text(Key::kRule, event.rule);
  if (event.matched != nullptr && !is_only(event.rule, *event.matched)) {
    fields.list(Key::kMatched, *event.matched);
  }
  if (event.shadow != nullptr) fields.list(Key::kShadow, *event.shadow);
  fields.text(Key::kPolicyVersion, event.policy_version);
  fields.text(Key::kApproval, event.approval);
  fields.text(Key::kChange, event.change);
  fields.text(Key::kTicket, event.ticket);
  if (event.masked != nullptr) fields.list(Key::kMasked, *event.masked);
  if (event.released != nullptr) fields.list(Key::kReleased, *event.released);
  fields.bytes(Key::kSqlstate, event.sqlstate.substr(0, 5));
  fields.bytes(
      Key::kMessage,
      event.message.substr(0, event.type == EventType::kEvidence ? kMostEvidence : kMostMessage));
  fields.number(Key::kRows, event.rows);
  fields.number(Key::kBytes, event.bytes);
  fields.number(Key::kDuration, event.duration_micros);
  if (event.server_micros != event.duration_micros) {
    fields.number(Key::kServerTime, event.server_micros);
  }
  fields.number(Key::kWaited, event.waited_micros);
  fields.number(Key::kPlannerCost, event.planner_cost);
  if (event.estimated_rows) {
    // None is a number too.
    cbor.unsigned_integer(static_cast<uint64_t>(Key::kEstimatedRows));
    cbor.unsigned_integer(*event.estimated_rows);
  }
  if (event.tags != nullptr) fields.list(Key::kTags, *event.tags);
  if (event.changed != nullptr) {
    fields.list(Key::kChanged, *event.changed);
  } else if (!event.changed_table.empty() && event.rows > 0) {
    changed_by_tag(out, event);
  }
  fields.number(Key::kTransaction, event.transaction);
  fields.bytes(Key::kSeenShown, event.seen_shown);
  fields.bytes(Key::kSeenMasked, event.seen_masked);
  fields.number(Key::kSubjects, event.subjects);
  fields.number(Key::kTransactionOutcome, static_cast<uint64_t>(event.transaction_outcome));
  fields.number(Key::kStamp, event.stamp);
  fields.number(Key::kServerTransaction, event.server_transaction);
  fields.text(Key::kPurpose, event.purpose);
  fields.text(Key::kReceipt, event.receipt);
  fields.bytes(Key::kEnvelope, event.envelope);
  fields.text(Key::kDataset, event.dataset);
  fields.text(Key::kModel, event.model);
  fields.text(Key::kCaptured, event.captured);
  fields.bytes(Key::kContent, event.content);
  fields.number(Key::kInputTokens, event.input_tokens);
  fields.number(Key::kOutputTokens, event.output_tokens);
  cbor.end();
}

Result<Record> decode_record(uint64_t sequence, Bytes in) {
  const auto view = read_record(in);
  if (!view) return fail(ErrorCode::kInvalidInput, "malformed record");
  return to_record(sequence, *view);
}

Record to_record(uint64_t sequence, const RecordView& view) {
  Record record;
  record.sequence = sequence;
  record.type = view.type;
  record.time_micros = view.time_micros;
  record.context = {view.session_id,
                    std::string(view.user),
                    std::string(view.database),
                    std::string(view.environment),
                    std::string(view.application),
                    std::string(view.client_address),
                    std::string(view.authentication),
                    strings(view.groups),
                    std::string(view.principal_kind),
                    strings(view.attributes),
                    std::string(view.driver),
                    std::string(view.issuer),
                    strings(view.actors),
                    std::string(view.acr),
                    strings(view.amr),
                    std::string(view.credential),
                    std::string(view.role),
                    std::string(view.end_user),
                    strings(view.grants),
                    std::string(view.run),
                    std::string(view.prompt),
                    std::string(view.call),
                    view.tainted != 0,
                    static_cast<int64_t>(view.authenticated_micros)};
  record.phase = view.phase;
  record.outcome = view.outcome;
  record.text = view.text;
  record.text_length = view.text_length;
  record.text_digest = view.text_digest;
  record.kind = view.kind;
  record.tables = strings(view.tables);
  record.statement_name = view.statement_name;
  record.parameters = view.parameters;
  record.parameters_digest = view.parameters_digest;
  record.rule = view.rule;
  record.matched = strings(view.matched);
  record.shadow = strings(view.shadow);
  record.policy_version = view.policy_version;
  record.approval = view.approval;
  record.change = view.change;
  record.ticket = view.ticket;
  record.masked = strings(view.masked);
  record.seen_shown = view.seen_shown;
  record.seen_masked = view.seen_masked;
  record.subjects = view.subjects;
  record.released = strings(view.released);
  record.sqlstate = view.sqlstate;
  record.message = view.message;
  record.rows = view.rows;
  record.bytes = view.bytes;
  record.duration_micros = view.duration_micros;
  record.actions = strings(view.actions);
  record.output_columns = strings(view.output_columns);
  record.predicate_columns = strings(view.predicate_columns);
  record.written_columns = strings(view.written_columns);
  record.classes = strings(view.classes);
  record.details_cut = view.details_cut;
  record.changed = strings(view.changed);
  record.tags = strings(view.tags);
  record.server_micros = view.server_micros;
  record.waited_micros = view.waited_micros;
  record.planner_cost = view.planner_cost;
  record.estimated_rows = view.estimated_rows;
  record.input_tokens = view.input_tokens;
  record.output_tokens = view.output_tokens;
  record.transaction = view.transaction;
  record.transaction_outcome = view.transaction_outcome;
  record.stamp = view.stamp;
  record.server_transaction = view.server_transaction;
  record.purpose = view.purpose;
  record.receipt = view.receipt;
  record.envelope = view.envelope;
  record.dataset = view.dataset;
  record.model = view.model;
  record.captured = view.captured;
  record.content = view.content;
  return record;
}

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::kGatewayStart:
      return "gateway_start";
    case EventType::kGatewayStop:
      return "gateway_stop";
    case EventType::kSessionStart:
      return "session_start";
    case EventType::kSessionEnd:
      return "session_end";
    case EventType::kLoginFailed:
      return "login_failed";
    case EventType::kStatement:
      return "statement";
    case EventType::kCancel:
      return "cancel";
    case EventType::kAdmin:
      return "admin";
    case EventType::kSchemaDrift:
      return "schema_drift";
    case EventType::kEvidence:
      return "evidence";
    case EventType::kAuditRead:
      return "audit_read";
    case EventType::kSeen:
      return "seen";
    case EventType::kApproval:
      return "approval";
    case EventType::kGrant:
      return "grant";
    case EventType::kPrompt:
      return "prompt";
    case EventType::kProvenance:
      return "provenance";
    case EventType::kCaptured:
      return "captured";
  }
  return "unknown";
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::kSimple:
      return "simple";
    case Phase::kParse:
      return "parse";
    case Phase::kExecute:
      return "execute";
    case Phase::kFunctionCall:
      return "function_call";
  }
  return "unknown";
}

std::string_view name_of(TransactionOutcome outcome) {
  switch (outcome) {
    case TransactionOutcome::kOpen:
      return "open";
    case TransactionOutcome::kCommitted:
      return "committed";
    case TransactionOutcome::kRolledBack:
      return "rolled_back";
    case TransactionOutcome::kPrepared:
      return "prepared";
  }
  return "unknown";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllowed:
      return "allowed";
    case Outcome::kDenied:
      return "denied";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kLost:
      return "lost";
    case Outcome::kLimited:
      return "limited";
  }
  return "unknown";
}

}  // namespace sluice::audit
