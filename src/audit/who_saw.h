#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

/// One way to write the value that is asked for.
struct Spelling {
  uint64_t digest = 0;    ///< mask::sighting of it
  std::string text = {};  ///< empty: as it was asked for
};

struct WhoSawQuery {
  std::vector<Spelling> spellings;
  bool masked_too = false;  ///< also who received it masked
  int64_t since_micros = 0;
  int64_t until_micros = 0;  ///< 0: now
  size_t limit = 100;        ///< the newest
  /// Names of the data classes that the value may be of; empty: any.
  std::vector<std::string> classes = {};
};

/// A record of a result in which the value was.
struct Sighted {
  Record record;
  bool masked = false;   ///< it was not shown as it is
  bool certain = false;  ///< else the record keeps so many values that one in a million is another
  /// Columns of the result that it came through: those whose class fits, else all that are
  /// sensitive.
  std::vector<std::string> through = {};
  std::string spelled = {};  ///< Spelling::text of what was found
};

/// Everybody who has received a value, oldest first. None is left out: a set that cannot be read
/// counts as one that has it. `audit_directory` is `<state>/audit`.
Result<std::vector<Sighted>> who_saw(const std::filesystem::path& audit_directory,
                                     const WhoSawQuery& query);

}  // namespace sluice::audit
