#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "audit/cbor.h"
#include "audit/event.h"
#include "base/bytes.h"

namespace sluice::audit {

/// Map keys of a record; part of the format, never to be used for something else.
enum class Key : uint64_t {
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
  kPrincipalKind = 27,
  kAttributes = 28,
  kMatched = 29,
  kShadow = 30,
  kPolicyVersion = 31,
  kMasked = 32,
  kReleased = 33,
  kActions = 34,
  kOutputColumns = 35,
  kPredicateColumns = 36,
  kWrittenColumns = 37,
  kClasses = 38,
  kDetailsCut = 39,
  kChanged = 40,
  kServerTime = 41,
  kWaited = 42,
  kDriver = 43,
  kTags = 44,
  kTransaction = 45,
  kTransactionOutcome = 46,
  kApproval = 47,
  kIssuer = 50,
  kActors = 51,
  kPurpose = 48,
  kTicket = 49,
  kPrompt = 52,
  kSeenShown = 53,
  kSeenMasked = 54,
  kCredential = 55,
  kStamp = 56,
  kServerTransaction = 57,
  kAcr = 58,
  kAmr = 59,
  kChange = 60,
  kGrants = 63,
  kRole = 66,
  kEndUser = 67,
  kRun = 68,
  kCall = 69,
  kTainted = 70,
  kReceipt = 87,
  kEnvelope = 88,
  kDataset = 89,
  kModel = 90,
  kPlannerCost = 95,
  kInputTokens = 96,
  kOutputTokens = 97,
  kSubjects = 100,
  kCaptured = 101,
  kContent = 102,
  kEstimatedRows = 105,
  kAuthenticated = 106,
};

/// A list of texts as it stands in a record, already checked.
class TextList {
 public:
  TextList() = default;
  /// The encoded array.
  Bytes raw() const { return raw_; }

  template <typename Use>
  void for_each(Use use) const {
    CborReader reader(raw_);
    const auto count = raw_.empty() ? std::nullopt : reader.array();
    for (uint64_t i = 0; count && i < *count; ++i) use(*reader.text());
  }

 private:
  friend class RecordReader;
  Bytes raw_;
};

/// One record as it lies in a frame: nothing is copied, so that millions can be looked through.
/// Fields as in SessionContext and Event; valid as long as the bytes it was read from.
struct RecordView {
  EventType type = EventType::kStatement;
  int64_t time_micros = 0;
  uint64_t session_id = 0;
  Bytes user;
  Bytes database;
  Bytes environment;
  Bytes application;
  Bytes client_address;
  Bytes authentication;
  TextList groups;
  Bytes principal_kind;
  TextList attributes;
  Phase phase = Phase::kSimple;
  Outcome outcome = Outcome::kAllowed;
  Bytes text;
  uint64_t text_length = 0;  ///< of the whole text; more than text.size() when it was cut
  Bytes text_digest;
  Bytes kind;
  TextList tables;
  Bytes statement_name;
  Bytes parameters;
  Bytes parameters_digest;
  Bytes rule;
  TextList matched;  ///< empty where `rule` was the only one
  TextList shadow;
  Bytes policy_version;
  Bytes approval;
  Bytes change;
  TextList masked;
  TextList released;
  Bytes sqlstate;
  Bytes message;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t duration_micros = 0;
  Bytes driver;
  Bytes issuer;
  TextList actors;
  Bytes credential;
  Bytes acr;
  Bytes role;
  Bytes end_user;
  Bytes run;
  Bytes prompt;
  Bytes call;
  uint64_t tainted = 0;               ///< 1: it was
  uint64_t authenticated_micros = 0;  ///< 0: not known
  TextList amr;
  TextList grants;
  TextList actions;
  TextList output_columns;
  TextList predicate_columns;
  TextList written_columns;
  TextList classes;
  uint64_t details_cut = 0;  ///< DetailsCut
  TextList changed;          ///< "schema.table 42"
  TextList tags;
  uint64_t server_micros = 0;  ///< `duration_micros` where nothing else is said
  uint64_t waited_micros = 0;
  uint64_t planner_cost = 0;
  std::optional<uint64_t> estimated_rows;
  uint64_t input_tokens = 0, output_tokens = 0;
  Bytes seen_shown, seen_masked;  ///< audit/subject_set.h
  uint64_t subjects = 0;          ///< values shown, where that is not all in seen_shown
  uint64_t transaction = 0;
  TransactionOutcome transaction_outcome = TransactionOutcome::kOpen;
  uint64_t stamp = 0, server_transaction = 0;
  Bytes ticket, purpose, receipt, envelope, dataset, model;
  Bytes captured, content;  ///< audit/captured.h
};

/// How many different sensitive values were shown as they are.
uint64_t subjects_of(const RecordView& record);

/// Reads one record; nothing for anything that encode_record would not write. Unknown fields of
/// later versions are skipped.
std::optional<RecordView> read_record(Bytes in);

}  // namespace sluice::audit
