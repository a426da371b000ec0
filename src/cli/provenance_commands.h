#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"

namespace sluice::cli {

struct ProvenanceOptions {
  std::string file;  ///< an envelope; "-" for standard input
  std::vector<std::string> keys;
  std::string rows;  ///< a file
  // How that is written; empty: as the receipt says.
  std::string format, delimiter;
  std::optional<std::string> null_text;
  bool header = false;
};

/// Checks a receipt, and with `rows` the data, without gateway or configuration.
Result<> provenance_verify(const Common& common, const ProvenanceOptions& options);

}  // namespace sluice::cli
