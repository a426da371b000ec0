#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/event.h"
#include "audit/record_view.h"
#include "base/bytes.h"
#include "base/result.h"

namespace sluice::audit {

/// One record, read back from the log. Fields as in SessionContext and Event.
struct Record {
  uint64_t sequence = 0;
  EventType type = EventType::kStatement;
  int64_t time_micros = 0;
  SessionContext context;
  Phase phase = Phase::kSimple;
  Outcome outcome = Outcome::kAllowed;
  std::string text;
  uint64_t text_length = 0;  ///< of the whole text; more than text.size() when it was cut
  std::string text_digest;
  std::string kind;
  std::vector<std::string> tables;
  std::string statement_name;
  std::string parameters;
  std::string parameters_digest;
  std::string rule;
  std::vector<std::string> matched;  ///< empty where `rule` was the only one
  std::vector<std::string> shadow;
  std::string policy_version;
  std::string approval;
  std::string change;
  std::vector<std::string> masked;
  std::vector<std::string> released;
  std::string sqlstate;
  std::string message;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t duration_micros = 0;
  std::vector<std::string> actions;
  std::vector<std::string> output_columns;
  std::vector<std::string> predicate_columns;
  std::vector<std::string> written_columns;
  std::vector<std::string> classes;
  uint64_t details_cut = 0;  ///< DetailsCut
  std::vector<std::string> changed;
  std::vector<std::string> tags;
  uint64_t server_micros = 0;
  uint64_t waited_micros = 0;
  std::string captured, content;  ///< audit/captured.h
  uint64_t planner_cost = 0;
  std::optional<uint64_t> estimated_rows;
  uint64_t input_tokens = 0, output_tokens = 0;
  uint64_t subjects = 0;                ///< values shown, where that is not all in seen_shown
  std::string seen_shown, seen_masked;  ///< audit/subject_set.h
  uint64_t transaction = 0;
  TransactionOutcome transaction_outcome = TransactionOutcome::kOpen;
  uint64_t stamp = 0, server_transaction = 0;
  std::string ticket, purpose, receipt, envelope, dataset, model;
};

/// Bytes that are kept of a message; of one that explains the log itself, which is read again.
inline constexpr size_t kMostMessage = 1024, kMostEvidence = 16'384;

struct RecordLimits {
  size_t text = 16 * 1024;
  size_t parameters = 4 * 1024;
};

/// Appends the CBOR form (docs/audit.md) of one record to `out`. `context` is what
/// `encode_context` made.
void encode_context(std::string& out, const SessionContext& context);
void encode_record(std::string& out, Bytes context, const Event& event, const RecordLimits& limits);

/// Reads one record; an error for anything that encode_record would not write. Unknown fields of
/// later versions are skipped. The sequence stands in the frame around it.
Result<Record> decode_record(uint64_t sequence, Bytes in);
/// A copy that stands by itself.
Record to_record(uint64_t sequence, const RecordView& view);

std::string_view name_of(Phase phase);
std::string_view name_of(Outcome outcome);
/// "committed", "rolled_back", "prepared"; "open" for what is none of them.
std::string_view name_of(TransactionOutcome outcome);

}  // namespace sluice::audit
