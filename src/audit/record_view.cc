#include "audit/record_view.h"

#include <algorithm>

#include "audit/subject_set.h"

namespace sluice::audit {

class RecordReader {
 public:
  explicit RecordReader(Bytes in) : in_(in), reader_(in) {}

  std::optional<RecordView> read() {
    if (!reader_.begin_map()) return std::nullopt;
    while (!reader_.end()) {
      const auto key = reader_.unsigned_integer();
      if (!key || !field(static_cast<Key>(*key))) return std::nullopt;
    }
    if (!reader_.done() || !typed_) return std::nullopt;
    if (!server_timed_) view_.server_micros = view_.duration_micros;
    if (view_.text_length == 0) view_.text_length = view_.text.size();
    return view_;
  }

 private:
  bool text(Bytes& out) { return keep(reader_.text(), out); }
  bool bytes(Bytes& out) { return keep(reader_.bytes(), out); }
  bool number(uint64_t& out) { return keep(reader_.unsigned_integer(), out); }

  template <typename Value>
  static bool keep(const std::optional<Value>& value, Value& out) {
    if (value) out = *value;
    return value.has_value();
  }

  template <typename Enum>
  bool enumerator(Enum& out, Enum last) {
    const auto value = reader_.unsigned_integer();
    if (!value || *value < 1 || *value > static_cast<uint64_t>(last)) return false;
    out = static_cast<Enum>(*value);
    return true;
  }

  bool list(TextList& out) {
    const size_t begin = in_.size() - reader_.left();
    const auto count = reader_.array();
    if (!count) return false;
    for (uint64_t i = 0; i < *count; ++i) {
      if (!reader_.text()) return false;
    }
    out.raw_ = in_.substr(begin, in_.size() - reader_.left() - begin);
    return true;
  }

  bool time() {
    uint64_t micros = 0;
    if (!number(micros)) return false;
    view_.time_micros = static_cast<int64_t>(micros);
    return true;
  }

  bool field(Key key) {
    switch (key) {
      case Key::kType:
        // Not all numbers up to the last are taken.
        typed_ = enumerator(view_.type, EventType::kCaptured) && name_of(view_.type) != "unknown";
        return typed_;
      case Key::kTime:
        return time();
      case Key::kSession:
        return number(view_.session_id);
      case Key::kUser:
        return text(view_.user);
      case Key::kDatabase:
        return text(view_.database);
      case Key::kEnvironment:
        return text(view_.environment);
      case Key::kApplication:
        return text(view_.application);
      case Key::kClient:
        return text(view_.client_address);
      case Key::kAuthentication:
        return text(view_.authentication);
      case Key::kGroups:
        return list(view_.groups);
      case Key::kPhase:
        return enumerator(view_.phase, Phase::kFunctionCall);
      case Key::kOutcome:
        return enumerator(view_.outcome, Outcome::kLimited);
      case Key::kText:
        return bytes(view_.text);
      case Key::kTextLength:
        return number(view_.text_length);
      case Key::kTextDigest:
        return bytes(view_.text_digest);
      case Key::kKind:
        return text(view_.kind);
      case Key::kTables:
        return list(view_.tables);
      case Key::kStatementName:
        return bytes(view_.statement_name);
      case Key::kParameters:
        return bytes(view_.parameters);
      case Key::kParametersDigest:
        return bytes(view_.parameters_digest);
      case Key::kRule:
        return text(view_.rule);
      case Key::kSqlstate:
        return bytes(view_.sqlstate);
      case Key::kMessage:
        return bytes(view_.message);
      case Key::kRows:
        return number(view_.rows);
      case Key::kBytes:
        return number(view_.bytes);
      case Key::kDuration:
        return number(view_.duration_micros);
      case Key::kPrincipalKind:
        return text(view_.principal_kind);
      case Key::kAttributes:
        return list(view_.attributes);
      case Key::kMatched:
        return list(view_.matched);
      case Key::kShadow:
        return list(view_.shadow);
      case Key::kPolicyVersion:
        return text(view_.policy_version);
      case Key::kApproval:
        return text(view_.approval);
      case Key::kChange:
        return text(view_.change);
      case Key::kTicket:
        return text(view_.ticket);
      case Key::kMasked:
        return list(view_.masked);
      case Key::kReleased:
        return list(view_.released);
      case Key::kActions:
        return list(view_.actions);
      case Key::kOutputColumns:
        return list(view_.output_columns);
      case Key::kPredicateColumns:
        return list(view_.predicate_columns);
      case Key::kWrittenColumns:
        return list(view_.written_columns);
      case Key::kClasses:
        return list(view_.classes);
      case Key::kDetailsCut:
        return number(view_.details_cut);
      case Key::kChanged:
        return list(view_.changed);
      case Key::kServerTime:
        server_timed_ = true;
        return number(view_.server_micros);
      case Key::kWaited:
        return number(view_.waited_micros);
      case Key::kEstimatedRows:
        return number(view_.estimated_rows.emplace());
      case Key::kPlannerCost:
        return number(view_.planner_cost);
      case Key::kInputTokens:
        return number(view_.input_tokens);
      case Key::kOutputTokens:
        return number(view_.output_tokens);
      case Key::kDriver:
        return text(view_.driver);
      case Key::kIssuer:
        return text(view_.issuer);
      case Key::kActors:
        return list(view_.actors);
      case Key::kCredential:
        return text(view_.credential);
      case Key::kAcr:
        return text(view_.acr);
      case Key::kRole:
        return text(view_.role);
      case Key::kEndUser:
        return text(view_.end_user);
      case Key::kRun:
        return text(view_.run);
      case Key::kPrompt:
        return text(view_.prompt);
      case Key::kCall:
        return text(view_.call);
      case Key::kTainted:
        return number(view_.tainted);
      case Key::kAuthenticated:
        return number(view_.authenticated_micros);
      case Key::kAmr:
        return list(view_.amr);
      case Key::kGrants:
        return list(view_.grants);
      case Key::kTags:
        return list(view_.tags);
      case Key::kTransaction:
        return number(view_.transaction);
      case Key::kSeenShown:
        return bytes(view_.seen_shown);
      case Key::kSeenMasked:
        return bytes(view_.seen_masked);
      case Key::kSubjects:
        return number(view_.subjects);
      case Key::kTransactionOutcome:
        return enumerator(view_.transaction_outcome, TransactionOutcome::kPrepared);
      case Key::kStamp:
        return number(view_.stamp);
      case Key::kServerTransaction:
        return number(view_.server_transaction);
      case Key::kPurpose:
        return text(view_.purpose);
      case Key::kReceipt:
        return text(view_.receipt);
      case Key::kEnvelope:
        return bytes(view_.envelope);
      case Key::kDataset:
        return text(view_.dataset);
      case Key::kModel:
        return text(view_.model);
      case Key::kCaptured:
        return text(view_.captured);
      case Key::kContent:
        return bytes(view_.content);
    }
    return reader_.skip();
  }

  Bytes in_;
  CborReader reader_;
  RecordView view_;
  bool typed_ = false;
  bool server_timed_ = false;
};

uint64_t subjects_of(const RecordView& record) {
  if (record.subjects != 0 || record.seen_shown.empty()) return record.subjects;
  // What is no set may have been any.
  return std::max<uint64_t>(set_size(record.seen_shown), 1);
}

std::optional<RecordView> read_record(Bytes in) { return RecordReader(in).read(); }

}  // namespace sluice::audit
