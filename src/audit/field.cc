#include "audit/field.h"

#include <algorithm>
#include <array>

#include "audit/decision.h"
#include "audit/query.h"
#include "audit/record.h"

namespace sluice::audit {
namespace {

/// By number.
constexpr auto kNames = std::to_array<std::string_view>(
    {"user",        "group",   "principal_kind", "actor",  "session", "database", "environment",
     "application", "address", "table",          "column", "class",   "action",   "decision",
     "rule",        "type",    "kind",           "run",    "prompt",  "approval", "change",
     "ticket",      "purpose", "duration",       "rows"});

constexpr std::array kFields = [] {
  std::array<Field, kNames.size()> all{};
  for (size_t i = 0; i < all.size(); ++i) all.at(i) = static_cast<Field>(i);
  return all;
}();
static_assert(kFields.back() == Field::kRows);

/// How many decades a number is counted in at most; what is more is one span.
constexpr unsigned kDecades = 7;

/// The only value of a field that has one; nothing for others.
std::optional<Bytes> single(Field field, const RecordView& record) {
  switch (field) {
    case Field::kUser:
      return record.user;
    case Field::kPrincipalKind:
      return record.principal_kind;
    case Field::kDatabase:
      return record.database;
    case Field::kEnvironment:
      return record.environment;
    case Field::kApplication:
      return record.application;
    case Field::kAddress:
      return host_of(record.client_address);
    case Field::kDecision:
      return record.type == EventType::kStatement ? decision_of(record.phase, record.outcome)
                                                  : Bytes();
    case Field::kRule:
      return record.rule;
    case Field::kType:
      return name_of(record.type);
    case Field::kKind:
      return record.kind;
    case Field::kRun:
      return record.run;
    case Field::kPrompt:
      return record.prompt;
    case Field::kApproval:
      return number_in(record.approval);
    case Field::kChange:
      return number_in(record.change);
    case Field::kTicket:
      return record.ticket;
    case Field::kPurpose:
      return record.purpose;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view name_of(Field field) { return kNames.at(static_cast<size_t>(field)); }

std::optional<Field> find_field(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Field>(found - kNames.begin());
}

std::span<const Field> fields() { return kFields; }

std::optional<EntryKind> teller(Field field) {
  switch (field) {
    case Field::kSession:
    case Field::kDuration:
    case Field::kRows:
      return std::nullopt;
    case Field::kTable:
    case Field::kColumn:
    case Field::kClass:
    case Field::kAction:
    case Field::kKind:
      return EntryKind::kStatement;
    case Field::kDecision:
    case Field::kRule:
    case Field::kType:
    case Field::kApproval:
    case Field::kChange:
    case Field::kTicket:
    case Field::kPurpose:
      return EntryKind::kVerdict;
    default:
      return EntryKind::kContext;
  }
}

unsigned rows_decade(uint64_t rows) {
  unsigned decade = rows == 0 ? 0 : 1;
  for (uint64_t most = 1; rows > most && decade <= kDecades; most *= 10) ++decade;
  return decade;
}

/// "0", "1", "2 to 10", "11 to 100", …, "more than 1000000".
std::string rows_span(unsigned decade) {
  if (decade <= 1) return std::to_string(decade);
  uint64_t most = 10;
  for (unsigned d = 2; d < decade; ++d) most *= 10;
  if (decade > kDecades) return "more than " + std::to_string(most / 10);
  return std::to_string(most / 10 + 1) + " to " + std::to_string(most);
}

/// "up to 1 ms", "1 to 10 ms", …, "more than 100 s".
std::string duration_span(unsigned decade) {
  static const std::array<const char*, 8> kSpans = {
      "up to 1 ms", "1 to 10 ms",  "10 to 100 ms",  "100 ms to 1 s",
      "1 to 10 s",  "10 to 100 s", "100 to 1000 s", "more than 1000 s"};
  return kSpans[decade];
}

unsigned duration_decade(uint64_t micros) {
  unsigned decade = 0;
  for (uint64_t most = 1000; micros > most && decade < kDecades; most *= 10) ++decade;
  return decade;
}

std::vector<std::string> values_of(Field field, const RecordView& record) {
  if (const auto value = single(field, record)) return {std::string(*value)};
  std::vector<std::string> out;
  const auto list = [&](const TextList& values) {
    values.for_each([&](Bytes value) {
      if (std::find(out.begin(), out.end(), value) == out.end()) out.emplace_back(value);
    });
  };
  switch (field) {
    case Field::kGroup:
      list(record.groups);
      break;
    case Field::kActor:
      list(record.actors);
      break;
    case Field::kTable:
      list(record.tables);
      break;
    case Field::kColumn:
      list(record.output_columns);
      list(record.predicate_columns);
      list(record.written_columns);
      break;
    case Field::kClass:
      list(record.classes);
      break;
    case Field::kAction:
      list(record.actions);
      break;
    case Field::kSession:
      out.push_back(std::to_string(record.session_id));
      break;
    case Field::kDuration:
      out.push_back(duration_span(duration_decade(record.duration_micros)));
      break;
    default:
      out.push_back(rows_span(rows_decade(record.rows)));
      break;
  }
  if (out.empty()) out.emplace_back();
  return out;
}

}  // namespace sluice::audit
