#pragma once

#include <optional>
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
  bool openlineage = false;  ///< show: as a RunEvent
  // Of those that ask the log.
  std::string id;  ///< of a receipt; contains: or a data set
  std::string dataset, model, user, database, since, until;
  std::vector<std::string> values;  ///< of one person
};

Result<> provenance_list(const Common& common, const ProvenanceOptions& options);
/// What a receipt says.
Result<> provenance_show(const Common& common, const ProvenanceOptions& options);
/// The signed envelope, as others check it.
Result<> provenance_export(const Common& common, const ProvenanceOptions& options);
/// Whether a data set holds somebody's values.
Result<> provenance_contains(const Common& common, const ProvenanceOptions& options);
/// Which data sets do.
Result<> provenance_affected(const Common& common, const ProvenanceOptions& options);

/// Checks a receipt, and with `rows` the data, without gateway or configuration.
Result<> provenance_verify(const Common& common, const ProvenanceOptions& options);

}  // namespace sluice::cli
