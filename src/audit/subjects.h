#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/query.h"
#include "base/result.h"

namespace sluice::audit {

/// What somebody was shown on a day.
struct SubjectsSeen {
  int64_t day_micros = 0;  ///< its beginning, UTC
  std::string user;
  uint64_t statements = 0;  ///< that showed sensitive values as they are
  uint64_t subjects = 0;    ///< different sensitive values, over all of them
  bool exact = false;       ///< else: docs/audit.md says by how much it may be off
};

/// Most days that may be asked for at once.
inline constexpr int64_t kMostSubjectDays = 366;

/// How many different sensitive values each person was shown on each day (UTC) of the query's time,
/// the latest day first, of a day those first who saw most; at most Query::limit of each. Without a
/// beginning: of today. Memory is bounded, whatever there is.
Result<std::vector<SubjectsSeen>> subjects_seen(const std::filesystem::path& audit_directory,
                                                const Query& query, int64_t now_micros);

}  // namespace sluice::audit
