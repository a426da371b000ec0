#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/index_entry.h"
#include "audit/record_view.h"

namespace sluice::audit {

/// What records can be counted and sorted by.
enum class Field : uint8_t {
  kUser,
  kGroup,
  kPrincipalKind,
  kActor,
  kSession,
  kDatabase,
  kEnvironment,
  kApplication,
  kAddress,
  kTable,
  kColumn,
  kClass,
  kAction,
  kDecision,
  kRule,
  kType,
  kKind,
  kRun,
  kPrompt,
  kApproval,
  kChange,
  kTicket,
  kPurpose,
  kDuration,  ///< counted in spans of powers of ten
  kRows,      ///< the same
};

/// Name of a field, as filters have it.
std::string_view name_of(Field field);
std::optional<Field> find_field(std::string_view name);
std::span<const Field> fields();

/// Which entry of the index tells a field; null for what its columns have themselves.
std::optional<EntryKind> teller(Field field);

/// The values of a field of one record, each once; one that is empty where there is none. Durations
/// and rows as the spans that they are counted in.
std::vector<std::string> values_of(Field field, const RecordView& record);

/// The span of time that a duration is counted in, by its number.
unsigned duration_decade(uint64_t micros);
std::string duration_span(unsigned decade);
/// The same of rows.
unsigned rows_decade(uint64_t rows);
std::string rows_span(unsigned decade);

}  // namespace sluice::audit
