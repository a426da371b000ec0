#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/field.h"
#include "audit/query.h"
#include "base/result.h"

namespace sluice::audit {

/// How to count.
struct Counting {
  std::vector<Field> by;      ///< a record with several tables counts for each of them
  int64_t bucket_micros = 0;  ///< over time, in spans so long that begin at whole multiples; 0: not
};

struct Count {
  int64_t bucket = 0;               ///< beginning of the span of time
  std::vector<std::string> values;  ///< as Counting::by; empty where a record has none
  uint64_t records = 0;
};

struct Counts {
  uint64_t records = 0;       ///< that the query asks for
  std::vector<Count> counts;  ///< by time, then the most first; at most Query::limit for each span
};

/// Counts what a query asks for; its order and cursor aside.
Result<Counts> count(const std::filesystem::path& audit_directory, const Query& query,
                     const Counting& counting);

}  // namespace sluice::audit
