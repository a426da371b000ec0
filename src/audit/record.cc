#include "audit/record.h"

#include "audit/cbor.h"

namespace sluice::audit {
namespace {

/// Map keys of a record; part of the format, never to be used for something else.
enum Key : uint64_t {
  kType = 1,
  kTime = 2,
  kSession = 3,
  kUser = 4,
  kDatabase = 5,
  kEnvironment = 6,
  kApplication = 7,
  kClient = 8,
  kAuthentication = 9,
  kGroups = 10,
  kPhase = 11,
  kOutcome = 12,
  kText = 13,
  kTextLength = 14,
  kTextDigest = 15,
  kKind = 16,
  kTables = 17,
  kStatementName = 18,
  kParameters = 19,
  kParametersDigest = 20,
  kRule = 21,
  kSqlstate = 22,
  kMessage = 23,
  kRows = 24,
  kBytes = 25,
  kDuration = 26,
};

class Fields {
 public:
  explicit Fields(std::string& out) : cbor_(out) {}
  void number(Key key, uint64_t value) {
    if (value == 0) return;
    cbor_.unsigned_integer(key);
    cbor_.unsigned_integer(value);
  }
  void text(Key key, Bytes value) {
    if (value.empty()) return;
    cbor_.unsigned_integer(key);
    cbor_.text(value);
  }
  void bytes(Key key, Bytes value) {
    if (value.empty()) return;
    cbor_.unsigned_integer(key);
    cbor_.bytes(value);
  }
  void list(Key key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    cbor_.unsigned_integer(key);
    cbor_.array(values.size());
    for (const auto& value : values) cbor_.text(value);
  }

 private:
  CborWriter cbor_;
};

bool read_text(CborReader& reader, std::string& out) {
  const auto value = reader.text();
  if (value) out = *value;
  return value.has_value();
}

bool read_bytes(CborReader& reader, std::string& out) {
  const auto value = reader.bytes();
  if (value) out = *value;
  return value.has_value();
}

bool read_number(CborReader& reader, uint64_t& out) {
  const auto value = reader.unsigned_integer();
  if (value) out = *value;
  return value.has_value();
}

template <typename Enum>
bool read_enum(CborReader& reader, Enum& out, Enum last) {
  const auto value = reader.unsigned_integer();
  if (!value || *value < 1 || *value > static_cast<uint64_t>(last)) return false;
  out = static_cast<Enum>(*value);
  return true;
}

bool read_list(CborReader& reader, std::vector<std::string>& out) {
  const auto count = reader.array();
  if (!count) return false;
  for (uint64_t i = 0; i < *count; ++i) {
    if (!read_text(reader, out.emplace_back())) return false;
  }
  return true;
}

bool read_field(CborReader& reader, uint64_t key, Record& record) {
  uint64_t time = 0;
  switch (key) {
    case kType:
      return read_enum(reader, record.type, EventType::kAdmin);
    case kTime:
      if (!read_number(reader, time)) return false;
      record.time_micros = static_cast<int64_t>(time);
      return true;
    case kSession:
      return read_number(reader, record.context.session_id);
    case kUser:
      return read_text(reader, record.context.user);
    case kDatabase:
      return read_text(reader, record.context.database);
    case kEnvironment:
      return read_text(reader, record.context.environment);
    case kApplication:
      return read_text(reader, record.context.application);
    case kClient:
      return read_text(reader, record.context.client_address);
    case kAuthentication:
      return read_text(reader, record.context.authentication);
    case kGroups:
      return read_list(reader, record.context.groups);
    case kPhase:
      return read_enum(reader, record.phase, Phase::kFunctionCall);
    case kOutcome:
      return read_enum(reader, record.outcome, Outcome::kLost);
    case kText:
      return read_bytes(reader, record.text);
    case kTextLength:
      return read_number(reader, record.text_length);
    case kTextDigest:
      return read_bytes(reader, record.text_digest);
    case kKind:
      return read_text(reader, record.kind);
    case kTables:
      return read_list(reader, record.tables);
    case kStatementName:
      return read_bytes(reader, record.statement_name);
    case kParameters:
      return read_bytes(reader, record.parameters);
    case kParametersDigest:
      return read_bytes(reader, record.parameters_digest);
    case kRule:
      return read_text(reader, record.rule);
    case kSqlstate:
      return read_bytes(reader, record.sqlstate);
    case kMessage:
      return read_bytes(reader, record.message);
    case kRows:
      return read_number(reader, record.rows);
    case kBytes:
      return read_number(reader, record.bytes);
    case kDuration:
      return read_number(reader, record.duration_micros);
    default:
      return reader.skip();
  }
}

}  // namespace

void encode_context(std::string& out, const SessionContext& context) {
  Fields fields(out);
  fields.number(kSession, context.session_id);
  fields.text(kUser, context.user);
  fields.text(kDatabase, context.database);
  fields.text(kEnvironment, context.environment);
  fields.text(kApplication, context.application);
  fields.text(kClient, context.client_address);
  fields.text(kAuthentication, context.authentication);
  fields.list(kGroups, context.groups);
}

void encode_record(std::string& out, Bytes context, const Event& event,
                   const RecordLimits& limits) {
  CborWriter cbor(out);
  Fields fields(out);
  cbor.begin_map();
  fields.number(kType, static_cast<uint64_t>(event.type));
  fields.number(kTime, static_cast<uint64_t>(event.time_micros));
  out.append(context);
  if (event.type == EventType::kStatement) {
    fields.number(kPhase, static_cast<uint64_t>(event.phase));
    fields.number(kOutcome, static_cast<uint64_t>(event.outcome));
  }
  const Bytes text = utf8_prefix(event.text, limits.text);
  fields.bytes(kText, text);
  if (text.size() < event.text.size()) fields.number(kTextLength, event.text.size());
  fields.bytes(kTextDigest, event.text_digest);
  fields.text(kKind, event.kind);
  if (event.tables != nullptr) fields.list(kTables, *event.tables);
  fields.bytes(kStatementName, event.statement_name.substr(0, 256));
  fields.bytes(kParameters, event.parameters.substr(0, limits.parameters));
  fields.bytes(kParametersDigest, event.parameters_digest);
  fields.text(kRule, event.rule);
  fields.bytes(kSqlstate, event.sqlstate.substr(0, 5));
  fields.bytes(kMessage, event.message.substr(0, 1024));
  fields.number(kRows, event.rows);
  fields.number(kBytes, event.bytes);
  fields.number(kDuration, event.duration_micros);
  cbor.end();
}

Result<Record> decode_record(Bytes in) {
  CborReader reader(in);
  Record record;
  if (!reader.begin_map()) return fail(ErrorCode::kInvalidInput, "not a record");
  while (!reader.end()) {
    const auto key = reader.unsigned_integer();
    if (!key || !read_field(reader, *key, record)) {
      return fail(ErrorCode::kInvalidInput, "malformed record");
    }
  }
  if (!reader.done()) return fail(ErrorCode::kInvalidInput, "bytes behind the record");
  if (record.text_length == 0) record.text_length = record.text.size();
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
  }
  return "unknown";
}

}  // namespace sluice::audit
